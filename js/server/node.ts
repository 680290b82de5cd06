import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf, bytesOf, problemAnswer, type Answer } from './answer.js';
import { BODY_BYTES_MAX, readBody } from './body.js';
import { unlessKnown } from './etag.js';
import { changesAnswer, type Feed } from './feed.js';
import type { KeyStorage } from './keys.js';
import { Writes, type Asked, type WriteOptions, type Writer } from './writes.js';

export interface NodeOptions extends WriteOptions {
  /** Whose request it is, from its credentials. May throw a ProblemError (401). Default: '', nobody's. */
  subject?: (request: IncomingMessage) => string | Promise<string>;
  /** A larger body is answered 413. */
  bodyBytesMax?: number;
  /** Told what was answered 500. By default it is written to the console. */
  onError?: (error: unknown) => void;
}

export type NodeListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;
/** The facts of a request, and its body as it came. */
export type NodeAsked = Asked & { body: Buffer | null };

export interface NodeBackend<Tx> {
  /** A listener for what changes something: `handler` runs in the transaction that its answer is kept in, once per key. */
  write(handler: (tx: Tx, asked: NodeAsked, writer: Writer | null) => Answer | Promise<Answer>): NodeListener;
  /** A listener for what only reads; 304 by the answer's ETag. */
  read(handler: (asked: Omit<Asked, 'body'>) => Answer | Promise<Answer>): NodeListener;
  /** The listener of `GET /api/changes`. */
  changes(feed: Feed): NodeListener;
  writes: Writes<Tx>;
}

/** For `node:http`. */
export function nodeBackend<Tx>(keys: KeyStorage<Tx>, options: NodeOptions = {}): NodeBackend<Tx> {
  const { subject = () => '', bodyBytesMax = BODY_BYTES_MAX, onError = console.error } = options;
  const writes = new Writes(keys, options);
  const factsOf = async (request: IncomingMessage) => (
    { method: request.method ?? 'GET', url: request.url ?? '/', headers: request.headers, subject: await subject(request) });

  // It never rejects: nobody waits for it.
  const listener = (work: (request: IncomingMessage) => Promise<Answer>): NodeListener => async (request, response) => {
    try {
      respond(response, await answerOf(() => work(request)));
    } catch (error) {
      onError(error);
      if (response.headersSent) return void response.destroy();
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      respond(response, problemAnswer(500, 'internal', 'The server failed. Send the request again later, with the same Idempotency-Key.'));
    }
  };
  const read: NodeBackend<Tx>['read'] = (handler) => listener(async (request) =>
    unlessKnown(request.headers, await handler(await factsOf(request))));

  return {
    writes, read,
    write: (handler) => listener(async (request) => {
      // Whoever may not write anything needn't be listened to.
      const facts = await factsOf(request);
      const asked = { ...facts, body: await readBody(request, bodyBytesMax) };
      return writes.once(asked, (tx, writer) => handler(tx, asked, writer));
    }),
    changes: (feed) => read((asked) => changesAnswer(feed, asked)),
  };
}

/** Sends an answer; Express's responses are Node's. */
export function respond(response: ServerResponse, answer: Answer): void {
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  response.end(bytesOf(answer));
}
