// The one sender: holds the lock, carries out sends, and arms the next "try now".
//
// The lock is held while attempts are under way and never across a wait. Whoever takes it over turns the attempts of
// a dead worker into "outcome unknown", so that they leave again with the same key.

import { passedOn } from './answers';
import { givesSignOfLife, headersToAllow } from './cors';
import type { Credentials } from './credentials';
import type { Bodies } from './bodies';
import { report } from './errors';
import type { Effect } from './module';
import type { Secrets } from './secrets';
import type { Stepper } from './stepper';
import type { Waiters } from './waiters';

interface SendEffect {
  id: string;
  attempt: number;
  user: string;
  method: string;
  url: string;
  headers: [string, string][];
  body: string | null;
  bytes: boolean;
  /** Idempotency-Key; empty where the server isn't declared to know it. */
  key: string;
  /** It asks for the write, as one of its attempts, and isn't the write itself. */
  lookup: boolean;
  credentials: string;
  credentialHeaders: string[];
  /** The whole attempt ends after this. */
  timeoutMs: number;
  /** A connection that breaks after hanging for this long is opened anew, within the attempt; doubles each time. */
  againAfterMs: number;
}

/** Characters of an answer that cross into the engine; a longer document is passed on but not known. */
const kAnswerTextMax = 1024 * 1024;
/** Timers of a worker are unreliable beyond its life of about 30 s; pages arm the same time. */
const kTimerMax = 25_000;
/** After a look that failed: a full disk, a lost database. Milliseconds. */
const kLookAgainMs = 5_000;
/** A body that takes longer to read must not keep a newer worker from the lock. Milliseconds. */
const kExpectMs = 2_000;

export class Sender {
  /** Attempts whose outcome has yet to be handed in, and captures that are about to be. */
  #busy = 0;
  /** Attempts under way by the rows, as of the last pump; null: a pump is due. */
  #sending: number | null = null;
  #wanting = false;
  /** Somebody wants a look as soon as the lock is got, whatever else is about to bring one. */
  #lookDue = false;
  /** Lets the lock go; null while it isn't held. */
  #release: (() => void) | null = null;
  #session: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Origins that are being asked for a sign of life. */
  readonly #diagnosing = new Set<string>();
  /** Answers that the engine has yet to judge, by the write's id. */
  readonly #answers = new Map<string, { response: Response; body: ArrayBuffer | null }>();

  constructor(
    private readonly lock: string,
    private readonly stepper: Stepper,
    private readonly bodies: Bodies,
    private readonly waiters: Waiters,
    private readonly credentials: Credentials,
    private readonly wakePages: (at: number) => void,
    private readonly secrets: Secrets,
  ) {
    stepper.onIdle = () => this.#letGoIfIdle();
    stepper.onUnpumped = () => { this.#sending = null; };
  }

  /** Something may be sendable: gets the lock if it isn't held, and looks. Resolves when nothing is under way. */
  async want(): Promise<void> {
    if (this.#release) await this.stepper.pump();
    else {
      this.#lookDue = true;
      this.#acquire();
    }
    await this.#session;
  }

  /**
   * An event is on its way after which something may be sendable: the lock is got meanwhile, so that the event's own
   * transaction can send it.
   * @returns to be called once the event is stepped, or isn't
   */
  expect(): () => void {
    this.#busy += 1;
    this.#acquire();
    let over = false;
    const end = () => {
      over = true;
      clearTimeout(timer);
      this.#busy -= 1;
      this.#letGoIfIdle();
    };
    const timer = setTimeout(end, kExpectMs);
    return () => {
      if (!over) end();
      else void this.want().catch(report);  // It took so long that the lock may have been let go before.
    };
  }

  #acquire(): void {
    if (this.#release || this.#wanting) return;
    this.#wanting = true;
    this.#session = navigator.locks.request(this.lock, () => this.#hold()).then(() => undefined, (error: unknown) => {
      this.#wanting = false;
      report(error);
    });
  }

  async #hold(): Promise<void> {
    this.#wanting = false;
    const released = new Promise<void>((resolve) => { this.#release = resolve; });
    this.#sending = null;
    this.stepper.startSending();
    // An event that is expected brings a pump of its own.
    if (this.#lookDue || this.#busy === 0) this.#look();
    this.#lookDue = false;
    await released;
  }

  #look(): void {
    this.stepper.pump().catch((error: unknown) => {
      report(error);
      if (this.#busy > 0) return;  // What is under way ends with a look of its own.
      this.#letGo();
      if (this.#timer === null) this.#wakeIn(kLookAgainMs);
    });
  }

  #wakeIn(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.want().catch(report);
    }, ms);
  }

  /** From this moment on no step sends, even before the lock itself is free. */
  #letGo(): void {
    this.stepper.stopSending();
    this.#release?.();
    this.#release = null;
  }

  /** Not while a transaction is under way: it may end with a send. */
  #letGoIfIdle(): void {
    if (this.#busy > 0 || !this.#release || this.stepper.running) return;
    if (this.#sending === 0) this.#letGo();
    else if (this.#sending === null) this.#look();
  }

  /** Resolves once the lock has been let go. */
  quiet(): Promise<void> {
    return this.#session;
  }

  /** After each pump: what is under way, and when to look again. */
  pumped(effect: Effect): void {
    this.#sending = Number(effect.sending);
    const wakeAt = typeof effect.wakeAt === 'number' ? effect.wakeAt : null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (wakeAt !== null) {
      this.#wakeIn(Math.min(Math.max(wakeAt - Date.now(), 0), kTimerMax));
      this.wakePages(wakeAt);
    }
  }

  send(effect: Effect): void {
    this.#busy += 1;
    const send = effect as unknown as SendEffect;
    const failure = (reason: string) => ({ type: 'failed', id: send.id, attempt: send.attempt, reason });
    void this.#attempt(send, (reason) => this.stepper.submit(failure(reason)))
      .catch(async (error: unknown) => {
        report(error);
        await this.stepper.insist(failure('network'));  // Its row says "sending" until a step says otherwise.
      })
      .finally(() => {
        this.#busy -= 1;
        this.#letGoIfIdle();  // The step that settled it has looked already.
      });
  }

  async #attempt(send: SendEffect, failed: (reason: string) => Promise<unknown>): Promise<void> {
    const headers = new Headers(send.headers);
    if (send.key) headers.set('Idempotency-Key', send.key);
    const body = send.bytes ? await this.bodies.get(send.id) : send.body;
    const make = () => this.#request(send, headers, body ?? null);
    const began = Date.now();
    const limit = AbortSignal.timeout(send.timeoutMs);
    const ended = new Promise<false>((resolve) => limit.addEventListener('abort', () => resolve(false)));
    const applied = this.credentials.apply(headers, { ...send, names: send.credentialHeaders, make });
    // The app's hook may hang like any request.
    if (!(await Promise.race([applied, ended]))) {
      await failed(limit.aborted ? 'timeout' : 'no-credentials');
      return;
    }
    // Nobody waits for the news that something may be getting through; it lets other lanes leave beside this one.
    const reopened = () => void this.stepper.submit({ type: 'reopened', id: send.id, attempt: send.attempt }).catch(report);
    const answer = await patiently(make, limit, send.againAfterMs, reopened);
    if (!answer) {
      await failed(limit.aborted ? 'timeout' : 'network');
      if (!limit.aborted) await this.#diagnose(make(), began);
      return;
    }
    const { response, bytes } = answer;
    const empty = response.status === 204 || response.status === 205 || response.status === 304;
    if (!send.lookup) this.#answers.set(send.id, { response, body: empty ? null : bytes });
    try {
      await this.stepper.submit({
        type: 'answered', id: send.id, attempt: send.attempt, status: response.status,
        headers: [...response.headers], body: this.secrets.without(send.url, textOf(response, bytes)), redirected: response.redirected,
        waiting: this.waiters.waitFor(send.id),
      });
    } finally {
      this.#answers.delete(send.id);
    }
  }

  /** A CORS mistake looks like silence, so where there can be one a server that was silent is asked for a sign of life. */
  async #diagnose(request: Request, startedAt: number): Promise<void> {
    const { origin } = new URL(request.url);
    if (origin === self.location.origin || this.#diagnosing.has(origin)) return;
    this.#diagnosing.add(origin);
    try {
      const answers = await givesSignOfLife(request.url);
      await this.stepper.submit({
        type: 'diagnosed', origin, startedAt, answers, method: request.method, headers: headersToAllow(request.headers),
        credentials: request.credentials === 'include',
      });
    } finally {
      this.#diagnosing.delete(origin);
    }
  }

  #request(send: SendEffect, headers: Headers, body: BodyInit | null): Request {
    return new Request(send.url, {
      method: send.method, headers, body, cache: 'no-store',
      credentials: send.credentials as RequestCredentials,
    });
  }

  /** The server's own answer for the page that still waits. */
  answer(id: string, status: string): Response | null {
    const kept = this.#answers.get(id);
    return kept ? passedOn(kept.response, kept.body, id, status) : null;
  }
}

/**
 * One attempt. A tunnel's connections break when it ends, and that is the moment to go: a light of 50 ms between two
 * tunnels is over before a transaction could decide so. The bytes and the key stay the same, and the row says
 * "sending" throughout, so nothing changes that would have to be written down.
 * @returns the answer with its whole body: a connection cut in the middle leaves the outcome unknown. Null: none
 */
async function patiently(
  make: () => Request, limit: AbortSignal, againAfterMs: number, reopened: () => void,
): Promise<{ response: Response; bytes: ArrayBuffer } | null> {
  for (let enough = againAfterMs; ; enough *= 2) {
    const began = Date.now();
    try {
      const answer = fetch(make(), { signal: limit });
      if (enough > againAfterMs) reopened();
      const response = await answer;
      return { response, bytes: await response.arrayBuffer() };
    } catch {
      if (limit.aborted || Date.now() - began < enough) return null;
    }
  }
}

function textOf(response: Response, bytes: ArrayBuffer): string {
  if (!/\bjson\b|^text\//i.test(response.headers.get('content-type') ?? '')) return '';
  if (bytes.byteLength > kAnswerTextMax) return '';
  return new TextDecoder().decode(bytes);
}
