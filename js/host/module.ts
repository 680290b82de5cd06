// The engine's module: where its bytes come from, and a typed face in front of it.

import type { LiveState } from '../protocol/messages';
import type { RawEngine, RawLink } from 'holdfast-glue';
import type { DatabaseSource } from './database';
import { HostError, report } from './errors';
import { instantiate, sha256 } from './instance';

/** Hex SHA-256 of the module that belongs to this worker; the build puts it in (scripts/build.mjs). */
declare const HOLDFAST_MODULE_SHA256: string;
declare const self: { registration: ServiceWorkerRegistration };

/** One question to the database: rows of an index between two keys. */
export interface RangeQuery {
  store: string;
  index: string;
  lower: IDBValidKey;
  upper: IDBValidKey;
  limit: number;
}

export type Effect = { do: string } & Record<string, unknown>;

/** What a step has to know before it can decide. */
export interface Need {
  rows: [store: string, key: IDBValidKey][];
  ranges: RangeQuery[];
}

export type StepResult =
  | { need: Need }
  | { refused: { code: string; message: string } }
  | { puts: [string, Record<string, unknown>][]; deletes: [string, IDBValidKey][]; effects: Effect[] };

export type Routed =
  | { declared: false }
  | { declared: true; resource: string; kind: 'collection' | 'item' | 'action'; timeoutMs: number; bodyBytesMax: number;
      /** Pointers; `rows` is null but for a list. */
      entity: string; parent: string; id: string[]; version: string[]; envelope: string[]; rows: string[] | null; partial: boolean };

/** What the live link's machine remembers (wasm/link/state.hpp); the rest is its own. */
export interface LinkMemory {
  name: Exclude<LiveState, 'off'>;
  /** When to step with `tick`, if nothing else happens. Milliseconds since the epoch. */
  wakeAt: number | null;
}

/** Routes remembered: more than the answers that are kept. */
const kRoutesMax = 2_000;

/** The compiled engine. After a trap its memory can't be trusted: `rebuild` starts it anew from the compiled code. */
export class Engine {
  /** Names of the app's own functions that its rules name. */
  resolvers: readonly string[] = [];
  #raw: RawEngine | null = null;
  #link: RawLink | null = null;
  readonly #routes = new Map<string, Routed>();

  private constructor(private readonly code: WebAssembly.Module, private readonly config: string, private readonly link: string | null) {}

  /** @param link of the live link, if there is one */
  static async start(code: WebAssembly.Module, config: string, link: string | null): Promise<Engine> {
    const engine = new Engine(code, config, link);
    await engine.rebuild();
    return engine;
  }

  async rebuild(): Promise<void> {
    this.#raw = null;
    const module = await instantiate(this.code);
    const raw = new module.Engine();
    this.resolvers = configured<{ resolvers: string[] }>(raw.configure(this.config)).resolvers;
    if (this.link !== null) {
      this.#link = new module.Link();
      configured(this.#link.configure(this.link), 'live.');
    }
    this.#raw = raw;
  }

  /** One step of the live link's machine, which has nothing to do with rows. */
  stepLink(input: { state: LinkMemory | null; event: { type: string }; now: number; entropy: string }): { state: LinkMemory; effects: Effect[] } {
    if (!this.#raw || !this.#link) throw new HostError('engine', 'The engine is being rebuilt.');
    const result = JSON.parse(this.#link.step(JSON.stringify(input))) as
      { state: LinkMemory; effects: Effect[] } | { refused: { code: string; message: string } };
    if ('refused' in result) throw new HostError(result.refused.code, result.refused.message);
    return result;
  }

  step(input: string): StepResult {
    return JSON.parse(this.#live().step(input)) as StepResult;
  }

  /** Where a URL belongs: a matter of the configuration alone, so what was found once is true for good. */
  route(url: string): Routed {
    const known = this.#routes.get(url);
    if (known) return known;
    const routed = JSON.parse(this.#live().route(url)) as Routed;
    if (this.#routes.size >= kRoutesMax) this.#routes.clear();
    this.#routes.set(url, routed);
    return routed;
  }

  #live(): RawEngine {
    if (!this.#raw) throw new HostError('engine', 'The engine is being rebuilt.');
    return this.#raw;
  }
}

/** @throws HostError `config`, which names each field */
function configured<Answer extends object>(text: string, within = ''): Answer {
  const answer = JSON.parse(text) as ({ ok: true } & Answer) | { ok: false; errors: { field: string; message: string }[] };
  if (answer.ok) return answer;
  const lines = answer.errors.map(({ field, message }) => `  ${within}${field}: ${message}`);
  throw new HostError('config', `The configuration given to holdfast() has mistakes:\n${lines.join('\n')}`);
}

/** Cache Storage is one for an origin; a worker is one of several on it. */
function cacheName(): string {
  return `holdfast-module ${new URL(self.registration.scope).pathname}`;
}

/**
 * Compiles the module: out of Cache Storage, where `install` put it; else out of its second home in IndexedDB, since
 * apps delete caches that they don't know; else from the network. Both homes are by hash: while a newer release is
 * installed beside this worker, each finds its own.
 */
export async function compile(url: string, source: DatabaseSource): Promise<WebAssembly.Module> {
  // A home that can't be read, or holds what isn't the module, is no reason not to look into the next.
  return (await fromCache(url).catch(report)) ?? (await fromDatabase(url, source).catch(report))
    ?? WebAssembly.compile(await fetchModule(url));
}

async function fromCache(url: string): Promise<WebAssembly.Module | undefined> {
  const cached = await caches.match(cacheKey(url), { cacheName: cacheName() });
  return cached && await WebAssembly.compileStreaming(cached);
}

async function fromDatabase(url: string, source: DatabaseSource): Promise<WebAssembly.Module | undefined> {
  const bytes = await source.use((db) => db.get('modules', HOLDFAST_MODULE_SHA256));
  if (!bytes) return undefined;
  keepInCache(url, bytes).catch(report);
  return WebAssembly.compile(bytes);
}

/** Fetches the module into its first home. */
export async function fetchModule(url: string): Promise<ArrayBuffer> {
  const answer = await fetch(url, { cache: 'no-cache' });
  if (!answer.ok) throw new HostError('engine', `The engine's module could not be fetched from ${url}: status ${answer.status}.`);
  const bytes = await answer.arrayBuffer();
  const hash = await sha256(bytes);
  if (hash !== HOLDFAST_MODULE_SHA256) {
    throw new HostError('engine-mismatch',
      `${url} is not the module that this worker was built with (its SHA-256 is ${hash}, not ${HOLDFAST_MODULE_SHA256}). `
      + 'Deploy holdfast.wasm together with the worker, out of the same release.');
  }
  await keepInCache(url, bytes).catch(report);
  return bytes;
}

/**
 * Gives the module its second home, and then removes those of earlier releases. Not before `activate`: an installing
 * worker must not touch the database, and the one that still serves needs its own.
 */
export async function keepInDatabase(url: string, source: DatabaseSource): Promise<void> {
  const cache = await caches.open(cacheName());
  const own = cacheKey(url);
  const bytes = await (await cache.match(own))?.arrayBuffer() ?? await fetchModule(url);
  await source.use(async (db) => {
    const tx = db.transaction('modules', 'readwrite');
    await tx.store.put(bytes, HOLDFAST_MODULE_SHA256);
    for (const key of await tx.store.getAllKeys()) if (key !== HOLDFAST_MODULE_SHA256) await tx.store.delete(key);
    await tx.done;
  });
  // A newer worker that is being installed has put its own there already; it is removed by the one that comes after.
  if (self.registration.installing || self.registration.waiting) return;
  for (const { url: key } of await cache.keys()) if (key !== own) await cache.delete(key);
}

async function keepInCache(url: string, bytes: ArrayBuffer): Promise<void> {
  const answer = new Response(bytes.slice(0), { headers: { 'Content-Type': 'application/wasm' } });
  await (await caches.open(cacheName())).put(cacheKey(url), answer);
}

/** Only a name: nothing is ever fetched from it. */
function cacheKey(url: string): string {
  const key = new URL(url);
  key.searchParams.set('sha256', HOLDFAST_MODULE_SHA256);
  return key.href;
}
