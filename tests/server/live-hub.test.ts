// The hub by itself, in a plain Node server, over a feed that does what it is told.

import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLive, refuseUpgrade, type Feed, type FeedBatch, type LiveOptions, type Relay, type Relayed } from 'holdfast/server/live';
import { openLink, Refused, type LiveClient } from './live-client.js';
import { TRANSPORTS } from './live-contract.js';
import { atEnd } from './support.js';

/** A feed whose cursors are numbers: a change's own, or where the feed was. */
class NumberedFeed implements Feed {
  readonly changes: { at: number; change: object }[] = [];
  reads: string[] = [];
  /** Called once what a read gives is settled, and before it is given. */
  onRead = async (_cursor: string): Promise<void> => {};
  expired = (_cursor: string): boolean => false;
  #wake = (): void => {};
  present = 0;

  add(count: number, change: object = {}): void {
    for (let left = count; left > 0; left -= 1) this.changes.push({ at: this.present += 1, change: { number: this.present, ...change } });
    this.#wake();
  }

  listen(wake: () => void): () => Promise<void> {
    this.#wake = wake;
    return async () => {};
  }

  wake(): void {
    this.#wake();
  }

  compare(one: string, other: string): number | null {
    const difference = Number(one) - Number(other);
    return Number.isNaN(difference) ? null : difference;
  }

  async presentCursor(): Promise<string> {
    return String(this.present);
  }

  async readChanges(cursor: string, limit: number): Promise<FeedBatch | 'expired'> {
    this.reads.push(cursor);
    const left = this.changes.filter(({ at }) => at > Number(cursor));
    const changes = left.slice(0, limit).map(({ at, change }) => ({ cursor: String(at), change, writer: null }));
    const expired = Number.isNaN(Number(cursor)) || this.expired(cursor);
    await this.onRead(cursor);
    return expired ? 'expired' : { changes, cursor: changes.at(-1)?.cursor ?? cursor, more: left.length > limit };
  }
}

async function serving(feed: Feed, options: Omit<LiveOptions, 'feed'> = {}): Promise<string> {
  const live = openLive({ feed, ...options });
  const server = createServer((request, response) => void live.events(request, response));
  server.on('upgrade', live.upgrade);
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  atEnd(async () => {
    await live.close();
    server.closeAllConnections();
    await new Promise(done => server.close(done));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const numbers = (client: LiveClient): number[] => client.changes.map(({ number }) => number);
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, index) => first + index);

test('the feed is read once for all links, and a change is made a message once', async () => {
  const feed = new NumberedFeed();
  const url = await serving(feed);
  const clients = await Promise.all(Array.from({ length: 40 }, (_, index) => openLink(TRANSPORTS[index % 2]!, url)));
  await Promise.all(clients.map(client => client.live()));
  feed.reads = [];
  let made = 0;
  feed.add(1, { toJSON: () => { made += 1; return { number: 1 }; } });
  for (const client of clients) {
    await client.has(1);
    assert.deepEqual(numbers(client), [1]);
  }
  assert.deepEqual([feed.reads, made], [['0'], 1]);
});

test('those who come back from one place cost the database what one of them costs', async () => {
  const feed = new NumberedFeed();
  feed.add(250);
  feed.onRead = () => sleep(50);
  const url = await serving(feed);
  const clients = await Promise.all(Array.from({ length: 40 }, (_, index) => openLink(TRANSPORTS[index % 2]!, url, { after: '0' })));
  for (const client of clients) {
    await client.has(250);
    assert.deepEqual(numbers(client), upTo(250));
  }
  assert.ok(feed.reads.length <= 12, `${feed.reads.length} reads`);
});

test('no more are caught up from the database at once than is allowed', async () => {
  const feed = new NumberedFeed();
  feed.add(50);
  let [now, most] = [0, 0];
  feed.onRead = async () => {
    most = Math.max(most, now += 1);
    await sleep(10);
    now -= 1;
  };
  const url = await serving(feed, { limits: { catchUpsAtOnce: 3 } });
  const clients = await Promise.all(upTo(30).map(after => openLink('websocket', url, { after: String(after) })));
  await Promise.all(clients.map(client => client.live()));
  for (const [index, client] of clients.entries()) assert.deepEqual(numbers(client), upTo(50, index + 2));
  assert.equal(most, 3);
});

test('what another process has read is believed where it fits, and looked for where it does not', async () => {
  const feed = new NumberedFeed();
  let take = (_batch: Relayed): void => {};
  const published: Relayed[] = [];
  const relay: Relay = { publish: batch => { published.push(batch); }, listen: taker => { take = taker; return async () => {}; } };
  const url = await serving(feed, { relay, limits: { pollMs: 3_600_000 } });
  const client = await openLink('websocket', url);
  await client.live();
  const told = (after: string, first: number, last: number): Relayed => ({ after, cursor: String(last),
    changes: upTo(last, first).map(number => ({ cursor: String(number), change: { number }, writer: null })) });
  /** As if this process had not been woken. */
  const grow = (to: number) => { while (feed.present < to) feed.changes.push({ at: feed.present += 1, change: { number: feed.present } }); };

  grow(3);
  take(told('0', 1, 3));
  await client.has(3);
  assert.deepEqual(feed.reads, []);
  // Repeated, overlapping, of another feed.
  take(told('0', 1, 3));
  take(told('1', 2, 2));
  take(told('elsewhere', 4, 9));
  grow(5);
  take(told('2', 3, 5));
  await client.has(5);
  const late = await openLink('websocket', url, { after: '0' });
  await late.live();
  assert.deepEqual([numbers(client), numbers(late), feed.reads], [upTo(5), upTo(5), []]);
  // One before it was lost.
  grow(9);
  take(told('7', 8, 9));
  await client.has(9);
  assert.deepEqual([numbers(client), feed.reads], [upTo(9), ['5']]);
  assert.deepEqual(published.map(({ after, cursor }) => [after, cursor]), [['5', '9']]);
  // What woke it was told in time, and it looks later whether that was all.
  feed.add(1);
  take(told('9', 10, 10));
  feed.changes.push({ at: feed.present += 1, change: { number: feed.present } });
  await client.has(11);
  assert.deepEqual([numbers(client), feed.reads], [upTo(11), ['5', '10']]);
});

for (const transport of TRANSPORTS) {
  test(`${transport}: what is written while a read for a late one is under way is not skipped, even if the memory has gone on past it`, async () => {
    const feed = new NumberedFeed();
    feed.present = 10;
    const url = await serving(feed, { limits: { tailChangesMax: 5 } });
    const witness = await openLink(transport, url);
    await witness.live();
    let go = (): void => {};
    const gate = new Promise<void>(open => { go = open; });
    let held = 0;
    feed.onRead = async cursor => {
      if (cursor !== '9.5' || held > 0) return;
      held += 1;
      await gate;
    };
    // Where another process was: nothing has happened since, and yet it is another cursor than this one's.
    const late = await openLink(transport, url, { after: '9.5' });
    while (held === 0) await sleep(5);
    for (let count = 1; count <= 20; count += 1) {
      feed.add(1);
      await witness.has(count);
    }
    go();
    await late.has(20);
    await late.live();
    assert.deepEqual(numbers(late), upTo(30, 11));
    assert.equal(late.welcome.cursor, '9.5');
  });

  test(`${transport}: who stands before this process is sent what is new to him, and nothing that he has`, async () => {
    const feed = new NumberedFeed();
    const url = await serving(feed, { limits: { pollMs: 3_600_000 } });
    const witness = await openLink(transport, url);
    await witness.live();
    // Another process was quicker, and this one hasn't been woken.
    for (let at = 1; at <= 10; at += 1) feed.changes.push({ at, change: { number: feed.present = at } });
    const quick = await openLink(transport, url, { after: '7' });
    await quick.has(3);
    await quick.live();
    const quickest = await openLink(transport, url, { after: '10' });
    await quickest.live();
    feed.add(1);
    await Promise.all([quick.has(4), quickest.has(1), witness.has(11)]);
    assert.deepEqual([quick, quickest, witness].map(numbers), [upTo(11, 8), [11], upTo(11)]);
  });

  test(`${transport}: a catch-up goes no faster than it is taken, and nobody is sent away for that`, async () => {
    const feed = new NumberedFeed();
    feed.add(5_000, { note: 'x'.repeat(10_000) });
    const url = await serving(feed);
    const client = await openLink(transport, url, { after: '0' });
    client.stall();
    for (let before = -1; before !== feed.reads.length; await sleep(500)) before = feed.reads.length;
    assert.ok(feed.reads.length < 30, `${feed.reads.length} of 50 batches were read for a client that takes none`);
    client.resume();
    await client.has(5_000);
    assert.deepEqual(numbers(client), upTo(5_000));
  });

  test(`${transport}: a feed that can't be read at first is trouble and no welcome; later it is well again`, async () => {
    const feed = new NumberedFeed();
    feed.add(5);
    const url = await serving(feed);
    feed.onRead = async () => { throw new Error('no database'); };
    const failed = await openLink(transport, url, { after: '0' });
    assert.equal(await failed.finished(), transport === 'websocket' ? 1011 : 0);
    assert.deepEqual(failed.said, [{ type: 'bye', reason: 'trouble', retryAfterMs: null }]);
    feed.onRead = async () => {};
    const client = await openLink(transport, url, { after: '0' });
    await client.has(5);
  });

  test(`${transport}: live links outlast a feed that fails for a while`, async () => {
    const feed = new NumberedFeed();
    const url = await serving(feed);
    const client = await openLink(transport, url);
    await client.live();
    let failures = 0;
    feed.onRead = async () => { failures += 1; throw new Error('no database'); };
    feed.add(3);
    while (failures < 3) await sleep(5);
    feed.onRead = async () => {};
    await client.has(3);
    assert.deepEqual([numbers(client), client.ended], [[1, 2, 3], null]);
  });

  test(`${transport}: a database that was put back under the process sends every link away, and it comes back to a snapshot`, async () => {
    const feed = new NumberedFeed();
    feed.add(5);
    const url = await serving(feed);
    const client = await openLink(transport, url);
    await client.live();
    feed.expired = () => true;
    feed.wake();
    assert.equal(await client.finished(), transport === 'websocket' ? 1001 : 0);
    assert.equal(client.said.at(-1).reason, 'going-away');
    feed.present = 100;
    feed.expired = cursor => Number(cursor) < 100;
    const again = await openLink(transport, url, { after: client.cursor });
    await again.live();
    assert.deepEqual([again.welcome.expired, again.welcome.cursor], [true, '100']);
    feed.add(1);
    await again.has(1);
  });

  test(`${transport}: a process that is full sends whoever comes elsewhere`, async () => {
    const url = await serving(new NumberedFeed(), { limits: { linksMax: 3 } });
    const held = await Promise.all([openLink(transport, url), openLink(transport, url), openLink('websocket', url, { hello: false })]);
    await held[0]!.live();
    await assert.rejects(openLink(transport, url), (error: Refused) => error.status === 503 && error.json.code === 'too-many-links' && Number(error.headers['retry-after']) >= 1);
    held[2]!.cut();
    for (;;) {
      const client = await openLink(transport, url).catch((error: Refused) => assert.equal(error.status, 503));
      if (client) break;
    }
  });
}

test('a relay that fails keeps nobody here from being told', async () => {
  const feed = new NumberedFeed();
  const relay: Relay = { publish() { throw new Error('too large'); }, listen: () => async () => {} };
  const url = await serving(feed, { relay, limits: { pollMs: 60_000 } });
  const client = await openLink('websocket', url);
  await client.live();
  feed.add(1);
  await client.has(1);
});

test('who has to sign in is told so, be it by null or by an error of 401', async () => {
  const identify = (): never => { throw Object.assign(new Error('sign in'), { answer: { status: 401 } }); };
  const url = await serving(new NumberedFeed(), { identify });
  await assert.rejects(openLink('events', url), (error: Refused) => error.status === 401);
  const client = await openLink('websocket', url);
  assert.equal((await client.type('bye')).reason, 'auth');
  assert.equal(await client.finished(), 4401);
});

test('what comes as a URL need not be one', async () => {
  const url = await serving(new NumberedFeed());
  for (const path of ['//', 'http://a:99999999/api/live', '/api/live?after=%zz']) {
    const { port } = new URL(url);
    const status = await new Promise(done => {
      request({ port, host: '127.0.0.1', path, headers: { accept: 'text/event-stream' } }, answer => { done(answer.statusCode); answer.destroy(); })
        .on('error', done).end();
    });
    assert.equal(status, 200, path);
  }
});

test('a client that is gone before its upgrade is refused ends no process', async () => {
  const server = createServer();
  server.on('upgrade', (_request, socket) => refuseUpgrade(socket, { status: 404, headers: {}, body: 'x'.repeat(10_000_000) }));
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  atEnd(async () => { server.close(); server.closeAllConnections(); });
  const { port } = server.address() as AddressInfo;
  const gone = Array.from({ length: 50 }, () => new Promise<void>(done => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /nope HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    // The answer has begun, and can't end.
    socket.once('data', () => { socket.resetAndDestroy(); done(); });
    socket.on('error', () => {});
  }));
  await Promise.all(gone);
  await sleep(100);
});
