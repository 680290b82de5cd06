// The demo, as a person meets it: what is ordered in the tunnel arrives once, and nothing on the way
// needs anything that the Content-Security-Policy forbids.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { once } from 'node:events';
import type { FrameLocator, Page } from 'playwright-core';
import { buildDemo, openBrowser, spawnDemo, startDemo, type Browser, type Demo } from './demo-support.js';

interface Listed { id: string; restaurant: string; status: string }

const kSoonMs = 20_000;

let demo: Demo;
let browser: Browser;

async function tunnel(on: boolean): Promise<void> {
  await demo.ask('POST', '/tunnel', { on });
}

async function orderDish(page: Page | FrameLocator, dish: string): Promise<void> {
  await page.getByRole('button', { name: `Add ${dish} to the basket` }).click();
  await page.locator('[data-act=place]').click();
}

async function listed(origin: string): Promise<Listed[]> {
  return await (await fetch(`${origin}/api/orders`)).json() as Listed[];
}

describe('the demo', () => {
  before(async () => {
    buildDemo();
    demo = await startDemo();
    browser = await openBrowser();
  });
  beforeEach(() => tunnel(false));
  after(async () => {
    await browser?.close();
    await demo?.close();
  });

  it('an order placed in the tunnel is seen waiting, survives a reload, and is confirmed once', async () => {
    const page = await browser.context.newPage();
    await page.goto(`${demo.app}/#/customer`);
    await page.locator('.restaurant').first().waitFor();
    const before = (await listed(demo.app)).length;
    await tunnel(true);
    await orderDish(page, 'Fish stew');
    const mine = page.locator('.order:has-text("Fish stew")');
    await mine.locator('[data-progress=waiting]').waitFor({ timeout: kSoonMs });
    assert.equal(await page.locator('.badges').getAttribute('data-pending'), '1');
    await page.reload();
    await mine.locator('[data-progress=waiting]').waitFor({ timeout: kSoonMs });
    await tunnel(false);
    await mine.locator('[data-progress=confirmed]').waitFor({ timeout: kSoonMs });
    assert.equal(await mine.count(), 1);
    const orders = await listed(demo.app);
    assert.equal(orders.length, before + 1);
    const id = await mine.getAttribute('data-order');
    assert.equal(orders.filter((order) => order.id === id).length, 1);
    await page.close();
  });

  it('delivered here and cancelled there: the courier is asked, and the decision clears the inbox', async () => {
    const page = await browser.context.newPage();
    await page.goto(`${demo.app}/#/courier`);
    const job = page.locator('.job:has-text("Night Noodles")');
    await job.waitFor();
    await tunnel(true);
    await job.locator('[data-act=advance]').click();
    await page.locator('.done-list:has-text("Night Noodles") [data-progress=waiting]').waitFor({ timeout: kSoonMs });
    await demo.ask('POST', '/office');
    await tunnel(false);
    await page.locator('.inbox-button').click({ timeout: kSoonMs });
    const entry = page.locator('.inbox-list .card');
    await entry.waitFor();
    assert.match(await entry.innerText(), /status to “delivered”/);
    assert.match(await entry.locator('.why').innerText(), /cancelled/);
    await entry.getByRole('button', { name: 'Discard' }).click();
    await page.locator('.inbox-list .empty').waitFor();
    await page.locator('.inbox-button').waitFor({ state: 'hidden' });
    await page.close();
  });

  it('the shell shows what the naive app loses when its page goes, and that holdfast does not', async () => {
    const page = await browser.context.newPage();
    await page.goto(demo.shell);
    const frames = ['holdfast', 'naive'].map((app) => page.frameLocator(`[data-app=${app}] iframe`));
    for (const frame of frames) await frame.locator('.restaurant').first().waitFor();
    // Both workers must have their app's files, or a reload in the dark would find nothing.
    for (const frame of page.frames().slice(1)) await frame.evaluate(async () => { await navigator.serviceWorker.ready; });
    await page.locator('#tunnel').click();
    await page.locator('#tunnel[aria-checked=true]').waitFor();
    for (const frame of frames) await orderDish(frame, 'Pea soup');
    await page.waitForTimeout(2_500);
    for (const frame of page.frames().slice(1)) await frame.evaluate(() => location.reload());
    for (const frame of frames) await frame.locator('.restaurant').first().waitFor();
    await page.keyboard.press('t');
    await page.locator('#tunnel[aria-checked=false]').waitFor();
    const counter = (name: string, count: string): Promise<void> =>
      page.locator(`[data-count=${name}]:text-is("${count}")`).waitFor({ timeout: kSoonMs });
    await counter('holdfast-arrived', '1');
    await counter('naive-lost', '1');
    await counter('holdfast-lost', '0');
    assert.equal((await listed(demo.app)).filter(({ restaurant, status }) => restaurant === 'Harbour Soup' && status === 'placed').length, 2);
    assert.equal((await listed(demo.naive)).filter(({ restaurant, status }) => restaurant === 'Harbour Soup' && status === 'placed').length, 0);
    await page.close();
  });

  it('a taken port is one clear line and exit 1, never another port', async () => {
    const second = spawnDemo(demo.port);
    let said = '';
    second.stderr!.on('data', (text: Buffer) => { said += String(text); });
    const [code] = await once(second, 'close') as [number];
    assert.equal(code, 1);
    assert.match(said.trim(), new RegExp(`^holdfast demo: port ${demo.port} is taken .*--port \\d+$`));
  });

  it('no page, frame or worker met its Content-Security-Policy', () => {
    assert.deepEqual(browser.violations, []);
  });
});
