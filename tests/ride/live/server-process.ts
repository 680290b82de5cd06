// One of the far side's processes: the reference server with its faults, on the ride's database. It says where it listens,
// and lives until it is killed.

import type { AddressInfo } from 'node:net';
import { createServer } from '../../../web/server/app.js';
import { openPostgres } from '../../../web/server/database.js';
import { Ledger, type FaultRates } from '../faults.js';

interface Orders {
  url: string;
  schema: string;
  site: string;
  rates: FaultRates;
}

const { url, schema, site, rates } = JSON.parse(process.env['RIDE_SERVER'] ?? '{}') as Orders;
const database = await openPostgres(url, { schema });
const app = await createServer({ database, faults: Ledger.join(database).faults(rates), sites: [{ root: site, prefix: '/' }] });
await app.listen({ host: '127.0.0.1', port: 0 });
process.send!({ port: (app.server.address() as AddressInfo).port });
process.on('disconnect', () => process.exit());
