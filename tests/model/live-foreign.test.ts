// A connection to a server that speaks a language of its own: what holdfast hears of it, in its own protocol.
import assert from 'node:assert/strict';
import { describe, mock, test, type TestContext } from 'node:test';
import { Format, type Stale } from '../../js/host/live-format.js';
import { openForeign } from '../../js/host/live-foreign.js';
import type { Asked } from '../../js/host/live-messages.js';
import type { Hello, Listener, Transport } from '../../js/host/live-transports.js';
import type { LiveFormat } from '../../js/protocol/live-format.js';
import { authorization, token } from '../../js/protocol/live-format.js';

const kFormat: LiveFormat = {
  kind: 'event',
  changes: { saved: { resource: 'orders', document: '/data' }, changed: { resource: 'orders', id: '/id' } },
};

function world(t: TestContext, more: LiveFormat = {}, { transport = 'websocket', headers = [] }: { transport?: Transport; headers?: Asked['headers'] } = {}) {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setInterval', 'Date'], now: 1_000_000 });
  t.after(() => mock.timers.reset());
  const declared = { ...kFormat, ...more };
  const format = new Format(declared, { orders: { path: '/api/orders/:id' } }, ['orders']);
  const heard: { type: string; [member: string]: unknown }[] = [];
  const ends: [how: string, code: number][] = [];
  const said: string[] = [];
  const stale: Stale[] = [];
  const opened: { hello: Hello; server: Listener }[] = [];
  const listener: Listener = {
    opened: () => heard.push({ type: 'opened' }),
    message: (data) => heard.push(JSON.parse(data) as { type: string }),
    closed: (code) => ends.push(['closed', code]),
    refused: (status) => ends.push(['refused', status]),
  };
  const asked: Asked = { transport, url: new URL('https://a.example/ws'), after: 'c1', headers, credentials: 'omit' };
  const link = openForeign(declared, format, asked, listener, { stale: (entities) => stale.push(...entities), problem: () => undefined }, (_, hello, server) => {
    opened.push({ hello, server });
    return { send: (data) => said.push(data), close: () => undefined };
  });
  const types = () => heard.splice(0).map(({ type }) => type);
  return { link, heard, ends, said, stale, opened, types, server: opened[0]?.server as Listener, hello: opened[0]?.hello as Hello };
}

test('each connection is a gap, with nothing to catch up with behind it', (t) => {
  const { server, heard } = world(t, { heartbeatMs: 5_000 });
  server.opened();
  const [opened, welcome, caughtUp] = heard as [object, { cursor: string }, { cursor: string }];
  assert.deepEqual(opened, { type: 'opened' });
  assert.deepEqual(welcome, { type: 'welcome', cursor: welcome.cursor, expired: true, heartbeatMs: 5_000 });
  assert.deepEqual(caughtUp, { type: 'changes', after: welcome.cursor, changes: [], cursor: caughtUp.cursor, more: false });
  const other = world(t);
  other.server.opened();
  assert.notEqual(other.heard[1]!.cursor, welcome.cursor);
});

test('changes go on from each other; what only says that something has changed moves nothing', (t) => {
  const { server, heard, stale } = world(t);
  server.opened();
  server.message('{"event":"saved","data":{"id":1}}');
  server.message('{"event":"changed","id":2}');
  server.message('{"event":"saved","data":{"id":3}}');
  const batches = heard.filter(({ type }) => type === 'changes');
  assert.deepEqual(batches.slice(1).map(({ after }) => after), batches.slice(0, -1).map(({ cursor }) => cursor));
  assert.deepEqual(batches.map(({ changes }) => (changes as { id: string }[]).map(({ id }) => id)), [[], ['1'], ['3']]);
  assert.equal(new Set(batches.map(({ cursor }) => cursor)).size, 3);
  assert.deepEqual(stale, [{ resource: 'orders', id: '2' }]);
});

test('it begins once the server says that it is ready: what comes before is in what is read then', (t) => {
  const { server, types, stale } = world(t, { ready: 'subscribed' });
  server.opened();
  server.message('{"event":"saved","data":{"id":1}}');
  server.message('{"event":"changed","id":2}');
  assert.deepEqual(types(), ['opened']);
  assert.deepEqual(stale, []);
  server.message('{"event":"subscribed"}');
  server.message('{"event":"subscribed"}');
  assert.deepEqual(types(), ['welcome', 'changes', 'pong']);
});

describe('credentials', () => {
  const headers: Asked['headers'] = [['authorization', 'Bearer t1']];
  const wants: LiveFormat = { open: ['hello', { type: 'auth', header: authorization, deep: [{ token }] }], query: { token, v: '2' }, subprotocols: ['v1'] };

  test('stand where they were declared, whole or without their scheme', (t) => {
    const { hello } = world(t, wants, { headers });
    assert.deepEqual(hello.first, ['hello', '{"type":"auth","header":"Bearer t1","deep":[{"token":"t1"}]}']);
    assert.equal(hello.url.href, 'https://a.example/ws?token=t1&v=2');
    assert.deepEqual(hello.subprotocols, ['v1']);
  });

  test('that are wanted and missing end the attempt before it begins', (t) => {
    for (const more of [{ open: [{ token }] }, { query: { token } }, { replies: { who: { token } } }, { ping: { token } }]) {
      const { opened, ends } = world(t, more);
      assert.deepEqual([opened.length, ends], [0, [['refused', 401]]]);
    }
  });

  test('stand in the headers of server-sent events, whatever a WebSocket would say', (t) => {
    const { opened, ends } = world(t, { open: [{ token }] }, { transport: 'sse' });
    assert.deepEqual([opened.length, ends], [1, []]);
  });

  test('are refused by a kind of message or a close code that says so, and nothing is heard behind that', (t) => {
    const more: LiveFormat = { unauthorized: ['auth_error', 4001] };
    const byMessage = world(t, more);
    byMessage.server.opened();
    byMessage.types();
    byMessage.server.message('{"event":"auth_error"}');
    byMessage.server.message('{"event":"saved","data":{"id":1}}');
    assert.deepEqual([byMessage.ends, byMessage.types()], [[['closed', 4401]], []]);
    for (const [code, told] of [[4001, 4401], [4002, 4002], [1006, 1006]] as const) {
      const { server, ends } = world(t, more);
      server.closed(code, '');
      assert.deepEqual(ends, [['closed', told]]);
    }
  });
});

test('what a server asks is answered as declared', (t) => {
  const { server, said } = world(t, { replies: { ping: { event: 'pong' }, ack: 'subscribe' }, ready: 'ready' });
  for (const event of ['ack', 'ping', 'toString']) server.message(JSON.stringify({ event }));
  assert.deepEqual(said, ['subscribe', '{"event":"pong"}']);
});

describe('silence', () => {
  test('is asked about with the declared ping, and only the server answers', (t) => {
    const { server, link, said, types } = world(t, { ping: { event: 'ping' } });
    server.opened();
    types();
    link.send({ type: 'ping' });
    mock.timers.tick(120_000);
    assert.deepEqual([said, types()], [['{"event":"ping"}'], []]);
    link.send({ type: 'pong' });
    assert.equal(said.length, 1);
    server.message('{"event":"pong"}');
    assert.deepEqual(types(), ['pong']);
  });

  test('of a server that can\'t be asked is believed within its heartbeat, and not beyond', (t) => {
    const { server, link, types } = world(t, { heartbeatMs: 10_000 });
    server.opened();
    server.message('x');
    types();
    mock.timers.tick(11_000);
    link.send({ type: 'ping' });
    assert.deepEqual(types(), ['pong']);
    mock.timers.tick(1_000);
    link.send({ type: 'ping' });
    assert.deepEqual(types(), []);
  });

  for (const [transport, more] of [['websocket', {}], ['sse', {}], ['sse', { ping: 'ping' }]] as const) {
    test(`means nothing over ${transport} where nothing ${'ping' in more ? 'but a ping ' : ''}is declared, until the link ends`, (t) => {
      const { server, link, types } = world(t, more, { transport });
      server.opened();
      types();
      mock.timers.tick(60_000);
      assert.deepEqual(types(), ['pong', 'pong', 'pong']);
      link.close();
      mock.timers.tick(60_000);
      assert.deepEqual(types(), []);
    });
  }
});
