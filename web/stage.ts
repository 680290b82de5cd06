// One app on its stage: the reference server on a port of its own choosing, and the tunnel in front
// of it on the port that people open.

import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { createServer } from './server/app.js';
import type { Database } from './server/database.js';
import { Tunnel } from './tunnel/tunnel.js';

export type AppName = 'holdfast' | 'naive';

/** A write that a server applied, and the number that its act carried. */
export interface Arrival {
  app: AppName;
  act: string;
  at: number;
}

export interface Stage {
  name: AppName;
  origin: string;
  server: FastifyInstance;
  tunnel: Tunnel;
  close(): Promise<void>;
}

export interface StageOptions {
  name: AppName;
  port: number;
  site: string;
  database: Database;
  onArrival(arrival: Arrival): void;
}

/** Short: at the demo's speed a connection that is dead for two seconds has been so for most of a minute. */
const kResetAfterMs = 2_000;

export async function openStage({ name, port, site, database, onArrival }: StageOptions): Promise<Stage> {
  const server = await createServer({
    database,
    sites: [{ root: site, prefix: '/' }],
    faults: {
      async onApplied(_tx, request) {
        const act = request.headers['x-ride-act'];
        if (typeof act === 'string') onArrival({ app: name, act, at: Date.now() });
      },
    },
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const target = { host: '127.0.0.1', port: (server.server.address() as AddressInfo).port };
  const tunnel = new Tunnel({ target, resetAfterMs: kResetAfterMs });
  await tunnel.listen(port);
  return {
    name, server, tunnel, origin: `http://localhost:${port}`,
    async close() {
      await tunnel.close();
      await server.close();
    },
  };
}
