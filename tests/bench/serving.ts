// What the reference server holds and how fast it tells: idle links, the fan-out of a change, and writes with their keys.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startCluster } from '../server/cluster.js';
import type { BenchSurroundings, ServerBenchOptions } from './options.js';
import { measureFanOut, type FanOutFigures } from './serving/fan-out.js';
import { measureLinks, type LinkFigures } from './serving/links.js';
import { measureWrites } from './serving/writes.js';
import { over, type Measure, type Rate } from './stats.js';

/** Commits that are followed to their clients, for each pair of the others. */
const kCommitsPerPair = 8;

export interface ServerResult extends LinkFigures, FanOutFigures {
  bench: 'server';
  clients: number;
  fanout_p99_ratio: number;
  idempotent_writes_ratio_pglite: number;
  idempotent_writes_ratio_postgres: number;
  measures: { fanout_p99: Measure };
  rates: { pglite: Rate; postgres: Rate };
}

export async function benchServer(
  { pairs, sockets, clients }: ServerBenchOptions, { signal, onProgress = () => {} }: BenchSurroundings = {},
): Promise<ServerResult> {
  onProgress('starting PostgreSQL');
  // Nothing waits for a disk there: the less a commit costs, the more of it is the key's.
  const cluster = await startCluster();
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-bench-'));
  try {
    const { url } = cluster;
    const links = await measureLinks(sockets, clients, pairs * kCommitsPerPair, { url, signal, tell: onProgress });
    const { figures, measures } = await measureFanOut(clients, pairs, signal, onProgress);
    const rates = {
      pglite: await measureWrites('PGlite', { folder: path.join(folder, 'pg') }, pairs, signal, onProgress),
      postgres: await measureWrites('PostgreSQL', { url }, pairs, signal, onProgress),
    };
    return {
      bench: 'server', ...links, clients, ...figures, fanout_p99_ratio: measures.fanout_p99.ratio,
      idempotent_writes_ratio_pglite: rates.pglite.ratio, idempotent_writes_ratio_postgres: rates.postgres.ratio,
      measures, rates,
    };
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Bars = Pick<ServerResult, 'measures' | 'sockets_wanted' | 'sockets_held' | 'sockets_alive'>;

/** The bars that were missed: the ratio's, and that each socket is held and alive. */
export function missed({ measures, sockets_wanted, sockets_held, sockets_alive }: Bars): string[] {
  const few = Object.entries({ sockets_held, sockets_alive }).filter(([, count]) => count < sockets_wanted);
  return [...over(measures), ...few.map(([name, count]) => `${name} = ${count} < ${sockets_wanted}`)];
}
