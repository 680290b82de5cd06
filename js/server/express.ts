import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf, type Answer } from './answer.js';
import { BODY_BYTES_MAX, hasBody, readBody } from './body.js';
import { unlessKnown } from './etag.js';
import { changesAnswer, type Feed } from './feed.js';
import type { KeyStorage } from './keys.js';
import { respond } from './node.js';
import { Writes, type WriteOptions, type Writer } from './writes.js';

/** A request of Express 4 or 5. Its `params`, `query` and `body` are as open as Express's own. */
export interface ExpressRequest extends IncomingMessage {
  method: string;
  originalUrl: string;
  params: any;
  query: any;
  body?: any;
  rawBody?: Uint8Array;
}

export type ExpressHandler<Request> = (request: Request, response: ServerResponse, next: (error?: any) => void) => void;

export interface ExpressOptions extends WriteOptions {
  /** Whose request it is, from its credentials. May throw a ProblemError (401). Default: '', nobody's. */
  subject?: (request: any) => string | Promise<string>;
  /** A larger body that no parser has read is answered 413. */
  bodyBytesMax?: number;
}

export interface ExpressBackend<Tx> {
  /** A handler for what changes something: `handler` runs in the transaction that its answer is kept in, once per key. */
  write<Request extends ExpressRequest>(
    handler: (tx: Tx, request: Request, writer: Writer | null) => Answer | Promise<Answer>): ExpressHandler<Request>;
  /** A handler for what only reads; 304 by the answer's ETag. */
  read<Request extends ExpressRequest>(handler: (request: Request) => Answer | Promise<Answer>): ExpressHandler<Request>;
  /** The handler of `GET /api/changes`. */
  changes(feed: Feed): ExpressHandler<ExpressRequest>;
  writes: Writes<Tx>;
}

/** For Express 4 and 5. What a handler throws goes to Express's error handlers, but ProblemError is an answer. */
export function expressBackend<Tx>(keys: KeyStorage<Tx>, options: ExpressOptions = {}): ExpressBackend<Tx> {
  const { subject = () => '', bodyBytesMax = BODY_BYTES_MAX } = options;
  const writes = new Writes(keys, options);

  const answered = <Request>(work: (request: Request) => Promise<Answer>): ExpressHandler<Request> => (request, response, next) => {
    // Express 4 knows nothing of promises.
    answerOf(() => work(request)).then((answer) => respond(response, answer)).catch(next);
  };

  return {
    writes,
    write: (handler) => answered(async (request) => {
      const { method, originalUrl: url, headers } = request;
      // Whoever may not write anything needn't be listened to.
      const who = await subject(request);
      const body = await bodyOf(request, bodyBytesMax);
      return writes.once({ method, url, headers, body, subject: who }, (tx, writer) => handler(tx, request, writer));
    }),
    read: (handler) => answered(async (request) => unlessKnown(request.headers, await handler(request))),
    changes: (feed) => answered(async (request) => changesAnswer(feed, { url: request.originalUrl, subject: await subject(request) })),
  };
}

/**
 * Keeps a body's bytes beside what a parser makes of them: `express.json({ verify: keepBytes })`. A key belongs to the bytes.
 * What is parsed is no stand-in: a middleware that puts the time or the user into it would make two requests of one.
 */
export function keepBytes(request: IncomingMessage, _response: unknown, bytes: Uint8Array): void {
  (request as ExpressRequest).rawBody = bytes;
}

async function bodyOf(request: ExpressRequest, bytesMax: number): Promise<Uint8Array | string | null> {
  if (request.rawBody instanceof Uint8Array) return request.rawBody;
  if (!hasBody(request)) return null;
  if (request.body instanceof Uint8Array || typeof request.body === 'string') return request.body;
  if (!request.readableDidRead) return request.body = await readBody(request, bytesMax);
  throw new Error(`The bytes of ${request.method} ${request.originalUrl} are gone, and an idempotency key belongs to bytes. `
    + 'Give the parser `verify: keepBytes` (express.json({ verify: keepBytes })); for one that has no such option, set '
    + 'request.rawBody to what stands for the body.');
}
