import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { BATCH_BYTES } from 'holdfast/server';
import { feedOf } from '../../web/server/changes.js';
import type { Database } from '../../web/server/database.js';
import { assertProblem, ORDER, serve, sharedDatabase, type TestServer } from './support.js';

const database = sharedDatabase();
let db: Database;
let server: TestServer;
let onApplied = async () => {};
/** Where the feed was when the test began. */
let start = '';
before(async () => {
  db = await database();
  server = await serve({ database: db, faults: { onApplied: () => onApplied() } });
});
beforeEach(async () => {
  onApplied = async () => {};
  start = (await feed()).json.cursor;
});

const feed = (after?: string, limit?: number) => server.send('GET', `/api/changes?${new URLSearchParams({
  ...(after === undefined ? {} : { after }), ...(limit === undefined ? {} : { limit: String(limit) }) })}`);

test('each change of an order is in the feed once, in order, with the document as a GET gives it', async () => {
  const made = await server.order();
  const { json: patched } = await server.send('PATCH', `/api/orders/${made.id}`, { body: { tip: 5 } });
  await server.send('DELETE', `/api/orders/${made.id}`);
  const again = await server.order({ id: made.id });
  const answer = await feed(start);
  assert.equal(answer.status, 200);
  const change = { resource: 'orders', id: made.id };
  assert.deepEqual(answer.json.changes, [
    { ...change, version: 1, kind: 'upsert', document: made },
    { ...change, version: 2, kind: 'upsert', document: patched },
    { ...change, version: 3, kind: 'delete', document: null },
    { ...change, version: 4, kind: 'upsert', document: again },
  ]);
  assert.equal(answer.json.more, false);
});

test('behind its cursor a feed has nothing until the next change, and says so with the same cursor', async () => {
  await server.order();
  const { cursor } = (await feed(start)).json;
  assert.deepEqual((await feed(cursor)).json, { changes: [], cursor, more: false });
  const { id } = await server.order();
  assert.deepEqual((await feed(cursor)).json.changes.map((change: { id: string }) => change.id), [id]);
});

test('what was refused, replayed or rolled back is no change', async () => {
  const { id } = await server.order();
  const keyed = { body: { tip: 5 }, headers: { 'idempotency-key': randomUUID() } };
  for (const _ of [1, 2]) await server.send('PATCH', `/api/orders/${id}`, keyed);
  await server.send('PATCH', `/api/orders/${id}`, { body: { tip: 6 }, headers: { 'if-match': '"1"' } });
  await server.send('PATCH', `/api/orders/${id}`, { body: { status: 'delivered' } });
  onApplied = async () => { throw new Error('the disk is full'); };
  assert.equal((await server.send('DELETE', `/api/orders/${id}`)).status, 500);
  assert.deepEqual((await feed(start)).json.changes.map((change: { version: number }) => change.version), [1, 2]);
});

test('a batch ends at the limit and at a number of bytes, tells that there is more, and goes on right there', async () => {
  const ids: string[] = [];
  for (const _ of Array(5)) ids.push((await server.order()).id);
  const seen: string[] = [];
  for (let after = start, more = true; more;) {
    const { json } = await feed(after, 2);
    assert.ok(json.changes.length <= 2);
    seen.push(...json.changes.map((change: { id: string }) => change.id));
    ({ cursor: after, more } = json);
  }
  assert.deepEqual(seen, ids);

  const { cursor } = (await feed(start, 500)).json;
  const { id } = await server.order();
  const note = 'ü'.repeat(10_000);
  const long = Math.ceil(BATCH_BYTES / 20_000) + 10;
  for (let tip = 1; tip <= long; tip += 1) await server.send('PATCH', `/api/orders/${id}`, { body: { note, tip } });
  const first = await feed(cursor, 500);
  assert.ok(first.text.length < BATCH_BYTES && Buffer.byteLength(first.text) < BATCH_BYTES + 50_000, `${Buffer.byteLength(first.text)} bytes`);
  assert.equal(first.json.more, true);
  const rest = await feed(first.json.cursor, 500);
  assert.equal(rest.json.more, false);
  assert.deepEqual([...first.json.changes, ...rest.json.changes].map(change => change.version), Array.from({ length: long + 1 }, (_, n) => n + 1));
});

test('beyond the horizon a cursor is answered 410, and never as if there was nothing', async () => {
  const [one, two] = [await server.order(), await server.order()];
  const { cursor: between } = (await feed(start, 1)).json;
  const { cursor: end } = (await feed(between)).json;
  await feedOf(db).forget(60_000);
  assert.deepEqual((await feed(start)).json.changes.map((change: { id: string }) => change.id), [one.id, two.id]);
  await feedOf(db).forget(0);
  for (const cursor of [start, between]) assertProblem(await feed(cursor), 410, 'cursor-expired', 'after');
  assert.deepEqual((await feed(end)).json, { changes: [], cursor: end, more: false });
  assert.deepEqual((await feed((await feed()).json.cursor)).json.changes, []);
});

test('changes whose times are out of order never move the horizon back', async () => {
  const { id } = await server.order();
  await server.send('PATCH', `/api/orders/${id}`, { body: { tip: 1 } });
  const { cursor: afterFirst } = (await feed(start, 1)).json;
  await db.query("UPDATE changes SET at = now() - interval '1 hour' WHERE id = $1 AND version = 2", [id]);
  await feedOf(db).forget(60_000);
  assertProblem(await feed(afterFirst), 410, 'cursor-expired');
  await feedOf(db).forget(0);
  assertProblem(await feed(afterFirst), 410, 'cursor-expired');
});

test('more changes than are forgotten at a time are forgotten, too', async () => {
  await db.query(`INSERT INTO changes (resource, id, version) SELECT 'orders', gen_random_uuid(), 1 FROM generate_series(1, 12000)`);
  await feedOf(db).forget(0);
  assert.deepEqual(await db.query('SELECT 1 FROM changes'), []);
  assertProblem(await feed(start), 410, 'cursor-expired');
});

test('a server forgets old changes when it starts', async () => {
  await server.order();
  await serve({ database: db, changeRetentionMs: 0 });
  assertProblem(await feed(start), 410, 'cursor-expired');
});

test('a cursor of another database, of before a restored backup, or of nobody is answered 410', async () => {
  await server.order();
  const [name, xid, position] = start.split('.');
  const foreign = [`${'0'.repeat(16)}.${xid}.${position}`, '', 'x', start + '0'.repeat(20), `${name}.-1.0`, `${name}.${xid}`, `${start}'`, '\0'];
  for (const cursor of foreign) assertProblem(await feed(cursor), 410, 'cursor-expired', 'after');
  assert.equal((await feed(start)).status, 200);
  await db.query('UPDATE feed SET id = gen_random_uuid()');
  assertProblem(await feed(start), 410, 'cursor-expired', 'after');
});

test('a parameter that makes no sense is refused by name', async () => {
  for (const [query, field] of [['limit=0', 'limit'], ['limit=501', 'limit'], ['limit=many', 'limit'], ['since=1', 'since'], [`after=${start}&after=${start}`, 'after']]) {
    assertProblem(await server.send('GET', `/api/changes?${query}`), 400, 'invalid', field);
  }
});

test('whoever takes a cursor, reads the orders, and then applies the feed, has what the server has', async () => {
  const act = fc.tuple(fc.nat(2), fc.constantFrom('make', 'patch', 'delete'));
  await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 6 }), fc.array(act, { maxLength: 6 }), fc.integer({ min: 1, max: 5 }), async (early, late, limit) => {
    const customer = randomUUID();
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    const play = async (acts: [number, string][]) => {
      for (const [which, what] of acts) {
        if (what === 'make') await server.send('POST', '/api/orders', { body: { ...ORDER, customer, id: ids[which] } });
        else if (what === 'patch') await server.send('PATCH', `/api/orders/${ids[which]}`, { body: { tip: Math.ceil(Math.random() * 1000) } });
        else await server.send('DELETE', `/api/orders/${ids[which]}`);
      }
    };
    const truth = async () => new Map<string, any>((await server.send('GET', `/api/orders?customer=${customer}`)).json.map((order: { id: string }) => [order.id, order]));
    await play(early);
    let { cursor } = (await feed()).json;
    await play(late.slice(0, 2));
    const mine = await truth();
    await play(late.slice(2));
    for (let more = true; more;) {
      const { json } = await feed(cursor, limit);
      for (const { id, version, kind, document } of json.changes) {
        if (!ids.includes(id) || version <= (mine.get(id)?.version ?? 0)) continue;
        if (kind === 'delete') mine.delete(id);
        else mine.set(id, document);
      }
      ({ cursor, more } = json);
    }
    assert.deepEqual(mine, await truth());
  }), { numRuns: 30 });
});
