// What is kept of reads, under which name, and what makes room for what.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { Chromium } from './chromium.js';
import { kRetry, openApp, orders, test, type App, type Got } from './harness.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

interface Kept {
  url: string;
  bytes: number;
  at: number;
  used: number;
  resource: string;
}

const json = ({ text }: Got): unknown => JSON.parse(text);
const names = async (app: App) => (await app.rows<Kept>('reads')).map(({ url }) => url.slice(url.lastIndexOf('/') + 1)).sort();

async function keptAre(app: App, ...wanted: string[]): Promise<void> {
  await until(async () => (await names(app)).join() === wanted.join(), `${wanted.join(', ')} to be kept`)
    .catch(async (error: unknown) => assert.fail(`${String(error)}; kept are ${(await names(app)).join(', ')}`));
}

function serveItems(app: App, headers: Record<string, string> = {}): void {
  app.server.respond = ({ method, url }) => {
    if (method !== 'GET' || app.server.down) return undefined;
    return { body: { id: url.slice(url.lastIndexOf('/') + 1), note: 'x'.repeat(100) }, headers };
  };
}

/** Reads these one after the other, each kept before the next. */
async function read(app: App, ...urls: string[]): Promise<void> {
  for (const url of urls) {
    await app.fetch(url);
    await until(async () => (await app.rows<Kept>('reads')).some((row) => row.url.endsWith(url)), `${url} to be kept`);
  }
}

/** All that is kept was last used long ago, in the order in which it is named, by a worker that is long gone. */
async function age(app: App, ...order: string[]): Promise<void> {
  await app.page.evaluate((order) => window.meddle(['reads'], (transaction) => {
    const reads = transaction.objectStore('reads');
    reads.openCursor().onsuccess = ({ target }) => {
      const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result;
      if (!cursor) return;
      const row = cursor.value as Kept;
      cursor.update({ ...row, used: 1_000_000 + order.findIndex((name) => row.url.endsWith(name)) });
      cursor.continue();
    };
  }), order);
  await app.killWorker();
}

describe('a resource\'s budget', () => {
  test('is a number of answers: what was not used for longest makes room', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('read: { entries: 3 }') });
    serveItems(app);
    await read(app, '/api/orders/a', '/api/orders/b', '/api/orders/c');
    await age(app, 'a', 'b', 'c');
    await read(app, '/api/orders/d');
    await keptAre(app, 'b', 'c', 'd');
  });

  test('an answer that is shown in the tunnel is in use', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('read: { entries: 3 }') });
    serveItems(app);
    await read(app, '/api/orders/a', '/api/orders/b', '/api/orders/c');
    await age(app, 'a', 'b', 'c');
    app.server.down = 'reset';
    await app.fetch('/api/orders/a');
    await until(async () => (await app.rows<Kept>('reads')).some(({ used }) => used > 2_000_000), 'the use to be noted');
    app.server.up();
    await read(app, '/api/orders/d');
    await keptAre(app, 'a', 'c', 'd');
  });

  test('so is one that the server says still holds', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('read: { entries: 2 }') });
    serveItems(app);
    await read(app, '/api/orders/a', '/api/orders/b');
    await age(app, 'a', 'b');
    app.server.respond = ({ url }) => (url.endsWith('/a') ? { status: 304 } : undefined);
    assert.equal((await app.fetch('/api/orders/a', { headers: { 'If-None-Match': '"1"' } })).status, 304);
    await until(async () => (await app.rows<Kept>('reads')).some(({ used }) => used > 2_000_000), 'the use to be noted');
    serveItems(app);
    await read(app, '/api/orders/c');
    await keptAre(app, 'a', 'c');
  });

  test('a use that is noted already is not noted again', async (t) => {
    const app = await openApp(t, browser.context);
    serveItems(app);
    await read(app, '/api/orders/a');
    const [before] = await app.rows<Kept>('reads');
    app.server.down = 'reset';
    for (let i = 0; i < 3; i += 1) await app.fetch('/api/orders/a');
    assert.deepEqual(await app.rows<Kept>('reads'), [before]);
  });

  test('is a number of bytes, counted as they are sent; a single answer beyond it is not kept', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('read: { bytes: 1000 }') });
    app.server.respond = ({ url }) => {
      const length = { a: 200, b: 300, c: 200, d: 501, e: 10 }[url.slice(-1)]!;
      return { body: JSON.stringify('é'.repeat(length)), headers: { 'Content-Type': 'application/json' } };
    };
    await read(app, '/api/orders/a');
    assert.equal((await app.rows<Kept>('reads'))[0]!.bytes, 402);
    await app.fetch('/api/orders/d');
    await read(app, '/api/orders/e');
    await keptAre(app, 'a', 'e');
    await age(app, 'a', 'e');
    // 402 + 22 + 602 bytes are more than 1,000, and so are 22 + 602 + 402.
    await read(app, '/api/orders/b');
    await keptAre(app, 'b', 'e');
    await age(app, 'b', 'e');
    await read(app, '/api/orders/c');
    await keptAre(app, 'c', 'e');
  });

  test('what is read anew takes its own place', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('read: { entries: 2, bytes: 300 }') });
    serveItems(app);
    await read(app, '/api/orders/a', '/api/orders/b');
    for (let i = 0; i < 3; i += 1) {
      await age(app, 'a', 'b');
      await app.fetch('/api/orders/b');
      await until(async () => (await app.rows<Kept>('reads')).some(({ used }) => used > 2_000_000), 'it to be kept anew');
    }
    await keptAre(app, 'a', 'b');
  });

  test('holds for a worker that has just started', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('read: { entries: 2 }') });
    serveItems(app);
    await read(app, '/api/orders/a', '/api/orders/b');
    await age(app, 'a', 'b');
    await app.killWorker();
    await read(app, '/api/orders/c');
    await keptAre(app, 'b', 'c');
  });

  test('never takes room from another resource', async (t) => {
    const config = `{ resources: { orders: { path: '/api/orders/:id', read: { entries: 2 } }, riders: { path: '/api/riders/:id' } }, ${kRetry} }`;
    const app = await openApp(t, browser.context, { config });
    serveItems(app);
    await read(app, '/api/riders/r1', '/api/riders/r2', '/api/riders/r3');
    await age(app, 'r1', 'r2', 'r3');
    await read(app, '/api/orders/a', '/api/orders/b');
    await age(app, 'r1', 'r2', 'r3', 'a', 'b');
    await read(app, '/api/orders/c');
    await keptAre(app, 'b', 'c', 'r1', 'r2', 'r3');
  });
});

describe('an answer that only repeats what is kept', () => {
  /** Items that say what the test tells them to, and a list of a alone. */
  function serve(app: App) {
    const notes: Record<string, unknown> = { a: 'first', b: 'first', c: 'first' };
    const item = (id: string) => ({ id, note: notes[id] });
    app.server.respond = ({ method, url }) => {
      if (method !== 'GET' || app.server.down) return undefined;
      return { body: url.endsWith('orders') ? [item('a')] : item(url.slice(-1)) };
    };
    return notes;
  }
  /** When what is in the store was asked for. */
  const atOf = async (app: App, name: string) => (await app.rows<Kept>('reads')).find(({ url }) => url.endsWith(name))!.at;
  async function keptAnew(app: App, name: string, since: number): Promise<void> {
    await app.fetch(`/api/orders/${name}`);
    await until(async () => (await atOf(app, name)) > since, `${name} to be kept anew`);
  }

  /** Reads a and b, and a until its row is the newest word; returns when that was asked for. */
  async function readAll(app: App): Promise<number> {
    await read(app, '/api/orders/a', '/api/orders/b');
    await keptAnew(app, 'a', await atOf(app, 'b'));
    return atOf(app, 'a');
  }

  test('is not written again', async (t) => {
    const app = await openApp(t, browser.context);
    serve(app);
    const at = await readAll(app);
    for (let i = 0; i < 3; i += 1) await app.fetch('/api/orders/a');
    await read(app, '/api/orders/c');  // behind it in the database
    assert.equal(await atOf(app, 'a'), at);
  });

  test('what says something else is, and repeats of that are not', async (t) => {
    const app = await openApp(t, browser.context);
    const notes = serve(app);
    await readAll(app);
    notes.a = 'second';
    await keptAnew(app, 'a', await atOf(app, 'a'));
    const at = await atOf(app, 'a');
    await app.fetch('/api/orders/a');
    await read(app, '/api/orders/b');
    assert.equal(await atOf(app, 'a'), at);
  });

  test('is written again once after another has told something new', async (t) => {
    const app = await openApp(t, browser.context);
    const notes = serve(app);
    await readAll(app);
    notes.b = 'second';
    await keptAnew(app, 'b', await atOf(app, 'b'));
    await keptAnew(app, 'a', await atOf(app, 'b'));
    const at = await atOf(app, 'a');
    await app.fetch('/api/orders/a');
    await read(app, '/api/orders/c');
    assert.equal(await atOf(app, 'a'), at);
  });

  test('is written again if another was asked for since: in the store, too, the last one to be asked for is the newest word', async (t) => {
    const app = await openApp(t, browser.context);
    const notes = serve(app);
    await readAll(app);
    // What the item says goes to and fro, and in the end each of its two answers only repeats itself.
    notes.a = 'second';
    await read(app, '/api/orders');
    notes.a = 'first';
    await keptAnew(app, 'a', await atOf(app, '/orders'));
    notes.a = 'second';
    await app.fetch('/api/orders');
    await read(app, '/api/orders/c');  // behind it in the database
    await app.killWorker();
    app.server.down = 'reset';
    assert.equal((json(await app.write('PATCH', '/api/orders/a', { tip: 1 })) as { note: string }).note, 'second');
  });

  test('is written again after a write was confirmed, and a worker that starts from it shows it', async (t) => {
    const app = await openApp(t, browser.context);
    const notes = serve(app);
    await read(app, '/api/orders/a');
    const written = await app.write('PATCH', '/api/orders/a', { note: 'mine' });
    await app.settled(written);
    // Somebody else has taken it back meanwhile.
    notes.a = 'first';
    await keptAnew(app, 'a', await atOf(app, 'a'));
    await app.killWorker();
    app.server.down = 'reset';
    assert.deepEqual(json(await app.fetch('/api/orders/a')), { id: 'a', note: 'first' });
  });

  test('is still the newer word for an answer that was asked for earlier and comes later', async (t) => {
    const app = await openApp(t, browser.context);
    serve(app);
    const at = await readAll(app);
    const { respond } = app.server;
    app.server.respond = async () => {
      app.server.respond = respond;
      return { body: { id: 'a', note: 'overtaken' }, delayMs: 400 };
    };
    const late = app.fetch('/api/orders/a?', { cache: 'no-store' });
    await until(() => app.server.respond === respond, 'the first to be under way');
    await app.fetch('/api/orders/a', { cache: 'no-store' });
    await late;
    await read(app, '/api/orders/c');
    assert.equal(await atOf(app, 'a'), at);
    app.server.down = 'reset';
    assert.deepEqual(json(await app.fetch('/api/orders/a')), { id: 'a', note: 'first' });
  });
});

describe('Promise 18', () => {
  test('what the server marks no-store is kept where the resource declares it', async (t) => {
    const app = await openApp(t, browser.context, { config: orders("read: { offline: 'always' }") });
    serveItems(app, { 'Cache-Control': 'private, no-store' });
    await read(app, '/api/orders/a');
    app.server.down = 'reset';
    assert.equal((await app.fetch('/api/orders/a')).headers['holdfast-source'], 'store');
  });

  test('an app that asks past the HTTP cache has not said that nothing may be kept', async (t) => {
    const app = await openApp(t, browser.context);
    serveItems(app);
    await app.fetch('/api/orders/a', { cache: 'no-store' });
    await keptAre(app, 'a');
    app.server.down = 'reset';
    assert.equal((await app.fetch('/api/orders/a', { cache: 'no-store' })).headers['holdfast-source'], 'store');
  });

  test('each kind of answer is kept by itself', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.respond = ({ headers, method }) => (method === 'GET' && !app.server.down ? { body: { as: headers.accept } } : undefined);
    const ask = (accept: string) => app.fetch('/api/orders', { headers: { Accept: accept } });
    await ask('application/json');
    await ask('application/vnd.orders+json');
    await until(async () => (await names(app)).length === 2, 'both to be kept');
    app.server.down = 'reset';
    assert.deepEqual(json(await ask('application/json')), { as: 'application/json' });
    assert.deepEqual(json(await ask('application/vnd.orders+json')), { as: 'application/vnd.orders+json' });
    await assert.rejects(ask('application/xml'), /Failed to fetch/);
  });

  test('parameters say the same in any order, but for those of one name', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.respond = ({ url, method }) => (method === 'GET' && !app.server.down ? { body: { url } } : undefined);
    const from = async (url: string) => (json(await app.fetch(url)) as { url: string }).url;
    const kept = ['/api/orders?b=2&a=1', '/api/orders?sort=x&sort=y', '/api/orders?sort=y&sort=x', '/api/orders?q=%FF', '/api/orders?q=%FE', '/api/orders'];
    for (const url of kept) await app.fetch(url);
    await until(async () => (await names(app)).length === kept.length, 'all to be kept');
    app.server.down = 'reset';
    assert.equal(await from('/api/orders?a=1&b=2#top'), kept[0]);
    for (const url of kept.slice(1)) assert.equal(await from(url), url);
    assert.equal(await from('/api/orders?&'), '/api/orders');
    await assert.rejects(app.fetch('/api/orders?A=1&b=2'), /Failed to fetch/);
    await assert.rejects(app.fetch('/api/orders?a=1'), /Failed to fetch/);
  });
});
