// The live link's contract on a real PostgreSQL, at one process and at three, each of them a process of its own.

import { feedContract } from './live-contract.js';
import { mannersContract } from './live-manners.js';
import { onPostgres } from './live-site.js';
import { startCluster, type Cluster } from './cluster.js';
import { atEnd } from './support.js';

let starting: Promise<Cluster> | undefined;
atEnd(async () => (await starting)?.stop());
const url = async () => (await (starting ??= startCluster())).url;

for (const [name, processes] of [['one process', 1], ['three processes', 3]] as const) {
  feedContract(`PostgreSQL, ${name}`, onPostgres(url, processes));
  mannersContract(`PostgreSQL, ${name}`, onPostgres(url, processes));
}
