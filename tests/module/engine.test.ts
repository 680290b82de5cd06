// What only the compiled module can show: it loads in Node, keeps no state but its configuration, and bears bad input.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadEngine, type RawEngine } from './module';

const kConfig = JSON.stringify({ origin: 'https://app.example', resources: { orders: { path: '/api/orders/:id' } } });

let make: () => RawEngine;
before(async () => {
  make = await loadEngine();
});

function configured(): RawEngine {
  const engine = make();
  assert.deepEqual(JSON.parse(engine.configure(kConfig)), { ok: true, origins: ['https://app.example'], resolvers: [] });
  return engine;
}

test('a mistake in the configuration names its field and what is allowed', () => {
  const told = JSON.parse(make().configure('{"resources":{"orders":{"path":"/api/orders"}}}')) as { ok: boolean; errors: { field: string; message: string }[] };
  assert.equal(told.ok, false);
  assert.equal(told.errors[0]?.field, 'resources.orders.path');
  assert.match(told.errors[0]?.message ?? '', /must be the path of one item/);
});

test('a route says where a write belongs', () => {
  const engine = configured();
  const item = JSON.parse(engine.route('https://app.example/api/orders/42/cancel')) as Record<string, unknown>;
  assert.equal(item.declared, true);
  assert.equal(item.resource, 'orders');
  assert.equal(item.kind, 'action');
  assert.deepEqual(JSON.parse(engine.route('https://elsewhere.example/api/orders/42')), { declared: false });
});

test('the same input gives the same output, whatever came between', () => {
  const engine = configured();
  const step = JSON.stringify({ event: { type: 'pump' }, now: 1_700_000_000_000, entropy: '00', life: 'a', rows: [], ranges: [] });
  const first = engine.step(step);
  for (let i = 0; i < 100; i += 1) engine.step(JSON.stringify({ event: { type: 'capture', url: `https://app.example/api/orders/${i}` }, now: i }));
  assert.equal(engine.step(step), first);
  assert.equal(configured().step(step), first);
});

test('input that is no step is refused, and the module lives on', () => {
  const engine = configured();
  const deep = '['.repeat(100_000);
  for (const input of ['', 'null', '{', '{"event":{},"now":"x"}', '{"event":{"type":"pump"},"now":1e300}', deep, `{"event":${deep}`, '\u0000', '{"event":{"type":"\\ud800"},"now":1}']) {
    const told = JSON.parse(engine.step(input)) as { refused?: { code: string } };
    assert.ok(told.refused?.code.startsWith('unreadable'), input.slice(0, 40));
  }
  const { need } = JSON.parse(engine.step('{"event":{"type":"pump"},"now":1}')) as { need?: unknown };
  assert.ok(need);
});

test('a URL with bytes that are no text does not trap the module', () => {
  const engine = configured();
  for (const path of ['%FF', '%C0%AF', '%ED%A0%80', '%', '%00', '%F0%9F%9A%87']) {
    const answer = engine.step(JSON.stringify({ event: { type: 'capture', method: 'PATCH', url: `https://app.example/api/orders/${path}`, waiter: 1 }, now: 1 }));
    assert.ok('need' in (JSON.parse(answer) as object), path);
  }
});

test('a large body passes', () => {
  const engine = configured();
  const text = JSON.stringify({ note: 'x'.repeat(4 * 1024 * 1024) });
  const answer = engine.step(JSON.stringify({ event: { type: 'capture', method: 'PUT', url: 'https://app.example/api/orders/1', body: { kind: 'text', text, size: text.length } }, now: 1 }));
  assert.ok('need' in (JSON.parse(answer) as object));
});
