// The rig must be able to fail: a client that loses is seen to lose, and a server that doubles to double.

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { runRide } from './ride.js';

const kShort = {
  trace: path.resolve(import.meta.dirname, '../../traces/long-island-rail-road.csv'),
  speed: 120,
  outageSpeed: 40,
  acts: 60,
  kills: 2,
  reloads: 5,
  tunnelActs: 0.3,
};

test('the naive client loses acts, and does not show what it has not sent', async () => {
  const result = await runRide({ ...kShort, client: 'naive' });
  assert.equal(result.acts, 60);
  assert.ok(result.lost > 0, JSON.stringify(result));
  assert.ok(result.stale_reads > 0, JSON.stringify(result));
});

test('a strict outbox with keys is clean, and without the server\'s idempotency the same acts are doubled', async () => {
  const options = { ...kShort, client: 'impatient', lostRate: 0.15 } as const;
  const clean = await runRide(options);
  assert.deepEqual([clean.lost, clean.duplicated, clean.reordered, clean.pending_at_end, clean.page_errors], [0, 0, 0, 0, 0], JSON.stringify(clean));
  assert.deepEqual([clean.kills, clean.reloads], [2, 5]);
  const doubled = await runRide(options, { idempotency: false });
  assert.ok(doubled.duplicated > 0, JSON.stringify(doubled));
});
