// The ride's figures, on rides small enough to count by hand; and the seeded parts, which must not drift.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TracePlayer } from '../../web/tunnel/trace.js';
import { faultOf, type LedgerEntry } from './faults.js';
import { kDefaults } from './options.js';
import { Person } from './person.js';
import { schedule } from './schedule.js';
import { failures, percentile, score, type ActRecord } from './score.js';

const kBegan = 1_000_000;
const kNothing = { pending_at_end: 0, reads: 0, stale_reads: 0, write_attempts: 0, kills: 0, reloads: 0, page_errors: 0 };

/** Dark from 1 s to 3 s; lit until 10 s. */
function player(): TracePlayer {
  const player = new TracePlayer([5, 0, 0, 5, 5, 5, 5, 5, 5, 5], { speed: 1 });
  player.startedAt = kBegan;
  return player;
}

function act(number: number, at: number, order = 'a', fate: ActRecord['fate'] = 'answered'): ActRecord {
  return { number, order, at: kBegan + at, fate };
}

function applied(number: number, at: number, order = 'a'): LedgerEntry {
  return { act: number, order, appliedAt: kBegan + at };
}

function scored(acts: ActRecord[], ledger: LedgerEntry[], counted = kNothing) {
  return score({ trace: '/x/t.csv', client: 'holdfast', seed: 7 }, acts, ledger, player(), counted);
}

describe('the score', () => {
  test('an act in the tunnel is measured against the first moment with signal', () => {
    const result = scored([act(1, 500), act(2, 1500)], [applied(1, 600), applied(2, 3200)]);
    assert.equal(result.acts_in_tunnel, 1);
    assert.equal(result.delay_p50_ms, 100);
    assert.equal(result.delay_p95_ms, 1700);
    assert.equal(result.oracle_p95_ms, 1500);
    assert.equal(result.excess_p50_ms, 100);
    assert.equal(result.excess_p95_ms, 200);
    assert.equal(result.excess_total_ms, 300);
    assert.equal(result.late_5s, 0);
    assert.deepEqual(failures(result), []);
  });

  test('nobody beats the oracle: a write that slipped in on the edge of a tunnel has no negative excess', () => {
    assert.equal(scored([act(1, 1001)], [applied(1, 1010)]).excess_total_ms, 0);
  });

  test('an answered act that was not applied is lost, and late', () => {
    const result = scored([act(1, 500), act(2, 600)], [applied(1, 600)]);
    assert.deepEqual([result.lost, result.late_5s, result.applied], [1, 1, 1]);
    assert.deepEqual(failures(result), ['lost = 1']);
  });

  test('an act whose page died unanswered may be applied once or not at all, but not twice', () => {
    const none = scored([act(1, 500, 'a', 'unanswered')], []);
    const once = scored([act(1, 500, 'a', 'unanswered')], [applied(1, 600)]);
    const twice = scored([act(1, 500, 'a', 'unanswered')], [applied(1, 600), applied(1, 700)]);
    assert.deepEqual([none.unanswered, none.lost, none.late_5s], [1, 0, 0]);
    assert.deepEqual([once.unanswered, once.lost, once.duplicated], [1, 0, 0]);
    assert.equal(twice.duplicated, 1);
  });

  test('more than 5 s over the oracle is late; just 5 s is not', () => {
    assert.equal(scored([act(1, 3000)], [applied(1, 8001)]).late_5s, 1);
    assert.equal(scored([act(1, 3000)], [applied(1, 8000)]).late_5s, 0);
    assert.equal(scored([act(1, 1000)], [applied(1, 8000)]).late_5s, 0);
  });

  test('order matters within an order, and only there; a double is no second offence', () => {
    const acts = [act(1, 0), act(2, 1, 'b'), act(3, 2)];
    assert.equal(scored(acts, [applied(2, 5, 'b'), applied(1, 6), applied(3, 7)]).reordered, 0);
    const swapped = scored(acts, [applied(3, 5), applied(1, 6), applied(2, 7, 'b'), applied(1, 8)]);
    assert.deepEqual([swapped.reordered, swapped.duplicated], [1, 1]);
  });

  test('a read that did not show the act before it makes a ride with holdfast fail, and is merely counted for the others', () => {
    const holdfast = scored([], [], { ...kNothing, reads: 9, stale_reads: 2 });
    assert.deepEqual([holdfast.reads, holdfast.stale_reads], [9, 2]);
    assert.deepEqual(failures(holdfast), ['stale_reads = 2']);
    assert.deepEqual(failures({ ...holdfast, client: 'naive' }), []);
  });

  test('each of the other five figures alone makes a ride fail', () => {
    assert.deepEqual(failures(scored([], [], { ...kNothing, pending_at_end: 2 })), ['pending_at_end = 2']);
    assert.deepEqual(failures(scored([], [], { ...kNothing, page_errors: 1 })), ['page_errors = 1']);
    assert.deepEqual(failures(scored([act(1, 0)], [applied(1, 1), applied(1, 2)])), ['duplicated = 1']);
  });

  test('percentiles are nearest rank', () => {
    assert.equal(percentile([], 95), 0);
    assert.equal(percentile([3, 1, 2], 50), 2);
    assert.equal(percentile(Array.from({ length: 100 }, (_, index) => index + 1), 95), 95);
  });

  test('the fields are those of the command, in their order', () => {
    assert.equal(Object.keys(scored([], [])).join(), 'trace,client,seed,acts,acts_in_tunnel,applied,unanswered,lost,duplicated,' +
      'reordered,pending_at_end,reads,stale_reads,delay_p50_ms,delay_p95_ms,oracle_p95_ms,excess_p50_ms,excess_p95_ms,excess_total_ms,late_5s,' +
      'write_attempts,kills,reloads,page_errors');
  });
});

describe('the seeded parts', () => {
  test('faults come at about their rates, and the same for the same seed, act and attempt', () => {
    const rates = { seed: 5, errorRate: 0.05, retryAfterShare: 0.5, lostRate: 0.03 };
    const counts = { 'unavailable': 0, 'unavailable-retry-after': 0, 'answer-lost': 0, 'none': 0 };
    for (let number = 1; number <= 20_000; number += 1) {
      const fault = faultOf(rates, number, 1);
      assert.equal(fault, faultOf({ ...rates }, number, 1));
      counts[fault ?? 'none'] += 1;
    }
    for (const [name, expected] of [['unavailable', 500], ['unavailable-retry-after', 500], ['answer-lost', 570]] as const) {
      assert.ok(Math.abs(counts[name] - expected) < 100, `${name}: ${counts[name]}`);
    }
    assert.equal(faultOf({ ...rates, errorRate: 1, retryAfterShare: 0 }, 1, 1), 'unavailable');
    assert.equal(faultOf({ ...rates, errorRate: 0, lostRate: 0 }, 1, 1), null);
  });

  test('the person makes only legal moves, on several orders at a time', () => {
    const person = new Person(3);
    const allowed: Record<string, string[]> = { placed: ['accepted', 'cancelled'], accepted: ['picked_up', 'cancelled'], picked_up: ['delivered', 'cancelled'] };
    const states = new Map<string, string>();
    let openMax = 0;
    for (let number = 1; number <= 500; number += 1) {
      const { number: told, method, url, body, order } = person.next();
      assert.equal(told, number);
      if (method === 'POST') {
        assert.deepEqual([url, body['id'], states.has(order)], ['/api/orders', order, false]);
        assert.match(order, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        states.set(order, 'placed');
      } else {
        assert.equal(url, `/api/orders/${order}`);
        assert.ok(allowed[states.get(order)!]?.includes(body['status'] as string));
        states.set(order, body['status'] as string);
      }
      openMax = Math.max(openMax, [...states.values()].filter((state) => state in allowed).length);
    }
    assert.ok(openMax >= 3, `${openMax} open at most`);
  });

  test('an order left is never acted on again', () => {
    const person = new Person(4);
    const first = person.next();
    person.leave(first.order);
    for (let count = 0; count < 200; count += 1) assert.notEqual(person.next().order, first.order);
  });

  test('an order whose act was under way when the worker was killed rests until its fate is known', () => {
    const person = new Person(5);
    const first = person.next();
    person.rest(first.order);
    for (let count = 0; count < 50; count += 1) assert.notEqual(person.next().order, first.order);
    person.resume(first.order);
    const later = Array.from({ length: 50 }, () => person.next().order);
    assert.ok(later.includes(first.order));
  });

  test('a schedule has its acts, kills and reloads, half of the blows close to an act, and its share in tunnels', () => {
    const trace = Array.from({ length: 600 }, (_, second) => (second % 20 < 2 ? 0 : 5));
    const player = new TracePlayer(trace, { speed: 20 });
    const options = { ...kDefaults, trace: 't', tunnelActs: 0.5 };
    const moments = schedule(player, options);
    assert.deepEqual(moments, schedule(player, options));
    const acts = moments.filter((moment) => moment.act);
    assert.equal(acts.length, 300);
    const dark = acts.filter(({ at }) => player.signalAt(at) === 0).length;
    assert.ok(dark >= 150 && dark < 190, `${dark} in tunnels`);
    for (const [kind, count] of [['kill', 10], ['reload', 5]] as const) {
      const blows = moments.filter(({ blow }) => blow?.kind === kind);
      assert.equal(blows.length, count);
      assert.equal(blows.filter((moment) => moment.act).length, Math.ceil(count / 2));
    }
    assert.ok(moments.every(({ at, blow }) => at >= 0 && at <= player.durationMs && (blow?.afterMs ?? 0) <= 20));
  });
});
