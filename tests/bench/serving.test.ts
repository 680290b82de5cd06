// The bench of the server, in its shortest form: that it measures what it says, and not how fast this machine is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchServer, missed } from './serving.js';
import { measure } from './stats.js';

test('each link is held, answers its heartbeats and is told of a change, and every figure is there', async () => {
  const asked = { pairs: 1, sockets: 300, clients: 40 };
  const { bench, measures, rates, ...figures } = await benchServer(asked);
  assert.deepEqual([figures.sockets_wanted, figures.sockets_held, figures.sockets_alive, figures.clients], [300, 300, 300, 40]);
  for (const [name, figure] of Object.entries(figures)) assert.ok(Number.isFinite(figure), `${name} = ${figure}`);
  const { rss_before_mb, rss_after_mb, bytes_per_socket, ...positive } = figures; // so few sockets may fit into what it had
  for (const [name, figure] of Object.entries(positive)) assert.ok(figure > 0, `${name} = ${figure}`);
  assert.ok(figures.fanout_p50_ms <= figures.fanout_p99_ms && figures.bare_p50_ms <= figures.bare_p99_ms && figures.committed_p50_ms <= figures.committed_p99_ms);
  assert.deepEqual([bench, measures.fanout_p99.pairs, rates.pglite.pairs, rates.postgres.pairs], ['server', 1, 1, 1]);
  assert.equal(measures.fanout_p99.ratio, figures.fanout_p99_ratio);
});

test('a link that is not held or not alive misses a bar, and so does a ratio over its limit', () => {
  const of = (held: number, alive: number, ours = 1.5) => missed({
    sockets_wanted: 10, sockets_held: held, sockets_alive: alive, measures: { fanout_p99: measure('x', [[ours, 1]], 7, 1.5) },
  });
  assert.deepEqual(of(10, 10), []);
  assert.deepEqual(of(10, 9), ['sockets_alive = 9 < 10']);
  assert.deepEqual(of(9, 9), ['sockets_held = 9 < 10', 'sockets_alive = 9 < 10']);
  assert.deepEqual(of(10, 10, 1.6), ['fanout_p99 = 1.6 > 1.5']);
});
