// The same contract on a real PostgreSQL: every test that has a database, once more. (same-merge is about the engine.)

import { describe } from 'node:test';
import { openPostgres } from '../../web/server/database.js';
import { startCluster, type Cluster } from './cluster.js';
import { atEnd, databasesFrom } from './support.js';

let starting: Promise<Cluster> | undefined;
let schemas = 0;
databasesFrom(async () => openPostgres((await (starting ??= startCluster())).url, { schema: `test_${schemas += 1}` }));
atEnd(async () => (await starting)?.stop());

for (const name of ['database', 'faults', 'feed', 'idempotency', 'input', 'merge', 'orders', 'preconditions']) {
  describe(`on PostgreSQL, ${name}`, async () => { await import(`./${name}.test.js`); });
}
