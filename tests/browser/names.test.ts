// Promise 9 and what it means for reads in the tunnel: an entity that the server calls otherwise is still that one.
// Whole apps that live on it are in tests/apps.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Chromium } from './chromium.js';
import { openApp, test, type App } from './harness.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

const json = async (app: App, url: string): Promise<unknown> => JSON.parse((await app.fetch(url)).text);

/** The server makes the ids: 41 and so on. */
function countIds(app: App): void {
  let last = 40;
  app.server.respond = ({ method, body }) => {
    if (method !== 'POST' || app.server.down) return undefined;
    const order = { ...JSON.parse(body.toString()) as object, id: ++last, version: 1 };
    app.server.documents.set(`/api/orders/${last}`, order);
    return { status: 201, body: order };
  };
}

test('a list that was read before a name changed shows its entity once, by the present name', async (t) => {
  const app = await openApp(t, browser.context);
  for (const id of ['a', 'b']) app.server.documents.set(`/api/orders/${id}`, { id, note: 'x' });
  await app.fetch('/api/orders');
  app.server.respond = ({ method }) => (method === 'PATCH' ? { body: { id: 'z', note: 'y' } } : undefined);
  await app.settled(await app.write('PATCH', '/api/orders/a', { note: 'y' }));
  app.server.down = 'reset';
  assert.deepEqual(await json(app, '/api/orders'), [{ id: 'z', note: 'y' }, { id: 'b', note: 'x' }]);
  assert.deepEqual(await json(app, '/api/orders/a'), { id: 'z', note: 'y' });
});

test('a page that still waits is told 424 when what its write refers to was turned down', async (t) => {
  const config = `{ resources: { orders: { path: '/api/orders/:id', timeoutMs: 5000 },
    lines: { path: '/api/orders/:order/lines/:id', timeoutMs: 5000 } } }`;
  const app = await openApp(t, browser.context, { config });
  app.server.respond = ({ method, url }) => (method === 'POST' && url === '/api/orders' ? { status: 422, delayMs: 600, body: { title: 'no' } } : undefined);
  const order = await app.begin('POST', '/api/orders', { id: 'o1' });
  const line = await app.begin('POST', '/api/orders/o1/lines', { id: 'l1' });
  const [first, second] = [await order(), await line()] as { status: number }[];
  assert.deepEqual([first!.status, second!.status], [422, 424]);
  assert.deepEqual((await app.inbox()).map(({ reason, status, entity }) => [reason, status, entity]), [['creation-failed', 424, 'o1/l1']]);
  assert.deepEqual(app.server.applied, []);
});

test('signing out forgets names, unless writes still need them', async (t) => {
  const app = await openApp(t, browser.context, { query: '?user=ana' });
  countIds(app);
  const made = await app.settled(await app.write('POST', '/api/orders', { note: 'x' }));
  assert.equal((made.document as { id: number }).id, 41);
  const outside = (await app.rows<{ entity: string; name: string }>('names')).find(({ entity, name }) => entity === name)!.name;
  app.server.down = 'reset';
  await app.write('PATCH', `/api/orders/${outside}`, { note: 'y' });
  await app.page.evaluate(() => window.hf.signOut({ pending: 'keep' }));
  assert.equal((await app.rows('names')).length, 2);
  app.server.up();
  await app.page.evaluate(() => window.hf.signIn('ana'));
  await app.drained();
  assert.deepEqual(app.server.documents.get('/api/orders/41'), { id: 41, note: 'y', version: 2 });
  await app.page.evaluate(() => window.hf.signOut());
  assert.deepEqual(await app.rows('names'), []);
});

test('what refers to a creation of the same moment stays behind it, however long that takes to read', async (t) => {
  const config = '{ resources: { notes: { path: \'/api/notes/:id\', references: { about: \'orders\' } }, orders: { path: \'/api/orders/:id\' } } }';
  const app = await openApp(t, browser.context, { config });
  await app.page.evaluate(() => Promise.all([
    fetch('/api/orders', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ id: 'o1', note: 'x'.repeat(3_000_000) }) }),
    fetch('/api/notes/n1', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ id: 'n1', about: 'o1' }) }),
  ]));
  await app.drained();
  assert.deepEqual(app.server.applied.map(({ method, url }) => `${method} ${url}`), ['POST /api/orders', 'PUT /api/notes/n1']);
});
