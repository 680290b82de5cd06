// A real Chromium as a subject: pages, the worker, IndexedDB and HTTP are real, and only the server answers when it is
// told to. At most two writes are under way at one time, since a browser has six connections to an origin.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { ResourceConfig } from '../../js/protocol/config.js';
import type { App } from './harness.js';
import type { Answer as Reply, Recorded } from './scripted-server.js';
import { until } from './until.js';
import type { History, Step } from '../model/history.js';
import type { Json } from '../model/json.js';
import { kOrigin } from '../model/rules.js';
import type { Answer, BodyType } from '../model/server.js';
import type { Asking, PageWrite, Send, Shown, Subject } from '../model/subject.js';

/** No wait of the page or the outbox ever decides anything here. */
const kHour = 3_600_000;
const kRetry = { baseMs: 1, capMs: 1, silentBaseMs: 1, sendTimeoutMs: kHour, breakerFailures: 1_000, sendsMax: 2 };
/** Nothing new for so long: what could leave has left, and what was to be kept is kept. Milliseconds. */
const kQuietMs = 60;
/** Events must not share a millisecond, since answers are ordered by it. */
const kApartMs = 3;

const kTypes: Record<BodyType, string> = {
  json: 'application/json', 'json-patch': 'application/json-patch+json', text: 'text/plain',
};

/** The worker's configuration: the shape's resource, and a document whose read shows that the network is there. */
export function configOf(name: string, resource: ResourceConfig): string {
  const patient = { ...resource, timeoutMs: 600_000, read: { timeoutMs: 600_000 } };
  return JSON.stringify({ resources: { [name]: patient, ping: { path: '/api/ping', singleton: true } }, retry: kRetry });
}

/**
 * What of a history a browser can be made to do: an attempt can't be lost alone (what breaks one connection is news of
 * the link, and reads then don't wait), a killed worker takes its reads along, and there are six connections.
 */
export function forBrowser({ shape, steps }: History): History {
  const done: Step[] = [];
  let under = 0;
  for (const step of steps) {
    if (step.do === 'lose') continue;
    if (step.do === 'arrive') under = Math.max(0, under - 1);
    if (step.do === 'kill') for (; under > 0; under -= 1) done.push({ do: 'arrive', n: 0 });
    if (step.do !== 'ask') done.push(step);
    else if (under < 2 && (step.pages ?? 1) === 1 && !step.from) {
      under += 1;
      done.push(step);
    } else done.push({ ...step, do: 'read' });
  }
  return { shape, steps: done };
}

interface Row extends Record<string, unknown> {
  id: string;
  seq: number;
  key: string;
  createdAt: number;
}

/** A request that the server has and hasn't answered. */
interface Held {
  request: Recorded;
  reply(reply: Reply): void;
}

export class BrowserSubject implements Subject {
  /** By their keys. */
  readonly #held = new Map<string, Held>();
  readonly #ids = new Map<string, string>();
  /** Reads that leave, by URL. */
  readonly #asked = new Map<string, (held: Held) => void>();
  #told = new Set<Held>();
  #dark = false;
  #seq = 0;
  #reads = 0;

  constructor(private readonly app: App, private readonly tabs: Page[]) {
    app.server.respond = (request) => this.#respond(request);
  }

  #respond(request: Recorded): Reply | Promise<Reply> {
    if (request.url === '/api/ping') return { body: {}, headers: { 'Cache-Control': 'no-store' } };
    const isRead = request.method === 'GET';
    if (isRead && this.#dark) return { reset: true };
    return new Promise((reply) => {
      const held = { request, reply };
      if (isRead) this.#asked.get(request.url)?.(held);
      else this.#held.set(String(request.headers['idempotency-key']), held);
    });
  }

  // --- Writes -----------------------------------------------------------------------------------------------------

  async write({ tab, method, url, body, type }: PageWrite): Promise<{ id: string; at: number }> {
    const text = body === undefined ? null : type === 'text' ? String(body) : JSON.stringify(body);
    const headers = text === null ? {} : { 'Content-Type': kTypes[type] };
    // Two kills reject it, and the write is safe all the same: what becomes of it is seen in the rows.
    await this.tabs[tab - 1]!.evaluate(([url, init]) => { fetch(url, init).catch(() => undefined); }, [url, { method, headers, body: text }] as const);
    let row: Row | undefined;
    await until(async () => {
      row = (await this.app.rows<Row>('mutations')).find(({ seq }) => seq > this.#seq);
      return row;
    }, `${method} ${url} to be kept`);
    const { id, seq, key, createdAt } = row!;
    this.#seq = seq;
    this.#ids.set(key, id);
    await sleep(kApartMs);
    return { id, at: createdAt };
  }

  async sends(): Promise<Send[]> {
    await this.#quiet();
    const fresh = [...this.#held].filter(([, held]) => !this.#told.has(held));
    return fresh.map(([key, held]) => {
      this.#told.add(held);
      const { method, url, headers, body } = held.request;
      const sent = headers['content-type'];
      const type = (Object.keys(kTypes) as BodyType[]).find((known) => kTypes[known] === sent) ?? 'json';
      const text = body.toString();
      const parsed = text === '' ? undefined : type === 'text' ? text : JSON.parse(text) as Json;
      return { id: this.#ids.get(key)!, attempt: 0, method, url, body: parsed, type };
    });
  }

  /** What can leave has left: as many attempts as the rows speak of are here, and nothing moves any more. */
  async #quiet(): Promise<void> {
    let before = '';
    let since = Date.now();
    await until(async () => {
      const [mutations, meta] = await Promise.all([this.app.rows('mutations'), this.app.rows('meta')]);
      const sends = meta.find(({ name }) => name === 'sends')?.list as unknown[] | undefined;
      const now = JSON.stringify([mutations, sends, this.#held.size]);
      if (now !== before) [before, since] = [now, Date.now()];
      return (sends?.length ?? 0) === this.#held.size && Date.now() - since >= kQuietMs;
    }, 'the outbox to be quiet');
  }

  async answered({ id }: Send, { status, json }: Answer): Promise<void> {
    const [key, held] = [...this.#held].find(([key]) => this.#ids.get(key) === id)!;
    this.#held.delete(key);
    const attempts = await this.#attemptsOf(id);
    held.reply({ status, ...(json === undefined ? {} : { body: json }) });
    await until(async () => {
      const now = await this.#attemptsOf(id);
      return now === null || now !== attempts || (status >= 500 && this.#held.has(key));
    }, `the answer ${status} to be settled`);
    await sleep(kApartMs);
  }

  async #attemptsOf(id: string): Promise<unknown> {
    const row = (await this.app.rows<Row>('mutations')).find((one) => one.id === id);
    return row ? row.attempts : null;
  }

  failed(): never {
    throw new Error('A browser loses no single attempt; see forBrowser.');
  }

  async kill(): Promise<void> {
    await this.app.killWorker();
    for (const { reply } of this.#held.values()) reply({ reset: true });
    this.#held.clear();
    await this.app.status();  // Somebody has to wake the next one.
    await this.#quiet();
  }

  // --- Reads ------------------------------------------------------------------------------------------------------

  async ask(url: string, answer: Answer): Promise<Asking> {
    const arrived = new Promise<Held>((resolve) => this.#asked.set(url, resolve));
    const name = `read-${++this.#reads}`;
    await this.app.page.evaluate(([name, url]) => {
      const shown = fetch(url).then(async (answer) => ({ status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() }));
      Object.assign(window, { [name]: shown });
    }, [name, url] as const);
    const { reply } = await arrived;
    await sleep(kApartMs);
    return {
      arrive: async () => {
        // What isn't there is told without JSON, so it isn't kept: the ideal client knows of no such answers.
        reply(answer.status === 200 ? { body: answer.json } : { status: answer.status, body: 'none' });
        const got = await this.app.page.evaluate((name) => (window as unknown as Record<string, Promise<Got>>)[name]!, name);
        await sleep(kQuietMs / 2);
        return this.#shown(got);
      },
    };
  }

  async dark(url: string): Promise<Shown | null> {
    this.#dark = true;
    const got = await this.app.fetch(url).catch(() => null);
    this.#dark = false;
    // The network is back, and holdfast has seen it.
    await this.app.fetch('/api/ping');
    await sleep(kApartMs);
    return got ? this.#shown(got) : null;
  }

  #shown({ status, headers, text }: Got): Shown {
    const pending = headers['holdfast-pending'];
    const ours = text.replaceAll(this.app.origin, kOrigin);
    return {
      status, json: status === 200 ? JSON.parse(ours) as Json : undefined,
      pending: pending === undefined ? null : Number(pending),
      unknown: pending === undefined ? null : headers['holdfast-unknown']?.split(', ') ?? [],
    };
  }
}

interface Got {
  status: number;
  headers: Record<string, string>;
  text: string;
}
