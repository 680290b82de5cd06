// Three people on one order, as somebody who watches meets them: what each did, what was decided and
// why, and the one thing that a person had to decide.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { FrameLocator, Page } from 'playwright-core';
import { buildDemo, openBrowser, startDemo, type Browser, type Demo } from './demo-support.js';
import { until } from './until.js';

interface Order { id: string; status: string; tip: number; note: string; items: { name: string }[] }

const kSoonMs = 20_000;

let demo: Demo;
let browser: Browser;
let page: Page;

function app(seat: string): FrameLocator {
  return page.frameLocator(`[data-app=${seat}] iframe`);
}

async function truth(): Promise<Order> {
  const { story } = await demo.ask('GET', '/state') as { story: { order: string } };
  return await (await fetch(`${demo.app}/api/orders/${story.order}`)).json() as Order;
}

async function told(words: string): Promise<void> {
  await page.locator('#timeline li', { hasText: words }).waitFor({ timeout: kSoonMs });
}

/** Goes on by the Tab key until the control has the focus, as somebody without a mouse does. */
async function tabTo(frame: FrameLocator, act: string): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab');
    if (await frame.locator(`[data-act=${act}]:focus`).count() > 0) return;
  }
  assert.fail(`no way to ${act} by the keyboard`);
}

async function newOrder(): Promise<void> {
  const { id } = await truth();
  await page.locator('#new').click();
  await until(async () => (await truth()).id !== id, 'another order');
  const mark = `#${(await truth()).id.slice(-4).toUpperCase()}`;
  for (const seat of ['ben', 'ann', 'desk']) await app(seat).locator('h2', { hasText: mark }).waitFor({ timeout: kSoonMs });
}

describe('three people on one order', () => {
  before(async () => {
    buildDemo();
    demo = await startDemo();
    browser = await openBrowser();
    page = await browser.context.newPage();
    await page.goto(`${demo.shell}/conflicts`);
    for (const seat of ['ben', 'ann', 'desk']) await app(seat).locator('[data-tip="100"]').waitFor({ timeout: kSoonMs });
  });
  after(async () => {
    await browser?.close();
    await demo?.close();
  });

  it('the story plays by itself: what could be put together is, and the timeline says what was decided and why', async () => {
    await page.locator('#play').click();
    await page.locator('#tunnel-ben[aria-checked=true]').waitFor();
    await app('ben').locator('.badge', { hasText: 'waiting' }).waitFor({ timeout: kSoonMs });
    await page.locator('#news', { hasText: 'Ann is asked' }).waitFor({ timeout: 60_000 });
    await told('Ben\'s “delivered” was overruled: the desk had cancelled it, and a cancelled order can\'t be delivered.');
    await told('Both notes kept: Ben\'s and the desk\'s');
    await told('Tips added up: 1.00 + 0.50 + 2.00 = 3.50.');
    await told('Both changes of the items kept: Ann\'s and the desk\'s.');
    await told('Ann has to decide: both changed the same words of the note.');
    const { status, tip, note, items } = await truth();
    assert.deepEqual({ status, tip, items: items.map(({ name }) => name) }, { status: 'cancelled', tip: 350, items: ['Tomato and basil', 'Napkins'] });
    assert.equal(note, 'Please knock.\nThird floor, left.\nLeft with the neighbour.');
    for (const seat of ['ben', 'ann', 'desk']) await app(seat).locator('.cancelled-line').waitFor({ timeout: kSoonMs });
  });

  it('what Ann has to decide survives a reload, and shows what was there, hers, theirs and both', async () => {
    const rows = await page.locator('#timeline li').allInnerTexts();
    await page.reload();
    const card = app('ann').locator('.decision');
    await card.waitFor({ timeout: kSoonMs });
    assert.match(await card.innerText(), /Both changed the same words of the note\./);
    const sides = await Promise.all(['base', 'mine', 'theirs', 'both'].map((side) => card.locator(`dd[data-side=${side}]`).innerText()));
    assert.deepEqual(sides, [
      'Ring twice.\nThird floor, left.', 'Ring once.\nThird floor, left.', 'Please knock.\nThird floor, left.\nLeft with the neighbour.',
      'Ring once.\nPlease knock.\nThird floor, left.\nLeft with the neighbour.',
    ]);
    assert.deepEqual(await page.locator('#timeline li').allInnerTexts(), rows, 'the timeline is what it was');
  });

  it('she decides by the keyboard alone, and everybody has what she decided', async () => {
    await app('ann').locator('.badge').focus();
    await tabTo(app('ann'), 'both');
    await page.keyboard.press('Enter');
    await app('ann').locator('.decision').waitFor({ state: 'detached', timeout: kSoonMs });
    assert.equal(await app('ann').locator('h2:focus').count(), 1, 'the keyboard\'s place is not lost');
    await told('Ann decided: the note is “Ring once. / Please knock. / Third floor, left. / Left with the neighbour.”');
    const note = 'Ring once.\nPlease knock.\nThird floor, left.\nLeft with the neighbour.';
    assert.equal((await truth()).note, note);
    for (const seat of ['ben', 'ann', 'desk']) await until(async () => await app(seat).locator('#story-note').inputValue() === note, `the note at ${seat}`);
    await app('ann').locator('.inbox-button').waitFor({ state: 'hidden' });
  });

  for (const { act, becomes, says } of [
    { act: 'mine', becomes: 'Bell is broken.', says: 'Ann decided: the note is “Bell is broken.”' },
    { act: 'theirs', becomes: 'Use the side door.', says: 'Ann decided to leave it as the server has it.' },
    { act: 'edit', becomes: 'Side door, no bell.', says: 'Ann decided: the note is “Side door, no bell.”' },
  ]) {
    it(`decided by "${act}", the note is “${becomes}”`, async () => {
      await newOrder();
      await page.locator('#tunnel-ann').click();
      await page.locator('#tunnel-ann[aria-checked=true]').waitFor();
      await write('ann', 'Bell is broken.');
      await app('ann').locator('[data-progress=waiting]').waitFor({ timeout: kSoonMs });
      await write('desk', 'Use the side door.');
      await until(async () => (await truth()).note === 'Use the side door.', 'the desk\'s note');
      await page.locator('#tunnel-ann').click();
      const card = app('ann').locator('.decision');
      await card.waitFor({ timeout: kSoonMs });
      await card.locator(`[data-act=${act}]`).click();
      if (act === 'edit') {
        await card.locator('textarea').fill(becomes);
        await card.locator('[data-act=send]').click();
      }
      await told(says);
      assert.equal((await truth()).note, becomes);
    });
  }

  it('each has a tunnel of one\'s own, and a tip may not fall below nothing', async () => {
    await newOrder();
    await page.locator('#tunnel-ben').click();
    await page.locator('#tunnel-ben[aria-checked=true]').waitFor();
    for (let taps = 1; taps <= 2; taps += 1) await app('ben').locator('[data-act=tip-less]').click();
    await app('ben').locator('[data-tip="0"]').waitFor();
    await app('desk').locator('[data-act=tip-less]').click();
    await until(async () => (await truth()).tip === 50, 'the desk\'s tip, as the desk is in the light');
    await page.locator('#tunnel-ben').click();
    await told('Tips added up: 1.00 − 0.50 − 0.50 = 0.00.');
    await told('Tips added up: 0.50 − 0.50 − 0.50 = 0.00, as far as a tip may go.');
    assert.equal((await truth()).tip, 0);
  });

  it('no page, frame or worker met its Content-Security-Policy', () => {
    assert.deepEqual(browser.violations, []);
  });
});

async function write(seat: string, note: string): Promise<void> {
  await app(seat).locator('#story-note').fill(note);
  await app(seat).locator('[data-act=note-save]').click();
}
