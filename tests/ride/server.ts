// The far side of the ride: the reference server with its faults and its ledger.

import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer } from '../../web/server/app.js';
import { openPglite, openPostgres, type Database } from '../../web/server/database.js';
import { Ledger, type FaultRates } from './faults.js';

export interface RideServer {
  port: number;
  ledger: Ledger;
  close(): Promise<void>;
}

export async function startServer(site: string, rates: FaultRates, idempotency: boolean): Promise<RideServer> {
  const { database, close } = await openDatabase();
  const ledger = await Ledger.open(database);
  const app = await createServer({ database, idempotency, faults: ledger.faults(rates), sites: [{ root: site, prefix: '/' }] });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    port: (app.server.address() as AddressInfo).port,
    ledger,
    async close() {
      await app.close();
      await close();
    },
  };
}

/** In this process, or where DATABASE_URL says: in a schema of its own there, so that a ride counts from nothing and leaves nothing. */
async function openDatabase(): Promise<{ database: Database; close(): Promise<void> }> {
  const url = process.env['DATABASE_URL'];
  if (!url) {
    const database = await openPglite();
    return { database, close: () => database.close() };
  }
  const schema = `ride_${randomUUID().replaceAll('-', '')}`;
  const database = await openPostgres(url, { schema });
  return {
    database,
    async close() {
      await database.query(`DROP SCHEMA ${schema} CASCADE`);
      await database.close();
    },
  };
}
