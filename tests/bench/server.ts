// A server that costs as little as possible: fixed answers out of memory, connections that stay open.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { kPolicy, type SiteFiles } from '../browser/site.js';
import { Calls } from './calls.js';
import { menu, orders, riders } from './data.js';

/** The page's clock is only fine enough to time a small read where no other origin can look into its process. */
const kIsolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export class BenchServer {
  /** In the tunnel: what is asked of /api is never answered. */
  dark = false;
  /** What the page is to do. */
  readonly calls = new Calls();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #answers: Map<string, Buffer>;

  private constructor(private readonly site: SiteFiles) {
    const list = riders();
    this.#answers = new Map(Object.entries({
      '/api/orders': orders(), '/api/riders': list, [`/api/riders/${list[0]!.id}`]: list[0], '/api/menu': menu(),
    }).map(([path, json]) => [path, Buffer.from(JSON.stringify(json))]));
    this.#server = createServer((request, response) => this.#handle(request, response));
    // No connection is opened anew in the middle of a measure.
    this.#server.keepAliveTimeout = 600_000;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(site: SiteFiles): Promise<BenchServer> {
    const server = new BenchServer(site);
    await new Promise<void>((resolve, reject) => server.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return server;
  }

  get origin(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  bytes(path: string): number {
    return this.#answers.get(path)!.length;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url!.split('?')[0]!;
    if (path === '/next') return this.calls.next(response);
    if (path === '/told') return void this.calls.told(request).then(() => response.writeHead(204).end(), () => response.destroy());
    request.resume();
    if (path.startsWith('/api')) {
      if (this.dark) return;
      const answer = request.method === 'GET' ? this.#answers.get(path) : undefined;
      response.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache', 'Content-Length': answer?.length ?? 0 });
      response.end(answer);
      return;
    }
    const file = this.site.get(path);
    response.writeHead(file ? 200 : 404, {
      'Content-Type': file?.type ?? 'text/plain', 'Content-Security-Policy': kPolicy, 'Cache-Control': 'no-cache', ...kIsolated,
    });
    response.end(file?.body);
  }
}
