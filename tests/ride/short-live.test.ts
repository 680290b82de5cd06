// One short live ride: what three people do to the same orders is applied once and in order, and all of them have seen all
// of it, through tunnels, cuts, dead workers and dead server processes.

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { kLiveDefaults, runLiveRide } from './live/ride.js';
import { liveFailures } from './live/score.js';

test('a short live ride misses nothing, takes nothing in twice, and ends with the same orders everywhere', async (context) => {
  const traces = ['long-island-rail-road.csv', 'qtrain.csv', '7train1.csv'].map((name) => path.resolve(import.meta.dirname, '../../traces', name));
  const details: string[] = [];
  const result = await runLiveRide(
    { ...kLiveDefaults, traces, speed: 120, acts: 30, kills: 2, cuts: 3, processLifeMs: 6_000 }, { onDetail: (line) => details.push(line) });
  context.diagnostic(JSON.stringify(result));
  assert.deepEqual(liveFailures(result), [], [JSON.stringify(result), ...details].join('\n'));
  // Zeros say nothing where nothing happened.
  assert.ok(result.applied >= result.acts / 2, `${result.applied} of ${result.acts} acts were applied`);
  assert.ok(result.changes >= result.applied * 2, `${result.changes} changes told of ${result.applied} applied`);
  assert.ok(result.process_kills > 0 && result.worker_kills > 0 && result.cuts > 0, JSON.stringify(result));
});
