// Promise 25 with a server that speaks a language of its own (docs/live.md): what others do is seen as it happens, and what
// nobody told is read again.

import assert from 'node:assert/strict';
import { after, before, type TestContext } from 'node:test';
import { Chromium } from './chromium.js';
import { declaration, ForeignServer, kToken, type Settings } from './foreign-server.js';
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
  begin?: (foreign: ForeignServer) => void;
}

/** As most servers are: whoever wasn't there is told nothing. */
const kNoCursor = 'cursor: undefined, open: [{ op: \'subscribe\', token }],';
/** Server-sent events have names, which are their kinds, and ids. */
const kEvents: Setup = { scheme: 'http', live: 'transports: [\'sse\'],', format: 'kind: undefined, cursor: \'Last-Event-ID\', ends: { 410: \'gap\' },' };

async function openWorld(t: TestContext, { scheme = 'ws', query = `?token=${kToken}`, begin, ...settings }: Setup = {}): Promise<World> {
  const foreign = new ForeignServer();
  begin?.(foreign);
  const host = await foreign.listen();
  t.after(() => foreign.close());
  const app = await openApp(t, browser.context, {
    config: declaration(`${scheme}://${host}/`, settings), policy: `${kPolicy}; connect-src 'self' ws://${host} http://${host}`, query,
  });
  return { app, foreign };
}

const live = async ({ app }: World): Promise<string> => (await app.status()).live;
const isLive = (world: World): Promise<void> => until(async () => (await live(world)) === 'live', 'the link to be live');
const feedOf = async ({ app }: World): Promise<{ cursor: string; gapAt: number; anewAt: number; changes: number } | undefined> =>
  (await app.rows<{ name: string; cursor: string; gapAt: number; anewAt: number; changes: number }>('meta')).find(({ name }) => name.startsWith('feed '));
const noGap = (world: World): Promise<void> => until(async () => (await feedOf(world))?.gapAt === 0, 'the gap to be made good');
const told = ({ app }: World): Promise<string[]> => app.page.evaluate(() => window.changes.flatMap(({ ids }) => ids));
const hears = (world: World, id: string, times = 1): Promise<void> =>
  until(async () => (await told(world)).filter((one) => one === id).length === times, `the page to hear of ${id}`);
const order = (id: string, tip: number, version: number): Record<string, unknown> => ({ id, tip, version });
const set = ({ app }: World, ...orders: Record<string, unknown>[]): void => {
  app.server.documents.clear();
  for (const one of orders) app.server.documents.set(`/api/orders/${String(one.id)}`, one);
};
const tips = async ({ app }: World, path = '/api/orders'): Promise<number[]> =>
  ([JSON.parse((await app.fetch(path)).text)].flat() as { tip: number }[]).map(({ tip }) => tip);
const reads = ({ app }: World, from = 0): string[] => app.server.requests.slice(from).filter(({ method }) => method === 'GET').map(({ url }) => url);
/** With the line down: what is shown comes out of the store. It counts as no request. */
async function inTheDark<T>({ app: { server } }: World, look: () => Promise<T>): Promise<T> {
  const before = server.requests.length;
  server.down = 'reset';
  const seen = await look();
  server.down = null;
  server.requests.splice(before);
  return seen;
}
/** Until the list was read again, and says this; then it is shown, too. */
async function shows(world: World, ...expected: number[]): Promise<void> {
  const kept = async (): Promise<number[]> => {
    const rows = await world.app.rows<{ url: string; text: string }>('reads');
    return (JSON.parse(rows.find(({ url }) => url.endsWith('/api/orders'))!.text) as { tip: number }[]).map(({ tip }) => tip);
  };
  await until(async () => JSON.stringify(await kept()) === JSON.stringify(expected), `${expected.join(' and ')} to be read`);
  assert.deepEqual(await inTheDark(world, () => tips(world)), expected);
}

/** Live, with nothing left to be read, and a list that was. */
async function begun(t: TestContext, setup: Setup = {}, orders = [order('a', 1, 1), order('b', 1, 1)]): Promise<World> {
  const world = await openWorld(t, setup);
  set(world, ...orders);
  await isLive(world);
  await noGap(world);
  await tips(world);
  return world;
}

/** The connection is lost, and something happens while it is. */
async function missing(world: World, happen: () => void): Promise<void> {
  const { foreign } = world;
  foreign.down = true;
  foreign.cut();
  await until(async () => (await live(world)) !== 'live', 'the link to be lost');
  happen();
  foreign.down = false;
  await isLive(world);
}

async function wakeAnew(world: World): Promise<void> {
  await world.app.page.evaluate(() => window.dispatchEvent(new Event('pageshow')));
  await isLive(world);
}

for (const [scheme, setup] of [['ws', {}], ['http', kEvents]] as const) {
  test(`over ${scheme}: what others do is told, and shown without the network`, async (t) => {
    const world = await begun(t, setup, [order('a', 100, 1)]);
    const { foreign, app } = world;
    foreign.tell('order.updated', { data: order('a', 250, 2) });
    await hears(world, 'a');
    foreign.tell('order.updated', { data: order('b', 30, 1) });
    await hears(world, 'b');
    assert.deepEqual(await app.page.evaluate(() => window.changes[0]), { resource: 'orders', ids: ['a'], url: `${app.origin}/api/orders/a` });
    assert.deepEqual(await inTheDark(world, () => tips(world)), [250, 30]);
    foreign.tell('order.deleted', { data: { id: 'a', version: 3 } });
    await hears(world, 'a', 2);
    assert.deepEqual(await inTheDark(world, () => tips(world)), [30]);
    assert.deepEqual(reads(world), ['/api/orders'], 'nothing had to be read again');
  });

  test(`over ${scheme}: what was missed is told from the server's own cursor, also to the next worker, and nothing is read again`, async (t) => {
    const world = await begun(t, setup);
    const { foreign, app } = world;
    foreign.tell('order.updated', { data: order('a', 2, 2) });
    await hears(world, 'a');
    for (const tip of [3, 4]) {
      await missing(world, () => foreign.tell('order.updated', { data: order('a', tip, tip) }));
      await hears(world, 'a', tip - 1);
    }
    await app.killWorker();
    foreign.tell('order.updated', { data: order('a', 5, 5) });
    await wakeAnew(world);
    await until(async () => (await feedOf(world))?.changes === 4, 'the change to be taken in');
    assert.deepEqual(await inTheDark(world, () => tips(world)), [5, 1]);
    const sinces = foreign.subscriptions.map(({ since }) => since);
    assert.deepEqual(sinces.filter((since, i) => i === 0 || since !== sinces[i - 1]), [undefined, 1, 2, 3]);
    assert.deepEqual(reads(world), ['/api/orders']);
  });

  test(`over ${scheme}: a cursor that the server can't go on from is a gap`, async (t) => {
    const world = await begun(t, setup);
    const { foreign } = world;
    foreign.tell('order.updated', { data: order('a', 2, 2) });
    await hears(world, 'a');
    await missing(world, () => {
      set(world, order('a', 2, 2), order('b', 22, 2));
      foreign.forgotten = 5;
    });
    await shows(world, 2, 22);
    assert.ok((await feedOf(world))!.anewAt > 0, 'it may count lower than before');
  });
}

test('where the server has no cursor what was missed is read again, also when the line is cut again meanwhile', async (t) => {
  const world = await begun(t, { format: kNoCursor });
  const { foreign, app } = world;
  for (let round = 2; round <= 4; round += 1) {
    await missing(world, () => {
      set(world, order('a', round, round));
      // The next connection is made while what this one missed is still being read.
      if (round === 3) app.server.respond = async () => { await new Promise((resolve) => setTimeout(resolve, 400)); return undefined; };
    });
  }
  await noGap(world);
  assert.deepEqual(await inTheDark(world, () => tips(world)), [4]);
  assert.ok(foreign.subscriptions.every(({ since }) => since === undefined));
  assert.equal((await feedOf(world))!.anewAt, 0, 'nothing says that it counts anew');
});

test('what only says that something has changed is read again: that, and the lists, and no other', async (t) => {
  const world = await begun(t);
  const { foreign, app } = world;
  for (const path of ['/api/orders/a', '/api/orders/b']) await tips(world, path);
  set(world, order('a', 500, 2), order('b', 1, 1));
  const before = app.server.requests.length;
  foreign.tell('order.touched', { id: 'a' });
  await hears(world, 'a');
  assert.deepEqual(reads(world, before).sort(), ['/api/orders', '/api/orders/a']);
  assert.deepEqual(await inTheDark(world, async () => [await tips(world), await tips(world, '/api/orders/a')]), [[500, 1], [500]]);
  const changes = await app.page.evaluate(() => window.changes);
  assert.deepEqual(changes.filter(({ ids }) => ids.length > 0), [{ resource: 'orders', ids: ['a'], url: `${app.origin}/api/orders/a` }]);
});

test('where nobody says what of a resource has changed, all that was read of it is read again', async (t) => {
  const world = await begun(t);
  const { foreign, app } = world;
  await tips(world, '/api/orders/b');
  set(world, order('a', 1, 1), order('b', 6, 2), order('c', 7, 1));
  const before = app.server.requests.length;
  foreign.tell('orders.imported', {});
  await shows(world, 1, 6, 7);
  assert.deepEqual([...new Set(reads(world, before))].sort(), ['/api/orders', '/api/orders/b']);
});

test('a part of a document is never taken for the whole', async (t) => {
  const world = await begun(t, {}, [{ ...order('a', 1, 1), note: 'ring twice' }]);
  const { foreign, app } = world;
  set(world, { ...order('a', 700, 2), note: 'ring twice' });
  foreign.tell('order.patched', { data: { id: 'a', tip: 700 } });
  await hears(world, 'a');
  const shown = await inTheDark(world, async () => JSON.parse((await app.fetch('/api/orders')).text) as unknown);
  assert.deepEqual(shown, [{ id: 'a', tip: 700, version: 2, note: 'ring twice' }]);
});

for (const [what, event, more, why] of [
  ['a change that can\'t be read', 'order.updated', { order: order('a', 900, 2) }, /nothing at '\/data'/],
  ['a kind that nobody has declared', 'order.archived', {}, /live\.format\.kinds has no 'order\.archived': say there what it means/],
] as const) {
  test(`${what} costs nothing: the app is told once, and what it may be about is read again`, async (t) => {
    const world = await begun(t, {}, [order('a', 1, 1)]);
    const { foreign, app } = world;
    const errors: string[] = [];
    app.context.on('console', (message) => { if (message.text().includes('feed-unreadable')) errors.push(message.text()); });
    set(world, order('a', 900, 2));
    const before = app.server.requests.length;
    for (let times = 0; times < 5; times += 1) foreign.tell(event, more);
    await until(async () => (await app.status()).problem !== null, 'a problem to be told');
    const { problem } = await app.status();
    assert.equal(problem?.code, 'feed-unreadable');
    assert.match(problem.message, why);
    await shows(world, 900);
    assert.deepEqual(reads(world, before), ['/api/orders'], 'what comes at once behind it waits');
    await until(async () => (await feedOf(world))?.cursor.endsWith(':1') === true, 'the cursor to wait behind the first of them');
    assert.equal(errors.length, 1);
    assert.equal(await live(world), 'live');
    assert.equal(foreign.subscriptions.length, 1);
  });
}

test('the cursor waits for what is to be read again: a worker that dies over it is told once more', async (t) => {
  const world = await begun(t);
  const { foreign, app } = world;
  app.server.respond = ({ method }) => (method === 'GET' ? { status: 503 } : undefined);
  set(world, order('a', 40, 2), order('b', 50, 2));
  foreign.tell('order.touched', { id: 'a' });
  foreign.tell('order.updated', { data: order('b', 50, 2) });
  await hears(world, 'b');
  await app.killWorker();
  app.server.respond = () => undefined;
  await wakeAnew(world);
  await shows(world, 40, 50);
  assert.equal(foreign.subscriptions.at(-1)?.since, 0);
  await until(async () => (await feedOf(world))?.cursor.endsWith(':2') === true, 'the cursor to move on');
});

test('one\'s own confirmed write is not taken back by what was asked for before it, even without versions', async (t) => {
  const whole = 'resources: { orders: { path: \'/api/orders/:id\', timeoutMs: 1000 } },';
  const world = await begun(t, { whole });
  const { foreign, app } = world;
  await tips(world, '/api/orders/a');
  let release!: () => void;
  const held = new Promise<void>((resolve) => { release = resolve; });
  const asked: string[] = [];
  app.server.respond = async ({ method, url }) => {
    if (method !== 'GET') return undefined;
    asked.push(url);
    await held;
    return { status: 200, body: url.endsWith('/a') ? order('a', 1, 1) : [order('a', 1, 1), order('b', 1, 1)] };
  };
  foreign.tell('order.touched', { id: 'a' });
  await until(() => asked.length === 2, 'both to be asked for');
  const answer = await app.write('PATCH', '/api/orders/a', { tip: 500 });
  assert.equal(answer.headers['holdfast-status'], 'settled');
  release();
  await hears(world, 'a');
  app.server.respond = () => undefined;
  assert.deepEqual(await inTheDark(world, async () => [await tips(world), await tips(world, '/api/orders/a')]), [[500, 1], [500]]);
});

test('it subscribes with the token that a page gives, and tells nobody else of it', async (t) => {
  const world = await openWorld(t, { query: '?user=ana&token=t1' });
  const { foreign, app } = world;
  await isLive(world);
  assert.deepEqual(foreign.heard, [{ op: 'subscribe', topic: 'orders', token: kToken }]);
  foreign.tell('order.updated', { data: order('a', 1, 1) });
  await hears(world, 'a');
  for (const store of ['meta', 'documents'] as const) assert.ok(!JSON.stringify(await app.rows(store)).includes(kToken));
});

test('it is not live as long as the server hasn\'t said that it has subscribed', async (t) => {
  const world = await openWorld(t, { begin: (foreign) => { foreign.mute = true; } });
  await until(() => world.foreign.heard.length > 0, 'it to subscribe');
  world.foreign.tell('order.touched', { id: 'a' });
  assert.equal(await live(world), 'connecting');
});

for (const refuses of ['by message', 'by code'] as const) {
  test(`a token that the server refuses ${refuses} is got anew, and one that stays refused needs a person`, async (t) => {
    const whole = `authorize: async () => ({ Authorization: 'Bearer ' + await (await fetch('/api/token')).text() })`;
    const world = await openWorld(t, { whole, query: '?manual', begin: (foreign) => Object.assign(foreign, { token: 'new', refuses }) });
    const { foreign, app } = world;
    const tokens = ['old', 'new'];
    app.server.respond = ({ url }) => (url === '/api/token' ? { body: tokens.shift() ?? 'spent' } : undefined);
    await app.page.evaluate(async () => { window.hf = await window.connect('/sw.js'); });
    await isLive(world);
    assert.deepEqual(foreign.subscriptions.map(({ token }) => token), ['old', 'new']);
    foreign.token = 'another';
    foreign.say('{"event":"denied"}');
    await until(async () => (await live(world)) === 'needs-auth', 'the link to need credentials');
  });
}

test('both sides ask in the server\'s own words whether anybody is there', async (t) => {
  const world = await begun(t, { format: 'heartbeatMs: 200,' });
  const { foreign } = world;
  await until(() => foreign.heard.filter(({ op }) => op === 'ping').length >= 2, 'two pings');
  foreign.say('{"event":"ping"}');
  await until(() => foreign.heard.some(({ op }) => op === 'pong'), 'an answer');
  assert.equal(await live(world), 'live');
  assert.equal(foreign.subscriptions.length, 1);
});

test('a function of the app\'s reads what data can\'t say', async (t) => {
  const world = await begun(t, { format: `
    read: (data) => (data.startsWith('o|') ? [data.split('|')].map(([, id, tip, version]) =>
      ({ resource: 'orders', document: { id, tip: Number(tip), version: Number(version) } })) : null),` }, [order('a', 1, 1)]);
  world.foreign.say('o|a|5|2');
  world.foreign.say('o|b|6|1');
  await hears(world, 'b');
  assert.deepEqual(await inTheDark(world, () => tips(world)), [5, 6]);
});

test('what is declared as secret is kept of no message', async (t) => {
  const world = await begun(t, { whole: 'resources: { orders: { path: \'/api/orders/:id\', version: \'version\', secrets: [\'pin\'] } },' });
  const { foreign, app } = world;
  foreign.tell('order.updated', { data: { ...order('a', 2, 2), door: { pin: '4711', floor: 3 } } });
  await hears(world, 'a');
  const rows = JSON.stringify(await app.rows('documents'));
  assert.ok(rows.includes('floor'));
  assert.ok(!rows.includes('4711'));
});

test('a mistake in the declaration keeps the worker from being installed, and names the field', async (t) => {
  const { app } = await openWorld(t, { query: '?manual' });
  app.server.site.set('/bad.js', workerScript(declaration('/live', { format: 'heartbeat: 1000,' })));
  const message = await app.page.evaluate(() => window.connect('/bad.js').then(() => 'connected', String));
  assert.match(message, /live\.format\.heartbeat: is no field; there are kind, kinds/);
});
