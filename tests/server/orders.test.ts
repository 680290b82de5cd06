import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { TRANSITIONS } from '../../web/order-rules.js';
import { STATUSES } from '../../web/server/order-schema.js';
import { assertProblem, ORDER, serve, sharedDatabase, type TestServer } from './support.js';

const database = sharedDatabase();
let server: TestServer;
before(async () => { server = await serve({ database: await database() }); });

test('a new order is answered 201 with the whole document, its ETag and its place', async () => {
  const answer = await server.send('POST', '/api/orders', { body: ORDER });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get('etag'), '"1"');
  assert.equal(answer.headers.get('location'), `/api/orders/${answer.json.id}`);
  const { id, createdAt, updatedAt, ...rest } = answer.json;
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.equal(new Date(createdAt).toISOString(), createdAt);
  assert.equal(updatedAt, createdAt);
  assert.deepEqual(rest, { ...ORDER, note: '', tip: 0, status: 'placed', courier: null, version: 1 });
  assert.deepEqual((await server.send('GET', `/api/orders/${id}`)).json, answer.json);
});

test('a client may choose the id, once', async () => {
  const id = randomUUID();
  assert.equal((await server.order({ id })).id, id);
  const again = await server.send('POST', '/api/orders', { body: { ...ORDER, id, customer: 'Eve' } });
  assertProblem(again, 409, 'id-taken', 'id');
  assert.equal(again.headers.get('retry-after'), null);
  assert.equal(again.json.current.customer, 'Ada');
  assert.equal((await server.send('GET', `/api/orders/${id}`)).json.customer, 'Ada');
});

test('a merge patch changes what it names and nothing else', async () => {
  const order = await server.order({ note: 'no onions', tip: 150 });
  const items = [{ name: 'Funghi', quantity: 1 }];
  const patched = await server.send('PATCH', `/api/orders/${order.id}`, {
    body: { items, courier: 'Bo' }, headers: { 'content-type': 'application/merge-patch+json' },
  });
  assert.equal(patched.status, 200);
  assert.equal(patched.headers.get('etag'), '"2"');
  assert.deepEqual({ ...patched.json, updatedAt: '' }, { ...order, items, courier: 'Bo', version: 2, updatedAt: '' });
  assert.ok(patched.json.updatedAt >= order.updatedAt);
});

test('null in a merge patch takes a field back to empty, where an order can be without it', async () => {
  const { id } = await server.order({ note: 'ring twice', tip: 150, courier: 'Bo' });
  const { json } = await server.send('PATCH', `/api/orders/${id}`, { body: { note: null, tip: null, courier: null } });
  assert.deepEqual([json.note, json.tip, json.courier], ['', 0, null]);
  assertProblem(await server.send('PATCH', `/api/orders/${id}`, { body: { items: null } }), 400, 'invalid', 'items');
});

test('a deleted order is gone, and deleting it again says so', async () => {
  const { id } = await server.order();
  const gone = await server.send('DELETE', `/api/orders/${id}`);
  assert.deepEqual([gone.status, gone.text], [204, '']);
  assertProblem(await server.send('DELETE', `/api/orders/${id}`), 404, 'not-found', 'id');
  assertProblem(await server.send('GET', `/api/orders/${id}`), 404, 'not-found', 'id');
  assertProblem(await server.send('PATCH', `/api/orders/${id}`, { body: { tip: 1 } }), 404, 'not-found', 'id');
});

test('an order made again under a deleted id never has an ETag that stood for another document', async () => {
  const { id } = await server.order();
  await server.send('PATCH', `/api/orders/${id}`, { body: { tip: 1 } });
  await server.send('DELETE', `/api/orders/${id}`);
  assert.equal((await server.order({ id })).version, 4);
});

test('every change of status is accepted exactly if the table allows it', async () => {
  const waysTo: Record<string, string[]> = {
    placed: [], accepted: ['accepted'], picked_up: ['accepted', 'picked_up'],
    delivered: ['accepted', 'picked_up', 'delivered'], cancelled: ['cancelled'],
  };
  for (const from of STATUSES) {
    for (const to of STATUSES) {
      const { id } = await server.order();
      for (const status of waysTo[from]!) await server.send('PATCH', `/api/orders/${id}`, { body: { status } });
      const answer = await server.send('PATCH', `/api/orders/${id}`, { body: { status: to } });
      if (from === to || TRANSITIONS[from].includes(to)) {
        assert.deepEqual([answer.status, answer.json.status], [200, to], `${from} → ${to}`);
      } else {
        assertProblem(answer, 409, 'illegal-transition', 'status');
        assert.equal(answer.headers.get('retry-after'), null);
        assert.deepEqual(answer.json.allowed, TRANSITIONS[from]);
        assert.equal(answer.json.current.status, from, `${from} → ${to}`);
      }
    }
  }
});

test('the list has the newest first, filters by equality, and says how many there are', async () => {
  const customer = `list-${randomUUID()}`;
  const ids: string[] = [];
  for (const courier of ['Bo', 'Cy', 'Bo']) ids.push((await server.order({ customer, courier })).id);
  await server.send('PATCH', `/api/orders/${ids[0]}`, { body: { status: 'accepted' } });
  const list = async (query: string) => (await server.send('GET', `/api/orders?customer=${customer}${query}`)).json
    .map((order: { id: string }) => ids.indexOf(order.id));
  assert.deepEqual(await list(''), [2, 1, 0]);
  assert.deepEqual(await list('&courier=Bo'), [2, 0]);
  assert.deepEqual(await list('&status=accepted'), [0]);
  assert.deepEqual(await list('&status=placed&courier=Bo'), [2]);
  assert.deepEqual(await list('&limit=1'), [2]);
  const page = await server.send('GET', `/api/orders?customer=${customer}&limit=1`);
  assert.equal(page.headers.get('x-total-count'), '3');
});

test('a list is never longer than 500', async () => {
  const db = await database();
  await db.query(`INSERT INTO orders SELECT gen_random_uuid(), 'many', 'r', '[]', '', 0, 'placed', NULL, 1, now(), now()
    FROM generate_series(1, 501)`);
  const { json, headers } = await server.send('GET', '/api/orders?customer=many');
  assert.equal(json.length, 500);
  assert.equal(headers.get('x-total-count'), '501');
  assertProblem(await server.send('GET', '/api/orders?limit=501'), 400, 'invalid', 'limit');
});

test('two writers without If-Match at once: both are applied, one after the other', async () => {
  const { id } = await server.order();
  const answers = await Promise.all(Array.from({ length: 8 }, (_, tip) =>
    server.send('PATCH', `/api/orders/${id}`, { body: { tip } })));
  assert.deepEqual(answers.map(answer => answer.json.version).sort(), [2, 3, 4, 5, 6, 7, 8, 9]);
});
