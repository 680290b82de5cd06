// That the figures of a live ride can say that something went wrong.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, doneAndLost, liveFailures, missedAndDoubled, type LiveResult } from './live/score.js';

const acts = [100_001, 100_002, 200_001].map((number) => ({ number, order: 'a', at: 0, fate: 'answered' as const }));
const applied = (...numbers: number[]) => numbers.map((act, index) => ({ act, order: 'a', appliedAt: index }));

test('what was answered and not applied is lost, what was applied twice is doubled', () => {
  assert.equal(doneAndLost(acts, applied(100_001, 100_002, 200_001)).lost, 0);
  assert.equal(doneAndLost(acts, applied(100_001, 200_001)).lost, 1);
  assert.equal(doneAndLost(acts, applied(100_001, 100_002, 100_002, 200_001)).duplicated, 1);
  assert.equal(doneAndLost([{ ...acts[0]!, fate: 'unanswered' }], []).lost, 0);
});

test('the order of one person\'s acts counts, and not that between two people', () => {
  assert.equal(doneAndLost(acts, applied(100_002, 100_001, 200_001)).reordered, 1);
  assert.equal(doneAndLost(acts, applied(200_001, 100_001, 100_002)).reordered, 0);
});

test('a change that one browser missed isn\'t made good by one that another took in twice', () => {
  assert.deepEqual(missedAndDoubled([{ rows: 5, changes: 4 }, { rows: 5, changes: 6 }]), { missed_changes: 1, doubled_changes: 1, changes: 10 });
});

test('an order that differs, isn\'t there, or shouldn\'t be, is a difference; the order of members is none', () => {
  const truth = [{ id: 'a', tip: 1, items: [{ name: 'soup', quantity: 1 }] }];
  assert.deepEqual(differences([{ items: [{ quantity: 1, name: 'soup' }], tip: 1, id: 'a' }], truth), []);
  assert.equal(differences([{ ...truth[0]!, tip: 2 }], truth).length, 1);
  assert.equal(differences([], truth).length, 1);
  assert.equal(differences([...truth, { id: 'b' }], truth).length, 1);
});

test('each of these figures alone makes a ride fail', () => {
  const clean = { lost: 0, duplicated: 0, reordered: 0, pending_at_end: 0, page_errors: 0, different_documents: 0, missed_changes: 0, doubled_changes: 0 };
  assert.deepEqual(liveFailures(clean as LiveResult), []);
  for (const name of Object.keys(clean)) assert.deepEqual(liveFailures({ ...clean, [name]: 1 } as LiveResult), [`${name} = 1`]);
});
