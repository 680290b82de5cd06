// Several processes on one PostgreSQL, and what may go wrong between them and it.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPostgres, type Database } from '../../web/server/database.js';
import { deleteOrder } from '../../web/server/orders.js';
import { MIGRATIONS } from '../../web/server/migrations.js';
import { startCluster, type Cluster } from './cluster.js';
import { startOn, type Running } from './process.js';
import { assertProblem, atEnd, ORDER, sender, serve, type Answered, type TestServer } from './support.js';

type Send = TestServer['send'];

let cluster: Cluster;
/** Not a server's: for what somebody else does meanwhile. */
let db: Database;
let processes: Running[] = [];
let sends: Send[] = [];

before(async () => {
  cluster = await startCluster();
  atEnd(() => cluster.stop());
  // At once, and on a database with nothing in it.
  processes = [1, 2].map(() => startOn(cluster.url, '--port', '0'));
  sends = (await Promise.all(processes.map(({ url }) => url))).map(sender);
  db = await openPostgres(cluster.url);
  atEnd(() => db.close());
});

/** Sends to both, again and again after a 409 that asks for it. */
async function untilAnswered(send: Send, ...request: Parameters<Send>): Promise<Answered> {
  for (;;) {
    const answer = await send(...request);
    if (answer.json?.code !== 'still-running') return answer;
    await sleep(20);
  }
}

/** Does `meanwhile` while a transaction holds the order, and `inside` that transaction then. */
async function holding<T>(id: string, meanwhile: () => Promise<T>, inside = async () => {}): Promise<Promise<T>> {
  return db.transaction(async tx => {
    await tx.query('SELECT 1 FROM orders WHERE id = $1 FOR UPDATE', [id]);
    const running = meanwhile();
    await waiting(1);
    await inside();
    return [running] as const;
  }).then(([running]) => running);
}

/** Until so many connections wait for a lock. */
async function waiting(count: number): Promise<void> {
  const seen = async () => (await db.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).length;
  for (const limit = Date.now() + 10_000; await seen() < count;) {
    assert.ok(Date.now() < limit, `nobody waits for a lock, although ${count} should`);
    await sleep(10);
  }
}

test('processes that start at once on an empty database migrate it once', async () => {
  const done = await db.query<{ number: number }>('SELECT number FROM schema_migrations ORDER BY number');
  assert.deepEqual(done.map(row => row.number), MIGRATIONS.map(({ number }) => number));
  const more = await Promise.all(Array.from({ length: 8 }, () => openPostgres(cluster.url, { schema: 'of their "own"' })));
  await Promise.all(more.map(database => database.close()));
});

test('a transaction in which a statement has failed is never taken for a committed one', async () => {
  await assert.rejects(db.transaction(async tx => {
    await tx.query("INSERT INTO deleted_orders VALUES ('00000000-0000-0000-0000-000000000000', 1)");
    await tx.query('SELECT 1 / 0').catch(() => {});
  }), /rolled back, since a statement in it had failed/);
});

test('one key at two processes at once is applied once, and both give the same answer', async () => {
  for (let round = 0; round < 30; round += 1) {
    const customer = randomUUID();
    const sending = { body: { ...ORDER, customer }, headers: { 'idempotency-key': randomUUID() } };
    const answers = await Promise.all([...sends, ...sends].map(send => untilAnswered(send, 'POST', '/api/orders', sending)));
    assert.deepEqual(answers.map(({ status }) => status), [201, 201, 201, 201]);
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
    assert.equal(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null).length, 1);
    assert.equal((await sends[0]!('GET', `/api/orders?customer=${customer}`)).json.length, 1);
  }
});

test('of many writers at two processes that know one version, exactly one wins', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { json: { id } } = await sends[0]!('POST', '/api/orders', { body: ORDER });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, tip) =>
      sends[tip % 2]!('PATCH', `/api/orders/${id}`, { body: { tip }, headers: { 'if-match': '"1"' } })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412, 412, 412, 412, 412, 412, 412]);
    assert.equal((await sends[1]!('GET', `/api/orders/${id}`)).json.version, 2);
  }
});

test('an order that is made again while another process deletes it counts on from there', async () => {
  const { json: { id } } = await sends[0]!('POST', '/api/orders', { body: ORDER });
  await sends[0]!('PATCH', `/api/orders/${id}`, { body: { tip: 1 } });
  const made = await db.transaction(async tx => {
    await deleteOrder(tx, id, undefined);
    const making = sends[1]!('POST', '/api/orders', { body: { ...ORDER, id } });
    await waiting(1);
    return [making];
  }).then(([making]) => making!);
  assert.equal(made.status, 201);
  assert.ok(made.json.version > 2, `version ${made.json.version} has stood for another document`);
});

test('a process that is asked to stop answers what is under way, and refuses what comes then', async () => {
  const leaving = startOn(cluster.url, '--port', '0');
  const send = sender(await leaving.url);
  const { json: { id } } = await send('POST', '/api/orders', { body: ORDER });
  const answer = await holding(id, () => send('PATCH', `/api/orders/${id}`, { body: { tip: 7 } }), async () => {
    leaving.child.kill('SIGTERM');
    for (;;) {
      const refused = await send('GET', `/api/orders/${id}`).catch(() => null);
      if (refused?.status !== 200) break;
    }
  });
  assert.deepEqual([answer.status, answer.json.tip], [200, 7]);
  assert.deepEqual(await leaving.ended, { code: 0, stderr: '' });
});

test('a process that is killed in the middle of a write leaves nothing, and another carries it out', async () => {
  const dying = startOn(cluster.url, '--port', '0');
  const { json: { id } } = await sends[0]!('POST', '/api/orders', { body: ORDER });
  const patch: Parameters<Send> = ['PATCH', `/api/orders/${id}`, { body: { tip: 7 }, headers: { 'idempotency-key': randomUUID() } }];
  const send = sender(await dying.url);
  const lost = await holding(id, () => send(...patch).catch(() => 'lost'), async () => {
    dying.child.kill('SIGKILL');
    await dying.ended;
  });
  assert.equal(lost, 'lost');
  const answer = await untilAnswered(sends[0]!, ...patch);
  assert.deepEqual([answer.status, answer.json.version], [200, 2]);
});

test('a connection that breaks costs a 503 with Retry-After, and the next request has another', async () => {
  const { json: { id } } = await sends[0]!('POST', '/api/orders', { body: ORDER });
  const patch: Parameters<Send> = ['PATCH', `/api/orders/${id}`, { body: { tip: 7 }, headers: { 'idempotency-key': randomUUID() } }];
  const cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast-server' AND pid <> pg_backend_pid()";
  const answer = await holding(id, () => sends[0]!(...patch), async () => {
    await db.query(`${cut} AND wait_event_type = 'Lock'`);
  });
  assertProblem(answer, 503, 'database-unavailable');
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.equal((await untilAnswered(sends[0]!, ...patch)).json.version, 2);
  // Those that are idle, too.
  await db.query(`${cut} AND state = 'idle'`);
  await sleep(50);
  assert.deepEqual([(await sends[0]!('GET', `/api/orders/${id}`)).status, (await sends[1]!('GET', `/api/orders/${id}`)).status], [200, 200]);
});

test('a statement that takes too long is broken off and answered 503, and leaves its key free', async () => {
  const database = await openPostgres(cluster.url, { statementMs: 200 });
  atEnd(() => database.close());
  const { send, order } = await serve({ database });
  const { id } = await order();
  const patch: Parameters<Send> = ['PATCH', `/api/orders/${id}`, { body: { tip: 7 }, headers: { 'idempotency-key': randomUUID() } }];
  await holding(id, async () => assertProblem(await send(...patch), 503, 'database-unavailable'), () => sleep(400));
  assert.equal((await send(...patch)).json.version, 2);
});

test('no more connections are opened than allowed, and whatever wants one waits', async () => {
  const database = await openPostgres(cluster.url, { connectionsMax: 2 });
  atEnd(() => database.close());
  let running = 0;
  let most = 0;
  await Promise.all(Array.from({ length: 20 }, () => database.transaction(async tx => {
    most = Math.max(most, running += 1);
    await tx.query('SELECT pg_sleep(0.01)');
    running -= 1;
  })));
  assert.equal(most, 2);
});

test('a database that cannot be had is one line that says what to do, without the password', async () => {
  const socket = new URL(cluster.url.replace('@/', '@localhost/')).searchParams.get('host')!;
  const cases: [string, RegExp][] = [
    [`postgres://ada:s3cret@/orders?host=${socket}/nowhere`, /no PostgreSQL answers at \S+nowhere\/\.s\.PGSQL\.5432 \(ENOENT\); start it, or correct host and port/],
    [`postgres://ada:s3cret@127.0.0.1:1/orders`, /no PostgreSQL answers at 127\.0\.0\.1:1 \(ECONNREFUSED\); start it/],
    [`postgres://ada:s3cret@${encodeURIComponent(socket)}/orders`, /refuses the user ada .*; correct user and password/],
    [`postgres://holdfast:s3cret@/orders?host=${socket}`, /has no database orders; make it \(createdb orders\)/],
    [`postgres://ada:s3cret@[/orders`, /is no URL of a PostgreSQL database; give one like postgres:\/\/user:password@host/],
    [`mysql://ada:s3cret@localhost/orders`, /is no URL of a PostgreSQL database/],
  ];
  await Promise.all(cases.map(async ([url, told]) => {
    const { code, stderr } = await startOn(url, '--port', '0').ended;
    assert.equal(code, 1, url);
    assert.match(stderr, told);
    assert.match(stderr, /^holdfast-server: [^\n]*\n$/);
    assert.doesNotMatch(stderr, /s3cret/);
  }));
});

test('DATABASE_URL and --data together are refused, since only one can be meant', async () => {
  const { code, stderr } = await startOn(cluster.url, '--port', '0', '--data', '/tmp/orders').ended;
  assert.deepEqual([code, stderr], [1, 'holdfast-server: both DATABASE_URL and --data say where the orders are; give one of them\n']);
});
