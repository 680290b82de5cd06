// A server as many apps have one: it tells what happens as {event, data}, knows no cursor, and wants to be subscribed to.

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

export interface Heard {
  event: string;
  token?: string;
}

/** More settings: of the format, of the link, and of the whole configuration. */
export interface Settings {
  format?: string;
  live?: string;
  whole?: string;
}

/** Its messages, declared. */
export const kForeign = (url: string, { format = '', live = '', whole = '' }: Settings = {}): string => `{
  resources: { orders: { path: '/api/orders/:id', version: 'version', timeoutMs: 1000 } },
  retry: { baseMs: 60, capMs: 500, silentBaseMs: 40, sendTimeoutMs: 2500 },
  live: {
    url: '${url}', baseMs: 50, capMs: 500, credentials: 'omit',
    format: {
      kind: '/event',
      changes: {
        'order.updated': { resource: 'orders', document: '/data', version: '/data/version' },
        'order.deleted': { resource: 'orders', id: '/data/id', deleted: true },
        'order.patched': { resource: 'orders', document: '/data', partial: true },
        order_changed: { resource: 'orders', id: '/id' },
      },
      ${format}
    },
    ${live}
  }, ${whole} }`;

export class ForeignServer {
  readonly #http: Server;
  readonly #sockets = new Set<WebSocket>();
  readonly #streams = new Set<ServerResponse>();
  /** What clients have said, in order. */
  readonly heard: Heard[] = [];
  /** What it lets in; null: everybody, at once. */
  token: string | null = null;
  /** How many links were begun. */
  links = 0;
  /** Takes nobody in. */
  down = false;

  constructor() {
    this.#http = createServer((request, response) => {
      const cors = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': 'Authorization' };
      if (request.method === 'OPTIONS') return void response.writeHead(204, cors).end();
      if (this.down) return void request.socket.resetAndDestroy();
      this.links += 1;
      response.writeHead(200, { ...cors, 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      response.write(': hello\n\n');
      this.#streams.add(response.on('close', () => this.#streams.delete(response)));
    });
    const sockets = new WebSocketServer({ noServer: true });
    this.#http.on('upgrade', (request, socket, head) => {
      if (this.down) return void socket.destroy();
      sockets.handleUpgrade(request, socket, head, (link) => this.#serve(link));
    });
  }

  #serve(link: WebSocket): void {
    this.links += 1;
    if (this.token === null) this.#sockets.add(link);
    link.on('close', () => this.#sockets.delete(link));
    link.on('message', (data) => {
      const heard = JSON.parse(String(data)) as Heard;
      this.heard.push(heard);
      if (heard.event === 'ping') link.send('{"event":"pong"}');
      if (heard.event !== 'subscribe') return;
      const letIn = heard.token === this.token;
      link.send(JSON.stringify({ event: letIn ? 'subscribed' : 'auth_error' }));
      if (letIn) this.#sockets.add(link);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Tells all who have subscribed. */
  tell(message: { event: string; [member: string]: unknown }): void {
    const text = JSON.stringify(message);
    for (const link of this.#sockets) link.send(text);
    for (const stream of this.#streams) stream.write(`event: ${message.event}\ndata: ${text}\n\n`);
  }

  cut(): void {
    for (const link of this.#sockets) link.terminate();
    for (const stream of this.#streams) stream.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}
