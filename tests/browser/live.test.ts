// Promise 25: what others do is seen as it happens, and nothing of it is missed or taken in twice.

import assert from 'node:assert/strict';
import { after, before, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { openPglite } from '../../web/server/database.js';
import { Chromium } from './chromium.js';
import { ready, test, type App } from './harness.js';
import { kLive, startWorld, type World } from './live-app.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => { browser = await Chromium.start({ bfcache: true }); });
after(() => browser.close());

const kOrder = { customer: 'ana', restaurant: 'Momo', items: [{ name: 'soup', quantity: 1 }], tip: 100 };

const isLive = (app: App): Promise<void> => until(async () => (await app.status()).live === 'live', 'the link to be live');
const heard = (page: Page): Promise<string[]> => page.evaluate(() => window.changes.flatMap(({ ids }) => ids));
interface Feed { name: string; changes: number; cursor: string; gapAt: number; anewAt: number }
const feed = async (app: App): Promise<Feed> => (await app.rows<Feed>('meta')).find(({ name }) => name === 'feed ')!;
const listed = async (app: App): Promise<{ id: string; tip: number }[]> => (JSON.parse((await app.fetch('/api/orders')).text) as { id: string; tip: number }[]);

/** With the line down: what is shown comes out of the store. */
async function inTheDark<T>(world: World, look: () => Promise<T>): Promise<T> {
  world.line.down = true;
  world.line.cut();
  const seen = await look();
  world.line.down = false;
  return seen;
}

for (const transport of ['websocket', 'sse']) {
  test(`over ${transport}: what others do is told, and shown without the network`, async (t) => {
    const world = await startWorld(t, kLive(`transports: ['${transport}']`));
    const app = await world.open(browser.context);
    await isLive(app);
    assert.deepEqual(await listed(app), []);
    const { id } = await world.elsewhere('POST', '/api/orders', kOrder);
    await until(async () => (await heard(app.page)).includes(id), 'the page to hear of the order');
    await world.elsewhere('PATCH', `/api/orders/${id}`, { tip: 250 });
    await until(async () => (await heard(app.page)).length === 2, 'the page to hear of the tip');
    const told = (await app.page.evaluate(() => window.changes.at(-1)))!;
    assert.deepEqual(told, { resource: 'orders', ids: [id], url: `${world.origin}/api/orders/${id}` });
    assert.deepEqual((await inTheDark(world, () => listed(app))).map((order) => [order.id, order.tip]), [[id, 250]]);
    assert.ok(world.line.links.every((one) => one === transport));
  });

  test(`over ${transport}: what was missed while the line was cut comes behind it, each change once`, async (t) => {
    const world = await startWorld(t, kLive(`transports: ['${transport}']`));
    const app = await world.open(browser.context);
    await isLive(app);
    await listed(app);
    const before = await feed(app);
    const made = await world.elsewhere('POST', '/api/orders', kOrder);
    for (let round = 1; round <= 3; round += 1) {
      world.line.down = true;
      world.line.cut();
      await until(async () => (await app.status()).live !== 'live', 'the link to be lost');
      for (let tip = 1; tip <= 4; tip += 1) await world.elsewhere('PATCH', `/api/orders/${made.id}`, { tip: round * 10 + tip });
      world.line.down = false;
      await isLive(app);
    }
    await until(async () => (await feed(app)).changes - before.changes === 13, 'thirteen changes to be taken in');
    assert.equal((await heard(app.page)).length <= 13, true);
    assert.deepEqual((await inTheDark(world, () => listed(app))).map(({ tip }) => tip), [34]);
    assert.equal((await feed(app)).changes - before.changes, 13);
  });
}

test('a killed worker goes on from the cursor', async (t) => {
  const world = await startWorld(t, kLive());
  const app = await world.open(browser.context);
  await isLive(app);
  await listed(app);
  const before = await feed(app);
  for (let round = 0; round < 3; round += 1) {
    await app.killWorker();
    await world.elsewhere('POST', '/api/orders', kOrder);
    await app.page.evaluate(() => window.dispatchEvent(new Event('pageshow')));
    await until(async () => (await feed(app)).changes - before.changes === round + 1, 'the order to be taken in');
  }
  assert.equal((await inTheDark(world, () => listed(app))).length, 3);
});

test('tabs share one link', async (t) => {
  const world = await startWorld(t, kLive());
  const app = await world.open(browser.context);
  await isLive(app);
  const other = await app.tab();
  t.after(() => other.close());
  const { id } = await world.elsewhere('POST', '/api/orders', kOrder);
  await until(async () => (await heard(app.page)).includes(id) && (await heard(other)).includes(id), 'both tabs to hear of it');
  assert.equal(world.line.links.length, 1);
});

test('a network that breaks WebSockets gets server-sent events', async (t) => {
  const world = await startWorld(t, kLive());
  world.line.breaksWebSockets = true;
  const app = await world.open(browser.context);
  await isLive(app);
  const { id } = await world.elsewhere('POST', '/api/orders', kOrder);
  await until(async () => (await heard(app.page)).includes(id), 'the page to hear of it');
  assert.equal(world.line.links.at(-1), 'sse');
});

/** A page that is live and has read the list, with one order in it. */
async function withAnOrder(t: TestContext): Promise<{ world: World; app: App; id: string }> {
  const world = await startWorld(t, kLive());
  const app = await world.open(browser.context);
  await isLive(app);
  const { id } = await world.elsewhere('POST', '/api/orders', kOrder);
  await until(async () => (await heard(app.page)).includes(id), 'the page to hear of it');
  assert.equal((await listed(app)).length, 1);
  return { world, app, id };
}

test('a gap: what was read before is read again, and what happened in it is shown', async (t) => {
  const { world, app } = await withAnOrder(t);
  assert.equal((await feed(app)).anewAt, 0, 'a first connection is no such gap');
  // The database is another one: no cursor of the old one means anything.
  const database = await openPglite();
  await world.replace({ database });
  const made = await world.elsewhere('POST', '/api/orders', { ...kOrder, tip: 700 });
  await isLive(app);
  // Versions from before it outrank nothing.
  await until(async () => (await feed(app)).anewAt > 0 && (await feed(app)).gapAt === 0, 'the gap to be noticed, and made good');
  const seen = await inTheDark(world, () => listed(app));
  assert.deepEqual(seen.map((order) => [order.id, order.tip]), [[made.id, 700]]);
});

test('a page where an answer should be makes good no gap, and takes nothing away', async (t) => {
  const { world, app, id } = await withAnOrder(t);
  await world.replace({ database: await openPglite() });
  let asked = 0;
  world.server.server.prependListener('request', ({ url }: { url: string }, response: import('node:http').ServerResponse) => {
    if (url !== '/api/orders') return;
    asked += 1;
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Wi-Fi</title>');
    response.writeHead = response.end = () => response;
  });
  await isLive(app);
  await until(async () => asked > 0, 'the list to be asked for again');
  await until(async () => (await feed(app)).gapAt > 0, 'the gap to be noticed');
  assert.deepEqual((await inTheDark(world, () => listed(app))).map((order) => order.id), [id]);
  assert.ok((await feed(app)).gapAt > 0);
});

test('a server that goes away sends its clients to the next one', async (t) => {
  const world = await startWorld(t, kLive());
  const app = await world.open(browser.context);
  await isLive(app);
  await world.replace();
  const { id } = await world.elsewhere('POST', '/api/orders', kOrder);
  await until(async () => (await heard(app.page)).includes(id), 'the page to hear of it');
});

test('a write whose answer is lost is settled by its echo', async (t) => {
  const world = await startWorld(t, kLive());
  const app = await world.open(browser.context);
  await isLive(app);
  await listed(app);
  const made = await world.elsewhere('POST', '/api/orders', kOrder);
  await until(async () => (await heard(app.page)).includes(made.id), 'the page to hear of it');
  // What the feed tells arrives; what a request is answered doesn't.
  const attempts: string[] = [];
  world.server.server.prependListener('request', ({ method, url }: { method: string; url: string }, response: import('node:http').ServerResponse) => {
    if (method !== 'PATCH') return;
    attempts.push(url);
    response.end = () => response;
  });
  const queued = await app.write('PATCH', `/api/orders/${made.id}`, { tip: 999 });
  assert.equal(queued.headers['holdfast-status'], 'queued');
  assert.equal(JSON.parse(queued.text).tip, 999);
  assert.equal((await app.settled(queued)).state, 'confirmed');
  assert.equal(attempts.length, 1);
  assert.deepEqual((await inTheDark(world, () => listed(app))).map(({ tip }) => tip), [999]);
});

test('a link that needs credentials has those of the page, and goes on once there are some', async (t) => {
  const world = await startWorld(t, kLive(), { requireAuth: true });
  const app = await world.open(browser.context);
  await until(async () => (await app.status()).live === 'needs-auth', 'the link to need credentials');
  const { token } = await world.elsewhere('POST', '/api/login', { user: 'ana' }) as unknown as { token: string };
  const read = await app.fetch('/api/orders', { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(read.status, 200);
  await isLive(app);
});

test('each user goes on from their own cursor', async (t) => {
  const world = await startWorld(t, kLive());
  const app = await world.open(browser.context, '?user=ana');
  await isLive(app);
  await app.page.evaluate(() => window.hf.signIn('ben'));
  await isLive(app);
  const { id } = await world.elsewhere('POST', '/api/orders', kOrder);
  await until(async () => (await heard(app.page)).includes(id), 'the page to hear of it');
  const rows = (await app.rows<Feed>('meta')).filter(({ name }) => name.startsWith('feed '));
  assert.deepEqual(rows.map(({ name, changes }) => [name, changes]).sort(), [['feed ana', 0], ['feed ben', 1]]);
  await app.page.evaluate(() => window.hf.signOut());
  assert.ok(!(await app.rows<Feed>('meta')).some(({ name }) => name === 'feed ben'));
});

test('a page that holds no connection itself stays eligible for the back/forward cache', async (t) => {
  const world = await startWorld(t, kLive());
  const app = await world.open(browser.context);
  await isLive(app);
  await app.page.evaluate(() => {
    window.addEventListener('pageshow', (event) => Object.assign(window, { persisted: event.persisted }));
  });
  await app.page.goto(`${world.origin}/other.html`);
  // What is told meanwhile must not evict it either.
  await world.elsewhere('POST', '/api/orders', kOrder);
  await app.page.goBack({ waitUntil: 'commit' });
  await ready(app.page);
  assert.equal(await app.page.evaluate(() => (window as unknown as { persisted: boolean }).persisted), true);
  const { id } = await world.elsewhere('POST', '/api/orders', kOrder);
  await until(async () => (await heard(app.page)).includes(id), 'the page to hear of what happens then');
});
