// The seed's own story, with two browsers and the reference server: delivered in the tunnel, cancelled at the desk. What
// becomes of it is declared, in one of three forms, and both sides have the declaration from one file.

import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, type TestContext } from 'node:test';
import { orderConflicts, type OrderRules } from '../../web/order-rules.js';
import { createServer } from '../../web/server/app.js';
import { openPglite } from '../../web/server/database.js';
import { Chromium } from './chromium.js';
import { openApp, orders, ready, test, type App, type Got } from './harness.js';

let courier: Chromium;
let desk: Chromium;
before(async () => {
  [courier, desk] = await Promise.all([Chromium.start(), Chromium.start()]);
});
after(() => Promise.all([courier.close(), desk.close()]));

const rules = (more: OrderRules = {}) => `conflicts: ${JSON.stringify(orderConflicts(more))}`;

interface Order { id: string; status: string; tip: number; note: string; version: number }
const order = (answer: Got): Order => JSON.parse(answer.text) as Order;

interface Story {
  courier: App;
  desk: App;
  id: string;
  /** As the database has it. */
  truth(): Promise<Order>;
  patch(app: App, body: object): Promise<Got>;
}

/** An order on its way, which both have looked at. */
async function story(t: TestContext, more: OrderRules = {}): Promise<Story> {
  const database = await openPglite();
  const backend = await createServer({ database, exceptions: more.exceptions ?? [] });
  await backend.listen({ host: '127.0.0.1', port: 0 });
  t.after(async () => {
    await backend.close();
    await database.close();
  });
  const origin = `http://127.0.0.1:${(backend.server.address() as AddressInfo).port}`;
  const open = async (browser: Chromium): Promise<App> => {
    const app = await openApp(t, browser.context, { config: orders(rules(more)) });
    app.server.respond = async ({ method, url, headers, body }) => {
      if (app.server.down) return undefined;
      const given = ['content-type', 'idempotency-key', 'if-match'].flatMap((name) => (headers[name] ? [[name, String(headers[name])] as [string, string]] : []));
      const answer = await fetch(origin + url, { method, headers: given, ...(body.length > 0 && { body: String(body) }) });
      const kept = ['content-type', 'etag'].flatMap((name) => (answer.headers.has(name) ? [[name, answer.headers.get(name)!]] : []));
      return { status: answer.status, headers: Object.fromEntries(kept) as Record<string, string>, body: await answer.text() };
    };
    return app;
  };
  const apps = await Promise.all([open(courier), open(desk)]);
  const made = order(await apps[1].write('POST', '/api/orders', { customer: 'ana', restaurant: 'Momo', items: [{ name: 'soup', quantity: 1 }], tip: 100 }));
  const patch = (app: App, body: object) => app.write('PATCH', `/api/orders/${made.id}`, body);
  for (const status of ['accepted', 'picked_up']) assert.equal((await patch(apps[1], { status })).status, 200);
  await apps[0].fetch(`/api/orders/${made.id}`);
  apps[0].server.down = 'reset';
  return {
    courier: apps[0], desk: apps[1], id: made.id, patch,
    truth: async () => (await fetch(`${origin}/api/orders/${made.id}`)).json() as Promise<Order>,
  };
}

test('Promise 21: the courier is overruled, is told so, and what else was changed arrives', async (t) => {
  const { courier, desk, id, patch, truth } = await story(t);
  const delivered = await patch(courier, { status: 'delivered' });
  assert.equal(order(delivered).status, 'delivered', 'in the tunnel it shows');
  const tip = await patch(courier, { tip: 350 });
  await patch(desk, { status: 'cancelled' });
  await patch(desk, { tip: 200 });
  courier.server.up();
  await courier.sync();
  const outcome = await courier.settled(delivered);
  assert.equal(courier.server.writes[0]?.headers['if-match'], '"3"', 'the version that the page had read');
  assert.equal(outcome.state, 'overruled');
  assert.equal((outcome.document as Order).status, 'cancelled');
  assert.deepEqual(outcome.decisions.map(({ path, policy, verdict, mine, theirs }) => ({ path, policy, verdict, mine, theirs })),
    [{ path: '/status', policy: 'transitions', verdict: 'theirs', mine: 'delivered', theirs: 'cancelled' }]);
  assert.equal((await courier.settled(tip)).state, 'merged');
  const { status, tip: sum } = await truth();
  assert.deepEqual([status, sum], ['cancelled', 450], 'both tips are in it');
  assert.equal(order(await courier.fetch(`/api/orders/${id}`)).status, 'cancelled');
  assert.deepEqual(await courier.inbox(), []);
});

test('Promise 21: a declared exception stands, on the server and at the desk, too', async (t) => {
  const { courier, desk, id, patch, truth } = await story(t, { exceptions: [['cancelled', 'delivered']] });
  const delivered = await patch(courier, { status: 'delivered', note: 'left at the door' });
  const cancelled = await patch(desk, { status: 'cancelled', tip: 200 });
  assert.equal(order(cancelled).status, 'cancelled');
  courier.server.up();
  await courier.sync();
  const outcome = await courier.settled(delivered);
  assert.equal(outcome.state, 'merged');
  assert.deepEqual(outcome.decisions.map(({ path, verdict, reason, mine, theirs }) => ({ path, verdict, reason, mine, theirs })),
    [{ path: '/status', verdict: 'mine', reason: 'exception', mine: 'delivered', theirs: 'cancelled' }]);
  assert.equal(courier.server.writes.at(-1)?.headers['if-match'], '"4"', 'it names the version that it overrules');
  const { status, note, tip, version } = await truth();
  assert.deepEqual([status, note, tip, version], ['delivered', 'left at the door', 200, 5]);
  assert.equal(order(await desk.fetch(`/api/orders/${id}`)).status, 'delivered');
  assert.deepEqual(await courier.inbox(), []);
});

test('Promise 21: a person is asked, sees both documents after a reload, and decides', async (t) => {
  const { courier, desk, patch, truth } = await story(t, { unreachable: 'ask' });
  const delivered = await patch(courier, { status: 'delivered', note: 'left at the door' });
  await patch(desk, { status: 'cancelled' });
  courier.server.up();
  await courier.sync();
  assert.equal((await courier.settled(delivered)).state, 'conflict');
  await courier.page.reload();
  await ready(courier.page);
  const [entry] = await courier.inbox();
  assert.equal(entry?.reason, 'conflict');
  const statuses = [entry.conflict?.base, entry.conflict?.theirs, entry.conflict?.suggested].map((document) => (document as Order).status);
  assert.deepEqual(statuses, ['picked_up', 'cancelled', 'cancelled']);
  assert.equal((entry.conflict?.suggested as Order).note, 'left at the door');
  await courier.page.evaluate((id) => window.hf.inbox.merge(id), entry.id);
  assert.equal((await courier.settled(entry.id)).state, 'merged');
  const { status, note } = await truth();
  assert.deepEqual([status, note], ['cancelled', 'left at the door']);
});

test('two changes that don\'t touch each other are both kept, with the worker killed over the question', async (t) => {
  const { courier, desk, patch, truth } = await story(t);
  const note = await patch(courier, { note: 'ring twice' });
  await patch(desk, { courier: 'Sam' });
  await courier.killWorker();
  courier.server.up();
  await courier.sync();
  assert.equal((await courier.settled(note)).state, 'confirmed');
  const { note: text, version } = await truth();
  assert.deepEqual([text, version], ['ring twice', 5]);
});

test('Promise 19: the ETag of a list says nothing of its rows, so the server is asked for the item first', async (t) => {
  const app = await openApp(t, courier.context, { config: orders(rules()) });
  app.server.documents.set('/api/orders/1', { id: '1', status: 'placed', version: 1 });
  app.server.respond = ({ method, url }) => (method === 'GET' && url === '/api/orders' && !app.server.down
    ? { headers: { ETag: '"1"' }, body: [...app.server.documents.values()] } : undefined);
  await app.fetch('/api/orders');
  const asked = app.server.requests.length;
  const answer = await app.write('PATCH', '/api/orders/1', { status: 'accepted' });
  assert.equal((await app.settled(answer)).state, 'confirmed');
  assert.deepEqual(app.server.requests.slice(asked).map(({ method, url, headers }) => [method, url, headers['if-match']]),
    [['GET', '/api/orders/1', undefined], ['PATCH', '/api/orders/1', undefined]]);
});

test('what the rows of a partial list leave out is not taken for missing', async (t) => {
  const app = await openApp(t, courier.context, { config: orders("list: { partial: true }, conflicts: { fields: { tip: 'counter' } }") });
  app.server.documents.set('/api/orders/1', { id: '1', note: 'ring', tip: 5 });
  app.server.respond = ({ method, url }) => (method === 'GET' && url === '/api/orders' ? { body: [{ id: '1', note: 'ring' }] } : undefined);
  await app.fetch('/api/orders');
  const answer = await app.write('PATCH', '/api/orders/1', { tip: 7 });
  assert.equal((await app.settled(answer)).state, 'confirmed');
  assert.equal(app.server.documents.get('/api/orders/1')?.['tip'], 7);
});
