// What whoever runs the server sees of it.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DatabaseUnavailable, openPglite, type Database } from '../../web/server/database.js';
import { openLink } from './live-client.js';
import { start } from './process.js';
import { assertProblem, atEnd, EMPTY_DATABASE, ORDER, sender, serve } from './support.js';

let data = '';
let db: Database;
before(async () => {
  data = await mkdtemp(join(tmpdir(), 'holdfast-running-'));
  db = await openPglite();
  atEnd(() => db.close());
});
after(() => rm(data, { recursive: true, force: true }));

test('a process whose database is away is alive, and not ready', async () => {
  let away = false;
  const { send } = await serve({ database: { ...EMPTY_DATABASE, async query() {
    if (away) throw new DatabaseUnavailable('gone');
    return [];
  } } });
  assert.deepEqual([(await send('GET', '/api/health')).status, (await send('GET', '/api/ready')).status], [200, 200]);
  away = true;
  assert.equal((await send('GET', '/api/health')).status, 200);
  assertProblem(await send('GET', '/api/ready'), 503, 'database-unavailable');
});

test('neither question needs a sign-in', async () => {
  const { send } = await serve({ database: EMPTY_DATABASE, requireAuth: true });
  assert.deepEqual([(await send('GET', '/api/health')).status, (await send('GET', '/api/ready')).status], [200, 200]);
});

test('a process that is asked to stop says first that it is not ready, goes on for a while, and then sends its links away', async () => {
  const leaving = start('--port', '0', '--data', join(data, 'leaving'), '--leave-ms', '2000', '--log');
  const url = await leaving.url;
  const send = sender(url);
  let log = '';
  leaving.child.stdout!.on('data', chunk => { log += chunk; });
  const client = await openLink('websocket', url);
  await client.live();
  leaving.child.kill('SIGTERM');
  for (;;) {
    const { status } = await send('GET', '/api/ready');
    if (status === 503) break;
  }
  assertProblem(await send('GET', '/api/ready'), 503, 'leaving');
  const written = await send('POST', '/api/orders', { body: ORDER });
  assert.equal(written.status, 201);
  assert.deepEqual((await client.has(1)).map(({ id }) => id), [written.json.id]);
  assert.equal(client.ended, null);
  assert.equal(await client.finished(), 1001);
  assert.deepEqual(await leaving.ended, { code: 0, stderr: '' });
  const lines = log.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line));
  assert.ok(lines.some(line => line.req?.method === 'POST' && line.req.url === '/api/orders'), log);
  assert.ok(lines.some(line => line.reason === 'going-away' && line.transport === 'websocket'), log);
});

test('what happens is counted, by what is declared and never by what people send', async () => {
  const { url, send, order } = await serve({ database: db });
  const clients = await Promise.all([openLink('websocket', url), openLink('events', url), openLink('events', url)]);
  await Promise.all(clients.map(client => client.live()));
  const { id } = await order();
  await send('GET', `/api/orders/${id}`);
  await send('GET', '/api/orders/no-such-order');
  await send('GET', '/no-such-page');
  await Promise.all(clients.map(client => client.has(1)));
  const again = await openLink('websocket', url, { after: clients[0]!.welcome.cursor });
  await again.has(1);
  await assert.rejects(openLink('websocket', url, { headers: { origin: 'https://evil.example.com' } }));
  const { text, headers } = await send('GET', '/metrics');
  assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  for (const line of [
    'holdfast_links{transport="websocket"} 2', 'holdfast_links{transport="events"} 2',
    'holdfast_links_refused_total{transport="websocket",code="foreign-origin"} 1',
    'holdfast_feed_changes_total 1', 'holdfast_feed_batches_total 1', 'holdfast_feed_lag_seconds_count 1',
    'holdfast_changes_delivered_total 4', 'holdfast_catch_ups_total{from="memory"} 1',
    'holdfast_requests_total{method="GET",route="/api/orders/:id",status="200"} 1',
    'holdfast_requests_total{method="GET",route="/api/orders/:id",status="404"} 1',
    'holdfast_requests_total{method="GET",route="none",status="404"} 1',
  ]) assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
  assert.ok(!text.includes(id) && !text.includes('no-such'));
  clients[1]!.cut();
  for (;;) {
    const told = (await send('GET', '/metrics')).text;
    if (told.includes('holdfast_links{transport="events"} 1\n') && told.includes('holdfast_links_closed_total{transport="events",reason="closed"} 1\n')) break;
  }
});

test('who writes more often than is allowed is told when to go on, and others are not held up', async () => {
  const { send } = await serve({ database: db, requireAuth: true, writesPerSecond: 3 });
  const as = async (user: string) => ({ authorization: `Bearer ${(await send('POST', '/api/login', { body: { user } })).json.token}` });
  const [ada, bob] = [await as('ada'), await as('bob')];
  const key = { 'idempotency-key': 'refused-once' };
  const answers = await Promise.all(Array.from({ length: 4 }, () => send('POST', '/api/orders', { body: ORDER, headers: ada })));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, 201, 429]);
  const refused = await send('POST', '/api/orders', { body: ORDER, headers: { ...ada, ...key } });
  assertProblem(refused, 429, 'too-many-writes');
  assert.equal(refused.headers.get('retry-after'), '1');
  assert.equal((await send('GET', '/api/orders', { headers: ada })).status, 200);
  assert.equal((await send('POST', '/api/orders', { body: ORDER, headers: bob })).status, 201);
  for (let status = 429; status !== 201;) ({ status } = await send('POST', '/api/orders', { body: ORDER, headers: { ...ada, ...key } }));
});
