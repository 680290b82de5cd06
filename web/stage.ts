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
  /** Another way to the same server: a port, and so an origin, of its own, behind a tunnel of its own. */
  addLine(port: number): Promise<Tunnel>;
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
    // Whoever watches a tunnel wants to see within seconds that it is one.
    live: { heartbeatMs: 2_000 },
    faults: {
      async onApplied(_tx, request) {
        const act = request.headers['x-ride-act'];
        if (typeof act === 'string') onArrival({ app: name, act, at: Date.now() });
      },
    },
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const target = { host: '127.0.0.1', port: (server.server.address() as AddressInfo).port };
  const lines: Tunnel[] = [];
  const addLine = async (at: number): Promise<Tunnel> => {
    const line = new Tunnel({ target, resetAfterMs: kResetAfterMs });
    await line.listen(at);
    lines.push(line);
    return line;
  };
  return {
    name, server, tunnel: await addLine(port), addLine, origin: originOf(port),
    async close() {
      await Promise.all(lines.map((line) => line.close()));
      await server.close();
    },
  };
}

export function originOf(port: number): string {
  return `http://localhost:${port}`;
}
