import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, beforeEach, test } from 'node:test';
import type { Faults } from '../../web/server/app.js';
import { ORDER, serve, sharedDatabase, type TestServer } from './support.js';

const database = sharedDatabase();
let server: TestServer;
let faults: Faults = {};
before(async () => {
  const db = await database();
  await db.query('CREATE TABLE ledger (order_id uuid)');
  server = await serve({
    database: db,
    faults: {
      beforeApply: async request => faults.beforeApply?.(request),
      afterApply: async request => faults.afterApply?.(request),
      async onApplied(tx, request, id) {
        await tx.query('INSERT INTO ledger VALUES ($1)', [id]);
        await faults.onApplied?.(tx, request, id);
      },
    },
  });
});
beforeEach(() => { faults = {}; });

const sending = () => ({ body: { ...ORDER, id: randomUUID() }, headers: { 'idempotency-key': randomUUID() } });
const ledger = async (id: string) => (await (await database()).query('SELECT 1 FROM ledger WHERE order_id = $1', [id])).length;

test('an answer given instead of applying is sent as it is, and the key is free for the next send', async () => {
  const write = sending();
  const seen: string[] = [];
  faults.beforeApply = async ({ method, url, headers }) => {
    seen.push(`${method} ${url} ${headers['idempotency-key']}`);
    return { status: 503, headers: { 'retry-after': '1' } };
  };
  const refused = await server.send('POST', '/api/orders', write);
  assert.deepEqual([refused.status, refused.headers.get('retry-after'), refused.text], [503, '1', '']);
  assert.deepEqual(seen, [`POST /api/orders ${write.headers['idempotency-key']}`]);
  assert.equal(await ledger(write.body.id), 0);
  faults = {};
  assert.equal((await server.send('POST', '/api/orders', write)).status, 201);
  assert.equal(await ledger(write.body.id), 1);
});

test('the fault comes before the key is looked up: a replay can meet a 503 too', async () => {
  const write = sending();
  await server.send('POST', '/api/orders', write);
  faults.beforeApply = async () => ({ status: 503 });
  assert.equal((await server.send('POST', '/api/orders', write)).status, 503);
});

test('a dropped answer is a dropped connection: the write is there, and sending it again gives the lost answer', async () => {
  const write = sending();
  faults.afterApply = async () => 'drop';
  await assert.rejects(server.send('POST', '/api/orders', write), TypeError);
  faults = {};
  assert.equal(await ledger(write.body.id), 1);
  const again = await server.send('POST', '/api/orders', write);
  assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [201, 'true']);
  assert.equal(await ledger(write.body.id), 1);
});

test('the ledger is written for applications only: not for refusals, replays or reads', async () => {
  const write = sending();
  const path = `/api/orders/${write.body.id}`;
  await server.send('POST', '/api/orders', write);
  await server.send('POST', '/api/orders', write);
  await server.send('GET', path);
  await server.send('PATCH', path, { body: { status: 'delivered' } });
  await server.send('PATCH', path, { body: { tip: 1 }, headers: { 'if-match': '"9"' } });
  assert.equal(await ledger(write.body.id), 1);
  await server.send('PATCH', path, { body: { tip: 1 } });
  await server.send('DELETE', path);
  assert.equal(await ledger(write.body.id), 3);
});

test('write, ledger, key and answer are one transaction: if one fails, none is there, and the next send applies', async () => {
  const write = sending();
  faults.onApplied = async () => { throw new Error('the disk is full'); };
  const failed = await server.send('POST', '/api/orders', write);
  assert.equal(failed.status, 500);
  assert.equal(failed.json.code, 'internal');
  assert.doesNotMatch(failed.text, /disk/);
  assert.equal((await server.send('GET', `/api/orders/${write.body.id}`)).status, 404);
  assert.equal(await ledger(write.body.id), 0);
  faults = {};
  const again = await server.send('POST', '/api/orders', write);
  assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [201, null]);
});
