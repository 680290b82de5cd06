// What an app's own server says over the live link, read by its declaration; and mistakes in that, told by their fields.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { coveredBy, Format, type EventOf, type Told } from '../../js/host/live-format.js';
import { checkFormat } from '../../js/host/live-format-check.js';
import type { HoldfastConfig, LiveConfig } from '../../js/protocol/config.js';
import { credential, cursor, token, type LiveFormat, type LiveRule } from '../../js/protocol/live-format.js';

const kResources: HoldfastConfig['resources'] = {
  orders: { path: '/api/orders/:id', version: 'version' },
  notes: { path: '/api/users/:user/notes/:id', id: '/key' },
  profile: { path: '/api/profile', singleton: true },
};

const formatOf = (format: LiveFormat, covered = Object.keys(kResources)): Format => new Format(format, kResources, covered);

/** A server that sends {event, data}. */
const kFormat: LiveFormat = {
  kind: '/event',
  kinds: {
    'order.updated': { resource: 'orders', document: '/data', version: '/data/version', key: '/key' },
    'order.deleted': { resource: 'orders', id: '/data/id', deleted: true, version: '/data/version' },
    'order.moved': { resource: 'orders', document: '/data', deleted: '/data/gone~1at' },
    'order.patched': { resource: 'orders', document: '/data', partial: true },
    order_changed: { resource: 'orders', id: 'id' },
    orders_changed: { resource: 'orders' },
    'note.saved': { resource: 'notes', id: ['/user', '/data/key'], document: '/data' },
    'profile.saved': { resource: 'profile', document: '/data' },
    hello: 'ready', lost: 'gap', typing: 'ignore', denied: 'unauthorized', ping: { answer: { event: 'pong' } },
  },
  cursor: '/seq',
};

const read = (event: string, more: object = {}): Told => formatOf(kFormat).read(JSON.stringify({ event, ...more }));

describe('a message of a declared kind', () => {
  test('is the whole document, with the version and the key that were declared', () => {
    const document = { id: 7, tip: 100, version: 3 };
    assert.deepEqual(read('order.updated', { data: document, key: 'k1' }).changes,
      [{ resource: 'orders', id: '7', version: 3, kind: 'upsert', document, key: 'k1' }]);
    assert.deepEqual(read('order.updated', { data: { id: 7 } }).changes, [{ resource: 'orders', id: '7', version: 0, kind: 'upsert', document: { id: 7 } }]);
  });

  test('has as many changes as documents, and what is said of each stands in it', () => {
    const told = read('order.updated', { data: [{ id: 'a', version: 2 }, { id: 'b', version: 5 }] });
    assert.deepEqual(told.changes.map(({ id, version }) => [id, version]), [['a', 2], ['b', 5]]);
    const moved = read('order.moved', { data: [{ id: 'a', 'gone/at': '2026' }, { id: 'b', 'gone/at': null }, { id: 'c' }] });
    assert.deepEqual(moved.changes.map(({ id, kind }) => [id, kind]), [['a', 'delete'], ['b', 'upsert'], ['c', 'upsert']]);
  });

  test('says that something is gone: by its kind, or by what stands in the document', () => {
    assert.deepEqual(read('order.deleted', { data: { id: 'a', version: 4 } }).changes,
      [{ resource: 'orders', id: 'a', version: 4, kind: 'delete', document: null }]);
    const kinds = [null, false, '2026-05-01', undefined].map((at) => read('order.moved', { data: { id: 'a', 'gone/at': at } }).changes[0]?.kind);
    assert.deepEqual(kinds, ['upsert', 'upsert', 'delete', 'upsert']);
  });

  test('that says by its document what is gone may have an id alone then', () => {
    const format = formatOf({ kind: 'event', kinds: { left: { resource: 'orders', id: 'id', document: 'data', deleted: 'gone' } } });
    const [gone] = format.read('{"event":"left","id":"a","gone":true}').changes;
    assert.deepEqual([gone?.kind, gone?.id], ['delete', 'a']);
    assert.ok(format.read('{"event":"left","id":"a"}').problem);
  });

  test('that only says that something has changed, or has a part of it, is no document', () => {
    for (const told of [read('order_changed', { id: 7 }), read('order.patched', { data: { id: 7, tip: 5 } })]) {
      assert.deepEqual([told.changes, told.stale, told.problem], [[], [{ resource: 'orders', id: '7' }], null]);
    }
    assert.deepEqual(read('order_changed', { id: [7, 8] }).stale.map(({ id }) => id), ['7', '8']);
    assert.deepEqual(read('orders_changed').stale, [{ resource: 'orders', id: null }]);
  });

  test('names what lies below something by the ids of both, several below the same one too', () => {
    assert.deepEqual(read('note.saved', { user: 'ana', data: { key: 'n1' } }).changes.map(({ id }) => id), ['ana/n1']);
    assert.deepEqual(read('note.saved', { user: 'a/b', data: [{ key: 1 }, { key: '5%' }] }).changes.map(({ id }) => id), ['a%2Fb/1', 'a%2Fb/5%25']);
    const told = read('note.saved', { data: { key: 'n1' } });
    assert.deepEqual([told.changes, told.stale], [[], [{ resource: 'notes', id: null }]]);
    assert.match(told.problem!, /nothing at '\/user'/);
  });

  test('of a single document needs no id', () => {
    assert.deepEqual(read('profile.saved', { data: { name: 'Ana' } }).changes.map(({ id }) => id), ['']);
  });

  for (const [what, more] of Object.entries({
    'no document': {}, 'a text for a document': { data: 'x' }, 'a document without an id': { data: { tip: 1 } },
    'null': { data: null }, 'a version below 0': { data: { id: 'a', version: -1 } }, 'half a version': { data: { id: 'a', version: 1.5 } },
    'a version that is a text': { data: { id: 'a', version: '2' } },
  })) {
    test(`with ${what} can't be read: what it may be about is read again, and it is told`, () => {
      const told = read('order.updated', more);
      assert.deepEqual(told.changes, []);
      assert.deepEqual(told.stale, [{ resource: 'orders', id: null }]);
      assert.ok(told.problem);
    });
  }

  test('whose document is deeper than the engine looks is read again', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 190; level += 1) deep = { deep };
    assert.deepEqual(read('order.updated', { data: { id: 'a', deep } }).stale, [{ resource: 'orders', id: 'a' }]);
  });

  test('is about the connection, and tells no change', () => {
    for (const [event, signal] of [['hello', 'ready'], ['typing', 'ignore'], ['denied', 'unauthorized']] as const) {
      const told = read(event);
      assert.deepEqual([told.signal, told.changes, told.stale, told.problem], [signal, [], [], null]);
    }
    assert.deepEqual(read('ping').answer, { event: 'pong' });
    assert.deepEqual(read('lost').stale.map(({ resource, id }) => [resource, id]), [['orders', null], ['notes', null], ['profile', null]]);
  });

  test('says how far the server has come, whatever else it says', () => {
    assert.deepEqual([read('hello', { seq: 0 }).cursor, read('typing', { seq: 'x9' }).cursor, read('hello').cursor, read('hello', { seq: {} }).cursor], [0, 'x9', undefined, undefined]);
    const events = formatOf({ kinds: { '*': 'ignore' }, cursor: 'Last-Event-ID' });
    assert.equal(events.read('x', { name: 'message', id: '7' }).cursor, '7');
    assert.equal(events.read('{"Last-Event-ID":1}', { name: 'message' }).cursor, undefined);
  });
});

test('what nobody has said the meaning of may have been a change of anything, and the words say what to do', () => {
  const unnamed: [data: string, why: RegExp][] = [
    ['{"event":"archived"}', /kinds has no 'archived': say there what it means, or '\*': 'ignore'/], ['{"event":"constructor"}', /no 'constructor'/],
    ['{"event":"__proto__"}', /no '__proto__'/], ['{"event":{}}', /doesn't say of which kind/], ['[]', /doesn't say of which kind/],
    ['', /kinds has no ''/], ['pong', /kinds has no 'pong'/], ['null', /no 'null'/], ['7', /no '7'/],
  ];
  for (const [data, why] of unnamed) {
    const { changes, stale, problem } = formatOf(kFormat, ['orders', 'notes']).read(data);
    assert.deepEqual([changes, stale.map(({ resource, id }) => [resource, id])], [[], [['orders', null], ['notes', null]]], data);
    assert.match(problem!, why, data);
    const known = formatOf({ ...kFormat, kinds: { ...kFormat.kinds, '*': 'ignore' } }).read(data);
    assert.deepEqual([known.stale, known.problem], [[], null], data);
  }
});

describe('a kind', () => {
  const kindOf = (format: Partial<LiveFormat>, data: string, event?: EventOf): string | null => formatOf(format).read(data, event).kind;

  test('is a server-sent event\'s name where no place is declared', () => {
    const format = formatOf({ kinds: { saved: { resource: 'orders', document: '' } } });
    assert.deepEqual(format.read('{"id":1}', { name: 'saved' }).changes.map(({ id }) => id), ['1']);
    assert.ok(format.read('{"id":1}', { name: 'other' }).problem);
    assert.equal(kindOf({ kind: 'event' }, '{"event":"a"}', { name: 'saved' }), 'a');
  });

  test('is a text itself that is no JSON object, and what is found of several places', () => {
    assert.equal(kindOf({ kind: 'event' }, 'pong'), 'pong');
    assert.equal(kindOf({}, '2'), '2');
    const kind = ['table', 'op'];
    assert.deepEqual(['{"table":"orders","op":3}', '{"op":"x"}', '{"table":{}}'].map((data) => kindOf({ kind }, data)), ['orders 3', 'x', null]);
    assert.equal(kindOf({ kind: '/3' }, '[1,2,"orders","saved"]'), 'saved');
  });
});

test('a place leads on into a text that is JSON itself', () => {
  const data = JSON.stringify({ event: 'order.updated', data: JSON.stringify({ id: 7, tip: 1, version: 4 }) });
  assert.deepEqual(formatOf(kFormat).read(data).changes, [{ resource: 'orders', id: '7', version: 4, kind: 'upsert', document: { id: 7, tip: 1, version: 4 } }]);
  assert.ok(read('order.updated', { data: '{' }).problem);
});

describe('a function', () => {
  test('makes changes of a text, and leaves the rest to the kinds', () => {
    const format = formatOf({ ...kFormat, read: (data) => {
      const [what, id, tip] = data.split(' ');
      return what === 'tip' ? [{ resource: 'orders', id: id!, document: { id, tip: Number(tip) }, version: 2, key: 'k' }, { resource: 'notes' }]
        : what === 'note' ? [{ resource: 'notes', id: ['ana', id!] }] : what === 'nothing' ? [] : null;
    } });
    const { changes, stale } = format.read('tip 7 250');
    assert.deepEqual(changes, [{ resource: 'orders', id: '7', version: 2, kind: 'upsert', document: { id: '7', tip: 250 }, key: 'k' }]);
    assert.deepEqual(stale, [{ resource: 'notes', id: null }]);
    assert.deepEqual(format.read('note n1').stale, [{ resource: 'notes', id: 'ana/n1' }]);
    assert.deepEqual([format.read('nothing').problem, format.read('nothing').stale], [null, []]);
    assert.equal(format.read('{"event":"hello"}').signal, 'ready');
    assert.ok(format.read('else').problem);
  });

  for (const [what, read] of Object.entries({
    'throws': () => { throw new Error('no'); },
    'returns what is no array': () => '' as never,
    'returns a promise': (async () => []) as never,
    'returns what is no change': () => [null] as never,
    'returns too few ids': () => [{ resource: 'notes', id: 'n1' }],
    'doesn\'t say what is gone': () => [{ resource: 'orders', deleted: true }],
    'names a resource that the link doesn\'t cover': () => [{ resource: 'profile', document: {} }],
  } satisfies Record<string, LiveFormat['read']>)) {
    test(`that ${what}: all that the link covers is read again, and it is told`, () => {
      const told = formatOf({ read }, ['orders', 'notes']).read('x');
      assert.deepEqual(told.stale.map(({ resource, id }) => [resource, id]), [['orders', null], ['notes', null]]);
      assert.ok(told.problem);
    });
  }
});

describe('the servers in docs/live.md', () => {
  const docs = readFileSync(new URL('../../docs/live.md', import.meta.url), 'utf8');
  const rows = [...docs.slice(docs.indexOf('### Some servers')).matchAll(/^\| ([^|`]+) \| `(\w+: [^`]+)`/gm)];
  const declared = (name: string): LiveFormat => {
    const row = rows.find(([, server]) => server!.startsWith(name));
    return new Function('token', `return { ${row![2]!} };`)(token) as LiveFormat;
  };
  const says = (name: string, ...messages: (object | string)[]): unknown[] => messages.map((message) => {
    const told = formatOf(declared(name), ['orders']).read(typeof message === 'string' ? message : JSON.stringify(message));
    return told.problem ?? told.signal ?? told.answer ?? told.changes[0]?.id ?? told.stale[0]?.resource;
  });

  test('are declared without a mistake', () => {
    assert.equal(rows.length, 4);
    for (const [, name] of rows) checkFormat({ url: '/ws', format: declared(name!) }, kResources);
  });

  test('are understood', () => {
    assert.deepEqual(says('Phoenix', ['1', '1', 'orders', 'phx_reply', { status: 'ok' }], ['1', '1', 'orders', 'phx_reply', { status: 'error' }],
      [null, null, 'orders', 'updated', { order: { id: 7, status: 'ready' } }]), ['ready', 'unauthorized', '7']);
    assert.deepEqual(says('Action Cable', { type: 'welcome' }, { type: 'ping', message: 1 }, { type: 'confirm_subscription', identifier: '{"channel":"Orders"}' },
      { identifier: '{"channel":"Orders"}', message: { event: 'updated', order: { id: 7 } } }, { type: 'disconnect', reason: 'unauthorized', reconnect: false }),
    [{ command: 'subscribe', identifier: '{"channel":"Orders"}' }, 'ignore', 'ready', '7', 'unauthorized']);
    assert.deepEqual(says('Pusher', { event: 'updated', channel: 'orders', data: '{"id":7}' }, { event: 'pusher:pong' }), ['7', 'ignore']);
    assert.deepEqual(says('one that only', { type: 'invalidate', what: 'orders' }), ['orders']);
  });

  test('speak Socket.IO by a function', () => {
    const [, text] = /```js\n(open: \['40'\][^]*?)```/.exec(docs)!;
    const format = new Function(`return { ${text!} };`)() as LiveFormat;
    checkFormat({ url: '/ws', format }, kResources);
    const told = ['0{"sid":"x"}', '2', '42["order",{"id":7}]', '42["typing"]'].map((data) => formatOf(format).read(data));
    assert.deepEqual(told.map(({ answer, changes, problem }) => [answer, changes[0]?.id, problem]),
      [[undefined, undefined, null], ['3', undefined, null], [undefined, '7', null], [undefined, undefined, null]]);
  });
});

describe('a declaration', () => {
  const check = (format: unknown, more: Partial<LiveConfig> = {}): void => checkFormat({ url: '/ws', format: format as LiveFormat, ...more }, kResources);
  const open = [{ since: cursor }];

  test('that is right passes', () => {
    checkFormat({ url: '/ws' }, kResources);
    check({ ...kFormat, open });
    check({ ...kFormat, open: [{ type: 'subscribe', data: { token } }, 'hello', ['1', { cursor }]], ping: ['ping'], heartbeatMs: 100,
      ends: { 4001: 'unauthorized', 410: 'gap' }, query: { access_token: token, v: '2' }, subprotocols: ['v1', credential('x-api-key')] });
    check({ read: () => null });
    check({ kinds: { saved: { resource: 'orders', document: '' } } }, { transports: ['sse'] });
    check({ kinds: { saved: { resource: 'orders' }, '*': { resource: 'orders', document: '' } }, cursor: 'Last-Event-ID' });
    check({ kind: 'event', kinds: { left: { resource: 'profile', deleted: true } } });
  });

  const rule = (more: object, resource = 'orders'): object => ({ kind: 'event', kinds: { saved: { resource, ...more } } });
  const of = (more: object): object => ({ ...kFormat, open, ...more });
  for (const [field, format] of [
    ['live.format:', 'x'], ['live.format:', {}],
    ['live.format.kind:', { kinds: { saved: { resource: 'orders', document: '' } } }], ['live.format.kind:', of({ kind: '/a~2' })], ['live.format.kind:', of({ kind: [] })],
    ['live.format.changes: is no field', of({ changes: {} })], ['live.format.kinds:', { kinds: [] }], ['live.format.kinds:', { kinds: { saved: 'redy' } }],
    ['live.format.read:', { read: 'x' }], ['live.format.open:', of({ open: { type: 'subscribe' }, cursor: undefined })],
    ['live.format.open:', of({ open: [{ token: { $holdfast: 'now' } }], cursor: undefined })], ['live.format.open:', of({ open: [token], cursor: undefined })],
    ['live.format.ping:', of({ ping: 9 })], ['live.format.heartbeatMs:', of({ heartbeatMs: 30 })],
    ['live.format.cursor: must be given', of({ open: undefined })], ['live.format.cursor: must say where', of({ cursor: undefined })], ['live.format.cursor:', of({ cursor: 7 })],
    ['live.format.ends:', of({ ends: { 4001: 'gone' } })], ['live.format.ends:', of({ ends: { bye: 'limit' } })], ['live.format.query:', of({ query: { a: 1 } })],
    ['live.format.subprotocols:', of({ subprotocols: 'v1' })],
    ['live.format.kinds[\'saved\'].answer:', { kinds: { saved: { answer: 7 } } }], ['live.format.kinds[\'saved\'].document: is no field', { kinds: { saved: { answer: 'x', document: '' } }, kind: 'event' }],
    ['live.format.kinds[\'saved\'].resource:', rule({}, 'order')], ['live.format.kinds[\'saved\'].resource:', { kinds: { saved: {} } }],
    ['live.format.kinds[\'saved\'].document:', rule({ document: 1 })], ['live.format.kinds[\'saved\'].id:', rule({ id: '/~' })],
    ['live.format.kinds[\'saved\'].id: must lead to as many ids', rule({ id: 'id' }, 'notes')], ['live.format.kinds[\'saved\'].id: must lead to the 2 ids', rule({ document: '' }, 'notes')],
    ['live.format.kinds[\'saved\'].id: must be left out', rule({ id: 'id' }, 'profile')],
    ['live.format.kinds[\'saved\'].deleted:', rule({ id: 'id', deleted: false })], ['live.format.kinds[\'saved\'].deleted: needs', rule({ deleted: true })],
    ['live.format.kinds[\'saved\'].partial:', rule({ document: '', partial: 1 })], ['live.format.kinds[\'saved\'].partial: is said', rule({ partial: true })],
    ['live.format.kinds[\'saved\'].key: needs', rule({ document: '', partial: true, key: 'key' })], ['live.format.kinds[\'saved\'].key: needs', rule({ id: 'id', key: 'key' })],
    ['live.format.kinds[\'saved\'].version:', rule({ version: 3 })], ['live.format.kinds[\'saved\'].versoin: is no field', rule({ versoin: '/v' })],
  ] as const) {
    test(`with a mistake is refused by its field: ${field} ${JSON.stringify(format).slice(0, 70)}`, () => {
      assert.throws(() => check(format), (error: { code?: string; message: string }) => {
        assert.equal(error.code, 'config');
        assert.ok(error.message.split('\n').slice(1).every((line) => line.startsWith(`  ${field}`)), error.message);
        return true;
      });
    });
  }

  test('may name no resource that the link doesn\'t cover', () => {
    assert.deepEqual(coveredBy({ url: '/ws', resources: ['notes'] }, kResources), ['notes']);
    const { 'order.updated': updated } = kFormat.kinds as Record<string, LiveRule>;
    assert.throws(() => check({ kind: 'event', kinds: { updated } }, { resources: ['notes', 'profile'] }),
      /kinds\['updated'\]\.resource: must be a resource that the link covers: notes, profile/);
  });
});
