// Processes that tell each other of changes through NATS instead of PostgreSQL, and what becomes of that when it fails.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS, type Limits } from 'holdfast/server/live';
import { feedName } from '../../web/server/changes.js';
import { openPostgres } from '../../web/server/database.js';
import { openNats } from '../../web/server/nats.js';
import { startCluster } from './cluster.js';
import { openLink } from './live-client.js';
import { assertSame, Site } from './live-site.js';
import { startGate, startNats, type NatsServer } from './nats-cluster.js';
import { startOn } from './process.js';
import { atEnd, ORDER, sender, serve } from './support.js';

/** As good as never: what comes was not found by looking. */
const NEVER_MS = 3_600_000;
const kServers = 3;

let url = '';
before(async () => {
  const cluster = await startCluster();
  atEnd(() => cluster.stop());
  url = cluster.url;
});

async function startTwo(): Promise<NatsServer[]> {
  const servers = await startNats(2);
  for (const { kill } of servers) atEnd(kill);
  return servers;
}

/** Servers that are told nothing by PostgreSQL. */
async function serving(nats: { url: string }[], live: Partial<Limits>, count = kServers): Promise<Site> {
  const db = await openPostgres(url, { notify: false });
  atEnd(() => db.close());
  const feed = await feedName(db);
  const servers = await Promise.all(Array.from({ length: count }, async (_, index) => {
    const database = await openPostgres(url, { notify: false });
    atEnd(() => database.close());
    // Each is told one, and learns of the other there.
    const bus = openNats(nats[index % 2]!.url, feed, () => {});
    atEnd(() => bus.close());
    return serve({ database, bus, live });
  }));
  return new Site(servers.map(server => server.url), db, servers.map(server => server.close));
}

async function count(site: Site, name: string): Promise<number> {
  const texts = await Promise.all(site.sends.map(async send => (await send('GET', '/metrics')).text));
  return texts.reduce((sum, text) => sum + Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0), 0);
}

const linkAll = async (site: Site) => {
  const clients = await Promise.all(site.urls.map(server => openLink('websocket', server)));
  await Promise.all(clients.map(client => client.live()));
  return clients;
};

test('what is written at one process is told by all, and read by fewer', async () => {
  const site = await serving(await startTwo(), { pollMs: NEVER_MS });
  const clients = await linkAll(site);
  for (let written = 1; written <= 60; written += 1) {
    await site.send('POST', '/api/orders', { body: ORDER });
    if (written % 10 === 0) for (const client of clients) await client.has(written);
  }
  for (const client of clients) await assertSame(client, site, client.welcome.cursor);
  const [read, relayed] = [await count(site, 'holdfast_feed_changes_total'), await count(site, 'holdfast_feed_changes_relayed_total')];
  assert.ok(relayed > 0 && read < kServers * 60, `${read} read, ${relayed} relayed`);
});

test('a process that nobody is linked to tells the others, too', async () => {
  const site = await serving(await startTwo(), { pollMs: NEVER_MS });
  const client = await site.linkAt(0, 'websocket');
  await client.live();
  for (let written = 1; written <= 5; written += 1) {
    await site.sends[1]!('POST', '/api/orders', { body: ORDER });
    await client.has(written);
  }
});

test('one of two NATS servers may be killed, and nothing is missing or comes twice', async () => {
  const nats = await startTwo();
  const site = await serving(nats, { pollMs: NEVER_MS });
  const clients = await linkAll(site);
  let written = 0;
  const write = async (count: number) => {
    for (; count > 0; count -= 1) {
      await site.send('POST', '/api/orders', { body: ORDER });
      written += 1;
    }
    for (const client of clients) await client.has(written);
  };
  await write(20);
  await nats[0]!.kill();
  await write(20);
  for (const client of clients) {
    await assertSame(client, site, client.welcome.cursor);
    assert.equal(client.ended, null);
  }
});

// The first process has a way to NATS of its own, which is closed for a while.
for (const [what, reader, writer] of [
  ['what others said while a process had no NATS is found once it has it again', 0, 1],
  ['what a process could not say while it had no NATS is said once it has it again', 1, 0],
] as const) {
  test(what, async () => {
    const [server] = await startNats(1);
    atEnd(server!.kill);
    const gate = await startGate(server!);
    atEnd(gate.end);
    const site = await serving([gate, server!], { pollMs: NEVER_MS }, 2);
    const client = await site.linkAt(reader, 'websocket');
    await client.live();
    await site.sends[writer]!('POST', '/api/orders', { body: ORDER });
    await client.has(1);
    // The look that follows upon what a process was told is over.
    await sleep(4 * LIMITS.relayedMs);
    gate.close();
    await sleep(50);
    await site.sends[writer]!('POST', '/api/orders', { body: ORDER });
    await sleep(300);
    assert.equal(client.changes.length, 1);
    gate.open();
    await client.has(2);
  });
}

test('without any NATS server, changes are found by looking', async () => {
  const nats = await startTwo();
  const site = await serving(nats, { pollMs: 200 });
  const clients = await linkAll(site);
  await Promise.all(nats.map(({ kill }) => kill()));
  await site.send('POST', '/api/orders', { body: ORDER });
  for (const client of clients) await client.has(1);
});

test('a server whose NATS_URL names it is told of changes through it', async () => {
  const [one] = await startTwo();
  process.env['NATS_URL'] = one!.url;
  try {
    const urls = await Promise.all([startOn(url, '--port', '0').url, startOn(url, '--port', '0').url]);
    const client = await openLink('websocket', urls[0]!);
    await client.live();
    const { json: { id } } = await sender(urls[1]!)('POST', '/api/orders', { body: ORDER });
    assert.equal((await client.has(1))[0].id, id);
    const { code, stderr } = await startOn('', '--port', '0', '--data', '/tmp/never-made').ended;
    assert.equal(code, 1);
    assert.match(stderr, /^holdfast-server: NATS_URL is for several processes on one database; say with DATABASE_URL which, or leave it out\n$/);
  } finally {
    delete process.env['NATS_URL'];
  }
});
