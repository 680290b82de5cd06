// The ideal client itself, by hand-written examples out of docs/reads.md: what every read is compared with has to be
// right, and the comparison has to notice what is wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { increment, now, type ResourceConfig } from '../../js/protocol/config.js';
import { Ideal, type Kept } from './ideal.js';
import { compareTexts, merged, type Json } from './json.js';
import { ListView } from './lists.js';
import { compare, orderOf, placeIn, queryOf } from './rules.js';

const kOrders: ResourceConfig = {
  path: '/api/orders/:id',
  list: { rows: '/data', total: '/total', sort: '-price', filter: { status: 'status' }, page: { offset: 'offset', limit: 'limit' } },
  defaults: { status: 'placed', createdAt: now },
  actions: { bump: { price: increment(1) } },
};

class Story {
  readonly ideal: Ideal;
  #at = 1_000;

  constructor(resource: ResourceConfig = kOrders) {
    this.ideal = new Ideal(resource);
  }

  write(method: string, url: string, body?: Json): string {
    const id = `m${++this.#at}`;
    this.ideal.write({ id, method, url, body, type: 'json', at: this.#at });
    return id;
  }

  confirm(id: string, json?: Json): void {
    this.ideal.confirmed(id, json, ++this.#at);
  }

  asked(url: string, json: Json, batch = 0): Kept {
    return { url, json, requestedAt: ++this.#at, batch };
  }

  told(url: string, json: Json, batch = 0): Kept {
    const kept = this.asked(url, json, batch);
    this.ideal.keep(kept);
    return kept;
  }

  item(url: string): Json | undefined {
    const shown = this.ideal.item(url, null, ++this.#at);
    return shown?.status === 404 ? 'gone' : shown?.json;
  }

  rows(...pages: Kept[]): Json[] {
    return new ListView(this.ideal, pages[0]?.url ?? '').whole(pages).rows;
  }
}

const row = (id: number, price: number, more: Record<string, Json> = {}) => ({ id, price, status: 'placed', ...more });
const page = (total: number, ...data: Json[]) => ({ data, total });

test('an item shows its confirmed document with the pending writes applied in order', () => {
  const story = new Story();
  story.write('PATCH', '/api/orders/1', { note: 'x' });
  assert.equal(story.item('/api/orders/1'), undefined, 'of a document that was never seen, nothing can be shown');
  story.told('/api/orders/1', row(1, 5, { note: 'a', old: true }));
  assert.deepEqual(story.item('/api/orders/1'), row(1, 5, { note: 'x', old: true }));
  story.write('POST', '/api/orders/1/bump');
  story.write('POST', '/api/orders/1/unheard-of');
  story.write('PATCH', '/api/orders/1', { old: null });
  assert.deepEqual(story.item('/api/orders/1'), row(1, 6, { note: 'x' }));
  story.write('PUT', '/api/orders/1', { price: 2 });
  assert.deepEqual(story.item('/api/orders/1'), { id: 1, price: 2 });
  story.write('DELETE', '/api/orders/1');
  assert.equal(story.item('/api/orders/1'), 'gone');
});

test('a created document stands over the defaults', () => {
  const story = new Story();
  story.write('POST', '/api/orders', { id: 4, price: 1 });
  assert.deepEqual(story.item('/api/orders/4'), { id: 4, price: 1, status: 'placed', createdAt: new Date(1_001).toISOString() });
});

test('the newest word wins, and an answer counts from when its request left', () => {
  const story = new Story();
  story.told('/api/orders', page(1, row(1, 5)));
  story.told('/api/orders/1', row(1, 6));
  assert.deepEqual(story.item('/api/orders/1'), row(1, 6));
  const late = story.asked('/api/orders', page(1, row(1, 5)));
  story.confirm(story.write('PATCH', '/api/orders/1', { price: 7 }), row(1, 7, { rev: 2 }));
  story.ideal.keep(late);
  assert.deepEqual(story.item('/api/orders/1'), row(1, 7, { rev: 2 }));
  assert.deepEqual(story.rows(late), [row(1, 7, { rev: 2 })]);
  const fresh = story.told('/api/orders', page(1, row(1, 8)));
  assert.deepEqual(story.rows(fresh), [row(1, 8)]);
});

test('an answer that was asked for before a confirmation brings back nothing that was deleted', () => {
  const story = new Story();
  const late = story.asked('/api/orders', page(2, row(1, 5), row(2, 4)));
  const item = story.asked('/api/orders/1', row(1, 5));
  story.confirm(story.write('DELETE', '/api/orders/1'));
  story.ideal.keep(late);
  assert.deepEqual(story.rows(late), [row(2, 4)]);
  assert.equal(story.ideal.item(item.url, { status: 200, json: item.json }, item.requestedAt)?.status, 404);
});

test('rows change in place, move with their order, come in where it has them, and leave', () => {
  const story = new Story();
  const list = story.told('/api/orders?status=placed', page(4, row(1, 9), row(2, 5), row(3, 5), row(4, 1)));
  story.write('PATCH', '/api/orders/3', { note: 'in place' });
  story.write('PATCH', '/api/orders/1', { price: 5 });
  story.write('PATCH', '/api/orders/4', { status: 'done' });
  story.write('POST', '/api/orders', { id: 5, price: 9 });
  const { data, total } = { data: story.rows(list), total: 4 };
  assert.deepEqual(data.map((shown) => (shown as { id: number }).id), [5, 2, 3, 1]);
  const view = new ListView(story.ideal, list.url);
  const shown = { json: page(total, ...data), pending: 4, unknown: [] };
  assert.equal(view.wrongWhole([list], [shown], true), null);
  assert.equal(view.wrongPage(list, shown), null);
  for (const wrong of [page(5, ...data), page(4, ...data.slice(1)), page(4, ...[...data].reverse()), page(4, ...data, row(4, 1))]) {
    assert.notEqual(view.wrongWhole([list], [{ ...shown, json: wrong }], true), null, JSON.stringify(wrong));
  }
  assert.match(view.wrongPage(list, { ...shown, pending: 0 }) ?? '', /Holdfast-Pending/);
  assert.match(view.wrongPage(list, { ...shown, unknown: ['q'] }) ?? '', /Holdfast-Unknown/);
});

test('with a parameter that is not declared rows change in place and go, but none comes in', () => {
  const story = new Story();
  const list = story.told('/api/orders?q=x', page(2, row(1, 9), row(2, 5)));
  const placed = story.told('/api/orders?q=x&status=placed', page(2, row(1, 9), row(2, 5)));
  story.write('PATCH', '/api/orders/1', { price: 1, status: 'done' });
  story.write('DELETE', '/api/orders/2');
  story.write('POST', '/api/orders', { id: 5, price: 9 });
  assert.deepEqual(story.rows(list), [row(1, 1, { status: 'done' })]);
  assert.deepEqual(story.rows(placed), [], 'a declared filter still leaves out');
});

test('pages are stretches of the order, and together they show every entity once', () => {
  const story = new Story();
  const first = story.told('/api/orders?limit=2', page(4, row(1, 9), row(2, 5)), 1);
  const second = story.told('/api/orders?limit=2&offset=2', page(4, row(3, 5), row(4, 1)), 1);
  story.write('POST', '/api/orders', { id: 5, price: 5, status: 'placed', createdAt: '' });
  story.write('PATCH', '/api/orders/1', { price: 0 });
  const five = { ...row(5, 5), createdAt: '' };
  assert.deepEqual(story.rows(first, second), [row(2, 5), row(3, 5), five, row(4, 1), row(1, 0)]);
  assert.deepEqual(story.rows(first), [row(2, 5)], 'what is equal to a page\'s last row comes behind it');
  const view = new ListView(story.ideal, first.url);
  assert.deepEqual([view.isLast(first), view.isLast(second)], [false, true]);
});

test('without a declared order what is created comes at the end, on the last page', () => {
  const story = new Story({ path: '/api/logs/:id', list: { page: { offset: 'offset', limit: 'limit' } } });
  const first = story.told('/api/logs?limit=1', [{ id: 'b' }], 1);
  const second = story.told('/api/logs?limit=1&offset=1', [{ id: 'a' }], 1);
  const third = story.told('/api/logs?limit=1&offset=2', [], 1);
  story.write('POST', '/api/logs', { id: 'c' });
  assert.deepEqual(story.rows(first, second), [{ id: 'b' }, { id: 'a' }]);
  assert.deepEqual(story.rows(first, second, third), [{ id: 'b' }, { id: 'a' }, { id: 'c' }]);
});

test('an envelope is part of answers and bodies, and a body without it is the document itself', () => {
  const story = new Story({ path: '/api/articles/:slug', id: 'slug', envelope: '/article' });
  story.told('/api/articles/a', { article: { slug: 'a', title: 'A' } });
  story.write('PATCH', '/api/articles/a', { article: { title: 'B' } });
  story.write('PATCH', '/api/articles/a', { tag: 't' });
  assert.deepEqual(story.item('/api/articles/a'), { article: { slug: 'a', title: 'B', tag: 't' } });
});

test('the rules of the order and of filters', () => {
  const up = orderOf('v');
  const sorted = [{ v: 'b' }, {}, { v: 10 }, { v: 2 }, { v: 'a' }].sort((a, b) => compare(up, a as Json, b as Json));
  assert.deepEqual(sorted, [{ v: 2 }, { v: 10 }, { v: 'a' }, { v: 'b' }, {}]);
  assert.ok(compareTexts('😀', '～') > 0);
  assert.equal(placeIn(orderOf('-v'), [{ v: 2 }, { v: 1 }, { v: 1 }, {}], { v: 1 }), 3);
  const query = queryOf({ filter: { s: 'status' }, sortBy: { parameter: 'sort', direction: 'order' } }, '/api/x?s=a,b&s=c&sort=-v&order=desc&q=1');
  assert.deepEqual(query.filters, [{ filter: { field: 'status', is: 'equal' }, values: ['a', 'b', 'c'] }]);
  assert.deepEqual([query.order, query.unknown], [[{ field: 'v', down: false }], ['q']]);
  assert.deepEqual(merged({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null }, d: [2] }), { a: { c: 2 }, d: [2] });
});
