// One short ride with holdfast: every act arrives once and in order, through kills, reloads and tunnels.

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { runRide } from './ride.js';
import { failures } from './score.js';

test('a short ride on the Long Island Rail Road loses, doubles and swaps nothing, and shows every act at once', async (context) => {
  const trace = path.resolve(import.meta.dirname, '../../traces/long-island-rail-road.csv');
  const details: string[] = [];
  const result = await runRide({ trace, speed: 60, acts: 100 }, { onDetail: (line) => details.push(line) });
  context.diagnostic(JSON.stringify(result));
  assert.deepEqual(failures(result), [], [JSON.stringify(result), ...details].join('\n'));
  assert.equal(result.acts, 100);
  // Zeros say nothing where the person hardly ever got an answer: a worker that never wakes loses nothing either.
  assert.ok(result.unanswered <= result.acts / 2, `${result.unanswered} of ${result.acts} acts were never answered; is this machine overloaded?`);
  assert.ok(result.reads >= result.acts / 2, `the person saw something after ${result.reads} of ${result.acts} acts only`);
  assert.ok(result.kills > 0, `${result.kills} kills`);
  assert.ok(result.reloads > 0, `${result.reloads} reloads`);
});
