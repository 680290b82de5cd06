// Reads in a real worker, as docs/reads.md has them: lists with a query and pages, and answers that come late.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { Chromium } from './chromium.js';
import { openApp, orders, test, type App, type Got } from './harness.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

interface Order {
  id: string;
  status: string;
  at: number;
}

interface Listed {
  orders: Order[];
  total: number;
}

const kLists = orders(`list: { rows: '/orders', total: '/total', filter: { status: 'status' }, sort: ['at', 'id'],
  page: { offset: 'offset', limit: 'limit', size: 2 } }`);

const all = (): Order[] => ['a', 'b', 'c', 'd'].map((id, i) => ({ id, status: 'placed', at: i * 10 }));

/** A server with filters and pages, over the documents that there are. */
function serveLists(app: App): void {
  for (const order of all()) app.server.documents.set(`/api/orders/${order.id}`, { ...order });
  app.server.respond = ({ method, url }) => {
    const { pathname, searchParams } = new URL(url, app.origin);
    if (method !== 'GET' || pathname !== '/api/orders' || app.server.down) return undefined;
    const status = searchParams.get('status');
    const found = [...app.server.documents.values() as Iterable<Record<string, unknown>>]
      .filter((order) => status === null || order.status === status).sort((x, y) => Number(x.at) - Number(y.at));
    const offset = Number(searchParams.get('offset') ?? 0);
    return { body: { orders: found.slice(offset, offset + Number(searchParams.get('limit') ?? 2)), total: found.length } };
  };
}

const listed = ({ text }: Got): [string[], number] => {
  const { orders: rows, total } = JSON.parse(text) as Listed;
  return [rows.map(({ id }) => id), total];
};

describe('a list with a query and pages', () => {
  test('shows in the tunnel what was created, changed and deleted, each once, where it belongs', async (t) => {
    const app = await openApp(t, browser.context, { config: kLists });
    serveLists(app);
    const urls = ['/api/orders?status=placed', '/api/orders?status=placed&offset=2', '/api/orders?status=ready'];
    for (const url of urls) await app.fetch(url);
    app.server.down = 'reset';
    await app.write('POST', '/api/orders', { id: 'n', status: 'placed', at: 15 });
    await app.write('PATCH', '/api/orders/a', { status: 'ready' });
    await app.write('DELETE', '/api/orders/d');
    await app.write('PATCH', '/api/orders/b', { at: 25 });
    const [first, second, ready] = await Promise.all(urls.map((url) => app.fetch(url)));
    assert.deepEqual(listed(first!), [[], 3]);
    assert.deepEqual(listed(second!), [['n', 'c', 'b'], 3]);
    assert.deepEqual(listed(ready!), [['a'], 1]);
    assert.equal(ready!.headers['holdfast-source'], 'both');
    assert.equal(ready!.headers.etag, undefined);
    assert.equal((await app.fetch('/api/orders?status=placed')).headers['holdfast-unknown'], undefined);
  });

  test('names what it does not understand, and lets nobody in for it', async (t) => {
    const app = await openApp(t, browser.context, { config: kLists });
    serveLists(app);
    await app.fetch('/api/orders?q=soup&limit=9');
    app.server.down = 'reset';
    await app.write('POST', '/api/orders', { id: 'n', status: 'placed', at: 15 });
    await app.write('PATCH', '/api/orders/a', { status: 'ready' });
    const found = await app.fetch('/api/orders?q=soup&limit=9');
    assert.deepEqual(listed(found), [['a', 'b', 'c', 'd'], 4]);
    assert.equal((JSON.parse(found.text) as Listed).orders[0]!.status, 'ready');
    assert.equal(found.headers['holdfast-unknown'], 'q');
  });
});

describe('Promise 15', () => {
  /** Holds the next read back on the server's side, with the answer that it had when it was asked. */
  function holdNextRead(app: App): { seen: Promise<void>; answer: () => void } {
    let answer = () => {};
    let saw = () => {};
    const seen = new Promise<void>((resolve) => { saw = resolve; });
    const go = new Promise<void>((resolve) => { answer = resolve; });
    app.server.respond = async ({ method, url }) => {
      if (method !== 'GET' || url !== '/api/orders/a') return undefined;
      app.server.respond = () => undefined;
      const body = { ...app.server.documents.get(url) };
      saw();
      await go;
      return { body };
    };
    return { seen, answer };
  }

  test('an answer that was asked for before a write was confirmed does not take the change back', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.documents.set('/api/orders/a', { id: 'a', status: 'placed' });
    const held = holdNextRead(app);
    const read = app.fetch('/api/orders/a');
    await held.seen;
    const write = await app.write('PATCH', '/api/orders/a', { status: 'ready' });
    assert.equal(write.status, 200);
    held.answer();
    assert.equal((JSON.parse((await read).text) as Order).status, 'ready');
    assert.equal((JSON.parse((await app.fetch('/api/orders/a')).text) as Order).status, 'ready');
  });

  test('what was deleted and confirmed stays gone in the tunnel', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.documents.set('/api/orders/a', { id: 'a', status: 'placed' });
    await app.fetch('/api/orders/a');
    await app.fetch('/api/orders');
    assert.equal((await app.write('DELETE', '/api/orders/a')).status, 204);
    app.server.down = 'reset';
    assert.equal((await app.fetch('/api/orders/a')).status, 404);
    assert.deepEqual(JSON.parse((await app.fetch('/api/orders')).text), []);
  });

  test('a collection that was deleted whole stays so, in lists and items that were read before', async (t) => {
    const app = await openApp(t, browser.context);
    for (const id of ['a', 'b']) app.server.documents.set(`/api/orders/${id}`, { id, status: 'placed' });
    for (const url of ['/api/orders', '/api/orders?status=placed', '/api/orders/a']) await app.fetch(url);
    app.server.respond = ({ method }) => (method === 'DELETE' ? { status: 204 } : undefined);
    assert.equal((await app.write('DELETE', '/api/orders')).status, 204);
    app.server.down = 'reset';
    await app.write('POST', '/api/orders', { id: 'c', status: 'placed' });
    assert.deepEqual(JSON.parse((await app.fetch('/api/orders')).text), [{ id: 'c', status: 'placed' }]);
    // What this parameter means isn't declared, so nobody can tell that the new one is in.
    assert.deepEqual(JSON.parse((await app.fetch('/api/orders?status=placed')).text), []);
    assert.deepEqual([(await app.fetch('/api/orders/a')).status, (await app.fetch('/api/orders/c')).status], [404, 200]);
  });

  test('what the server says is gone is not brought back by a change to something else', async (t) => {
    const app = await openApp(t, browser.context);
    for (const id of ['a', 'b']) app.server.documents.set(`/api/orders/${id}`, { id, status: 'placed' });
    await app.fetch('/api/orders');
    app.server.documents.delete('/api/orders/a');
    app.server.next.push({ status: 503, headers: { 'Retry-After': '3' } });
    assert.equal((await app.write('PATCH', '/api/orders/b', { status: 'ready' })).status, 202);
    assert.equal((await app.fetch('/api/orders/a')).status, 404);
  });

  test('what comes after its reader has signed out is not kept', async (t) => {
    const app = await openApp(t, browser.context, { query: '?user=ana' });
    app.server.documents.set('/api/orders/a', { id: 'a', status: 'placed' });
    const held = holdNextRead(app);
    const read = app.fetch('/api/orders/a');
    await held.seen;
    await app.page.evaluate(() => window.hf.signOut());
    held.answer();
    assert.equal((await read).status, 200);
    await app.page.evaluate(() => window.hf.signIn('bob'));
    await app.fetch('/api/orders');
    await until(async () => (await app.rows('reads')).length > 0, 'bob\'s own read is kept');
    assert.deepEqual((await app.rows('reads')).map((row) => (row as { user: string }).user), ['bob']);
  });
});
