import assert from 'node:assert/strict';
import { after } from 'node:test';
import { createServer, type ServerOptions } from '../../web/server/app.js';
import { openPglite, type Database } from '../../web/server/database.js';

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  /** The body read as JSON; undefined where there is none. */
  json: any;
}

export interface Sending { body?: unknown; raw?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> }

export interface TestServer {
  url: string;
  send(method: string, path: string, sending?: Sending): Promise<Answered>;
  /** Makes an order, and gives it. */
  order(fields?: Record<string, unknown>): Promise<any>;
  close(): Promise<void>;
}

const closing: (() => Promise<unknown>)[] = [];
/** What was opened last is closed first. */
export const atEnd = (close: () => Promise<unknown>): void => { closing.push(close); };
// Said once for the whole file: an after() that is called inside a hook or a test runs at that one's end.
after(async () => { for (const close of closing.reverse()) await close(); });

let openDatabase: () => Promise<Database> = openPglite;

/** The test files that are imported from here on have their databases from `open`. */
export function databasesFrom(open: () => Promise<Database>): void {
  openDatabase = open;
}

/** Opening PostgreSQL takes seconds, so a test file has one database for all of its servers. */
export function sharedDatabase(): () => Promise<Database> {
  const open = openDatabase;
  let opening: Promise<Database> | undefined;
  atEnd(async () => (await opening)?.close());
  return () => opening ??= open();
}

/** A server on a port of its own, reached over real HTTP. */
export async function serve(options: ServerOptions): Promise<TestServer> {
  const app = await createServer(options);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  atEnd(() => app.close());
  const send = sender(url);
  return {
    url, send,
    close: () => app.close(),
    async order(fields = {}) {
      const answer = await send('POST', '/api/orders', { body: { ...ORDER, ...fields } });
      assert.equal(answer.status, 201, answer.text);
      return answer.json;
    },
  };
}

/** Requests to a server, as a browser's fetch makes them. */
export function sender(url: string): TestServer['send'] {
  return async (method, path, { body, raw, headers = {} } = {}) => {
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await fetch(url + path, {
      method, redirect: 'manual',
      headers: { ...(content === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(content === undefined ? {} : { body: content }),
    });
    const text = await answer.text();
    const isJson = /\bjson\b/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, text, json: isJson && text ? JSON.parse(text) : undefined };
  };
}

export const ORDER = { customer: 'Ada', restaurant: 'Mamma Roma', items: [{ name: 'Margherita', quantity: 2 }] };

/** Asserts RFC 9457: the media type, the members, and a sentence. */
export function assertProblem(answer: Answered, status: number, code: string, field?: string): void {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.equal(answer.json.status, status);
  assert.equal(answer.json.code, code, answer.text);
  assert.equal(answer.json.type, 'about:blank');
  assert.ok(answer.json.title.length > 0);
  assert.match(answer.json.detail, /\.$/);
  if (field !== undefined) assert.equal(answer.json.field, field);
}

/** For tests that are about everything but the database: each query finds nothing, at once. */
export const EMPTY_DATABASE: Database = {
  query: async () => [],
  transaction: work => work({ query: async () => [] }),
  close: async () => {},
};
