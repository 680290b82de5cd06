// The feed on a real PostgreSQL, where transactions end in another order than they began.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Change, FeedBatch } from 'holdfast/server';
import { feedOf, lockOrder, recordChange, type OrderChange } from '../../web/server/changes.js';
import { openPostgres, type Database } from '../../web/server/database.js';
import { patchOrder } from '../../web/server/orders.js';
import { startCluster } from './cluster.js';
import { atEnd, ORDER, serve } from './support.js';

const kWriters = 60;
const kTransactions = 25;
const kReaders = 6;

let url = '';
let db: Database;

async function open(connectionsMax: number): Promise<Database> {
  const database = await openPostgres(url, { connectionsMax });
  atEnd(() => database.close());
  return database;
}

before(async () => {
  const cluster = await startCluster();
  atEnd(() => cluster.stop());
  url = cluster.url;
  db = await open(10);
});

async function read(database: Database, cursor: string, limit: number): Promise<Omit<FeedBatch, 'changes'> & { changes: Change[] }> {
  const batch = await feedOf(database).readChanges(cursor, limit);
  assert.ok(batch !== 'expired');
  return { ...batch, changes: batch.changes.map(({ change }) => change as Change) };
}

const upTo = (max: number) => 1 + Math.floor(Math.random() * max);
const deletion = (id: string, version: number): OrderChange => ({ id, version });
const nameOf = ({ id, version }: Pick<OrderChange, 'id' | 'version'>) => `${id} ${version}`;

test('a change that is committed late is handed out before those that have overtaken it', async () => {
  const start = await feedOf(db).presentCursor();
  const [slow, quick] = [randomUUID(), randomUUID()];
  await db.transaction(async tx => {
    await recordChange(tx, deletion(slow, 1));
    await db.transaction(other => recordChange(other, deletion(quick, 1)));
    assert.deepEqual(await read(db, start, 10), { changes: [], cursor: start, more: false, held: true, lagMs: 0 });
  });
  assert.deepEqual((await read(db, start, 10)).changes.map(({ id }) => id), [slow, quick]);
});

test(`${kWriters} writers commit in any order, and no reader misses a change or sees one twice`, async () => {
  const [writing, reading] = await Promise.all([open(kWriters), open(kReaders + 2)]);
  const start = await feedOf(db).presentCursor();
  const committed: string[] = [];
  let writers = kWriters;

  const write = async () => {
    const id = randomUUID();
    for (let version = 0; version < kTransactions * 3;) {
      const changes = Array.from({ length: upTo(3) }, () => deletion(id, version += 1));
      await writing.transaction(async tx => {
        for (const change of changes) {
          await recordChange(tx, change);
          await tx.query('SELECT pg_sleep($1::double precision)', [Math.random() ** 4 * 0.1]);
        }
        if (Math.random() < 0.1) throw new Error('changed my mind');
      }).then(() => committed.push(...changes.map(nameOf)), (error: Error) => assert.equal(error.message, 'changed my mind'));
    }
    writers -= 1;
  };

  /** @param forgetful dies now and then between doing what it was told and noting its cursor */
  const follow = async (forgetful: boolean) => {
    const seen: string[] = [];
    /** What may come again: it was done, and its cursor was lost. */
    const again = new Set<string>();
    for (let cursor = start;;) {
      const last = writers === 0;
      const { changes, cursor: next, more } = await read(reading, cursor, upTo(50));
      const names = changes.map(nameOf);
      seen.push(...names.filter(name => !again.has(name)));
      if (last && names.length === 0) return seen;
      const forgotten = forgetful && Math.random() < 0.3;
      for (const name of names) again[forgotten ? 'add' : 'delete'](name);
      if (forgotten) continue;
      cursor = next;
      if (!more) await sleep(Math.random() * 10);
    }
  };

  /** Reads by position alone, as it should not be done. */
  const followNaively = async () => {
    const seen: string[] = [];
    for (let position = '0';;) {
      const last = writers === 0;
      const rows = await reading.query<OrderChange & { position: string }>(
        `SELECT position::text, id, version FROM changes WHERE position > $1::bigint AND (xid, position) > ($2::xid8, 0)
         ORDER BY position LIMIT 50`, [position, start.split('.')[1]]);
      seen.push(...rows.map(nameOf));
      if (last && rows.length === 0) return seen;
      position = rows.at(-1)?.position ?? position;
    }
  };

  const [naive, ...readers] = await Promise.all([
    followNaively(),
    ...Array.from({ length: kReaders }, (_, reader) => follow(reader % 2 === 1)),
    ...Array.from({ length: kWriters }, () => write().then(() => [])),
  ]);

  assert.ok(committed.length > kWriters * kTransactions);
  for (const seen of readers.slice(0, kReaders)) {
    assert.equal(new Set(seen).size, seen.length, 'a change was seen twice');
    assert.deepEqual([...seen].sort(), [...committed].sort());
    assert.deepEqual(seen, readers[0], 'readers saw the changes in different orders');
  }
  assert.ok(naive!.length < committed.length, 'the writers overtook each other too rarely for this test to mean anything');
});

test('the changes of one order come in the order of its versions, however many write at once', async () => {
  const start = await feedOf(db).presentCursor();
  const ids = Array.from({ length: 4 }, () => randomUUID());
  const servers = await Promise.all([1, 2].map(async () => serve({ database: await open(25) })));
  await Promise.all(Array.from({ length: 50 }, async (_, writer) => {
    const { send } = servers[writer % 2]!;
    for (let act = 0; act < 8; act += 1) {
      const id = ids[upTo(ids.length) - 1];
      const headers = { 'idempotency-key': randomUUID() };
      const chance = Math.random();
      if (chance < 0.2) await send('DELETE', `/api/orders/${id}`, { headers });
      else if (chance < 0.5) await send('POST', '/api/orders', { body: { ...ORDER, id }, headers });
      else await send('PATCH', `/api/orders/${id}`, { body: { tip: act }, headers });
    }
  }));
  const { changes } = await read(db, start, 500);
  assert.ok(changes.length > 100);
  for (const id of ids) {
    const versions = changes.filter(change => change.id === id).map(({ version }) => version);
    assert.deepEqual(versions, versions.map((_, index) => index + 1));
  }
});

test('a write under a key that has expired is no exception: it writes nothing before it holds its order', async () => {
  let now = Date.now();
  const { order, send } = await serve({ database: db, now: () => new Date(now), keyRetentionMs: 1000 });
  const { id } = await order();
  const patch = (tip: number) => send('PATCH', `/api/orders/${id}`, { body: { tip }, headers: { 'idempotency-key': 'the-same' } });
  await patch(1);
  now += 2000;
  const start = await feedOf(db).presentCursor();
  const [late] = await db.transaction(async tx => {
    await lockOrder(tx, id);
    const waiting = patch(1);
    await sleep(300);
    await patchOrder(tx, id, { tip: 2 }, { ifMatch: undefined, exceptions: [], now: new Date(now) });
    return [waiting];
  });
  const answer = await late!;
  assert.equal(answer.json.version, 4, answer.text);
  assert.deepEqual((await read(db, start, 10)).changes.map(({ version }) => version), [3, 4]);
});
