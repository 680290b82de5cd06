// The demo, as a person meets it: what is ordered in the tunnel arrives once, and nothing on the way
// needs anything that the Content-Security-Policy forbids.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { once } from 'node:events';
import type { FrameLocator, Page } from 'playwright-core';
import { buildDemo, openBrowser, spawnDemo, startDemo, type Browser, type Demo } from './demo-support.js';
import { until } from './until.js';

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

/** The badge, in words. */
function says(page: Page, words: string): Promise<void> {
  return page.getByRole('status').filter({ hasText: new RegExp(`^${words}$`) }).waitFor({ timeout: kSoonMs });
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

  it('an order placed and accepted in one tunnel needs nobody\'s decision', async () => {
    const page = await browser.context.newPage();
    await page.goto(`${demo.app}/#/customer`);
    await page.locator('.restaurant').first().waitFor();
    await tunnel(true);
    await orderDish(page, 'Pea soup');
    const mine = page.locator('.order:has-text("Pea soup")');
    await mine.locator('[data-progress=waiting]').waitFor({ timeout: kSoonMs });
    const id = await mine.getAttribute('data-order');
    await page.goto(`${demo.app}/#/courier`);
    const job = page.locator(`.job[data-order="${id}"]`);
    await job.locator('[data-act=advance]').click();
    await job.locator('.do-accepted').waitFor({ timeout: kSoonMs });
    await tunnel(false);
    await until(async () => (await listed(demo.app)).find((order) => order.id === id)?.status === 'accepted', 'the order to be accepted', kSoonMs);
    assert.equal(await page.locator('.inbox-button').isVisible(), false);
    await page.close();
  });

  it('what is ordered in one browser shows in another as it happens, and nobody asks for it in vain', async () => {
    const other = await openBrowser();
    try {
      const [customer, dispatcher] = await Promise.all([browser.context.newPage(), other.context.newPage()]);
      await Promise.all([customer.goto(`${demo.app}/#/customer`), dispatcher.goto(`${demo.app}/#/dispatcher`)]);
      await says(dispatcher, 'Live');
      let reads = 0;
      dispatcher.on('request', (request) => { if (request.method() === 'GET' && request.url().includes('/api/orders')) reads += 1; });
      // A page that has to ask does so three times. A machine that is busy may lose the link for a moment: then it asks once.
      await customer.waitForTimeout(8_000);
      assert.ok(reads <= 1, `a page that is live has nothing to ask for, and asked ${reads} times`);
      const before = reads;
      await orderDish(customer, 'Fennel sausage');
      await dispatcher.locator('tr:has-text("Fennel sausage")').first().waitFor({ timeout: kSoonMs });
      assert.ok(reads > before);
    } finally {
      await other.close();
    }
  });

  it('what was missed in the tunnel shows behind it, and a badge says in words how old the news is, also on a phone', async () => {
    // Out of reach of this tunnel.
    const elsewhere = async (method: string, url: string, body: object): Promise<Listed> => (await fetch(`http://localhost:${demo.port + 3}${url}`, {
      method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    })).json() as Promise<Listed>;
    const page = await browser.context.newPage();
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${demo.app}/#/dispatcher`);
    await says(page, 'Live');
    const { id } = await elsewhere('POST', '/api/orders', { customer: 'Guest 9', restaurant: 'Green Bowl', items: [{ name: 'Lentil salad', quantity: 1 }] });
    const row = page.locator(`tr[data-order="${id}"]`);
    await row.waitFor({ timeout: kSoonMs });
    await tunnel(true);
    await says(page, 'Waiting');
    await page.getByText('Shown from this device').waitFor({ timeout: kSoonMs });
    await page.goto(`${demo.app}/#/customer`);
    await orderDish(page, 'Tomato and basil');
    await page.getByText('No signal · 1 waiting').waitFor({ timeout: kSoonMs });
    for (const words of ['.live', '.badges']) {
      const box = await page.locator(words).boundingBox();
      assert.ok(box && box.x >= 0 && box.x + box.width <= 360, `${words} fits on a phone`);
    }
    await page.goto(`${demo.app}/#/dispatcher`);
    await elsewhere('PATCH', `/api/orders/${id}`, { status: 'accepted' });
    await tunnel(false);
    await row.locator('[data-label=Status]:has-text("Accepted")').waitFor({ timeout: kSoonMs });
    await says(page, 'Live');
    await page.getByText('Shown as the server has it').waitFor({ timeout: kSoonMs });
    await page.close();
  });

  it('delivered here and cancelled there: the courier is told that it was overruled, also by a page that was not there', async () => {
    const page = await browser.context.newPage();
    await page.goto(`${demo.app}/#/courier`);
    const job = page.locator('.job:has-text("Night Noodles")');
    await job.waitFor();
    await tunnel(true);
    await job.locator('[data-act=advance]').click();
    await page.locator('.done-list:has-text("Night Noodles") [data-progress=waiting]').waitFor({ timeout: kSoonMs });
    await demo.ask('POST', '/office');
    await page.goto('about:blank');
    await tunnel(false);
    await page.goto(`${demo.app}/#/courier`);
    const toast = page.locator('.toast.bad');
    await toast.waitFor({ timeout: kSoonMs });
    assert.equal(await toast.innerText(), 'Your “delivered” was overruled: somebody else had cancelled it, and a cancelled order can\'t be delivered.');
    assert.equal((await listed(demo.app)).find(({ restaurant }) => restaurant === 'Night Noodles')?.status, 'cancelled');
    await toast.getByRole('button', { name: 'Close' }).click();
    await page.reload();
    await page.locator('.job').first().waitFor();
    assert.equal(await page.locator('.inbox-button').isVisible(), false, 'there was nothing to decide');
    assert.equal(await toast.count(), 0, 'and it is told once');
    await page.close();
  });

  it('a note changed here and at the office: the dispatcher sees all of it, and the decision clears the inbox', async () => {
    const page = await browser.context.newPage();
    await page.goto(`${demo.app}/#/dispatcher`);
    const row = page.locator('tr:has-text("Ring twice")');
    await row.waitFor();
    const id = await row.getAttribute('data-order');
    await tunnel(true);
    await row.locator('[data-act=edit]').click();
    await page.locator('#edit-note').fill('Ring once');
    await page.locator('#edit-tip').fill('5');
    await page.keyboard.press('Enter');
    await page.locator(`tr[data-order="${id}"] [data-progress=waiting]`).waitFor({ timeout: kSoonMs });
    // Out of reach of this tunnel.
    await fetch(`http://localhost:${demo.port + 3}/api/orders/${id}`, {
      method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"note":"Ring never","tip":400}',
    });
    await tunnel(false);
    await page.locator('.inbox-button').click({ timeout: kSoonMs });
    const entry = page.locator('.inbox-list .decision');
    await entry.waitFor();
    assert.match(await entry.innerText(), /Tips added up: 3\.00 \+ 1\.00 \+ 2\.00 = 6\.00\./);
    const sides = await Promise.all(['base', 'mine', 'theirs', 'both'].map((side) => entry.locator(`dd[data-side=${side}]`).innerText()));
    assert.deepEqual(sides, ['Ring twice', 'Ring once', 'Ring never', 'Ring once\nRing never']);
    await entry.getByRole('button', { name: 'Keep theirs' }).click();
    await page.locator('.inbox .empty').waitFor();
    await page.locator('.inbox-button').waitFor({ state: 'hidden' });
    const decided = async (): Promise<unknown> => (await fetch(`${demo.app}/api/orders/${id}`)).json();
    await until(async () => (await decided() as { tip: number }).tip === 600, 'the tip, which was not in question');
    assert.equal((await decided() as { note: string }).note, 'Ring never');
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
