// The far side of the ride: the reference server with its faults and its ledger.

import type { AddressInfo } from 'node:net';
import { createServer } from '../../web/server/app.js';
import { openPglite } from '../../web/server/database.js';
import { Ledger, type FaultRates } from './faults.js';

export interface RideServer {
  port: number;
  ledger: Ledger;
  close(): Promise<void>;
}

export async function startServer(site: string, rates: FaultRates, idempotency: boolean): Promise<RideServer> {
  const database = await openPglite();
  const ledger = await Ledger.open(database);
  const app = await createServer({ database, idempotency, faults: ledger.faults(rates), sites: [{ root: site, prefix: '/' }] });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    port: (app.server.address() as AddressInfo).port,
    ledger,
    async close() {
      await app.close();
      await database.close();
    },
  };
}
