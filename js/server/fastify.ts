import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { answerOf, bytesOf, type Answer } from './answer.js';
import { BODY_BYTES_MAX, hasBody } from './body.js';
import { unlessKnown } from './etag.js';
import { changesAnswer, type Feed } from './feed.js';
import type { KeyStorage } from './keys.js';
import { Writes, type WriteOptions, type Writer } from './writes.js';

/** A request of Fastify's. */
export interface FastifyRequestLike {
  readonly method: string;
  readonly originalUrl: string;
  readonly params: any;
  readonly query: any;
  readonly body: any;
  readonly headers: IncomingHttpHeaders;
  readonly raw: IncomingMessage;
  readonly routeOptions?: { readonly bodyLimit?: number | undefined } | undefined;
}

export interface FastifyReplyLike {
  code(status: number): this;
  headers(values: Record<string, string>): this;
  send(payload?: unknown): this;
}

export type FastifyHandler<Request> = (request: Request, reply: FastifyReplyLike) => Promise<unknown>;

export interface FastifyOptions extends WriteOptions {
  /** Whose request it is, from its credentials. May throw a ProblemError (401). Default: '', nobody's. */
  subject?: (request: any) => string | Promise<string>;
}

export interface FastifyBackend<Tx> {
  /** To be registered before the routes: keeps the bytes of bodies beside what parsers make of them. */
  plugin(app: FastifyLike, options: unknown, done: () => void): void;
  /** A handler for what changes something: `handler` runs in the transaction that its answer is kept in, once per key. */
  write<Request extends FastifyRequestLike>(
    handler: (tx: Tx, request: Request, writer: Writer | null) => Answer | Promise<Answer>): FastifyHandler<Request>;
  /** A handler for what only reads; 304 by the answer's ETag. */
  read<Request extends FastifyRequestLike>(handler: (request: Request) => Answer | Promise<Answer>): FastifyHandler<Request>;
  /** The handler of `GET /api/changes`. */
  changes(feed: Feed): FastifyHandler<FastifyRequestLike>;
  writes: Writes<Tx>;
}

interface FastifyLike {
  addHook(name: 'preParsing', hook: (request: any, reply: any, payload: any, done: (error: null, payload: any) => void) => void): unknown;
}

/** For Fastify 5. What a handler throws goes to Fastify's error handler, but ProblemError is an answer. */
export function fastifyBackend<Tx>(keys: KeyStorage<Tx>, options: FastifyOptions = {}): FastifyBackend<Tx> {
  const { subject = () => '' } = options;
  const writes = new Writes(keys, options);
  const copies = new WeakMap<object, Copy>();

  const answered = <Request>(work: (request: Request) => Promise<Answer>): FastifyHandler<Request> => async (request, reply) =>
    sendAnswer(reply, await answerOf(() => work(request)));

  function plugin(app: FastifyLike, _options: unknown, done: () => void): void {
    app.addHook('preParsing', (request: FastifyRequestLike, _reply, payload: Readable, next) => {
      if (!hasBody(request.raw)) return next(null, payload);
      const copy = new Copy(payload, request.routeOptions?.bodyLimit ?? BODY_BYTES_MAX);
      copies.set(request, copy);
      next(null, copy.stream);
    });
    done();
  }
  // What fastify-plugin does: the hook is for the routes beside the plugin, not only for those inside of it.
  Object.assign(plugin, { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: 'holdfast' });

  return {
    plugin, writes,
    write: (handler) => answered(async (request) => {
      const { method, originalUrl: url, headers } = request;
      const body = bytesRead(request, copies.get(request));
      return writes.once({ method, url, headers, body, subject: await subject(request) }, (tx, writer) => handler(tx, request, writer));
    }),
    read: (handler) => answered(async (request) => unlessKnown(request.headers, await handler(request))),
    changes: (feed) => answered(async (request) => changesAnswer(feed, { url: request.originalUrl, subject: await subject(request) })),
  };
}

/** Sends an answer. */
export function sendAnswer<Reply extends FastifyReplyLike>(reply: Reply, answer: Answer): Reply {
  const bytes = bytesOf(answer);
  reply.code(answer.status).headers(answer.headers);
  return bytes.length === 0 ? reply.send() : reply.send(bytes);
}

/** What a parser reads, on its way. Nothing flows until somebody reads: a parser may go to the request itself instead. */
class Copy {
  readonly chunks: Buffer[] = [];
  readonly stream: Readable;
  complete = false;
  #length = 0;

  /** @param bytesMax of a larger one nothing is kept: a parser that hands the stream on has no limit of its own */
  constructor(source: Readable, private readonly bytesMax: number) {
    this.stream = Readable.from(this.#pass(source), { objectMode: false });
    // What Fastify compares with Content-Length, if an earlier hook has decompressed the body.
    Object.defineProperty(this.stream, 'receivedEncodedLength', { get: () => (source as { receivedEncodedLength?: number }).receivedEncodedLength });
  }

  async* #pass(source: Readable): AsyncGenerator<Buffer> {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      this.#length += chunk.length;
      if (this.#length <= this.bytesMax) this.chunks.push(chunk);
      else this.chunks.length = 0;
      yield chunk;
    }
    this.complete = this.#length <= this.bytesMax;
  }
}

function bytesRead(request: FastifyRequestLike, copy: Copy | undefined): Buffer | null {
  if (!hasBody(request.raw)) return null;
  if (copy?.complete) return Buffer.concat(copy.chunks);
  throw new Error(`The bytes of ${request.method} ${request.originalUrl} are gone, and an idempotency key belongs to bytes. `
    + 'Register the plugin of fastifyBackend() before the routes, and let a content type parser read the whole body.');
}
