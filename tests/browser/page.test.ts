// Promise 28 and the page library in a real browser: it says how things stand, and throws only for mistakes.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Page } from 'playwright-core';
import { Chromium } from './chromium.js';
import { kConfig, kTimeoutMs, openApp, ready, test } from './harness.js';
import { workerScript } from './site.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  // A name that isn't localhost makes an insecure context.
  browser = await Chromium.start({ bfcache: true, args: ['--host-resolver-rules=MAP insecure.test 127.0.0.1'] });
});
after(() => browser.close());

/** What connect() with these arguments ends with: 'protected', 'unprotected <code>', or the error. */
function connecting(page: Page, script: string, options: object = {}): Promise<{ how: string; message: string }> {
  return page.evaluate(async ([script, options]) => {
    try {
      const hf = window.hf = await window.connect(script, options);
      const { problem } = await hf.status();
      return { how: hf.protected ? 'protected' : `unprotected ${problem?.code}`, message: problem?.message ?? '' };
    } catch (error) {
      const { name, code, message } = error as { name: string; code: string; message: string };
      return { how: `${name} ${code}`, message };
    }
  }, [script, options] as const);
}

describe('connect', () => {
  test('waits until the worker stands between the page and the network', async (t) => {
    const app = await openApp(t, browser.context, { query: '?manual' });
    assert.equal((await connecting(app.page, '/sw.js')).how, 'protected');
    app.server.down = 'reset';
    assert.equal((await app.write('POST', '/api/orders', { id: 'o1' })).status, 202);
  });

  test('says protected: false where there is no secure context, and the app goes on as ever', async (t) => {
    const app = await openApp(t, browser.context, { query: '?manual' });
    await app.page.goto(`http://insecure.test:${app.server.port}/?manual`);
    t.after(() => app.page.close());
    assert.equal((await connecting(app.page, '/sw.js', { user: 'ana' })).how, 'unprotected insecure-context');
    const answer = await app.write('POST', '/api/orders', { id: 'o1' });
    assert.deepEqual([answer.status, answer.headers['holdfast-id']], [201, undefined]);
    assert.equal(app.server.writes[0]!.headers['holdfast-request'], undefined);
    const calm = await app.page.evaluate(async () => {
      const { hf } = window;
      await hf.sync();
      await hf.signIn('bob');
      const seen: string[] = [];
      hf.subscribe(({ user, protected: safe }) => seen.push(`${user} ${safe}`));
      await Promise.resolve();
      const codes = [];
      for (const call of [() => hf.inbox.retry('x'), () => hf.settled('x'), () => fetch('/').then((one) => hf.settled(one))]) {
        codes.push(await call().then(() => 'done', (error: { code: string }) => error.code));
      }
      return { seen, codes, pending: await hf.pending(), inbox: await hf.inbox.list() };
    });
    assert.deepEqual(calm, { seen: ['bob false'], codes: ['unprotected', 'unprotected', 'not-a-captured-write'], pending: [], inbox: [] });
  });

  test('says protected: false on a first visit while the network fails', async (t) => {
    const app = await openApp(t, browser.context, { query: '?manual' });
    app.server.down = 'gone';
    assert.equal((await connecting(app.page, '/sw.js')).how, 'unprotected registration-refused');
  });

  test('throws for a mistake that a developer must see, and says what it is', async (t) => {
    const app = await openApp(t, browser.context, { query: '?manual' });
    const { site } = app.server;
    site.set('/page.html', { type: 'text/html', body: '<!doctype html>the app\'s page for unknown addresses' });
    site.set('/throws.js', { type: 'text/javascript', body: 'throw new Error("mine")' });
    site.set('/deep/sw.js', workerScript(kConfig.replace('{', '{ wasm: \'/holdfast.wasm\',')));
    site.set('/bad-config.js', workerScript('{ resources: { orders: { path: \'/api/orders/:id\', timeoutMs: \'soon\' } } }'));
    for (const [script, how, message] of [
      ['/missing.js', 'registration-failed', /404/],
      ['/page.html', 'registration-failed', /text\/html/],
      ['/throws.js', 'registration-failed', /when it started/],
      ['/deep/sw.js', 'out-of-scope', /Service-Worker-Allowed/],
      ['/bad-config.js', 'registration-failed', /orders.*timeoutMs/s],
    ] as const) {
      const got = await connecting(app.page, script);
      assert.equal(got.how, `HoldfastError ${how}`, script);
      assert.match(got.message, message, script);
    }
  });

  test('says so when the engine is of another release than the worker', async (t) => {
    const app = await openApp(t, browser.context, { query: '?manual' });
    const own = app.server.site.get('/holdfast.wasm')!;
    // An empty custom section more: it would compile and run.
    const other = Buffer.concat([own.body as Buffer, Buffer.from([0, 1, 0])]);
    app.server.site.set('/holdfast.wasm', { ...own, body: other });
    assert.equal((await connecting(app.page, '/sw.js')).how, 'unprotected engine-mismatch');
  });

  test('keeps the worker of an earlier visit when today\'s script is broken', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.site.set('/sw.js', { type: 'text/javascript', body: 'throw new Error("mine")' });
    await app.page.reload();
    await ready(app.page);
    assert.equal((await app.write('POST', '/api/orders', { id: 'o1' })).status, 201);
  });
});

describe('subscribe', () => {
  test('gives the newest at once and then each change; a listener that throws stops no other', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.down = 'reset';
    await app.page.evaluate(() => {
      const log: string[] = [];
      Object.assign(window, { log });
      window.addEventListener('error', ({ message }) => log.push(message));
      window.hf.subscribe(() => {
        throw new Error('mine');
      });
      const stop = window.hf.subscribe(({ pending }) => {
        log.push(`pending ${pending}`);
        if (pending === 1) stop();
      });
    });
    await app.write('POST', '/api/orders', { id: 'o1' });
    await app.page.waitForFunction(() => window.statuses.at(-1)?.pending === 1);
    await app.write('POST', '/api/orders', { id: 'o2' });
    await app.page.waitForFunction(() => window.statuses.at(-1)?.pending === 2);
    const log = await app.page.evaluate(() => (window as unknown as { log: string[] }).log);
    assert.deepEqual([...new Set(log.filter((line) => line.startsWith('pending')))], ['pending 0', 'pending 1']);
    assert.ok(log.some((line) => line.includes('mine')));
  });
});

describe('the inbox', () => {
  test('is listed, exported, edited, retried and emptied', async (t) => {
    const app = await openApp(t, browser.context, { query: '?user=ana' });
    // Later than the page waits: what a page is told itself doesn't go to the inbox.
    app.server.respond = ({ body }) => (body.toString().includes('-1') ? { status: 422, body: { title: 'no' }, delayMs: kTimeoutMs + 300 } : undefined);
    for (const id of ['o1', 'o2', 'o3']) {
      const answer = await app.write('PATCH', `/api/orders/${id}`, { tip: -1 });
      assert.equal(answer.status, 202);
      assert.equal((await app.settled(answer)).state, 'rejected');
    }
    const entries = await app.inbox();
    assert.deepEqual(entries.map(({ entity, status, body }) => [entity, status, body]), ['o1', 'o2', 'o3'].map((id) => [id, 422, '{"tip":-1}']));
    const file = await app.page.evaluate(async () => (await window.hf.inbox.export()).text());
    assert.match(file, /"user": "ana"/);
    assert.equal((JSON.parse(file) as { writes: unknown[] }).writes.length, 3);

    const [first, second, third] = entries.map(({ id }) => id) as [string, string, string];
    const oldKey = app.server.writes.find(({ url }) => url.endsWith('/o1'))!.headers['idempotency-key'];
    await app.page.evaluate((id) => window.hf.inbox.edit(id, { tip: 5 }), first);
    await app.drained();
    assert.equal(app.server.documents.get('/api/orders/o1')!.tip, 5);
    assert.notEqual(app.server.applied.at(-1)!.headers['idempotency-key'], oldKey, 'another payload has another key');

    await app.page.evaluate((id) => window.hf.inbox.discard(id), second);
    app.server.respond = () => undefined;
    await app.page.evaluate((id) => window.hf.inbox.retry(id), third);
    await app.drained();
    assert.equal(app.server.documents.get('/api/orders/o3')!.tip, -1);
    assert.equal(app.server.documents.has('/api/orders/o2'), false);
    assert.deepEqual(await app.inbox(), []);
    const gone = await app.page.evaluate((id) => window.hf.inbox.discard(id).catch((error: { code: string }) => error.code), first);
    assert.equal(gone, 'not-in-inbox');
  });
});

test('storage is asked to persist once there is something to lose, and once only', async (t) => {
  const app = await openApp(t, browser.context, { query: '?manual' });
  await app.page.evaluate(() => {
    Object.assign(window, { persisted: 0 });
    navigator.storage.persist = () => {
      (window as unknown as { persisted: number }).persisted += 1;
      return new Promise(() => undefined);
    };
  });
  await connecting(app.page, '/sw.js');
  const persisted = () => app.page.evaluate(() => (window as unknown as { persisted: number }).persisted);
  assert.equal(await persisted(), 0);
  app.server.down = 'reset';
  for (const id of ['o1', 'o2']) await app.write('POST', '/api/orders', { id });
  await app.status();
  assert.equal(await persisted(), 1);
});

/** Why a page that was gone back to had to be loaded anew. W3C, Navigation Timing: notRestoredReasons. */
const notRestored = (page: Page): Promise<string[]> => page.evaluate(() => {
  const [entry] = performance.getEntriesByType('navigation') as unknown as [{ notRestoredReasons?: { reasons: { reason: string }[] } }];
  return (entry.notRestoredReasons?.reasons ?? []).map(({ reason }) => reason);
});

test('a page comes back from the back/forward cache and knows how things stand', async (t) => {
  const app = await openApp(t, browser.context);
  const goAndComeBack = async (): Promise<string[]> => {
    await ready(app.page);
    app.server.down = 'reset';
    await app.write('POST', '/api/orders', { id: 'o1' });
    await app.page.evaluate(() => {
      window.addEventListener('pageshow', ({ persisted }) => Object.assign(window, { back: persisted }));
    });
    await app.page.goto(`${app.origin}/other.html`);
    app.server.up();
    await app.page.evaluate(() => history.back());
    const back = () => app.page.evaluate(() => document.readyState === 'complete' && location.pathname === '/' && 'back' in window);
    const anew = async (): Promise<boolean> => (await notRestored(app.page)).length > 0;
    await until(async () => await back().catch(() => false) || await anew().catch(() => false), 'the page to come back');
    return await back() ? [] : notRestored(app.page);
  };
  // The browser forgets a page that a worker's message meets on its way into the cache. A worker can't see that coming:
  // what it posts to was a live page when it asked. So this one reason, and no other, is given another try.
  let why = await goAndComeBack();
  for (let tries = 1; tries < 4 && why.join() === 'serviceworker-postmessage'; tries += 1) why = await goAndComeBack();
  assert.deepEqual(why, []);
  await until(() => app.page.evaluate(() => window.statuses.at(-1)?.pending === 0), 'the news');
});

test('close() takes everything back', async (t) => {
  const app = await openApp(t, browser.context);
  const code = await app.page.evaluate(async () => {
    const stamped = window.fetch;
    window.hf.close();
    return [window.fetch !== stamped, await window.hf.pending().catch((error: { code: string }) => error.code)];
  });
  assert.deepEqual(code, [true, 'closed']);
  assert.ok((await app.write('POST', '/api/orders', { id: 'o1' })).headers['holdfast-id']);
});
