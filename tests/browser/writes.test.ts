// Promises 1 to 3: a write is safe before it is sent, the page gets the server's own answer or a queued one,
// and one payload has one key.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { Chromium } from './chromium.js';
import { App, kConfig, kTimeoutMs, openApp, orders, ready, serveSite, test } from './harness.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

const kUuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** What "at once" means on a busy machine: well below the time that a page would wait for the network. */
const kAtOnceMs = kTimeoutMs / 2;

describe('with the network there', () => {
  test('the page gets the server\'s own answer, and the write arrives once, with a key and without our mark', async (t) => {
    const app = await openApp(t, browser.context);
    const answer = await app.write('POST', '/api/orders', { id: 'o1', note: 'warm' });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers['x-server'], 'scripted');
    assert.deepEqual(JSON.parse(answer.text), { id: 'o1', note: 'warm', version: 1 });
    assert.ok(answer.headers['holdfast-id']);
    assert.equal(app.server.applied.length, 1);
    const [sent] = app.server.writes;
    assert.match(String(sent!.headers['idempotency-key']), kUuid7);
    assert.equal(sent!.headers['holdfast-request'], undefined);
    assert.equal((await app.status()).pending, 0);
    assert.deepEqual(await app.rows('mutations'), []);
    const outcome = await app.settled(answer);
    assert.deepEqual([outcome.state, outcome.status], ['confirmed', 201]);
    assert.deepEqual(outcome.document, { id: 'o1', note: 'warm', version: 1 });
  });

  test('a write is in the database before it is sent', async (t) => {
    const app = await openApp(t, browser.context);
    const found: number[] = [];
    app.server.respond = async () => {
      found.push((await app.rows('mutations')).length);
      return undefined;
    };
    await app.write('POST', '/api/orders', { id: 'o1' });
    assert.deepEqual(found, [1]);
  });

  test('two equal quick taps are two writes', async (t) => {
    const app = await openApp(t, browser.context);
    await app.page.evaluate(() => Promise.all([1, 2].map(() => fetch('/api/orders', { method: 'POST', body: '{"note":"tea"}' }))));
    assert.equal(app.server.applied.length, 2);
    assert.equal(new Set(app.server.writes.map(({ headers }) => headers['idempotency-key'])).size, 2);
  });

  test('XMLHttpRequest is protected as fetch is', async (t) => {
    const app = await openApp(t, browser.context);
    const id = await app.page.evaluate(() => new Promise((resolve) => {
      const xhr = new XMLHttpRequest();
      xhr.open('POST', '/api/orders');
      xhr.onload = () => resolve(xhr.getResponseHeader('Holdfast-Id'));
      xhr.send('{"id":"o1"}');
    }));
    assert.ok(id);
    assert.equal(app.server.applied.length, 1);
    assert.equal(app.server.writes[0]!.headers['holdfast-request'], undefined);
  });
});

describe('in the tunnel', () => {
  test('the page gets 202 and the optimistic document within timeoutMs, and the next ones at once', async (t) => {
    const app = await openApp(t, browser.context);
    await app.write('POST', '/api/orders', { id: 'o1', note: 'warm', tip: 1 });
    app.server.down = 'hang';
    const first = await app.write('PATCH', '/api/orders/o1', { tip: 2 });
    assert.equal(first.status, 202);
    assert.equal(first.headers['holdfast-status'], 'queued');
    assert.ok(first.headers['holdfast-id']);
    assert.match(first.headers['content-type']!, /json/);
    assert.deepEqual(JSON.parse(first.text), { id: 'o1', note: 'warm', tip: 2, version: 1 });
    assert.ok(first.ms >= kTimeoutMs - 20 && first.ms < kTimeoutMs + 600, `answered after ${first.ms} ms`);

    for (const [method, url, body] of [['PATCH', '/api/orders/o1', { note: 'hot' }], ['POST', '/api/orders', { id: 'o2' }]] as const) {
      const next = await app.write(method, url, body);
      assert.equal(next.status, 202);
      assert.ok(next.ms < kAtOnceMs, `${method} answered after ${next.ms} ms`);
    }
    const read = await app.fetch('/api/orders/o1');
    assert.deepEqual(JSON.parse(read.text), { id: 'o1', note: 'hot', tip: 2, version: 1 });
    assert.ok(read.ms < kAtOnceMs, `read after ${read.ms} ms`);
    assert.equal((await app.status()).pending, 3);
    assert.equal((await app.status()).link, 'offline');

    app.server.up();
    await app.drained();
    assert.deepEqual(app.server.documents.get('/api/orders/o1'), { id: 'o1', note: 'hot', tip: 2, version: 3 });
    assert.equal(app.server.applied.length, 4);
    assert.equal((await app.status()).link, 'online');
  });

  test('a network error is answered 202 at once, and sent later', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.down = 'reset';
    const answer = await app.write('POST', '/api/orders', { id: 'o1' });
    assert.equal(answer.status, 202);
    assert.ok(answer.ms < kTimeoutMs, `answered after ${answer.ms} ms`);
    app.server.up();
    assert.equal((await app.settled(answer)).state, 'confirmed');
    assert.equal(app.server.applied.length, 1);
  });

  test('queuedStatus is the app\'s choice', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('queuedStatus: 200') });
    app.server.down = 'reset';
    const answer = await app.write('POST', '/api/orders', { id: 'o1' });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['holdfast-status'], 'queued');
  });

  test('a page that aborts, or leaves, ends its own wait and not the write', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.down = 'hang';
    const aborted = await app.page.evaluate(() => fetch('/api/orders', {
      method: 'POST', body: '{"id":"o1"}', signal: AbortSignal.timeout(200),
    }).then(String, (error: Error) => error.name));
    assert.equal(aborted, 'TimeoutError');
    assert.equal((await app.rows('mutations')).length, 1);
    const before = app.server.writes.length;
    await app.page.evaluate(() => void fetch('/api/orders', { method: 'POST', body: '{"id":"o2"}' }));
    await until(async () => (await app.rows('mutations')).length === 2, 'the second row');
    await app.page.goto(`${app.origin}/other.html`);
    app.server.up();
    await app.page.goto(`${app.origin}/`);
    await ready(app.page);
    await app.drained();
    assert.deepEqual([...app.server.documents.keys()].sort(), ['/api/orders/o1', '/api/orders/o2']);
    assert.ok(before >= 1);
    assert.equal(app.server.applied.length, 2);
  });

  test('what was answered 202 survives the browser\'s death, and is sent once by the next one', async (t) => {
    const server = await serveSite();
    t.after(() => server.close());
    const first = await Chromium.start();
    let page = await first.context.newPage();
    await page.goto(server.origin);
    await ready(page);
    server.down = 'hang';
    const answer = await new App(first.context, server, page).write('POST', '/api/orders', { id: 'o1', note: 'keep me' });
    await first.crash();
    assert.equal(answer.status, 202);
    const key = server.writes[0]!.headers['idempotency-key'];

    server.up();
    const second = await Chromium.start({ profile: first.profile });
    t.after(() => second.close());
    page = await second.context.newPage();
    await page.goto(server.origin);
    await ready(page);
    const app = new App(second.context, server, page);
    await app.drained();
    assert.equal(server.applied.length, 1);
    assert.equal(server.applied[0]!.headers['idempotency-key'], key);
    assert.equal((await app.settled(answer)).state, 'confirmed');
  });
});

describe('one payload has one key', () => {
  test('every send of the same bytes carries the same key, whatever became of the one before', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.next.push({ status: 503 }, { reset: true }, { reset: true, applied: true }, { status: 500 });
    const answer = await app.write('POST', '/api/orders', { id: 'o1', note: 'once' });
    assert.equal(answer.status, 202);
    assert.equal((await app.settled(answer)).state, 'confirmed');
    const writes = app.server.writes;
    assert.equal(writes.length, 5);
    assert.equal(new Set(writes.map(({ headers }) => headers['idempotency-key'])).size, 1);
    assert.equal(new Set(writes.map(({ body }) => body.toString())).size, 1);
    assert.equal(app.server.applied.length, 1);
  });

  test('other payloads have other keys', async (t) => {
    const app = await openApp(t, browser.context);
    for (const tip of [1, 2, 1]) await app.write('PATCH', '/api/orders/o1', { tip });
    assert.equal(new Set(app.server.writes.map(({ headers }) => headers['idempotency-key'])).size, 3);
  });

  test('the app\'s own key is kept', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.next.push({ status: 503 });
    const answer = await app.write('POST', '/api/orders', { id: 'o1' }, { 'Idempotency-Key': 'my-own-key' });
    await app.settled(answer);
    assert.deepEqual(app.server.writes.map(({ headers }) => headers['idempotency-key']), ['my-own-key', 'my-own-key']);
  });
});

test('the ready classic file works as the bundled one does', async (t) => {
  const { readFile } = await import('node:fs/promises');
  const app = await openApp(t, browser.context, { wait: false, query: '?manual' });
  const ready = await readFile(new URL('../../dist/holdfast-sw.js', import.meta.url));
  app.server.site.set('/holdfast-sw.js', { type: 'text/javascript', body: ready });
  app.server.site.set('/ready.js', { type: 'text/javascript', body: `importScripts('/holdfast-sw.js'); holdfast(${kConfig});` });
  await app.page.evaluate(async () => {
    window.hf = await window.connect('/ready.js');
  });
  const answer = await app.write('POST', '/api/orders', { id: 'o1' });
  assert.ok(answer.headers['holdfast-id']);
});
