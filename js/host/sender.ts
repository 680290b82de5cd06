// The one sender: holds the lock, carries out sends, and arms the next "try now".
//
// The lock is held while attempts are under way and never across a wait. Whoever takes it over turns the attempts of
// a dead worker into "outcome unknown", so that they leave again with the same key.

import { passedOn } from './answers';
import type { Credentials } from './credentials';
import type { Bodies } from './bodies';
import type { Effect } from './module';
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
  key: string;
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

export class Sender {
  #underWay = 0;
  #wanting = false;
  /** Lets the lock go; null while it isn't held. */
  #release: (() => void) | null = null;
  #session: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Answers that the engine has yet to judge, by the write's id. */
  readonly #answers = new Map<string, { response: Response; body: ArrayBuffer | null }>();

  constructor(
    private readonly lock: string,
    private readonly stepper: Stepper,
    private readonly bodies: Bodies,
    private readonly waiters: Waiters,
    private readonly credentials: Credentials,
    private readonly wakePages: (at: number) => void,
  ) {}

  get holding(): boolean {
    return this.#release !== null;
  }

  /** Something may be sendable: gets the lock if it isn't held, and looks. Resolves when nothing is under way. */
  async want(): Promise<void> {
    if (this.holding) await this.stepper.submit({ type: 'tick', trigger: 'timer' });
    else if (!this.#wanting) {
      this.#wanting = true;
      this.#session = navigator.locks.request(this.lock, () => this.#hold()).then(() => undefined);
    }
    await this.#session;
  }

  async #hold(): Promise<void> {
    this.#wanting = false;
    const released = new Promise<void>((resolve) => { this.#release = resolve; });
    this.stepper.sender = true;
    await this.stepper.submit({ type: 'take-over' }).catch((error: unknown) => {
      report(error);
      this.#letGo();
    });
    await released;
  }

  /** From this moment on no step sends, even before the lock itself is free. */
  #letGo(): void {
    this.stepper.sender = false;
    this.#release?.();
    this.#release = null;
  }

  /** Resolves once the lock has been let go. */
  quiet(): Promise<void> {
    return this.#session;
  }

  /** After each pump: what is under way, and when to look again. */
  pumped(effect: Effect): void {
    const sending = Number(effect.sending);
    const wakeAt = typeof effect.wakeAt === 'number' ? effect.wakeAt : null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (wakeAt !== null) {
      const wait = Math.min(Math.max(wakeAt - Date.now(), 0), kTimerMax);
      this.#timer = setTimeout(() => void this.want().catch(report), wait);
      this.wakePages(wakeAt);
    }
    if (sending === 0 && this.#underWay === 0) this.#letGo();
  }

  send(effect: Effect): void {
    this.#underWay += 1;
    const send = effect as unknown as SendEffect;
    void this.#attempt(send)
      .catch(async (error: unknown) => {
        report(error);
        await this.stepper.submit({ type: 'failed', id: send.id, attempt: send.attempt, reason: 'network' });
      })
      .catch(report)
      .finally(() => {
        this.#underWay -= 1;
        // A step that failed left its rows as they were; the next one looks again.
        if (this.#underWay === 0) void this.stepper.submit({ type: 'tick', trigger: 'timer' }).catch(() => this.#letGo());
      });
  }

  async #attempt(send: SendEffect): Promise<void> {
    const failed = (reason: string) =>
      this.stepper.submit({ type: 'failed', id: send.id, attempt: send.attempt, reason });

    const headers = new Headers(send.headers);
    headers.set('Idempotency-Key', send.key);
    const body = send.bytes ? await this.bodies.get(send.id) : send.body;
    const make = () => this.#request(send, headers, body ?? null);
    if (!(await this.credentials.apply(headers, { ...send, names: send.credentialHeaders, make }))) {
      await failed('no-credentials');
      return;
    }

    const limit = AbortSignal.timeout(send.timeoutMs);
    const answer = await patiently(make, limit, send.againAfterMs);
    if (!answer) {
      await failed(limit.aborted ? 'timeout' : 'network');
      return;
    }
    const { response, bytes } = answer;
    const empty = response.status === 204 || response.status === 205 || response.status === 304;
    this.#answers.set(send.id, { response, body: empty ? null : bytes });
    try {
      await this.stepper.submit({
        type: 'answered', id: send.id, attempt: send.attempt, status: response.status,
        headers: [...response.headers], body: textOf(response, bytes), redirected: response.redirected,
        waiting: this.waiters.waitFor(send.id),
      });
    } finally {
      this.#answers.delete(send.id);
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
async function patiently(make: () => Request, limit: AbortSignal, againAfterMs: number): Promise<{ response: Response; bytes: ArrayBuffer } | null> {
  for (let enough = againAfterMs; ; enough *= 2) {
    const began = Date.now();
    try {
      const response = await fetch(make(), { signal: limit });
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

function report(error: unknown): void {
  console.error('holdfast:', error);
}
