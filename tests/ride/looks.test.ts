// When a look after an act is stale, and when it only looks so: on cases small enough to judge by hand.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Sight } from './app/ride.js';
import { staleness, type Begun } from './looks.js';
import { kLists, Person, type Act } from './person.js';

const kLook = { item: '/api/orders/a', list: '/api/orders?status=accepted', listed: true };

function act(number: number, effect: Record<string, unknown>, look = kLook, order = 'a'): Act {
  return { number, method: 'PATCH', url: `/api/orders/${order}`, body: effect, order, effect, look };
}

function sight(order: Record<string, unknown> | null, more: Partial<Sight> = {}): Sight {
  return { began: 10, ended: 20, status: 200, error: null, order, ...more };
}

const accept = act(1, { status: 'accepted', courier: 'Mia' });
const shown = { id: 'a', status: 'accepted', courier: 'Mia', tip: 0 };
const pickUp = (at: number, order = 'a'): Begun => ({ act: act(2, { status: 'picked_up' }, kLook, order), at });

function judged(item: Sight, list: Sight, begun: Begun[] = [], what = accept): string | null {
  return staleness({ act: what, sights: { item, list } }, [{ act: what, at: 5 }, ...begun]);
}

describe('a look after an act', () => {
  test('that shows it in both places is well', () => {
    assert.equal(judged(sight(shown), sight(shown)), null);
  });

  test('is stale if the order is as it was, or not there', () => {
    const before = { ...shown, status: 'placed' };
    assert.match(judged(sight(before), sight(shown))!, /^\/api\/orders\/a: status is "placed", not "accepted"$/);
    assert.match(judged(sight({ ...shown, courier: null }), sight(shown))!, /courier is null/);
    assert.match(judged(sight(null, { status: 404 }), sight(shown))!, /answered 404/);
    assert.match(judged(sight(null), sight(shown))!, /no order in the answer/);
  });

  test('is stale if the list lacks the order, or has it as it was', () => {
    assert.match(judged(sight(shown), sight(null))!, /\?status=accepted: doesn't list it/);
    assert.match(judged(sight(shown), sight({ ...shown, courier: null }))!, /\?status=accepted: courier is null/);
    assert.match(judged(sight(shown), sight(null, { status: 500 }))!, /answered 500/);
  });

  test('is stale if the list that it left still has the order, whatever was done after', () => {
    const left = act(1, accept.effect, { item: '/api/orders/a', list: '/api/orders?status=placed', listed: false });
    assert.equal(judged(sight(shown), sight(null), [], left), null);
    assert.match(judged(sight(shown), sight({ ...shown, status: 'placed' }), [pickUp(6)], left)!, /still lists it, as "placed"/);
  });

  test('without an answer, or without all of it, shows nothing', () => {
    assert.match(judged(sight(null, { status: null, error: 'TypeError' }), sight(shown))!, /no whole answer \(TypeError\)/);
    assert.match(judged(sight(shown), sight(null, { error: 'TypeError' }))!, /no whole answer/);
  });

  test('may show what was begun on the same order before the answer was there', () => {
    const after = { ...shown, status: 'picked_up' };
    assert.equal(judged(sight(after), sight(null), [pickUp(15)]), null);
    assert.equal(judged(sight(shown), sight(shown), [pickUp(15)]), null);
    assert.match(judged(sight({ ...after, status: 'placed' }), sight(null), [pickUp(15)])!, /not "accepted" or "picked_up"/);
    assert.match(judged(sight({ ...after, courier: null }), sight(null), [pickUp(15)])!, /courier is null/, 'nobody has overwritten that');
  });

  test('may not show what was begun later, earlier, or on another order', () => {
    const after = { ...shown, status: 'picked_up' };
    for (const begun of [pickUp(21), pickUp(15, 'b'), { act: act(0, { status: 'picked_up' }), at: 4 }]) {
      assert.match(judged(sight(after), sight(shown), [begun])!, /status is "picked_up"/);
      assert.match(judged(sight(shown), sight(null), [begun])!, /doesn't list it/);
    }
  });

  test('compares arrays and objects by what is in them', () => {
    const items = [{ name: 'phở', quantity: 2 }];
    const place = act(1, { items }, kLook);
    const same = { id: 'a', items: structuredClone(items) };
    assert.equal(judged(sight(same), sight(same), [], place), null);
  });
});

describe('where the person looks', () => {
  test('is at the order, and by turns at the list that it comes into and at the one that it leaves', () => {
    const person = new Person(3);
    const status = new Map<string, string>();
    const customer = new Map<string, string>();
    let left = 0;
    for (let count = 0; count < 300; count += 1) {
      const { number, method, order, effect, look } = person.next();
      if (method === 'POST') customer.set(order, effect['customer'] as string);
      const list = new URL(look.list, 'http://localhost');
      assert.equal(look.item, `/api/orders/${order}`);
      assert.equal(look.listed, method === 'POST' || number % 2 === 0);
      assert.equal(list.searchParams.get('customer'), customer.get(order));
      assert.equal(list.searchParams.get('status'), look.listed ? effect['status'] : status.get(order));
      assert.ok(kLists.includes(look.list), look.list);
      status.set(order, effect['status'] as string);
      if (!look.listed) left += 1;
    }
    assert.ok(left > 50, `${left} of 300`);
  });
});
