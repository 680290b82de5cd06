// Promise 15, where documents have versions: whichever replica answers, no reader sees an entity go back.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Chromium } from './chromium.js';
import { openApp, orders, test, type App, type Got } from './harness.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

type Order = Record<string, unknown> & { id: string };

const kConfig = orders('version: \'version\', envelope: \'/order\', list: { rows: \'/orders\', total: \'/total\', filter: { status: \'status\' } }');
const kItem = '/api/orders/a';
const a: Order = { id: 'a', status: 'placed', version: 1 };
const b: Order = { id: 'b', status: 'placed', version: 1 };

/** Writes go to the primary; reads to a replica, which has what it was given. */
class Replicas {
  readonly primary = new Map<string, Order>();
  replica = new Map<string, Order>();

  constructor(readonly app: App) {
    for (const order of [a, b]) this.primary.set(order.id, { ...order });
    this.catchUp();
    app.server.respond = ({ method, url, body }) => {
      if (app.server.down) return undefined;
      const { pathname, searchParams } = new URL(url, app.origin);
      const id = /^\/api\/orders\/(.+)$/.exec(pathname)?.[1];
      if (method === 'GET') return id ? this.#item(this.replica.get(id)) : this.#list(searchParams.get('status'));
      if (!id) return undefined;
      if (method === 'DELETE') {
        this.primary.delete(id);
        return { status: 204 };
      }
      const { order } = JSON.parse(body.toString()) as { order: object };
      return this.#item(this.change(id, order));
    };
  }

  change(id: string, change: object): Order {
    const before = this.primary.get(id)!;
    const order = { ...before, ...change, version: Number(before.version) + 1 };
    this.primary.set(id, order);
    return order;
  }

  catchUp(): void {
    this.replica = new Map(this.primary);
  }

  #item(order: Order | undefined) {
    return order ? { body: { order } } : { status: 404, body: { title: 'not found' } };
  }

  #list(status: string | null) {
    const found = [...this.replica.values()].filter((order) => status === null || order.status === status).sort((x, y) => (x.id < y.id ? -1 : 1));
    return { body: { orders: found, total: found.length } };
  }
}

const source = ({ headers }: Got): string | null => headers['holdfast-source'] ?? null;
const item = async (app: App): Promise<unknown> => (JSON.parse((await app.fetch(kItem)).text) as { order: unknown }).order;
const list = async (app: App, query = ''): Promise<unknown> => JSON.parse((await app.fetch(`/api/orders${query}`)).text);

/** Out of the tunnel; the first read may still be answered by what is kept. */
async function back(app: App): Promise<void> {
  app.server.down = null;
  await until(async () => source(await app.fetch('/api/orders')) !== 'store', 'the network to be asked again');
}

/** What a page has of a, by every read there is. */
async function assertShown(app: App, order: Order): Promise<void> {
  assert.deepEqual(await item(app), order);
  assert.deepEqual(await list(app), { orders: [order, b], total: 2 });
}

test('Promise 15: with nothing older in it, an answer is the network\'s own', async (t) => {
  const app = await openApp(t, browser.context, { config: kConfig });
  const replicas = new Replicas(app);
  for (const round of [1, 2]) {
    assert.equal(source(await app.fetch(kItem)), null, `round ${round}`);
    assert.equal(source(await app.fetch('/api/orders')), null, `round ${round}`);
    replicas.change('a', { note: 'theirs' });
    replicas.catchUp();
  }
});

for (const [what, kill] of [['', false], [', by a worker that has just started', true]] as const) {
  test(`Promise 15: the user's own change stays, though the replica has not heard of it${what}`, async (t) => {
    const app = await openApp(t, browser.context, { config: kConfig });
    const replicas = new Replicas(app);
    await assertShown(app, a);
    await app.settled(await app.write('PATCH', kItem, { order: { status: 'ready' } }));
    if (kill) await app.killWorker();
    const mine = { ...a, status: 'ready', version: 2 };
    await assertShown(app, mine);
    assert.equal(source(await app.fetch(kItem)), 'both');
    assert.deepEqual(await list(app, '?status=placed'), { orders: [b], total: 1 }, 'it has left the list');
    app.server.down = 'reset';
    await assertShown(app, mine);
    await back(app);
    replicas.catchUp();
    await assertShown(app, mine);
    assert.equal(source(await app.fetch(kItem)), null);
  });

  test(`Promise 15: what others changed and was seen stays, too${what}`, async (t) => {
    const app = await openApp(t, browser.context, { config: kConfig });
    const replicas = new Replicas(app);
    const behind = replicas.replica;
    const theirs = replicas.change('a', { note: 'theirs' });
    replicas.catchUp();
    assert.deepEqual(await item(app), theirs);
    if (kill) {
      // It is kept behind the page's back; a worker that dies before has nothing that the next one could know.
      await until(async () => (await app.rows<{ text: string }>('reads')).some(({ text }) => text.includes('theirs')), 'what was seen to be kept');
      await app.killWorker();
    }
    replicas.replica = behind;
    await assertShown(app, theirs);
    app.server.down = 'reset';
    await assertShown(app, theirs);
    await back(app);
    const last = replicas.change('a', { note: 'later' });
    replicas.catchUp();
    await assertShown(app, last);
  });
}

test('Promise 15: what the user deleted stays gone, though the replica still has it', async (t) => {
  const app = await openApp(t, browser.context, { config: kConfig });
  const replicas = new Replicas(app);
  await assertShown(app, a);
  await app.settled(await app.write('DELETE', kItem));
  assert.equal((await app.fetch(kItem)).status, 404);
  assert.deepEqual(await list(app), { orders: [b], total: 1 });
  replicas.primary.set('a', { ...a, note: 'anew', version: 7 });
  replicas.catchUp();
  await assertShown(app, { ...a, note: 'anew', version: 7 });
});

test('Promise 15: an answer to a write that is older than what was read since changes nothing', async (t) => {
  const app = await openApp(t, browser.context, { config: kConfig });
  const replicas = new Replicas(app);
  const respond = app.server.respond;
  let later: Order | undefined;
  app.server.respond = async (request) => {
    const answer = await respond(request);
    if (request.method !== 'PATCH') return answer;
    // Somebody else is quicker than this answer.
    later = replicas.change('a', { note: 'theirs' });
    replicas.catchUp();
    return { ...answer, delayMs: 400 };
  };
  const mine = await app.begin('PATCH', kItem, { order: { status: 'ready' } });
  while (!later) await new Promise((resolve) => setTimeout(resolve, 20));
  await app.fetch(kItem);
  await mine();
  app.server.down = 'reset';
  assert.deepEqual(await item(app), later);
});

test('Promise 25: a server that came back from a backup is believed behind the gap that its feed tells of', async (t) => {
  const app = await openApp(t, browser.context, { config: kConfig });
  const world = new Replicas(app);
  const old = { ...a };
  world.change('a', { note: 'lost with the disk' });
  world.catchUp();
  const before = world.primary.get('a')!;
  await assertShown(app, before);
  world.replica.set('a', old);
  assert.deepEqual(await item(app), before, 'a replica that lags behind takes nothing back');
  await app.page.evaluate(() => window.meddle(['meta'], (tx) => {
    tx.objectStore('meta').put({ name: 'feed ', cursor: 'c', changes: 0, gapAt: 0, anewAt: Date.now(), counted: [], v: 1 });
  }));
  await assertShown(app, old);
  await app.killWorker();
  await assertShown(app, old);
});
