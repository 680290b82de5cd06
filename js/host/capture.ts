// A page's write, from the fetch event to a committed row.

import { refused } from './answers';
import type { CredentialHeaders, Credentials } from './credentials';
import { describe } from './errors';
import type { Engine } from './module';
import type { Secrets } from './secrets';
import type { Stepper } from './stepper';
import type { Waiters } from './waiters';
import { kStampHeader } from '../protocol/messages';
import { CallOrder, readStamp } from './order';

/** JSON and forms up to this cross into the engine as text; anything else stays bytes. */
const kTextBytesMax = 1024 * 1024;

/** A request without the mark that pages put on it. */
export function unstamped(request: Request): Request {
  if (!request.headers.has(kStampHeader)) return request;
  const headers = new Headers(request.headers);
  headers.delete(kStampHeader);
  return new Request(request, { headers });
}

/** A body that is longer than a resource allows, or that can't be read. */
const kTooLarge = Symbol('too large');

async function readBody(request: Request, bytesMax: number): Promise<ArrayBuffer | typeof kTooLarge> {
  // Firefox has no Request.body: there the whole is read at once.
  if (request.body === undefined) {
    const all = await (request as Request).arrayBuffer();
    return all.byteLength > bytesMax ? kTooLarge : all;
  }
  if (!request.body) return new ArrayBuffer(0);
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > bytesMax) {
      void reader.cancel().catch(() => undefined);  // The rest isn't wanted, however it ends.
      return kTooLarge;
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole.buffer;
}

/** The text of a body if it is text and comes out byte for byte as it went in. */
function asText(bytes: ArrayBuffer, contentType: string): string | null {
  if (bytes.byteLength > kTextBytesMax || !/json|^text\/plain|x-www-form-urlencoded/i.test(contentType)) return null;
  if (/charset=(?!utf-?8)/i.test(contentType)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

async function hashOf(method: string, url: string, bytes: ArrayBuffer): Promise<string> {
  const head = new TextEncoder().encode(`${method} ${url}\n`);
  const whole = new Uint8Array(head.byteLength + bytes.byteLength);
  whole.set(head);
  whole.set(new Uint8Array(bytes), head.byteLength);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
  return [...digest.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

type Prepared =
  | { passThrough: Request }
  | { refusal: unknown }
  | { write: Awaited<ReturnType<Capture['describe']>>; bytes: ArrayBuffer; origin: string; secret: CredentialHeaders };

export class Capture {
  readonly #binding = new Map<number, (id: string, user: string) => void>();
  readonly #order: CallOrder;

  constructor(
    private readonly stepper: Stepper,
    private readonly engine: () => Promise<Engine>,
    private readonly waiters: Waiters,
    private readonly credentials: Credentials,
    /** Whether reads of this origin last met silence. */
    private readonly silent: (origin: string) => boolean,
    /** Says that something will soon be there to send. Its result is called once that is so, or isn't. */
    private readonly expect: () => () => void,
    known: (stamp: string) => Promise<boolean>,
    private readonly secrets: Secrets,
  ) {
    this.#order = new CallOrder(known);
  }

  /**
   * Must be called in the fetch event's own turn: that is what fixes the order.
   * @param group requests of one group keep their order (the resource, or the lane that several resources share)
   */
  take(event: FetchEvent, group: string): Promise<Response> {
    const at = Date.now();
    const stamp = readStamp(event.request.headers.get(kStampHeader), event.clientId);
    const captured = this.expect();
    const prepared = this.#prepare(event, stamp.id, at);
    return this.#order.inTurn(stamp, group, async () => this.#step(await prepared, captured)).then(({ response }) => response);
  }

  async #prepare(event: FetchEvent, stamp: string, at: number): Promise<Prepared> {
    const { request } = event;
    const copy = request.clone();
    try {
      const routed = (await this.engine()).route(request.url);
      if (!routed.declared) return { passThrough: unstamped(copy) };
      const bytes = await readBody(request, routed.bodyBytesMax);
      if (bytes === kTooLarge || this.secrets.in(request.url, bytes)) return { passThrough: unstamped(copy) };
      void copy.body?.cancel().catch(() => undefined);  // Not needed any more.
      return {
        write: await this.describe(event, stamp, bytes, at), bytes, origin: new URL(request.url).origin, secret: this.credentials.of(request.headers) };
    } catch (refusal) {
      // No engine, or a page that gave up before its body was here whole: nothing can be kept, and the page is told.
      return { refusal };
    }
  }

  /** The fields of the engine's `capture` event (wasm/model/events.hpp). */
  private async describe({ request, clientId }: FetchEvent, stamp: string, bytes: ArrayBuffer, at: number) {
    const contentType = request.headers.get('content-type') ?? '';
    const text = bytes.byteLength === 0 ? '' : asText(bytes, contentType);
    const kind = !request.body && bytes.byteLength === 0 ? 'none' : text === null ? 'bytes' : 'text';
    const own = new Set([kStampHeader.toLowerCase(), 'idempotency-key']);
    return {
      type: 'capture', method: request.method, url: request.url.split('#', 1)[0] ?? request.url,
      headers: [...request.headers].filter(([name]) => !own.has(name) && !this.credentials.is(name)),
      body: { kind, text: text ?? '', size: bytes.byteLength },
      key: request.headers.get('idempotency-key') ?? '',
      credentials: request.credentials,
      credentialHeaders: this.credentials.of(request.headers).map(([name]) => name),
      stamp, client: clientId, at,
      hash: await hashOf(request.method, request.url, bytes),
      silent: this.silent(new URL(request.url).origin),
    };
  }

  /** Hands the write to the engine. Returns at once: the next one of the group need not wait for this one's answer. */
  #step(prepared: Prepared, captured: () => void): { response: Promise<Response> } {
    if ('passThrough' in prepared) {
      captured();
      return { response: fetch(prepared.passThrough) };
    }
    if ('refusal' in prepared) {
      captured();
      const { code, message } = describe(prepared.refusal);
      return { response: Promise.resolve(refused(code, message)) };
    }
    const { write, bytes, origin, secret } = prepared;
    const { number, response } = this.waiters.open();
    this.#binding.set(number, (id, user) => this.credentials.remember(user, origin, secret, id));
    this.stepper.submit({ ...write, waiter: number }, write.body.kind === 'bytes' ? bytes : null)
      .catch((error: unknown) => {
        const { code, message } = describe(error);
        this.waiters.answerOne(number, refused(code, message));
      })
      .finally(() => {
        this.#binding.delete(number);
        captured();
      });
    return { response };
  }

  /** The write of a waiter has got its id: its credentials are remembered under it, before the first attempt. */
  bind(number: number, id: string, user: string): void {
    this.#binding.get(number)?.(id, user);
  }
}
