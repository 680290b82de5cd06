// The test site on the reference server, behind a line that can be cut, and browsers that look at it.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createTcpServer, connect as connectTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { BrowserContext } from 'playwright-core';
import { createServer, type ServerOptions } from '../../web/server/app.js';
import { openPglite, type Database } from '../../web/server/database.js';
import { App, ready } from './harness.js';
import { ScriptedServer } from './scripted-server.js';
import { siteFiles, workerScript } from './site.js';

/** Short waits: a test is not a ride. */
export const kLive = (settings = ''): string => `{
  resources: { orders: { path: '/api/orders/:id', version: '/version', timeoutMs: 1000 } },
  retry: { baseMs: 60, capMs: 500, silentBaseMs: 40, sendTimeoutMs: 2500 },
  live: { url: '/api/live', baseMs: 50, capMs: 500, ${settings} } }`;

/** A line: each connection passes, until it is cut. */
export class Line {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  down = false;
  /** Takes WebSockets for something that it must not let through, as some companies' proxies do. */
  breaksWebSockets = false;
  /** How many WebSockets and streams of events were begun. */
  links: string[] = [];

  constructor(target: () => number) {
    this.#server = createTcpServer((client) => {
      if (this.down) return void client.resetAndDestroy();
      const server = connectTcp(target(), '127.0.0.1');
      for (const [one, other] of [[client, server], [server, client]] as const) {
        this.#sockets.add(one);
        one.on('error', () => other.destroy()).on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
        one.on('data', (bytes: Buffer) => {
          if (one === client && !this.#passes(String(bytes))) return void client.resetAndDestroy();
          other.write(bytes);
        });
      }
    });
  }

  #passes(head: string): boolean {
    const socket = /^GET \/api\/live.*\r\n(?:.*\r\n)*?upgrade: websocket/i.test(head);
    if (socket) this.links.push('websocket');
    else if (/^GET \/api\/live/.test(head)) this.links.push('sse');
    return !(socket && this.breaksWebSockets);
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export interface World {
  server: FastifyInstance;
  database: Database;
  line: Line;
  origin: string;
  /** Opens the app in a browser, behind the line. */
  open(context: BrowserContext, query?: string): Promise<App>;
  /** Somebody elsewhere, past the line. */
  elsewhere(method: string, url: string, body?: object): Promise<{ id: string; version: number }>;
  /** Puts another server in the place of this one, on the same database or another. */
  replace(options?: Partial<ServerOptions>): Promise<void>;
}

export async function startWorld(t: TestContext, config: string, options: Partial<ServerOptions> = {}): Promise<World> {
  const root = await mkdtemp(path.join(tmpdir(), 'holdfast-live-'));
  const files = new Map([...await siteFiles(), ['/sw.js', workerScript(config)] as const]);
  await mkdir(root, { recursive: true });
  for (const [name, { body }] of files) await writeFile(path.join(root, name === '/' ? 'index.html' : name), body);
  const database = options.database ?? await openPglite();
  const start = async (more: Partial<ServerOptions>): Promise<FastifyInstance> => {
    const server = await createServer({ database, sites: [{ root, prefix: '/' }], ...options, ...more });
    await server.listen({ host: '127.0.0.1', port: 0 });
    return server;
  };
  const world = { server: await start({}), database } as World;
  const port = (): number => (world.server.server.address() as AddressInfo).port;
  const line = new Line(port);
  const origin = `http://127.0.0.1:${await line.listen()}`;
  t.after(async () => {
    await line.close();
    await world.server.close();
    await world.database.close();
    await rm(root, { recursive: true, force: true });
  });
  return Object.assign(world, {
    line, origin,
    async open(context: BrowserContext, query = '') {
      const page = await context.newPage();
      t.after(() => page.close());
      await page.goto(`${origin}/${query}`);
      await ready(page);
      return new App(context, { origin } as ScriptedServer, page);
    },
    async elsewhere(method: string, url: string, body?: object) {
      const answer = await fetch(`http://127.0.0.1:${port()}${url}`, {
        method, ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
      return answer.status === 204 ? {} as { id: string; version: number } : await answer.json() as { id: string; version: number };
    },
    async replace(more: Partial<ServerOptions> = {}) {
      line.down = true;
      line.cut();
      await world.server.close();
      world.server = await start(more);
      if (more.database) world.database = more.database;
      line.down = false;
    },
  });
}
