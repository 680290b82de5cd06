// How a process learns that there is something new, on a real PostgreSQL, and what happens where it doesn't.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordChange } from '../../web/server/changes.js';
import { openPostgres, type Database } from '../../web/server/database.js';
import type { Limits } from 'holdfast/server/live';
import { startCluster } from './cluster.js';
import { openLink, type LiveClient } from './live-client.js';
import { change, nameOf } from './live-site.js';
import { atEnd, ORDER, serve } from './support.js';

/** As good as never: what comes was not found by looking. */
const NEVER_MS = 3_600_000;

let url = '';
let db: Database;
before(async () => {
  const cluster = await startCluster();
  atEnd(() => cluster.stop());
  url = cluster.url;
  db = await openPostgres(url);
  atEnd(() => db.close());
});

async function serving(live: Partial<Limits>): Promise<{ client: LiveClient; send: Awaited<ReturnType<typeof serve>>['send'] }> {
  const database = await openPostgres(url);
  atEnd(() => database.close());
  const server = await serve({ database, live });
  const client = await openLink('websocket', server.url);
  await client.live();
  return { client, send: server.send };
}

const listeners = async (): Promise<number[]> => (await db.query<{ pid: number }>(
  "SELECT pid FROM pg_stat_activity WHERE application_name = 'holdfast-listener' AND query LIKE 'LISTEN%' AND state = 'idle'")).map(({ pid }) => pid);

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const limit = Date.now() + 20_000; !await holds(); await sleep(10)) assert.ok(Date.now() < limit, what);
}

const kill = () => db.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast-listener'");

test('a change is told by its notification, and nobody has to look for it', async () => {
  const { client, send } = await serving({ pollMs: NEVER_MS });
  await until(async () => (await listeners()).length > 0, 'nobody listens');
  for (let count = 1; count <= 5; count += 1) {
    const { json: { id } } = await send('POST', '/api/orders', { body: ORDER });
    assert.equal((await client.has(count)).at(-1).id, id);
  }
});

test('a notification that is lost costs no more than the time until the feed is looked at anyway', async () => {
  const { client, send } = await serving({ pollMs: 300 });
  await db.query('ALTER TABLE changes DISABLE TRIGGER changes_notify');
  try {
    const { json: { id } } = await send('POST', '/api/orders', { body: ORDER });
    assert.deepEqual((await client.has(1)).map(nameOf), [`${id} 1`]);
  } finally {
    await db.query('ALTER TABLE changes ENABLE TRIGGER changes_notify');
  }
});

test('a listening connection that is cut is opened again, and what was committed meanwhile is found', async () => {
  const { client, send } = await serving({ pollMs: NEVER_MS });
  await until(async () => (await listeners()).length > 0, 'nobody listens');
  for (let round = 1; round <= 3; round += 1) {
    const before = await listeners();
    // In one transaction with the change: when it is committed, nobody can be listening.
    await db.transaction(async tx => {
      await tx.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast-listener'");
      await recordChange(tx, change(randomUUID(), 1));
    });
    await client.has(2 * round - 1);
    await until(async () => (await listeners()).some(pid => !before.includes(pid)), 'nobody listens again');
    await send('POST', '/api/orders', { body: ORDER });
    await client.has(2 * round);
  }
});

test('a change that an older transaction holds up is told once that has ended, which nobody announces', async () => {
  const { client } = await serving({ pollMs: NEVER_MS });
  await until(async () => (await listeners()).length > 0, 'nobody listens');
  const held = randomUUID();
  await db.transaction(async tx => {
    // It has a number now, and says nothing when it ends.
    await tx.query('SELECT pg_current_xact_id()');
    await db.transaction(other => recordChange(other, change(held, 1)));
    await sleep(300);
    assert.deepEqual(client.changes, []);
    throw new Error('changed my mind');
  }).catch((error: Error) => assert.equal(error.message, 'changed my mind'));
  assert.deepEqual((await client.has(1)).map(nameOf), [`${held} 1`]);
});

test('a database that is away for a while ends no link that is live, and nothing is missing afterwards', async () => {
  const { client, send } = await serving({ pollMs: 200 });
  const server = (await db.query<{ name: string }>("SELECT current_database() AS name"))[0]!.name;
  await db.query(`ALTER DATABASE ${server} ALLOW_CONNECTIONS false`).catch(() => {});
  await kill();
  await db.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast-server' AND pid <> pg_backend_pid()");
  await sleep(300);
  await db.query(`ALTER DATABASE ${server} ALLOW_CONNECTIONS true`);
  await until(async () => (await send('POST', '/api/orders', { body: ORDER })).status === 201, 'no write succeeds');
  await client.has(1);
  assert.equal(client.ended, null);
});
