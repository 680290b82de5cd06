// How a resource's reads are answered: the network first, what was kept first, what was kept alone; and that pages hear
// of a change behind an answer they were given.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe } from 'node:test';
import type { ReadChange } from '../../js/protocol/messages.js';
import { Chromium } from './chromium.js';
import { openApp, orders, ready, test, type App, type Got } from './harness.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

const kStale = orders("read: { strategy: 'stale-while-revalidate' }");
const kCacheOnly = orders("read: { strategy: 'cache-only' }");
/** Long enough for news that must not come. */
const kQuietMs = 400;

const json = ({ text }: Got): unknown => JSON.parse(text);
const source = ({ headers }: Got) => headers['holdfast-source'];
const reads = (app: App) => app.server.requests.filter(({ method }) => method === 'GET').length;
const changes = (app: App, page = app.page): Promise<ReadChange[]> => page.evaluate(() => window.changes);

async function withOrder(app: App): Promise<void> {
  app.server.documents.set('/api/orders/o1', { id: 'o1', note: 'warm', version: 1 });
}

async function kept(app: App, count = 1): Promise<void> {
  await until(async () => (await app.rows('reads')).length === count, 'the answer to be kept');
}

/** Reads it once, so that it is kept. */
async function seen(app: App, url = '/api/orders/o1'): Promise<void> {
  await app.fetch(url);
  await kept(app);
}

/** Waits until the network has been asked behind an answer, and a moment longer. */
async function revalidated(app: App, before: number): Promise<void> {
  await until(() => reads(app) > before, 'the network to be asked');
  await sleep(kQuietMs);
}

describe('network first', () => {
  test('waits as long as the resource says', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('read: { timeoutMs: 200 }') });
    await withOrder(app);
    await seen(app);
    app.server.down = 'hang';
    const { ms, ...answer } = await app.fetch('/api/orders/o1');
    assert.equal(source(answer as Got), 'store');
    assert.ok(ms >= 190 && ms < 1_500, `after ${ms} ms`);
  });

  for (const [what, how] of [['is cut', { reset: true }], ['stalls', { hang: true }]] as const) {
    test(`an answer that ${what} in the middle is none`, async (t) => {
      const app = await openApp(t, browser.context, { config: orders('read: { timeoutMs: 500 }') });
      await withOrder(app);
      await seen(app);
      app.server.respond = () => ({ body: { id: 'o1', note: 'cold', version: 2 }, half: true, ...how });
      const { ms, ...answer } = await app.fetch('/api/orders/o1');
      assert.deepEqual([source(answer as Got), json(answer as Got)], ['store', { id: 'o1', note: 'warm', version: 1 }]);
      assert.ok(ms < 3_000, `after ${ms} ms`);
      app.server.respond = () => undefined;
      app.server.up();
      await until(async () => source(await app.fetch('/api/orders/o1')) === undefined, 'the network\'s own answer');
    });
  }

  test('an answer that comes late is news, if it is another one', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('read: { timeoutMs: 200 }') });
    await withOrder(app);
    await seen(app);
    app.server.documents.get('/api/orders/o1')!.note = 'cold';
    app.server.respond = async ({ method }) => (method === 'GET' ? sleep(600).then(() => undefined) : undefined);
    const early = await app.fetch('/api/orders/o1');
    assert.deepEqual([source(early), (json(early) as { note: string }).note], ['store', 'warm']);
    await until(async () => (await changes(app)).length === 1, 'the news');
    assert.deepEqual(await changes(app), [{ url: `${app.origin}/api/orders/o1`, resource: 'orders', ids: [] }]);
  });

  test('a connection that is dead in the light is given up, and another one finds the server', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('read: { timeoutMs: 200 }') });
    for (const id of ['o1', 'o2']) {
      app.server.documents.set(`/api/orders/${id}`, { id });
      await app.fetch(`/api/orders/${id}`);
    }
    await kept(app, 2);
    app.server.down = 'hang';
    assert.equal(source(await app.fetch('/api/orders/o1')), 'store');
    assert.equal(source(await app.fetch('/api/orders/o2')), 'store');
    await until(() => reads(app) === 4, 'the read, and a look behind the next one');
    const stalled = app.server.requests.slice(2);
    app.server.down = null;  // nothing cuts what hangs
    await until(() => stalled.every(({ endedAt }) => endedAt !== null), 'both to be given up');
    await until(async () => source(await app.fetch('/api/orders/o1')) === undefined, 'the network\'s own answer');
  });

  test('the end of a tunnel is news for every page', async (t) => {
    const app = await openApp(t, browser.context);
    await withOrder(app);
    await seen(app);
    const tab = await app.tab();
    app.server.down = 'reset';
    await app.fetch('/api/orders/o1');
    app.server.up();
    app.server.documents.get('/api/orders/o1')!.note = 'cold';
    assert.equal(source(await app.fetch('/api/orders/o1')), 'store', 'the first one asks behind its answer');
    await until(async () => (await changes(app)).length > 0 && (await changes(app, tab)).length > 0, 'the news in both tabs');
    const again = await app.fetch('/api/orders/o1');
    assert.deepEqual([source(again), (json(again) as { note: string }).note], [undefined, 'cold']);
  });
});

describe('stale while revalidate', () => {
  test('shows what was kept at once, and tells of a change behind it', async (t) => {
    const app = await openApp(t, browser.context, { config: kStale });
    await withOrder(app);
    assert.equal(source(await app.fetch('/api/orders/o1')), undefined, 'what was never seen comes from the network');
    await kept(app);
    app.server.documents.get('/api/orders/o1')!.note = 'cold';
    app.server.respond = async ({ method }) => (method === 'GET' ? sleep(300).then(() => undefined) : undefined);
    const stale = await app.fetch('/api/orders/o1#now');
    assert.ok(stale.ms < 250, `after ${stale.ms} ms`);
    assert.deepEqual([source(stale), (json(stale) as { note: string }).note], ['store', 'warm']);
    await until(async () => (await changes(app)).length > 0, 'the news');
    assert.deepEqual(await changes(app), [{ url: `${app.origin}/api/orders/o1`, resource: 'orders', ids: [] }]);
    assert.equal((json(await app.fetch('/api/orders/o1')) as { note: string }).note, 'cold');
  });

  test('who reads again at the news gets what is new, however large', async (t) => {
    const app = await openApp(t, browser.context, { config: kStale });
    const large = 'x'.repeat(4_000_000);
    app.server.documents.set('/api/orders/o1', { id: 'o1', note: 'warm', large });
    await seen(app);
    app.server.documents.get('/api/orders/o1')!.note = 'cold';
    const read = app.page.evaluate(() => new Promise<string>((resolve) => {
      window.hf.onChange(({ url }) => void fetch(url).then((answer) => answer.json()).then(({ note }: { note: string }) => resolve(note)));
    }));
    await app.fetch('/api/orders/o1');
    assert.equal(await read, 'cold');
  });

  test('what hasn\'t changed is no news, whatever the order of its members', async (t) => {
    const app = await openApp(t, browser.context, { config: kStale });
    await withOrder(app);
    await seen(app);
    app.server.documents.set('/api/orders/o1', { version: 1, note: 'warm', id: 'o1' });
    const before = reads(app);
    await app.fetch('/api/orders/o1');
    await revalidated(app, before);
    assert.deepEqual(await changes(app), []);
  });

  test('the pending changes are in it, and a change that they hide is no news', async (t) => {
    const app = await openApp(t, browser.context, { config: kStale });
    await withOrder(app);
    await seen(app);
    app.server.respond = ({ method }) => (method === 'GET' ? undefined : { status: 503, headers: { 'Retry-After': '60' } });
    await app.write('PATCH', '/api/orders/o1', { note: 'hot' });
    app.server.documents.get('/api/orders/o1')!.note = 'cold';
    const before = reads(app);
    const shown = await app.fetch('/api/orders/o1');
    assert.deepEqual(json(shown), { id: 'o1', note: 'hot', version: 1 });
    assert.deepEqual([source(shown), shown.headers['holdfast-pending']], ['both', '1']);
    await revalidated(app, before);
    assert.deepEqual(await changes(app), []);
    app.server.documents.get('/api/orders/o1')!.version = 7;
    await app.fetch('/api/orders/o1');
    await until(async () => (await changes(app)).length > 0, 'the news of what they don\'t hide');
    assert.deepEqual(json(await app.fetch('/api/orders/o1')), { id: 'o1', note: 'hot', version: 7 });
  });

  test('an answer that is never the same twice doesn\'t go round in circles', async (t) => {
    const app = await openApp(t, browser.context, { config: kStale });
    let count = 0;
    app.server.respond = ({ method }) => (method === 'GET' ? { body: { id: 'o1', count: ++count } } : undefined);
    await seen(app);
    await app.page.evaluate(() => window.hf.onChange(({ url }) => void fetch(url)));
    await app.fetch('/api/orders/o1');
    await until(async () => (await changes(app)).length > 0, 'the news');
    await sleep(kQuietMs);
    assert.equal(reads(app), 2);
  });

  test('what is gone at the server is gone here after the next look', async (t) => {
    const app = await openApp(t, browser.context, { config: kStale });
    await withOrder(app);
    await seen(app);
    app.server.documents.delete('/api/orders/o1');
    assert.equal((await app.fetch('/api/orders/o1')).status, 200);
    await until(async () => (await changes(app)).length > 0, 'the news');
    const gone = await app.fetch('/api/orders/o1');
    assert.deepEqual([gone.status, source(gone), json(gone)], [404, 'store', { title: 'not found' }]);
    app.server.down = 'reset';
    const write = await app.write('PATCH', '/api/orders/o1', { note: 'hot' });
    assert.equal(write.text, 'null', 'a word that there is nothing is no document to change');
  });

  test('a server in trouble takes nothing away', async (t) => {
    const app = await openApp(t, browser.context, { config: kStale });
    await withOrder(app);
    await seen(app);
    app.server.respond = () => ({ status: 500, body: { title: 'trouble' } });
    const before = reads(app);
    await app.fetch('/api/orders/o1');
    await revalidated(app, before);
    assert.deepEqual(await changes(app), []);
    assert.equal((await app.fetch('/api/orders/o1')).status, 200);
  });

  test('a page that listens no more hears nothing', async (t) => {
    const app = await openApp(t, browser.context, { config: kStale });
    await withOrder(app);
    await seen(app);
    await app.page.evaluate(() => {
      const heard: string[] = [];
      const stop = window.hf.onChange(() => heard.push('stopped'));
      const ended = new AbortController();
      window.hf.onChange(() => heard.push('aborted'), { signal: ended.signal });
      stop();
      ended.abort();
      Object.assign(window, { heard });
    });
    app.server.documents.get('/api/orders/o1')!.note = 'cold';
    await app.fetch('/api/orders/o1');
    await until(async () => (await changes(app)).length > 0, 'the news');
    assert.deepEqual(await app.page.evaluate(() => (window as unknown as { heard: string[] }).heard), []);
  });
});

describe('cache only', () => {
  test('asks the network if nothing is kept, and never after that', async (t) => {
    const app = await openApp(t, browser.context, { config: kCacheOnly });
    await withOrder(app);
    assert.equal(source(await app.fetch('/api/orders/o1')), undefined);
    await kept(app);
    app.server.documents.get('/api/orders/o1')!.note = 'cold';
    for (const tunnel of [null, 'reset', null] as const) {
      app.server.down = tunnel;
      const answer = await app.fetch('/api/orders/o1');
      assert.deepEqual([source(answer), (json(answer) as { note: string }).note], ['store', 'warm']);
    }
    await sleep(kQuietMs);
    assert.equal(reads(app), 1);
  });

  test('shows what one\'s own writes have brought all the same', async (t) => {
    const app = await openApp(t, browser.context, { config: kCacheOnly });
    await withOrder(app);
    await seen(app, '/api/orders');
    const write = await app.write('PATCH', '/api/orders/o1', { note: 'hot' });
    assert.equal(write.status, 200);
    await app.write('POST', '/api/orders', { id: 'o2', note: 'new' });
    await app.killWorker();
    const rows = json(await app.fetch('/api/orders')) as { id: string; note: string }[];
    assert.deepEqual(rows.map(({ id, note }) => [id, note]), [['o1', 'hot'], ['o2', 'new']]);
    assert.equal(reads(app), 1);
  });
});

test('a mistake in a read\'s declaration is the first thing that a page hears', async (t) => {
  const app = await openApp(t, browser.context, { config: orders("read: { strategy: 'cache-first' }"), query: '?manual' });
  await ready(app.page);
  const told = await app.page.evaluate(() => window.connect('/sw.js').then(() => 'connected', String));
  assert.match(told, /resources\.orders\.read\.strategy: must be 'network-first'/);
});
