// Promises 4 and 8: order within a lane, independence between lanes, and what may be joined.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chromium } from './chromium.js';
import { kRetry, kTimeoutMs, openApp, orders, type App, test } from './harness.js';
import { until } from './until.js';
import type { Recorded } from './scripted-server.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

const bodyOf = ({ body }: Recorded): Record<string, unknown> => JSON.parse(body.toString()) as Record<string, unknown>;
const inTurn = (app: App) => app.server.applied.map((one) => `${one.method} ${one.url} ${one.body.toString()}`);

describe('a lane', () => {
  test('keeps the order of the calls, through silence and refusals', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.down = 'reset';
    for (let tip = 1; tip <= 6; tip += 1) await app.write('PATCH', '/api/orders/o1', { tip });
    app.server.next.push({ status: 503 }, { reset: true, applied: true }, { status: 500 });
    app.server.up();
    await app.drained();
    assert.deepEqual(app.server.applied.map((one) => bodyOf(one).tip), [1, 2, 3, 4, 5, 6]);
  });

  test('a new write waits behind the pending ones, also when the network is there', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.next.push({ status: 503, headers: { 'Retry-After': '1' } });
    await app.write('PATCH', '/api/orders/o1', { tip: 1 });
    const second = await app.write('PATCH', '/api/orders/o1', { tip: 2 });
    assert.equal(second.status, 202);
    await app.drained();
    assert.deepEqual(app.server.writes.map((one) => bodyOf(one).tip), [1, 1, 2]);
  });

  test('that is stuck holds no other lane back', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.respond = ({ url }) => (url.endsWith('/stuck') ? { status: 503, headers: { 'Retry-After': '60' } } : undefined);
    await app.write('PATCH', '/api/orders/stuck', { tip: 1 });
    for (const id of ['o1', 'o2', 'o3']) {
      const answer = await app.write('PATCH', `/api/orders/${id}`, { tip: 1 });
      assert.equal(answer.status, 200);
    }
    assert.equal((await app.status()).pending, 1);
  });

  const kBig = 8 * 1024 * 1024;
  const putBoth = (app: App) => app.page.evaluate((sizes) => Promise.all(sizes.map((size) =>
    fetch('/api/orders/o1', { method: 'PUT', body: new Blob([new Uint8Array(size)]) }))).then((all) => all.map(({ status }) => status)), [kBig, 1]);

  test('8 MB and then 1 byte do not swap', async (t) => {
    const app = await openApp(t, browser.context);
    await putBoth(app);
    await app.drained(30_000);
    assert.deepEqual(app.server.applied.map(({ body }) => body.length), [kBig, 1]);
  });

  test('nor do they ten times of ten: rows have the order of the calls', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.down = 'hang';
    await app.write('POST', '/api/orders', { id: 'first' });
    for (let round = 0; round < 10; round += 1) assert.deepEqual(await putBoth(app), [202, 202]);
    const rows = await app.rows<{ seq: number; body: { size: number } }>('mutations');
    const sizes = rows.sort((a, b) => a.seq - b.seq).slice(1).map(({ body }) => body.size);
    assert.deepEqual(sizes, Array.from({ length: 10 }, () => [kBig, 1]).flat());
  });

  test('shows each of ten taps at once what the taps before it did: steps that share a transaction see each other', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.down = 'reset';
    await app.write('POST', '/api/orders', { id: 'o1' });
    const shown = await app.page.evaluate(() => Promise.all(Array.from({ length: 10 }, async (_, n) => {
      const answer = await fetch('/api/orders/o1', {
        method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ [`tap${n}`]: n }) });
      return Object.keys(await answer.json() as object).length;
    })));
    assert.deepEqual(shown, Array.from({ length: 10 }, (_, n) => n + 2), 'its id, and a field for each tap so far');
  });

  test('joins resources that declare it', async (t) => {
    const resource = (name: string) => `${name}: { path: '/api/${name}/:id', timeoutMs: ${kTimeoutMs}, lane: 'shift' }`;
    const app = await openApp(t, browser.context, { config: `{ resources: { ${resource('orders')}, ${resource('riders')} }, ${kRetry} }` });
    app.server.down = 'reset';
    await app.write('POST', '/api/orders', { id: 'o1' });
    await app.write('PATCH', '/api/riders/r1', { order: 'o1' });
    await app.write('PATCH', '/api/orders/o1', { rider: 'r1' });
    app.server.next.push({ status: 503 });
    app.server.up();
    await app.drained();
    assert.deepEqual(app.server.applied.map(({ url }) => url), ['/api/orders', '/api/riders/r1', '/api/orders/o1']);
  });

  test('an action rides in the lane of its item', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.down = 'reset';
    await app.write('PATCH', '/api/orders/o1', { tip: 1 });
    await app.write('POST', '/api/orders/o1/cancel', { why: 'rain' });
    await app.write('PATCH', '/api/orders/o1', { tip: 2 });
    app.server.up();
    await app.drained();
    assert.deepEqual(app.server.applied.map(({ method }) => method), ['PATCH', 'POST', 'PATCH']);
  });

  test('a write to a whole collection is a barrier for its lanes', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.down = 'reset';
    await app.write('PATCH', '/api/orders/o1', { tip: 1 });
    await app.write('DELETE', '/api/orders');
    await app.write('PATCH', '/api/orders/o2', { tip: 1 });
    let running = 0;
    let most = 0;
    app.server.respond = async () => {
      most = Math.max(most, running += 1);
      await sleep(50);
      running -= 1;
      return undefined;
    };
    app.server.up();
    await app.drained();
    assert.equal(most, 1, 'nothing runs beside the barrier');
    assert.deepEqual(app.server.applied.map(({ method, url }) => `${method} ${url}`),
      ['PATCH /api/orders/o1', 'DELETE /api/orders', 'PATCH /api/orders/o2']);
  });
});

describe('coalescing', () => {
  /** The server asked this lane to wait, so what comes behind is not attempted before that. */
  async function heldBack(app: App): Promise<void> {
    app.server.next.push({ status: 503, headers: { 'Retry-After': '3' } });
    await app.write('PATCH', '/api/orders/o1', { first: true });
  }

  test('is off unless it is declared', async (t) => {
    const app = await openApp(t, browser.context);
    await heldBack(app);
    await app.write('PATCH', '/api/orders/o1', { note: 'a' });
    await app.write('PATCH', '/api/orders/o1', { tip: 2 });
    await app.drained();
    assert.equal(app.server.applied.length, 3);
  });

  test('merge: consecutive patches become one, and each of their pages learns the outcome', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('coalesce: { patch: \'merge\', keep: [\'status\'] }') });
    await heldBack(app);
    const first = await app.write('PATCH', '/api/orders/o1', { note: 'a', tip: 1 });
    const second = await app.write('PATCH', '/api/orders/o1', { tip: 2 });
    await app.drained();
    assert.deepEqual(inTurn(app).slice(1), ['PATCH /api/orders/o1 {"note":"a","tip":2}']);
    assert.equal((await app.settled(second)).state, 'confirmed');
    assert.equal((await app.settled(first)).state, 'confirmed');
  });

  test('merge: a step that others observe never merges away', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('coalesce: { patch: \'merge\', keep: [\'status\'] }') });
    await heldBack(app);
    for (const status of ['accepted', 'picked_up']) await app.write('PATCH', '/api/orders/o1', { status });
    await app.drained();
    assert.deepEqual(app.server.applied.slice(1).map((one) => bodyOf(one).status), ['accepted', 'picked_up']);
  });

  test('latest: only the newest is sent', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('coalesce: { patch: \'latest\' }') });
    await heldBack(app);
    for (let at = 1; at <= 5; at += 1) await app.write('PATCH', '/api/orders/o1', { position: at });
    await app.drained();
    assert.deepEqual(app.server.applied.slice(1).map((one) => bodyOf(one).position), [5]);
  });

  test('createDelete: what was created and deleted before it was ever sent is never sent', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('lane: \'one\', coalesce: { createDelete: true }') });
    await heldBack(app);
    const created = await app.write('POST', '/api/orders', { id: 'o2' });
    const deleted = await app.write('DELETE', '/api/orders/o2');
    await app.drained();
    assert.deepEqual(inTurn(app), ['PATCH /api/orders/o1 {"first":true}']);
    for (const answer of [created, deleted]) assert.ok(['confirmed', 'discarded'].includes((await app.settled(answer)).state));
  });

  test('never touches a write that was attempted', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('coalesce: { patch: \'merge\' }') });
    app.server.next.push({ hang: true });
    await app.write('PATCH', '/api/orders/o1', { note: 'a' });
    await app.write('PATCH', '/api/orders/o1', { tip: 2 });
    app.server.up();
    await until(() => app.server.applied.length === 2, 'both to arrive');
    assert.deepEqual(inTurn(app), ['PATCH /api/orders/o1 {"note":"a"}', 'PATCH /api/orders/o1 {"tip":2}']);
  });
});
