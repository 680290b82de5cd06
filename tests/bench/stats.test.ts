// The bench's figures, on pairs few enough to count by hand; and its data, which must not drift.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kPending, orders, view, writes } from './data.js';
import { kChanges, sides } from './deliveries.js';
import { measure, over, quantile, rate, type Pair } from './stats.js';

const kPairs: Pair[] = [[2, 1], [6, 2], [10, 10], [3, 2], [8, 2]];

test('the ratio is the median of the ratios of pairs, not the ratio of medians', () => {
  const { ratio, p25, p75, ours_ms, theirs_ms, pairs } = measure('x', kPairs, 7, null);
  assert.deepEqual([ratio, p25, p75, ours_ms, theirs_ms, pairs], [2, 1.5, 3, 6, 2, 5]);
});

test('of rates the ratio is that of each pair, too, and what is told is how many in a second', () => {
  const { ratio, ours_per_second, theirs_per_second, pairs } = rate('x', kPairs);
  assert.deepEqual([ratio, ours_per_second, theirs_per_second, pairs], [2, 6, 2, 5]);
});

test('a quantile lies between the two nearest values', () => {
  assert.deepEqual([quantile([4, 1], 0.5), quantile([1, 2, 3, 4], 0.25), quantile([5], 0.75)], [2.5, 1.75, 5]);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test('just at the limit is within it; above it, or without a figure, is over', () => {
  const of = (limit: number | null, pairs = kPairs) => ({ it: measure('x', pairs, 7, limit) });
  assert.deepEqual(over(of(2)), []);
  assert.deepEqual(over(of(null)), []);
  assert.deepEqual(over(of(1.9)), ['it = 2 > 1.9']);
  assert.equal(over(of(2, [])).length, 1);
});

test('the large list is about 1 MB, and fifty writes lie all over it, no two on one order', () => {
  const rows = orders();
  const bytes = Buffer.byteLength(JSON.stringify(rows));
  assert.equal(rows.length, 5_000);
  assert.ok(bytes > 0.95e6 && bytes < 1.1e6, `${bytes} bytes`);
  assert.deepEqual(rows, orders());
  const pending = writes(rows);
  assert.equal(pending.length, 50);
  assert.equal(kPending, 50);
  assert.equal(new Set(pending.map(({ url, body }) => body?.['id'] ?? url)).size, 50);
  assert.deepEqual(['PATCH', 'POST', 'DELETE'].map((method) => pending.filter((write) => write.method === method).length), [38, 7, 5]);
  const seen = view(rows, pending);
  assert.ok(seen.kind === 'list' && seen.changes.length === 50);
});

test('the documents that are merged are of 1 kB, 30 kB and 1 MB, and each side has changed ten places that the other left alone', () => {
  for (const [size, bytes] of [['1kb', 1e3], ['30kb', 30e3], ['1mb', 1e6]] as const) {
    const { base, mine, theirs, merged } = sides(size);
    const length = Buffer.byteLength(JSON.stringify(base));
    assert.ok(length > 0.95 * bytes && length < 1.05 * bytes, `${size}: ${length} bytes`);
    assert.deepEqual({ base, mine, theirs, merged }, sides(size));
    // A whole order or item that is new is one change.
    const changed = [mine, theirs].map((side) => differences(base, side));
    assert.deepEqual(changed.map((places) => places.length), [kChanges, kChanges]);
    assert.equal(new Set(changed.flat()).size, 2 * kChanges);
    assert.deepEqual(differences(base, merged).sort(), changed.flat().sort());
  }
});

/** Paths of what is another or not there; elements of arrays go by their sku. */
function differences(one: unknown, other: unknown, path = ''): string[] {
  if (typeof one !== 'object' || typeof other !== 'object') return one === other ? [] : [path];
  const members = (value: object) => (Array.isArray(value) ? Object.fromEntries(value.map((item: { sku: string }) => [item.sku, item])) : value) as Record<string, unknown>;
  const [before, after] = [members(one!), members(other!)];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => differences(before[name], after[name], `${path}/${name}`));
}
