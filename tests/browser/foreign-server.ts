// A server that has never heard of holdfast, as many apps have one: it wants to be subscribed to, with a token, tells what
// happens as {event, seq, …}, and tells whoever names a number all that came since. Over server-sent events, too.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';

export const kToken = 't1';

export interface Heard {
  op: string;
  token?: string;
  since?: number;
}

/** More settings: of the format, of the link, and of the whole configuration. */
export interface Settings {
  format?: string;
  live?: string;
  whole?: string;
}

/** Its messages, as docs/live.md declares them. */
export function declaration(url: string, { format = '', live = '', whole = '' }: Settings = {}): string {
  const docs = readFileSync(path.resolve(import.meta.dirname, '../../docs/live.md'), 'utf8');
  const [, declared] = /holdfast\((\{(?:(?!```)[^])*?wss:\/\/api(?:(?!```)[^])*?\n\})\);/.exec(docs) ?? [];
  if (declared === undefined) throw new Error('docs/live.md has no example of a server with messages of its own');
  // Of two members with one name the later counts.
  return declared.replace('wss://api.example.com/live', url).replace(/\n {4}\},\n {2}\},\n\}$/,
    `\n ${format} },\n baseMs: 50, capMs: 500, ${live} },\n retry: { baseMs: 60, capMs: 500, silentBaseMs: 40, sendTimeoutMs: 2500 }, ${whole} }`);
}

export class ForeignServer {
  readonly #http: Server;
  readonly #sockets = new Set<WebSocket>();
  readonly #streams = new Set<ServerResponse>();
  /** All that was told, in order; the number of each is its place. */
  readonly #told: { event: string; text: string }[] = [];
  /** What clients have said, in order. */
  readonly heard: Heard[] = [];
  /** What it lets in. */
  token = kToken;
  /** How it turns away whoever has another. */
  refuses: 'by message' | 'by code' = 'by message';
  /** How many links were begun. */
  links = 0;
  /** Takes nobody in. */
  down = false;
  /** Says nothing when it was subscribed to. */
  mute = false;
  /** What it has told up to here it can't tell any more. */
  forgotten = 0;

  constructor() {
    this.#http = createServer((request, response) => this.#stream(request, response));
    const sockets = new WebSocketServer({ noServer: true });
    this.#http.on('upgrade', (request, socket, head) => {
      if (this.down) return void socket.destroy();
      sockets.handleUpgrade(request, socket, head, (link) => {
        this.links += 1;
        link.on('close', () => this.#sockets.delete(link));
        link.on('message', (data) => this.#hear(link, JSON.parse(String(data)) as Heard));
      });
    });
  }

  #hear(link: WebSocket, heard: Heard): void {
    this.heard.push(heard);
    if (heard.op === 'ping') return link.send('{"event":"pong"}');
    if (heard.op !== 'subscribe' || this.mute) return;
    if (heard.token !== this.token) return this.refuses === 'by code' ? link.close(4001) : link.send('{"event":"denied"}');
    if (heard.since !== undefined && heard.since < this.forgotten) link.send('{"event":"too_old"}');
    else if (heard.since !== undefined) for (const { text } of this.#told.slice(heard.since)) link.send(text);
    link.send(JSON.stringify({ event: 'subscribed', seq: this.#told.length }));
    this.#sockets.add(link);
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    const cors = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': 'Authorization, Last-Event-ID' };
    if (request.method === 'OPTIONS') return void response.writeHead(204, cors).end();
    if (this.down) return void request.socket.resetAndDestroy();
    this.links += 1;
    const since = request.headers['last-event-id'];
    if (since !== undefined && Number(since) < this.forgotten) return void response.writeHead(410, cors).end();
    response.writeHead(200, { ...cors, 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    this.#streams.add(response.on('close', () => this.#streams.delete(response)));
    response.write(': hello\n\n');
    this.heard.push({ op: 'follow', ...(since !== undefined && { since: Number(since) }) });
    if (since !== undefined) this.#told.slice(Number(since)).forEach((told, i) => response.write(eventOf(told, Number(since) + i + 1)));
    if (!this.mute) response.write(`event: subscribed\nid: ${this.#told.length}\ndata: {}\n\n`);
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Tells all who have subscribed. */
  tell(event: string, more: object): void {
    const told = { event, text: JSON.stringify({ event, seq: this.#told.length + 1, ...more }) };
    this.#told.push(told);
    this.say(told.text);
    for (const stream of this.#streams) stream.write(eventOf(told, this.#told.length));
  }

  say(text: string): void {
    for (const link of this.#sockets) link.send(text);
  }

  get clients(): number {
    return this.#sockets.size;
  }

  get subscriptions(): Heard[] {
    return this.heard.filter(({ op }) => op === 'subscribe' || op === 'follow');
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

function eventOf({ event, text }: { event: string; text: string }, id: number): string {
  return `event: ${event}\nid: ${id}\ndata: ${text}\n\n`;
}
