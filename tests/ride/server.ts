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
  const app = await createServer({ database, idempotency, faults: ledger.faults(rates) });
  const fastifyStatic = (await import('@fastify/static')).default;
  app.addHook('onSend', async (_request, reply) => {
    reply.header('content-security-policy', "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'");
  });
  await app.register(fastifyStatic, { root: site, cacheControl: false });
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
