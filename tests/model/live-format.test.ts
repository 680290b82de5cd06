// What an app's own server says over the live link, read by its declaration; and mistakes in that, told by their fields.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { coveredBy, Format, type Told } from '../../js/host/live-format.js';
import { checkFormat } from '../../js/host/live-format-check.js';
import type { HoldfastConfig, LiveConfig } from '../../js/protocol/config.js';
import type { LiveFormat } from '../../js/protocol/live-format.js';

const kResources: HoldfastConfig['resources'] = {
  orders: { path: '/api/orders/:id', version: 'version' },
  notes: { path: '/api/users/:user/notes/:id', id: '/key' },
  profile: { path: '/api/profile', singleton: true },
};

const formatOf = (format: LiveFormat, covered = Object.keys(kResources)): Format => new Format(format, kResources, covered);

/** A server that sends {event, data}. */
const kFormat: LiveFormat = {
  kind: '/event',
  changes: {
    'order.updated': { resource: 'orders', document: '/data', version: '/data/version' },
    'order.deleted': { resource: 'orders', id: '/data/id', deleted: true, version: '/data/version' },
    'order.moved': { resource: 'orders', document: '/data', deleted: '/data/gone~1at' },
    'order.patched': { resource: 'orders', document: '/data', partial: true },
    order_changed: { resource: 'orders', id: 'id' },
    orders_changed: { resource: 'orders' },
    'note.saved': { resource: 'notes', document: '/data' },
    'profile.saved': { resource: 'profile', document: '/data' },
  },
};

const read = (event: string, more: object): Told => formatOf(kFormat).read(JSON.stringify({ event, ...more }));

describe('a message of a declared kind', () => {
  test('is the whole document, with the version that was declared', () => {
    const document = { id: 7, tip: 100, version: 3 };
    assert.deepEqual(read('order.updated', { data: document }).changes,
      [{ resource: 'orders', id: '7', version: 3, kind: 'upsert', document }]);
  });

  test('has as many changes as documents', () => {
    const told = read('order.updated', { data: [{ id: 'a' }, { id: 'b' }] });
    assert.deepEqual(told.changes.map(({ id, version }) => [id, version]), [['a', 0], ['b', 0]]);
  });

  test('says that something is gone: by its kind, or by what stands in the document', () => {
    assert.deepEqual(read('order.deleted', { data: { id: 'a', version: 4 } }).changes,
      [{ resource: 'orders', id: 'a', version: 4, kind: 'delete', document: null }]);
    const kinds = [null, false, '2026-05-01', undefined].map((at) => read('order.moved', { data: { id: 'a', 'gone/at': at } }).changes[0]?.kind);
    assert.deepEqual(kinds, ['upsert', 'upsert', 'delete', 'upsert']);
  });

  test('that says by its document what is gone may have an id alone then', () => {
    const format = formatOf({ kind: 'event', changes: { left: { resource: 'orders', id: 'id', document: 'data', deleted: 'gone' } } });
    const [gone] = format.read('{"event":"left","id":"a","gone":true}').changes;
    assert.deepEqual([gone?.kind, gone?.id], ['delete', 'a']);
    assert.ok(format.read('{"event":"left","id":"a"}').problem);
  });

  test('that only says that something has changed, or has a part of it, is no document', () => {
    for (const told of [read('order_changed', { id: 7 }), read('order.patched', { data: { id: 7, tip: 5 } })]) {
      assert.deepEqual([told.changes, told.stale], [[], [{ resource: 'orders', id: '7' }]]);
    }
    assert.deepEqual(read('order_changed', { id: [7, 8] }).stale.map(({ id }) => id), ['7', '8']);
    assert.deepEqual(read('orders_changed', {}).stale, [{ resource: 'orders', id: null }]);
  });

  test('is of the whole resource where its id lacks those of the entities above', () => {
    const told = read('note.saved', { data: { key: 'n1' } });
    assert.deepEqual([told.changes, told.stale], [[], [{ resource: 'notes', id: null }]]);
    assert.deepEqual(read('note.saved', { data: { key: 'ana/n1' } }).changes.map(({ id }) => id), ['ana/n1']);
  });

  test('of a single document needs no id', () => {
    assert.deepEqual(read('profile.saved', { data: { name: 'Ana' } }).changes.map(({ id }) => id), ['']);
  });

  for (const [what, more] of Object.entries({
    'no document': {}, 'a text for a document': { data: 'x' }, 'a document without an id': { data: { tip: 1 } },
    'null': { data: null }, 'a version below 0': { data: { id: 'a', version: -1 } }, 'half a version': { data: { id: 'a', version: 1.5 } },
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
});

test('what is no message of a declared kind is a sign of life, and no problem', () => {
  for (const data of ['', 'ping', '{', '[]', 'null', '7', '{"event":{}}', '{"event":"typing"}', '{"event":"constructor"}', '{"event":"__proto__"}']) {
    const { changes, stale, problem } = formatOf(kFormat).read(data);
    assert.deepEqual([changes, stale, problem], [[], [], null], data);
  }
});

test('a kind is a server-sent event\'s name where no pointer is declared', () => {
  const format = formatOf({ changes: { saved: { resource: 'orders', document: '' } } });
  assert.deepEqual(format.read('{"id":1}', 'saved').changes.map(({ id }) => id), ['1']);
  assert.deepEqual(format.read('{"id":1}', 'other').changes, []);
});

describe('a function', () => {
  test('makes changes of a text', () => {
    const format = formatOf({ read: (data) => {
      const [what, id, tip] = data.split(' ');
      return what === 'tip' ? [{ resource: 'orders', id: id!, document: { id, tip: Number(tip) }, version: 2 }, { resource: 'notes' }] : null;
    } });
    const { changes, stale } = format.read('tip 7 250');
    assert.deepEqual(changes, [{ resource: 'orders', id: '7', version: 2, kind: 'upsert', document: { id: '7', tip: 250 } }]);
    assert.deepEqual(stale, [{ resource: 'notes', id: null }]);
    assert.deepEqual(format.read('hello'), { kind: null, changes: [], stale: [], problem: null });
  });

  for (const [what, read] of Object.entries({
    'throws': () => { throw new Error('no'); },
    'returns what is no array': () => '' as never,
    'returns nothing at all': () => undefined as never,
    'returns a promise': (async () => []) as never,
    'returns what is no change': () => [null] as never,
    'names a resource that the link doesn\'t cover': () => [{ resource: 'profile', document: {} }],
  } satisfies Record<string, LiveFormat['read']>)) {
    test(`that ${what}: all that the link covers is read again, and it is told`, () => {
      const told = formatOf({ read }, ['orders', 'notes']).read('x');
      assert.deepEqual(told.stale.map(({ resource, id }) => [resource, id]), [['orders', null], ['notes', null]]);
      assert.ok(told.problem);
    });
  }
});

describe('a declaration', () => {
  const check = (format: unknown, more: Partial<LiveConfig> = {}): void => checkFormat({ url: '/ws', format: format as LiveFormat, ...more }, kResources);
  const token = { $holdfast: 'token' };

  test('that is right passes', () => {
    checkFormat({ url: '/ws' }, kResources);
    check(kFormat);
    check({ ...kFormat, open: [{ type: 'subscribe', data: { token } }, 'hello'], ready: 'subscribed', replies: { ping: 'pong' }, ping: { type: 'ping' },
      heartbeatMs: 100, unauthorized: ['auth_error', 4001], query: { access_token: token, v: '2' }, subprotocols: ['v1'] });
    check({ read: () => null });
    check({ changes: { saved: { resource: 'orders', document: '' } } }, { transports: ['sse'] });
    check({ kind: 'event', changes: { left: { resource: 'profile', deleted: true } } });
  });

  const rule = (more: object): object => ({ kind: 'event', changes: { saved: { resource: 'orders', ...more } } });
  for (const [field, format] of [
    ['live.format:', 'x'], ['live.format:', {}], ['live.format:', { ...kFormat, read: () => null }],
    ['live.format.kind:', { changes: kFormat.changes }], ['live.format.kind:', { ...kFormat, kind: '/a~2' }],
    ['live.format.kinds: is no field', { ...kFormat, kinds: '/event' }],
    ['live.format.changes:', { kind: 'event', changes: [] }], ['live.format.read:', { read: 'x' }],
    ['live.format.open:', { ...kFormat, open: { type: 'subscribe' } }],
    ['live.format.open:', { ...kFormat, open: [{ token: { $holdfast: 'now' } }] }],
    ['live.format.ready:', { ...kFormat, ready: 1 }], ['live.format.replies:', { ...kFormat, replies: ['ping'] }],
    ['live.format.ping:', { ...kFormat, ping: 9 }], ['live.format.heartbeatMs:', { ...kFormat, heartbeatMs: 30 }],
    ['live.format.unauthorized:', { ...kFormat, unauthorized: 4001 }], ['live.format.query:', { ...kFormat, query: { a: 1 } }],
    ['live.format.subprotocols:', { ...kFormat, subprotocols: 'v1' }],
    ['live.format.changes[\'saved\'].resource:', rule({ resource: 'order' })], ['live.format.changes[\'saved\'].resource:', rule({ resource: undefined })],
    ['live.format.changes[\'saved\'].document:', rule({ document: 1 })], ['live.format.changes[\'saved\'].id:', rule({ id: '/~' })],
    ['live.format.changes[\'saved\'].deleted:', rule({ id: 'id', deleted: false })], ['live.format.changes[\'saved\'].deleted: needs', rule({ deleted: true })],
    ['live.format.changes[\'saved\'].partial:', rule({ document: '', partial: 1 })], ['live.format.changes[\'saved\'].partial: is said', rule({ partial: true })],
    ['live.format.changes[\'saved\'].version:', rule({ version: 3 })], ['live.format.changes[\'saved\'].versoin: is no field', rule({ versoin: '/v' })],
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
    assert.throws(() => check(kFormat, { resources: ['notes', 'profile'] }), /changes\['order\.updated'\]\.resource: must be a resource that the link covers: notes, profile/);
  });
});
