// A connection to a server that speaks a language of its own: what holdfast hears of it, in its own protocol.
import assert from 'node:assert/strict';
import { describe, mock, test, type TestContext } from 'node:test';
import { foreign } from '../../js/host/live-foreign.js';
import { Format, type Stale } from '../../js/host/live-format.js';
import type { Asked, Connect } from '../../js/host/live-messages.js';
import type { Hello, Listener } from '../../js/host/live-transports.js';
import { credential, cursor, token, type LiveFormat } from '../../js/protocol/live-format.js';

interface Batch { type: string; after: string; cursor: string; more: boolean; expired: boolean; heartbeatMs?: number; changes: { id: string }[] }

const kFormat: LiveFormat = {
  kind: 'event',
  kinds: { saved: { resource: 'orders', document: '/data' }, changed: { resource: 'orders', id: '/id' }, pong: 'ignore' },
};
/** One that begins when it says so, and tells what was missed. */
const kCursor: LiveFormat = {
  ...kFormat, kinds: { ...kFormat.kinds, ready: 'ready', lost: 'gap' }, cursor: 'seq', open: [{ since: cursor }], ends: { 410: 'gap', 4010: 'gap' },
};

/** Lets what was promised happen. */
const turn = async (): Promise<void> => { for (let i = 0; i < 20; i += 1) await Promise.resolve(); };

class World {
  heard: Batch[] = [];
  readonly ends: [how: string, code: number][] = [];
  readonly said: string[] = [];
  readonly stale: Stale[] = [];
  readonly problems: string[] = [];
  readonly opened: Hello[] = [];
  /** What was to be read again, and has been. */
  readonly read: (() => void)[] = [];
  /** Batches wait for it, if there is one. */
  taking: Promise<void> | undefined;
  server!: Listener;
  readonly connects: Connect;

  constructor(t: TestContext, format: LiveFormat = kFormat) {
    mock.timers.reset();
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
    t.after(() => mock.timers.reset());
    const reader = new Format(format, { orders: { path: '/api/orders/:id' } }, ['orders']);
    this.connects = foreign(format, reader, {
      stale: (user, entities) => {
        assert.equal(user, 'ana');
        this.stale.push(...entities);
        return new Promise((resolve) => this.read.push(resolve));
      },
      problem: (message) => this.problems.push(message),
    }, (_, hello, server) => {
      this.opened.push(hello);
      this.server = server;
      return { send: (data) => this.said.push(data), close: () => undefined };
    });
  }

  connect(more: Partial<Asked> = {}) {
    const asked: Asked = { transport: 'websocket', url: new URL('https://a.example/ws'), user: 'ana', after: null, headers: [], credentials: 'omit', ...more };
    const link = this.connects(asked, {
      opened: () => this.heard.push({ type: 'opened' } as Batch),
      message: (data) => {
        this.heard.push(JSON.parse(data) as Batch);
        return this.taking;
      },
      closed: (code) => this.ends.push(['closed', code]),
      refused: (status) => this.ends.push(['refused', status]),
    });
    return link;
  }

  /** Connected, and what the server says at once. */
  async begin(more: Partial<Asked> = {}, ...messages: object[]) {
    const link = this.connect(more);
    this.server.opened();
    await this.tell(...messages);
    return link;
  }

  async tell(...messages: (object | string)[]): Promise<void> {
    for (const message of messages) void this.server.message(typeof message === 'string' ? message : JSON.stringify(message));
    await turn();
  }

  types(): string[] {
    return this.heard.splice(0).map(({ type }) => type);
  }

  batches(): Batch[] {
    return this.heard.filter(({ type }) => type === 'changes');
  }

  /** The server's part of the cursor that was stored last. */
  get stored(): string {
    const last = this.heard.filter(({ type }) => type === 'changes' || type === 'welcome').at(-1)!;
    return last.cursor.split(':').slice(3).join(':');
  }
}

const saved = (id: number, seq?: number): object => ({ event: 'saved', data: { id }, ...(seq !== undefined && { seq }) });

test('each connection is a gap, with nothing to catch up with behind it', async (t) => {
  const world = new World(t, { ...kFormat, heartbeatMs: 5_000 });
  await world.begin();
  const [opened, welcome, caughtUp] = world.heard as [Batch, Batch, Batch];
  assert.deepEqual(opened, { type: 'opened' });
  assert.deepEqual(welcome, { type: 'welcome', cursor: welcome.cursor, expired: true, heartbeatMs: 5_000, resumes: false });
  assert.deepEqual(caughtUp, { type: 'changes', after: welcome.cursor, changes: [], cursor: caughtUp.cursor, more: false });
  await world.begin({ after: caughtUp.cursor });
  const again = world.heard.filter(({ type }) => type === 'welcome').at(-1)!;
  assert.equal(again.expired, true);
  assert.notEqual(again.cursor, welcome.cursor);
});

test('changes go on from each other; what only says that something has changed moves nothing', async (t) => {
  const world = new World(t);
  await world.begin({}, saved(1));
  await world.tell({ event: 'changed', id: 2 });
  await world.tell(saved(3));
  const batches = world.batches();
  assert.deepEqual(batches.slice(1).map(({ after }) => after), batches.slice(0, -1).map(({ cursor }) => cursor));
  assert.deepEqual(batches.map(({ changes }) => changes.map(({ id }) => id)), [[], ['1'], ['3']]);
  assert.equal(new Set(batches.map(({ cursor }) => cursor)).size, 3);
  assert.deepEqual(world.stale, [{ resource: 'orders', id: '2' }]);
});

test('what comes while a batch is taken in is the next one, as far as a step should be long', async (t) => {
  const world = new World(t);
  await world.begin();
  let taken!: () => void;
  world.taking = new Promise((resolve) => { taken = resolve; });
  await world.tell(saved(0), ...Array.from({ length: 250 }, (_, i) => saved(i + 1)));
  assert.deepEqual(world.batches().map(({ changes }) => changes.length), [0, 1]);
  world.taking = undefined;
  taken();
  await turn();
  assert.deepEqual(world.batches().map(({ changes }) => changes.length), [0, 1, 200, 50]);
  assert.deepEqual(world.batches().flatMap(({ changes }) => changes.map(({ id }) => Number(id))), Array.from({ length: 251 }, (_, i) => i));
});

test('who tells faster than it can be taken in is left, and told of it anew', async (t) => {
  const world = new World(t);
  await world.begin();
  world.taking = new Promise(() => undefined);
  const long = 'x'.repeat(1024 * 1024);
  await world.tell(...Array.from({ length: 10 }, (_, id) => ({ event: 'saved', data: { id, long } })));
  assert.deepEqual(world.ends, [['closed', 1013]]);
});

test('it begins once the server says that it is ready: what comes before is in what is read then', async (t) => {
  const world = new World(t, { ...kFormat, kinds: { ...kFormat.kinds, subscribed: 'ready' } });
  await world.begin({}, saved(1), { event: 'changed', id: 2 });
  assert.deepEqual(world.types(), ['opened']);
  assert.deepEqual(world.stale, []);
  await world.tell({ event: 'subscribed' }, { event: 'subscribed' });
  assert.deepEqual(world.types(), ['welcome', 'changes', 'pong', 'pong']);
});

describe('a cursor of the server\'s own', () => {
  test('is stored with the changes before it, and given back by the next connection', async (t) => {
    const world = new World(t, kCursor);
    await world.begin({}, { event: 'ready', seq: 5 });
    assert.deepEqual([world.opened[0]!.first, world.stored], [['{}'], '5']);
    await world.tell(saved(1, 6), saved(2, 7));
    const after = world.batches().at(-1)!.cursor;
    assert.equal(world.stored, '7');
    world.types();
    await world.begin({ after }, saved(3, 8));
    assert.equal(world.opened[1]!.first[0], '{"since":7}');
    const [, welcome, replay, told] = world.heard as [Batch, Batch, Batch, Batch];
    assert.deepEqual([welcome.cursor, welcome.expired, replay.after, told], [after, false, after, { type: 'changes', after: replay.cursor, changes: told.changes, cursor: told.cursor, more: true }]);
    assert.deepEqual(told.changes.map(({ id }) => id), ['3']);
    await world.tell({ event: 'ready', seq: 8 });
    assert.deepEqual(world.batches().map(({ more }) => more), [true, true, false]);
  });

  test('of another protocol is none, nor is what holdfast made up where there was none', async (t) => {
    for (const after of ['8d1f.91342.20817', 'own:x:3:']) {
      const world = new World(t, kCursor);
      await world.begin({ after }, { event: 'ready' });
      assert.deepEqual([world.opened[0]!.first, world.heard[1]!.expired], [['{}'], true]);
    }
  });

  test('waits for what is to be read again, and for no more than that', async (t) => {
    const world = new World(t, kCursor);
    await world.begin({}, { event: 'ready', seq: 1 });
    await world.tell(saved(1, 2), { event: 'changed', id: 2, seq: 3 }, saved(3, 4), { event: 'changed', id: 4, seq: 5 }, saved(5, 6));
    assert.deepEqual(world.batches().flatMap(({ changes }) => changes.map(({ id }) => id)), ['1', '3', '5']);
    assert.equal(world.stored, '2');
    world.read[1]!();
    await turn();
    assert.equal(world.stored, '2');
    world.read[0]!();
    await turn();
    assert.equal(world.stored, '6');
  });

  test('that the server can\'t go on from is a gap, by whatever word', async (t) => {
    for (const say of [
      (world: World) => world.begin({ after: 'own:x:3:7' }, { event: 'lost' }, { event: 'ready', seq: 9 }),
      async (world: World) => {
        await world.begin({ after: 'own:x:3:7' });
        void world.server.closed(4010, '');
        assert.deepEqual(world.ends, [['closed', 1001]]);
        await world.begin({ after: 'own:x:3:7' }, { event: 'ready', seq: 9 });
        assert.deepEqual(world.opened.map(({ first }) => first), [['{"since":7}'], ['{}']]);
      },
      async (world: World) => {
        world.connect({ after: 'own:x:3:7' });
        world.server.refused(410, null);
        assert.deepEqual(world.ends, [['closed', 1001]]);
        await world.begin({ after: 'own:x:3:7' }, { event: 'ready', seq: 9 });
      },
    ]) {
      const world = new World(t, kCursor);
      await say(world);
      const welcome = world.heard.find(({ type }) => type === 'welcome')!;
      assert.deepEqual([welcome.expired, world.stored], [true, '9']);
    }
  });

  test('and a gap while it is live: all is read again before it moves on', async (t) => {
    const world = new World(t, kCursor);
    await world.begin({}, { event: 'ready', seq: 1 });
    await world.tell({ event: 'lost', seq: 5 });
    assert.deepEqual([world.stale, world.stored], [[{ resource: 'orders', id: null }], '1']);
    world.read[0]!();
    await turn();
    assert.equal(world.stored, '5');
  });

  test('of server-sent events is their id', async (t) => {
    const world = new World(t, { kinds: { saved: { resource: 'orders', document: '' } }, cursor: 'Last-Event-ID' });
    await world.begin({ transport: 'sse', after: 'own:x:1:"e7"', headers: [['x-key', 'k']] });
    assert.deepEqual(world.opened[0]!.headers, [['x-key', 'k'], ['Last-Event-ID', 'e7']]);
    void world.server.message('{"id":1}', { name: 'saved', id: 'e8' });
    await turn();
    assert.equal(world.stored, '"e8"');
  });
});

describe('what can\'t be understood', () => {
  test('is told once for each kind, and read again at once, then ever more rarely', async (t) => {
    const world = new World(t, kCursor);
    await world.begin({}, { event: 'ready', seq: 0 });
    const odd = async (seq: number): Promise<number> => {
      await world.tell({ event: seq % 2 ? 'odd' : 'even', seq });
      mock.timers.tick(0);
      await turn();
      return world.read.length;
    };
    assert.deepEqual([await odd(1), await odd(2), await odd(3)], [1, 1, 1]);
    assert.equal(world.problems.length, 2);
    assert.match(world.problems[0]!, /^What https:\/\/a\.example\/ws said can't be understood, so what it may be about is read again: .*no 'odd'.*it was \{"event":"odd","seq":1\}/);
    mock.timers.tick(14_000);
    await turn();
    assert.equal(world.read.length, 1);
    mock.timers.tick(1_000);
    await turn();
    assert.equal(world.read.length, 3);  // Both that waited, in one round of reading.
    for (const read of world.read) read();
    await turn();
    assert.equal(world.stored, '3');
    assert.equal(await odd(4), 3);
    mock.timers.tick(29_000);
    await turn();
    assert.equal(world.read.length, 3);
    mock.timers.tick(1_000);
    await turn();
    assert.equal(world.read.length, 4);
  });

  test('is not looked for once the connection has ended: it is told again, or behind a gap', async (t) => {
    const world = new World(t);
    const link = await world.begin({}, { event: 'odd' });
    link.close();
    mock.timers.tick(60_000);
    await turn();
    assert.deepEqual(world.stale, []);
  });
});

describe('credentials', () => {
  const headers: Asked['headers'] = [['authorization', 'Bearer t1'], ['X-Api-Key', 'k1']];
  const wants: LiveFormat = {
    ...kFormat, open: ['hello', { type: 'auth', key: credential('x-api-key'), deep: [{ token }] }], query: { token, v: '2' }, subprotocols: ['v1', token],
  };

  test('stand where they were declared', (t) => {
    const world = new World(t, wants);
    world.connect({ headers });
    const [hello] = world.opened;
    assert.deepEqual(hello!.first, ['hello', '{"type":"auth","key":"k1","deep":[{"token":"t1"}]}']);
    assert.equal(hello!.url.href, 'https://a.example/ws?token=t1&v=2');
    assert.deepEqual(hello!.subprotocols, ['v1', 't1']);
  });

  test('that are wanted and missing end the attempt before it begins', (t) => {
    for (const more of [{ open: [{ token }] }, { query: { token } }, { kinds: { who: { answer: [token] } } }, { ping: { token } }, { subprotocols: [token] }, { open: [{ key: credential('x-key') }] }]) {
      const world = new World(t, { ...kFormat, ...more });
      world.connect();
      assert.deepEqual([world.opened.length, world.ends], [0, [['refused', 401]]]);
    }
  });

  test('stand in the headers of server-sent events, whatever a WebSocket would say', (t) => {
    const world = new World(t, { ...kFormat, open: [{ token }] });
    world.connect({ transport: 'sse' });
    assert.deepEqual([world.opened.length, world.ends], [1, []]);
  });
});

describe('an end', () => {
  const format: LiveFormat = { ...kFormat, kinds: { ...kFormat.kinds, denied: 'unauthorized', full: 'limit' }, ends: { 4001: 'unauthorized', 4002: 'forbidden', 420: 'limit' } };

  test('by a message means what was declared, and nothing is heard behind it', async (t) => {
    for (const [event, code] of [['denied', 4401], ['full', 4429]] as const) {
      const world = new World(t, format);
      await world.begin();
      world.types();
      await world.tell({ event }, saved(1));
      world.server.closed(1000, '');
      assert.deepEqual([world.ends, world.types()], [[['closed', code]], []]);
    }
  });

  test('by a code means what was declared, and else no more than the standard says', (t) => {
    for (const [code, told] of [[4001, 4401], [4002, 4403], [4401, 1006], [4404, 1006], [3000, 1006], [1006, 1006], [1013, 1013]] as const) {
      const world = new World(t, format);
      world.connect();
      world.server.closed(code, '');
      assert.deepEqual(world.ends, [['closed', told]]);
    }
    for (const [status, told] of [[420, ['closed', 4429]], [404, ['refused', 404]]] as const) {
      const world = new World(t, format);
      world.connect();
      world.server.refused(status, null);
      assert.deepEqual(world.ends, [told]);
    }
  });
});

test('what a server asks is answered as declared, also before it begins', async (t) => {
  const world = new World(t, { ...kCursor, kinds: { ...kCursor.kinds, ping: { answer: { event: 'pong', at: cursor } }, who: { answer: 'me' } } });
  await world.begin({}, { event: 'who' }, { event: 'ready', seq: 4 }, { event: 'ping' });
  assert.deepEqual(world.said, ['me', '{"event":"pong","at":4}']);
});

describe('silence', () => {
  test('is asked about with the declared ping, and only the server answers', async (t) => {
    const world = new World(t, { ...kFormat, ping: { event: 'ping' } });
    const link = await world.begin();
    assert.equal('heartbeatMs' in world.heard[1]!, false);
    world.types();
    link.send({ type: 'ping' });
    assert.deepEqual([world.said, world.types()], [['{"event":"ping"}'], []]);
    link.send({ type: 'pong' });
    assert.equal(world.said.length, 1);
    await world.tell({ event: 'pong' });
    assert.deepEqual(world.types(), ['pong']);
  });

  for (const [what, format, transport, ms] of [
    ['a heartbeat', { heartbeatMs: 10_000 }, 'websocket', 10_000], ['nothing', {}, 'websocket', 600_000], ['nothing but a ping, over server-sent events,', { ping: 'ping' }, 'sse', 600_000],
  ] as const) {
    test(`of a server of which ${what} is known is believed for as long as that, and not beyond`, async (t) => {
      const world = new World(t, { ...kFormat, ...format });
      const link = await world.begin({ transport });
      assert.equal(world.heard[1]!.heartbeatMs, ms);
      world.types();
      mock.timers.tick(ms * 1.1);
      link.send({ type: 'ping' });
      assert.deepEqual(world.types(), ['pong']);
      mock.timers.tick(ms * 0.1);
      link.send({ type: 'ping' });
      assert.deepEqual([world.types(), world.said], [[], []]);
    });
  }

  test('is none where comments come', async (t) => {
    const world = new World(t, { ...kFormat, heartbeatMs: 10_000 });
    const link = await world.begin({ transport: 'sse' });
    world.types();
    mock.timers.tick(11_000);
    world.server.alive!();
    mock.timers.tick(11_000);
    link.send({ type: 'ping' });
    assert.deepEqual(world.types(), ['pong', 'pong']);
  });
});
