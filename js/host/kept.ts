// Answers that were kept for the dark. They lie unparsed until somebody needs a document out of them.

import type { DatabaseSource, KeptRead, ReadTransaction, WriteTransaction } from './database';
import { idOf, isRecord, part } from './list';
import type { Routed } from './module';

/** A larger answer isn't kept: it would cost more than it is worth. Characters. */
const kTextMax = 4 * 1024 * 1024;
/** Answers kept at most; the oldest go first. */
const kReadsMax = 500;

export function pathOf(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? url;
}

export function mayKeep(request: Request, answer: Response): boolean {
  if (answer.status !== 200 || answer.type === 'opaque') return false;
  if (/\bno-store\b/i.test(answer.headers.get('cache-control') ?? '') || request.cache === 'no-store') return false;
  return /\bjson\b/i.test(answer.headers.get('content-type') ?? '');
}

export async function keep(source: DatabaseSource, read: Omit<KeptRead, 'path'>): Promise<void> {
  if (read.text.length > kTextMax) return;
  await source.use(async (db) => {
    const tx = db.transaction('reads', 'readwrite', { durability: 'relaxed' });
    // Answers may overtake each other; what was asked for later stays.
    const known = await tx.store.get([read.user, read.url, read.accept]);
    if (known && known.at > read.at) return;
    await tx.store.put({ ...read, path: pathOf(read.url) });
    const extra = (await tx.store.count()) - kReadsMax;
    if (extra > 0) {
      const oldest = await tx.store.index('at').getAllKeys(undefined, extra);
      // getAllKeys of an index gives primary keys.
      for (const key of oldest) void tx.store.delete(key);
    }
    await tx.done;
  });
}

export function find(source: DatabaseSource, user: string, url: string, accept: string): Promise<KeptRead | undefined> {
  return source.use((db) => db.get('reads', [user, url, accept]));
}

/** The JSON of an answer kept for the same path, whatever its query. */
export async function findPage(source: DatabaseSource, user: string, url: string, fits: (json: unknown) => boolean): Promise<unknown> {
  const reads = await source.use((db) => db.getAllFromIndex('reads', 'path', [user, pathOf(url)]));
  return reads.map(({ text }) => parse(text)).find(fits);
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The engine looks no deeper than 200 levels (wasm/base/limits.hpp), of which a step has a few around a document. */
const kDepthMax = 150;

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeperThan(levels - 1, part));
}

/** Where kept answers belong, by the engine's word. */
export type RouteOf = (url: string) => Routed;

/** Answers that one transaction has looked at, parsed once. */
export class KeptDocuments {
  readonly #parsed = new Map<string, Promise<{ at: number; json: unknown; byId: Map<string, unknown> | null }>>();
  readonly #keys = new Map<string, Promise<[string, string, string][]>>();

  /** @param fresh an answer that has just come and may not be kept */
  constructor(
    private readonly tx: WriteTransaction | ReadTransaction,
    private readonly routeOf: RouteOf,
    private readonly fresh: KeptRead | null,
  ) {}

  /**
   * The engine's pseudo-row `base`: the document of one entity out of the answers that were kept, if one is newer than
   * what the store `documents` has. Awaits nothing but IndexedDB, since it runs inside a step.
   */
  async base([user = '', resource = '', entity = '', id = '']: string[]): Promise<unknown> {
    const [confirmed, keys] = await Promise.all([
      this.tx.objectStore('documents').get([user, resource, entity]), this.#keysOf(user),
    ]);
    let best: { at: number; document: unknown } = { at: confirmed?.at ?? -Infinity, document: null };
    const look = async (url: string, load: () => Promise<{ at: number; json: unknown; byId: Map<string, unknown> | null }>) => {
      const routed = this.routeOf(pathOf(url));
      if (!routed.declared || routed.resource !== resource) return;
      if (routed.kind === 'action' || (routed.kind === 'item' ? routed.entity !== entity : !entity.startsWith(routed.parent))) return;
      const read = await load();
      if (read.at <= best.at) return;
      const document = routed.kind === 'item' ? unwrapped(read.json, routed.envelope) : rowIn(read, routed.rows ?? [], routed.id, id);
      if (isRecord(document) && !isDeeperThan(kDepthMax, document)) best = { at: read.at, document };
    };
    await Promise.all(keys.map((key) => look(key[1], () => this.#read(key))));
    const { fresh } = this;
    if (fresh?.user === user) {
      const json = parse(fresh.text);
      await look(fresh.url, () => this.#hold(`fresh ${fresh.url}`, () => Promise.resolve({ at: fresh.at, json, byId: null })));
    }
    return best.document;
  }

  #keysOf(user: string): Promise<[string, string, string][]> {
    let keys = this.#keys.get(user);
    if (!keys) {
      keys = this.tx.objectStore('reads').getAllKeys(IDBKeyRange.bound([user], [user, []]) as never);
      this.#keys.set(user, keys);
    }
    return keys;
  }

  #read(key: [string, string, string]) {
    return this.#hold(JSON.stringify(key), async () => {
      const read = await this.tx.objectStore('reads').get(key);
      return { at: read?.at ?? -Infinity, json: parse(read?.text ?? 'null'), byId: null };
    });
  }

  #hold(name: string, load: () => Promise<{ at: number; json: unknown; byId: Map<string, unknown> | null }>) {
    const known = this.#parsed.get(name);
    if (known) return known;
    const loading = load();
    this.#parsed.set(name, loading);
    return loading;
  }
}

function unwrapped(json: unknown, envelope: string[]): unknown {
  const inner = part(json, envelope);
  return isRecord(inner) ? inner : json;
}

/** A list's row by its id. */
function rowIn(read: { json: unknown; byId: Map<string, unknown> | null }, rowsAt: string[], idAt: string[], id: string): unknown {
  if (!read.byId) {
    const rows = part(read.json, rowsAt);
    read.byId = new Map(Array.isArray(rows)
      ? rows.map((row) => [idOf(row, idAt), row as unknown])
      : Object.entries(isRecord(rows) ? rows : {}));
  }
  return read.byId.get(id);
}
