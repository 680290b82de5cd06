// The engine's module: where its bytes come from, and a typed face in front of it.

import createModule, { type RawEngine } from 'holdfast-glue';
import type { DatabaseSource } from './database';
import { HostError } from './errors';

/** One question to the database: rows of an index between two keys. */
export interface RangeQuery {
  store: string;
  index: string;
  lower: IDBValidKey;
  upper: IDBValidKey;
  limit: number;
}

export type Effect = { do: string } & Record<string, unknown>;

export type StepResult =
  | { need: { rows: [string, IDBValidKey][]; ranges: RangeQuery[] } }
  | { refused: { code: string; message: string } }
  | { puts: [string, Record<string, unknown>][]; deletes: [string, IDBValidKey][]; effects: Effect[] };

export type Routed =
  | { declared: false }
  | { declared: true; resource: string; kind: 'collection' | 'item' | 'action'; timeoutMs: number; bodyBytesMax: number };

/** The compiled engine. After a trap its memory can't be trusted: `rebuild` starts it anew from the compiled code. */
export class Engine {
  #raw: RawEngine | null = null;

  private constructor(private readonly code: WebAssembly.Module, private readonly config: string) {}

  static async start(code: WebAssembly.Module, config: string): Promise<Engine> {
    const engine = new Engine(code, config);
    await engine.rebuild();
    return engine;
  }

  async rebuild(): Promise<void> {
    this.#raw = null;
    const module = await createModule({
      instantiateWasm: (imports, done) => {
        WebAssembly.instantiate(this.code, imports).then(done, (error: unknown) => console.error('holdfast:', error));
        return {};
      },
    });
    const raw = new module.Engine();
    const answer = JSON.parse(raw.configure(this.config)) as
      { ok: true } | { ok: false; errors: { field: string; message: string }[] };
    if (!answer.ok) {
      const lines = answer.errors.map(({ field, message }) => `  ${field}: ${message}`);
      throw new HostError('config', `The configuration given to holdfast() has mistakes:\n${lines.join('\n')}`);
    }
    this.#raw = raw;
  }

  step(input: string): StepResult {
    return JSON.parse(this.#live().step(input)) as StepResult;
  }

  route(url: string): Routed {
    return JSON.parse(this.#live().route(url)) as Routed;
  }

  #live(): RawEngine {
    if (!this.#raw) throw new HostError('engine', 'The engine is being rebuilt.');
    return this.#raw;
  }
}

const kCache = 'holdfast-module';

/**
 * Compiles the module: out of Cache Storage, where `install` put it; else out of its second home in IndexedDB, since
 * apps delete caches that they don't know; else from the network.
 */
export async function compile(url: string, source: DatabaseSource): Promise<WebAssembly.Module> {
  const cached = await caches.match(url, { cacheName: kCache }).catch(() => undefined);
  if (cached) return WebAssembly.compileStreaming(cached);

  const bytes = await source.use((db) => db.get('modules', url)).catch(() => undefined);
  if (bytes) {
    void keepInCache(url, bytes).catch(() => undefined);
    return WebAssembly.compile(bytes);
  }
  return WebAssembly.compile(await fetchModule(url));
}

/** Fetches the module into its first home. */
export async function fetchModule(url: string): Promise<ArrayBuffer> {
  const answer = await fetch(url, { cache: 'no-cache' });
  if (!answer.ok) throw new HostError('engine', `The engine's module could not be fetched from ${url}: status ${answer.status}.`);
  const bytes = await answer.arrayBuffer();
  await keepInCache(url, bytes).catch((error: unknown) => console.warn('holdfast:', error));
  return bytes;
}

/** Gives the module its second home. Not before `activate`: an installing worker must not touch the database. */
export async function keepInDatabase(url: string, source: DatabaseSource): Promise<void> {
  const cached = await caches.match(url, { cacheName: kCache });
  if (!cached) return;
  const bytes = await cached.arrayBuffer();
  await source.use((db) => db.put('modules', bytes, url));
}

async function keepInCache(url: string, bytes: ArrayBuffer): Promise<void> {
  const answer = new Response(bytes.slice(0), { headers: { 'Content-Type': 'application/wasm' } });
  await (await caches.open(kCache)).put(url, answer);
}
