// Reads: what was seen before is there in the tunnel, with one's own changes in it; and nothing else is touched.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { Chromium } from './chromium.js';
import { kConfig, kTimeoutMs, openApp, ready, type App, type Got, test } from './harness.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

const json = ({ text }: Got): unknown => JSON.parse(text);
const origins = ({ headers }: Got) => [headers['holdfast-source'], headers['holdfast-pending']];

async function withOrders(app: App): Promise<void> {
  app.server.documents.set('/api/orders/o1', { id: 'o1', note: 'warm', version: 1 });
  app.server.documents.set('/api/orders/o2', { id: 'o2', note: 'cold', version: 1 });
}

describe('in the tunnel', () => {
  test('an item seen before is shown, and says where it comes from', async (t) => {
    const app = await openApp(t, browser.context);
    await withOrders(app);
    const online = await app.fetch('/api/orders/o1');
    assert.deepEqual(origins(online), [undefined, undefined]);
    assert.equal(online.headers['x-server'], 'scripted');
    app.server.down = 'reset';
    const offline = await app.fetch('/api/orders/o1');
    assert.deepEqual(json(offline), json(online));
    assert.deepEqual(origins(offline), ['store', '0']);
  });

  test('a read that hangs is answered from what is known, and the next one at once', async (t) => {
    const app = await openApp(t, browser.context);
    await withOrders(app);
    await app.fetch('/api/orders/o1');
    app.server.down = 'hang';
    const first = await app.fetch('/api/orders/o1');
    assert.deepEqual(origins(first), ['store', '0']);
    assert.ok(first.ms < 3_500, `after ${first.ms} ms`);
    const second = await app.fetch('/api/orders/o1');
    assert.ok(second.ms < kTimeoutMs / 2, `after ${second.ms} ms`);
  });

  test('an item shows the changes that wait', async (t) => {
    const app = await openApp(t, browser.context);
    await withOrders(app);
    await app.fetch('/api/orders/o1');
    app.server.down = 'reset';
    await app.write('PATCH', '/api/orders/o1', { note: 'hot' });
    await app.write('PATCH', '/api/orders/o1', { tip: 2 });
    const offline = await app.fetch('/api/orders/o1');
    assert.deepEqual(json(offline), { id: 'o1', note: 'hot', tip: 2, version: 1 });
    assert.deepEqual(origins(offline), ['both', '2']);
  });

  test('a collection shows what was created, changed and deleted', async (t) => {
    const app = await openApp(t, browser.context);
    await withOrders(app);
    await app.fetch('/api/orders');
    app.server.down = 'reset';
    await app.write('POST', '/api/orders', { id: 'o3', note: 'new' });
    await app.write('PATCH', '/api/orders/o1', { note: 'hot' });
    await app.write('DELETE', '/api/orders/o2');
    const offline = await app.fetch('/api/orders');
    const rows = json(offline) as { id: string; note: string }[];
    assert.deepEqual(rows.map(({ id, note }) => [id, note]).sort(), [['o1', 'hot'], ['o3', 'new']]);
    assert.equal(offline.headers['holdfast-pending'], '3');
    assert.equal((await app.fetch('/api/orders/o2')).status, 404);
    assert.deepEqual(json(await app.fetch('/api/orders/o3')), { id: 'o3', note: 'new' });
  });

  test('survives the death of the worker', async (t) => {
    const app = await openApp(t, browser.context);
    await withOrders(app);
    await app.fetch('/api/orders');
    app.server.down = 'reset';
    await app.write('PATCH', '/api/orders/o1', { note: 'hot' });
    await app.killWorker();
    const rows = json(await app.fetch('/api/orders')) as { note: string }[];
    assert.deepEqual(rows.map(({ note }) => note), ['hot', 'cold']);
  });

  test('what was never seen fails as without us', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.down = 'reset';
    await assert.rejects(app.fetch('/api/orders/unknown'), /Failed to fetch/);
  });

  test('what the server marks no-store is not kept', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.respond = ({ method }) => (method === 'GET' && !app.server.down ? { body: { id: 'o1' }, headers: { 'Cache-Control': 'no-store' } } : undefined);
    await app.fetch('/api/orders/o1');
    app.server.down = 'reset';
    await assert.rejects(app.fetch('/api/orders/o1'), /Failed to fetch/);
    assert.deepEqual(await app.rows('reads'), []);
  });

  test('one user never sees what another has read', async (t) => {
    const app = await openApp(t, browser.context, { query: '?user=ana' });
    await withOrders(app);
    await app.fetch('/api/orders/o1');
    await app.page.evaluate(() => window.hf.signOut());
    await app.page.evaluate(() => window.hf.signIn('bob'));
    app.server.down = 'reset';
    await assert.rejects(app.fetch('/api/orders/o1'), /Failed to fetch/);
    await app.page.evaluate(() => window.hf.signIn('ana'));
    await assert.rejects(app.fetch('/api/orders/o1'), /Failed to fetch/, 'signing out cleared what belonged to ana');
  });
});

describe('with the network there', () => {
  test('an item with a pending change shows it; once it is confirmed the answer is the server\'s own again', async (t) => {
    const app = await openApp(t, browser.context);
    await withOrders(app);
    await app.fetch('/api/orders');
    app.server.next.push({ status: 503, headers: { 'Retry-After': '1' } });
    const write = await app.write('PATCH', '/api/orders/o1', { note: 'hot' });
    assert.equal(write.status, 202);
    const during = await app.fetch('/api/orders/o1');
    assert.deepEqual(json(during), { id: 'o1', note: 'hot', version: 1 });
    assert.deepEqual(origins(during), ['both', '1']);
    const list = json(await app.fetch('/api/orders')) as { note: string }[];
    assert.deepEqual(list.map(({ note }) => note), ['hot', 'cold']);
    await app.settled(write);
    const done = await app.fetch('/api/orders/o1');
    assert.deepEqual(json(done), { id: 'o1', note: 'hot', version: 2 });
    assert.deepEqual(origins(done), [undefined, undefined]);
  });

  test('a rejected write rolls the view back by itself', async (t) => {
    const app = await openApp(t, browser.context);
    await withOrders(app);
    await app.fetch('/api/orders/o1');
    app.server.next.push({ reset: true }, { status: 422 });
    const write = await app.write('PATCH', '/api/orders/o1', { note: 'hot' });
    assert.equal((await app.settled(write)).state, 'rejected');
    assert.deepEqual(json(await app.fetch('/api/orders/o1')), { id: 'o1', note: 'warm', version: 1 });
  });

  test('requests outside the declared resources are never touched', async (t) => {
    const app = await openApp(t, browser.context);
    for (const url of ['/api/riders/r1', '/api/orders-archive']) {
      await app.fetch(url);
      const answer = await app.write('POST', url, { a: 1 });
      assert.equal(answer.headers['holdfast-id'], undefined);
    }
    for (const request of app.server.requests) {
      assert.equal(request.headers['holdfast-request'], undefined);
      assert.equal(request.headers['idempotency-key'], undefined);
    }
    app.server.down = 'reset';
    await assert.rejects(app.write('POST', '/api/riders', { a: 1 }), /Failed to fetch/);
    assert.deepEqual(await app.rows('mutations'), []);
  });
});

describe('the app itself', () => {
  const assets = kConfig.replace(/\}$/, ', assets: [{ url: \'/\', revision: \'1\' }, { url: \'/page.js\', revision: \'1\' }] }');

  test('loads with no network, and goes on', async (t) => {
    const app = await openApp(t, browser.context, { config: assets });
    await withOrders(app);
    await app.fetch('/api/orders');
    app.server.down = 'gone';
    await app.page.reload();
    await ready(app.page);
    const write = await app.write('PATCH', '/api/orders/o1', { note: 'hot' });
    assert.equal(write.status, 202);
    assert.equal((json(await app.fetch('/api/orders')) as { note: string }[])[0]!.note, 'hot');
    app.server.up();
    await app.drained();
    assert.equal(app.server.documents.get('/api/orders/o1')!.note, 'hot');
  });

  test('and its caches may be deleted: the engine has a second home', async (t) => {
    const app = await openApp(t, browser.context, { config: assets });
    await app.write('POST', '/api/orders', { id: 'o0' });
    await until(async () => (await app.rows('modules')).length === 1, 'the second home');
    await app.page.evaluate(async () => {
      for (const name of await caches.keys()) await caches.delete(name);
    });
    await app.killWorker();
    app.server.down = 'gone';
    assert.equal((await app.write('POST', '/api/orders', { id: 'o1' })).status, 202);
    app.server.up();
    await app.drained();
    assert.equal(app.server.applied.length, 2);
  });
});
