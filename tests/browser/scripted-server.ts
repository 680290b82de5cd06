// A server that does what a test tells it, and remembers every request as it came. Left alone it is a small
// REST API with a memory: documents by path, and an idempotency key that is looked up before anything else.

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { kPolicy, type SiteFile, type SiteFiles } from './site.js';

export interface Recorded {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** When its last byte arrived, and when it was answered or cut. */
  at: number;
  endedAt: number | null;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: unknown;
  delayMs?: number;
  /** No answer at all: the connection stays open. */
  hang?: boolean;
  /** The connection is reset. */
  reset?: boolean;
  /** Half of the body goes out before it hangs or is reset. */
  half?: boolean;
  /** The write is carried out before that happens: its answer is lost. */
  applied?: boolean;
}

export type Respond = (request: Recorded) => Answer | undefined | Promise<Answer | undefined>;

const kReads = ['GET', 'HEAD', 'OPTIONS'];

export class ScriptedServer {
  /** All requests to /api, in order of arrival. */
  readonly requests: Recorded[] = [];
  /** Writes that were carried out, in order. */
  readonly applied: Recorded[] = [];
  readonly documents = new Map<string, Record<string, unknown>>();
  readonly site: Map<string, SiteFile>;
  /** Answers for the next writes, used up one by one. */
  readonly next: Answer[] = [];
  /** Decides instead of `next` and of the small REST API; undefined leaves it to them. */
  respond: Respond = () => undefined;
  /** Headers of every answer of /api, and of those to preflights: what other origins are allowed. Null: preflights fail. */
  cors: Record<string, string> | null = null;
  policy = kPolicy;
  /** What all of /api does: 'hang' as in a tunnel, 'reset' as with no server; 'gone' is the whole site. */
  down: 'hang' | 'reset' | 'gone' | null = null;

  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #answers = new Map<string, Answer>();

  constructor(site: SiteFiles) {
    this.site = new Map(site);
    this.#server = createServer((request, response) => void this.#handle(request, response).catch(() => response.destroy()));
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
    });
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve, reject) => this.#server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return this.port;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://localhost:${this.port}`;
  }

  /** The requests to /api that are no reads. */
  get writes(): Recorded[] {
    return this.requests.filter(({ method }) => !kReads.includes(method));
  }

  /** Back in service: what hung is cut, as it is at the end of a tunnel. */
  up(): void {
    this.down = null;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A browser repeats a request by itself when a connection that it used before is reset, or answered 408 on.
    // One connection a request makes each attempt one that holdfast made.
    response.shouldKeepAlive = false;
    if (this.down === 'gone') return void request.socket.resetAndDestroy();
    if (!request.url!.startsWith('/api')) return this.#sendFile(request, response);

    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const recorded: Recorded = {
      method: request.method!, url: request.url!, headers: request.headers, body: Buffer.concat(parts), at: Date.now(), endedAt: null,
    };
    this.requests.push(recorded);
    response.on('close', () => {
      recorded.endedAt = Date.now();
    });
    const isWrite = !kReads.includes(recorded.method);
    const told = (await this.respond(recorded)) ?? (this.down ? { [this.down]: true } : isWrite ? this.next.shift() : undefined);
    const answer: Answer = { ...(told ?? this.#rest(recorded)) };
    if (this.cors) answer.headers = { ...this.cors, ...answer.headers };
    if (answer.applied) Object.assign(answer, { ...this.#rest(recorded), ...answer });
    if (answer.delayMs) await sleep(answer.delayMs);
    if (answer.half) await sendHalf(response, answer);
    if (answer.hang) return;
    if (answer.reset) return void request.socket.resetAndDestroy();
    send(response, answer);
  }

  #sendFile(request: IncomingMessage, response: ServerResponse): void {
    const file = this.site.get(request.url!.split('?')[0]!);
    if (!file) return send(response, { status: 404, body: { title: 'no such file' } });
    response.writeHead(200, { 'Content-Type': file.type, 'Content-Security-Policy': this.policy, 'Cache-Control': 'no-cache' });
    response.end(file.body);
  }

  #rest(request: Recorded): Answer {
    const path = request.url.split('?')[0]!;
    if (request.method === 'OPTIONS') return { status: this.cors ? 204 : 404 };
    if (kReads.includes(request.method)) return this.#read(path);
    const key = String(request.headers['idempotency-key'] ?? '');
    const before = this.#answers.get(key);
    if (before) return before;
    this.applied.push(request);
    const answer = this.#write(path, request);
    if (key) this.#answers.set(key, answer);
    return answer;
  }

  #read(path: string): Answer {
    const document = this.documents.get(path);
    if (document) return { status: 200, body: document };
    const members = [...this.documents].filter(([at]) => at.slice(0, at.lastIndexOf('/')) === path);
    if (members.length > 0 || path === '/api/orders') return { status: 200, body: members.map(([, one]) => one) };
    return { status: 404, body: { title: 'not found' } };
  }

  #write(path: string, { method, body }: Recorded): Answer {
    if (method === 'DELETE') {
      this.documents.delete(path);
      return { status: 204 };
    }
    const given = parseObject(body);
    if (method === 'POST') {
      const id = String(given.id ?? crypto.randomUUID());
      const document = { ...given, id, version: 1 };
      this.documents.set(`${path}/${id}`, document);
      return { status: 201, body: document };
    }
    const old = this.documents.get(path) ?? { id: path.slice(path.lastIndexOf('/') + 1), version: 0 };
    const document = { ...old, ...given, version: Number(old.version) + 1 };
    this.documents.set(path, document);
    return { status: 200, body: document };
  }
}

function parseObject(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

/** What a page has of an answer whose connection stops in the middle. */
async function sendHalf(response: ServerResponse, { body }: Answer): Promise<void> {
  const text = JSON.stringify(body);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': text.length });
  await new Promise<void>((resolve) => response.write(text.slice(0, text.length / 2), () => resolve()));
  await sleep(50);
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: Answer): void {
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  response.writeHead(status, { ...(text && { 'Content-Type': type }), 'Cache-Control': 'no-cache', 'X-Server': 'scripted', ...headers });
  response.end(status === 204 ? undefined : text);
}
