// Promise 25 with a server that speaks a language of its own: what others do is seen as it happens, and what nobody told
// is read again.

import assert from 'node:assert/strict';
import { after, before, type TestContext } from 'node:test';
import { Chromium } from './chromium.js';
import { ForeignServer, kForeign, type Settings } from './foreign-server.js';
import { openApp, test, type App } from './harness.js';
import { kPolicy, workerScript } from './site.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => { browser = await Chromium.start(); });
after(() => browser.close());

interface World {
  app: App;
  foreign: ForeignServer;
}

interface Setup extends Settings {
  scheme?: 'ws' | 'http';
  query?: string;
  token?: string;
}

async function openWorld(t: TestContext, { scheme = 'ws', query, token, ...settings }: Setup = {}): Promise<World> {
  const foreign = new ForeignServer();
  foreign.token = token ?? null;
  const host = await foreign.listen();
  t.after(() => foreign.close());
  const app = await openApp(t, browser.context, {
    config: kForeign(`${scheme}://${host}/`, settings), policy: `${kPolicy}; connect-src 'self' ws://${host} http://${host}`, ...(query !== undefined && { query }),
  });
  return { app, foreign };
}

const live = async ({ app }: World): Promise<string> => (await app.status()).live;
const isLive = (world: World): Promise<void> => until(async () => (await live(world)) === 'live', 'the link to be live');
const noGap = ({ app }: World): Promise<void> => until(async () =>
  (await app.rows<{ name: string; gapAt: number }>('meta')).find(({ name }) => name.startsWith('feed '))?.gapAt === 0, 'the gap to be made good');
const told = ({ app }: World): Promise<string[]> => app.page.evaluate(() => window.changes.flatMap(({ ids }) => ids));
const hears = (world: World, id: string): Promise<void> => until(async () => (await told(world)).includes(id), `the page to hear of ${id}`);
const order = (id: string, tip: number, version: number): Record<string, unknown> => ({ id, tip, version });
const set = ({ app }: World, ...orders: Record<string, unknown>[]): void => {
  app.server.documents.clear();
  for (const one of orders) app.server.documents.set(`/api/orders/${String(one.id)}`, one);
};
const tips = async ({ app }: World, path = '/api/orders'): Promise<number[]> =>
  ([JSON.parse((await app.fetch(path)).text)].flat() as { tip: number }[]).map(({ tip }) => tip);
/** With the line down: what is shown comes out of the store. */
async function inTheDark<T>({ app }: World, look: () => Promise<T>): Promise<T> {
  app.server.down = 'reset';
  const seen = await look();
  app.server.down = null;
  return seen;
}

for (const scheme of ['ws', 'http'] as const) {
  test(`over ${scheme}: what others do is told, and shown without the network`, async (t) => {
    // Server-sent events have names, which are their kinds.
    const world = await openWorld(t, scheme === 'ws' ? {} : { scheme, live: 'transports: [\'sse\']', format: 'kind: undefined' });
    const { foreign, app } = world;
    set(world, order('a', 100, 1));
    await isLive(world);
    await noGap(world);
    assert.deepEqual(await tips(world), [100]);
    foreign.tell({ event: 'order.updated', data: order('a', 250, 2) });
    await hears(world, 'a');
    foreign.tell({ event: 'order.updated', data: order('b', 30, 1) });
    await hears(world, 'b');
    assert.deepEqual(await app.page.evaluate(() => window.changes[0]), { resource: 'orders', ids: ['a'], url: `${app.origin}/api/orders/a` });
    assert.deepEqual(await inTheDark(world, () => tips(world)), [250, 30]);
    foreign.tell({ event: 'order.deleted', data: { id: 'a' } });
    await until(async () => (await told(world)).filter((id) => id === 'a').length === 2, 'the page to hear of the deletion');
    assert.deepEqual(await inTheDark(world, () => tips(world)), [30]);
    assert.equal(foreign.links, 1);
  });
}

test('what was missed while the line was cut is read again, also when it is cut again meanwhile', async (t) => {
  const world = await openWorld(t);
  const { foreign, app } = world;
  set(world, order('a', 1, 1), order('b', 1, 1));
  await isLive(world);
  await tips(world);
  for (let round = 2; round <= 4; round += 1) {
    foreign.down = true;
    foreign.cut();
    await until(async () => (await live(world)) !== 'live', 'the link to be lost');
    set(world, order('a', round, round));
    // The second connection is made while what the first one missed is still being read.
    if (round === 3) app.server.respond = async () => { await new Promise((resolve) => setTimeout(resolve, 400)); return undefined; };
    foreign.down = false;
    await isLive(world);
  }
  await noGap(world);
  assert.deepEqual(await inTheDark(world, () => tips(world)), [4]);
});

test('what only says that something has changed is read again: that, and the lists, and no other', async (t) => {
  const world = await openWorld(t);
  const { foreign, app } = world;
  set(world, order('a', 1, 1), order('b', 1, 1));
  await isLive(world);
  await noGap(world);
  for (const path of ['/api/orders', '/api/orders/a', '/api/orders/b']) await tips(world, path);
  set(world, order('a', 500, 2), order('b', 1, 1));
  const before = app.server.requests.length;
  foreign.tell({ event: 'order_changed', id: 'a' });
  await hears(world, 'a');
  assert.deepEqual(app.server.requests.slice(before).map(({ url }) => url).sort(), ['/api/orders', '/api/orders/a']);
  assert.deepEqual(await inTheDark(world, async () => [await tips(world), await tips(world, '/api/orders/a')]), [[500, 1], [500]]);
  const changes = await app.page.evaluate(() => window.changes);
  assert.deepEqual(changes.filter(({ ids }) => ids.length > 0), [{ resource: 'orders', ids: ['a'], url: `${app.origin}/api/orders/a` }]);
});

test('a part of a document is never taken for the whole', async (t) => {
  const world = await openWorld(t);
  const { foreign, app } = world;
  set(world, { ...order('a', 1, 1), note: 'ring twice' });
  await isLive(world);
  await noGap(world);
  await tips(world, '/api/orders/a');
  set(world, { ...order('a', 700, 2), note: 'ring twice' });
  foreign.tell({ event: 'order.patched', data: { id: 'a', tip: 700 } });
  await hears(world, 'a');
  const shown = await inTheDark(world, async () => JSON.parse((await app.fetch('/api/orders/a')).text) as unknown);
  assert.deepEqual(shown, { id: 'a', tip: 700, version: 2, note: 'ring twice' });
});

test('a change that can\'t be read costs nothing: what it may be about is read again, and the app is told', async (t) => {
  const world = await openWorld(t);
  const { foreign, app } = world;
  set(world, order('a', 1, 1));
  await isLive(world);
  await noGap(world);
  await tips(world);
  set(world, order('a', 900, 2));
  foreign.tell({ event: 'order.updated', order: order('a', 900, 2) });
  await until(async () => (await app.status()).problem !== null, 'a problem to be told');
  const { problem } = await app.status();
  assert.equal(problem?.code, 'feed-unreadable');
  assert.match(problem.message, /nothing at '\/data'/);
  await until(() => app.page.evaluate(() => window.changes.length > 0), 'the page to hear of it');
  assert.deepEqual(await inTheDark(world, () => tips(world)), [900]);
  assert.equal(foreign.links, 1);
});

const kSubscribes = `open: [{ event: 'subscribe', token: { $holdfast: 'token' } }], ready: 'subscribed', unauthorized: ['auth_error'],`;

test('it subscribes with the token that a page gives, says nothing before, and counts as live once that is accepted', async (t) => {
  const world = await openWorld(t, { format: kSubscribes, query: '?user=ana&token=t1', token: 't1' });
  const { foreign } = world;
  await isLive(world);
  assert.deepEqual(foreign.heard, [{ event: 'subscribe', token: 't1' }]);
  foreign.tell({ event: 'order.updated', data: order('a', 1, 1) });
  await hears(world, 'a');
});

test('it is not live as long as the server hasn\'t said that it has subscribed', async (t) => {
  const world = await openWorld(t, { format: `${kSubscribes} ready: 'never said',`, query: '?token=t1', token: 't1' });
  await until(() => world.foreign.heard.length > 0, 'it to subscribe');
  world.foreign.tell({ event: 'order_changed', id: 'a' });
  assert.equal(await live(world), 'connecting');
});

test('a token that the server refuses by a message of its own is got anew, and one that stays refused needs a person', async (t) => {
  const whole = `authorize: async () => ({ Authorization: 'Bearer ' + await (await fetch('/api/token')).text() })`;
  const world = await openWorld(t, { format: kSubscribes, whole, token: 'new', query: '?manual' });
  const { foreign, app } = world;
  const tokens = ['old', 'new'];
  app.server.respond = ({ url }) => (url === '/api/token' ? { body: tokens.shift() ?? 'spent' } : undefined);
  await app.page.evaluate(async () => { window.hf = await window.connect('/sw.js'); });
  await isLive(world);
  assert.deepEqual(foreign.heard.map((one) => one.token), ['old', 'new']);
  foreign.token = 'another';
  foreign.tell({ event: 'auth_error' });
  await until(async () => (await live(world)) === 'needs-auth', 'the link to need credentials');
});

test('a function of the app\'s reads what data can\'t say', async (t) => {
  // The declared kinds give way to it: an app has one or the other.
  const world = await openWorld(t, { format: `changes: undefined,
    read: (data) => JSON.parse(data).rows?.map(([id, tip, version]) => ({ resource: 'orders', document: { id, tip, version }, version })) ?? null,` });
  set(world, order('a', 1, 1));
  await isLive(world);
  await noGap(world);
  await tips(world);
  world.foreign.tell({ event: 'rows', rows: [['a', 5, 2], ['b', 6, 1]] });
  await hears(world, 'b');
  assert.deepEqual(await inTheDark(world, () => tips(world)), [5, 6]);
});

test('a mistake in the declaration keeps the worker from being installed, and names the field', async (t) => {
  const { app } = await openWorld(t, { query: '?manual' });
  app.server.site.set('/bad.js', workerScript(kForeign('/live', { format: 'heartbeat: 1000' })));
  const message = await app.page.evaluate(() => window.connect('/bad.js').then(() => 'connected', String));
  assert.match(message, /live\.format\.heartbeat: is no field; there are kind, changes/);
});
