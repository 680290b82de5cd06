// Answers that were kept for the dark. They lie unparsed until somebody needs a document out of them.

import type { KeptRead, ReadTransaction, WriteTransaction } from './database';
import { idOf, isRecord, part } from './list';
import type { Routed } from './module';

export function pathOf(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? url;
}

/**
 * The name under which an answer is kept. A fragment never reaches the server; parameters of different names say the
 * same in any order, while those of one name keep theirs. Nothing is decoded: not every escape is UTF-8.
 */
export function normalUrl(url: string): string {
  const [whole = url] = url.split('#', 1);
  const path = pathOf(whole);
  const nameOf = (parameter: string) => parameter.split('=', 1)[0] ?? parameter;
  const parameters = whole.slice(path.length + 1).split('&').filter((parameter) => parameter !== '')
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
  return parameters.length > 0 ? `${path}?${parameters.join('&')}` : path;
}

export function isJson(answer: Response): boolean {
  return /\bjson\b/i.test(answer.headers.get('content-type') ?? '');
}

/** Whether an answer is something to be shown again: a document, or the word that there is none any more. */
export function mayKeep(answer: Response, keepsNoStore: boolean): boolean {
  if (answer.type === 'opaque' || ![200, 404, 410].includes(answer.status) || !isJson(answer)) return false;
  return keepsNoStore || !/\bno-store\b/i.test(answer.headers.get('cache-control') ?? '');
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

/** Whether a document has more levels than the engine looks into. */
export function isTooDeep(document: unknown): boolean {
  return isDeeperThan(kDepthMax, document);
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeperThan(levels - 1, part));
}

/** Where kept answers belong, by the engine's word. */
export type RouteOf = (url: string) => Routed;

/** How the engine names one (wasm/overlay/optimistic.hpp, base_key). */
export type KeptKey = [user: string, resource: string, entity: string, name: string, id: string, emptiedAt: number, until?: number];

type Key = [user: string, url: string, accept: string];

/** An answer out of the database, which is parsed once, if at all. */
class Held {
  #json: { value: unknown } | null = null;
  #byId: Map<string, unknown> | null = null;

  constructor(readonly read: KeptRead) {}

  get json(): unknown {
    this.#json ??= { value: parse(this.read.text) };
    return this.#json.value;
  }

  row(rowsAt: string[], idAt: string[], id: string): unknown {
    if (!this.#byId) {
      const rows = part(this.json, rowsAt);
      this.#byId = new Map(Array.isArray(rows)
        ? rows.map((row) => [idOf(row, idAt), row as unknown])
        : Object.entries(isRecord(rows) ? rows : {}));
    }
    return this.#byId.get(id);
  }
}

/** Bytes of answers held in memory, as text. */
const kHeldMax = 4 * 1024 * 1024;

/**
 * Kept answers that were looked into lately: every write and many a read looks into all that may hold its entity.
 * Nobody but this worker keeps any (the events of the one that it replaced have ended), and it says when (`changing`).
 */
export class HeldAnswers {
  readonly #held = new Map<string, Held | null>();
  /** Those that are being kept anew, and by how many at a time: whether that is committed, only the database can tell. */
  readonly #changing = new Map<string, number>();
  #bytes = 0;
  #changes = 0;

  async get(tx: WriteTransaction | ReadTransaction, key: Key): Promise<Held | null> {
    const name = JSON.stringify(key);
    const known = this.#held.get(name);
    if (known !== undefined) return known;
    const changes = this.#changes;
    const read = await tx.objectStore('reads').get(key);
    const held = read ? new Held(read) : null;
    if (changes !== this.#changes || this.#changing.has(name)) return held;
    this.#hold(name, held);
    return held;
  }

  /** The same out of memory alone; undefined: the database must be asked. */
  held(key: Key): Held | null | undefined {
    return this.#held.get(JSON.stringify(key));
  }

  /** Keeps an answer, which the work resolves with once that is committed; or whatever else changes one. */
  async changing(key: Key, work: () => Promise<KeptRead | undefined>): Promise<void> {
    const name = JSON.stringify(key);
    this.#changing.set(name, (this.#changing.get(name) ?? 0) + 1);
    this.drop(key);
    let kept: KeptRead | undefined;
    try {
      kept = await work();
    } finally {
      const others = (this.#changing.get(name) ?? 1) - 1;
      if (others > 0) this.#changing.set(name, others);
      else this.#changing.delete(name);
      this.#changes += 1;
      if (kept && others === 0) this.#hold(name, new Held(kept));
    }
  }

  /** The same answer, told again later. */
  renew(key: Key, read: KeptRead): void {
    this.#changes += 1;  // whoever is reading the row has an older time in hand
    this.#hold(JSON.stringify(key), new Held(read));
  }

  #hold(name: string, held: Held | null): void {
    this.#bytes += (held?.read.bytes ?? 0) - (this.#held.get(name)?.read.bytes ?? 0);
    if (this.#bytes > kHeldMax) this.clear();
    else this.#held.set(name, held);
  }

  /** An answer is no longer kept. */
  drop(key: Key): void {
    const name = JSON.stringify(key);
    this.#changes += 1;
    this.#bytes -= this.#held.get(name)?.read.bytes ?? 0;
    this.#held.delete(name);
  }

  clear(): void {
    this.#changes += 1;
    this.#held.clear();
    this.#bytes = 0;
  }
}

interface Newest {
  document: unknown;
  etag: string | null;
  /** All that is known are rows of lists that leave out members. */
  partial: boolean;
}

/** Documents out of kept answers, for the steps of one transaction. */
export class KeptDocuments {
  readonly #held = new Map<string, Promise<Held | null>>();
  readonly #keys = new Map<string, Promise<Key[]>>();
  readonly #confirmed = new Map<string, Promise<{ at?: number; text?: string } | undefined>>();
  readonly #newest = new Map<string, Promise<Newest>>();
  readonly #fresh: Held | null;

  /** @param fresh an answer that has just come and may not be kept */
  constructor(
    private readonly tx: WriteTransaction | ReadTransaction,
    private readonly routeOf: RouteOf,
    private readonly answers: HeldAnswers,
    fresh: KeptRead | null,
  ) {
    this.#fresh = fresh?.status === 200 ? new Held(fresh) : null;
  }

  /**
   * The engine's pseudo-rows: the newest document of one entity out of the answers that were kept, if it is newer than
   * what the store `documents` has. With a time, as things stood then. Awaits nothing but IndexedDB, since it runs
   * inside a step.
   */
  async newest(key: KeptKey): Promise<unknown> {
    return (await this.#newestOf(key)).document;
  }

  /** The ETag of that document; null if no single answer holds the whole of it, or names one. */
  async etag(key: KeptKey): Promise<string | null> {
    return (await this.#newestOf(key)).etag;
  }

  /** Whether members of it may be missing that the entity has. */
  async partial(key: KeptKey): Promise<boolean> {
    return (await this.#newestOf(key)).partial;
  }

  #newestOf(key: KeptKey): Promise<Newest> {
    const name = JSON.stringify(key);
    let newest = this.#newest.get(name);
    if (!newest) {
      newest = this.#find(key);
      this.#newest.set(name, newest);
    }
    return newest;
  }

  async #find([user, resource, entity, name, id, emptiedAt, until = Infinity]: KeptKey): Promise<Newest> {
    const [confirmed, keys] = await Promise.all([
      this.#confirmedOf([user, resource, entity]), this.#keysOf(user),
    ]);
    const concerns = (url: string) => {
      const routed = this.routeOf(pathOf(url));
      if (!routed.declared || routed.resource !== resource || routed.kind === 'action') return null;
      return (routed.kind === 'item' ? routed.entity === name : name.startsWith(routed.parent)) ? routed : null;
    };
    const held = await Promise.all(keys.filter(([, url]) => concerns(url)).map((key) => this.#read(key)));
    if (this.#fresh?.read.user === user && concerns(this.#fresh.read.url)) held.push(this.#fresh);
    // A row without a document (wasm/model/rows.hpp) hides nothing that was told before.
    const since = confirmed?.text && (confirmed.at ?? 0) <= until ? confirmed.at ?? 0 : -Infinity;
    const from = Math.max(since, until === Infinity ? emptiedAt : -Infinity);
    const asked = held.filter((one) => one !== null).filter(({ read }) => read.status === 200 && read.at > from && read.at <= until);
    let partly: Record<string, unknown> | null = null;
    // Newest first, so that only what has to be is parsed.
    for (const one of asked.sort((a, b) => b.read.at - a.read.at)) {
      const routed = concerns(one.read.url);
      if (!routed) continue;
      const document = routed.kind === 'item' ? unwrapped(one.json, routed.envelope) : one.row(routed.rows ?? [], routed.id, id);
      if (!isRecord(document) || isTooDeep(document)) continue;
      // A list's own ETag says nothing of its rows.
      const etag = routed.kind === 'item' && !partly ? one.read.headers.find(([header]) => header === 'etag')?.[1] ?? null : null;
      partly = { ...document, ...(partly ?? {}) };
      if (!routed.partial) return { document: partly, etag, partial: false };
    }
    const below = partly && since > -Infinity ? parse(confirmed?.text ?? '') : null;
    return { document: isRecord(below) ? { ...below, ...partly } : partly, etag: null, partial: partly !== null && !isRecord(below) };
  }

  /** A row of `documents` was written. */
  wrote(): void {
    this.#confirmed.clear();
    this.#newest.clear();
  }

  #confirmedOf(key: Key): Promise<{ at?: number; text?: string } | undefined> {
    const name = JSON.stringify(key);
    let confirmed = this.#confirmed.get(name);
    if (!confirmed) {
      confirmed = this.tx.objectStore('documents').get(key);
      this.#confirmed.set(name, confirmed);
    }
    return confirmed;
  }

  #keysOf(user: string): Promise<Key[]> {
    let keys = this.#keys.get(user);
    if (!keys) {
      keys = this.tx.objectStore('reads').getAllKeys(IDBKeyRange.bound([user], [user, []]) as never);
      this.#keys.set(user, keys);
    }
    return keys;
  }

  #read(key: Key): Promise<Held | null> {
    const name = JSON.stringify(key);
    let held = this.#held.get(name);
    if (!held) {
      held = this.answers.get(this.tx, key);
      this.#held.set(name, held);
    }
    return held;
  }
}

function unwrapped(json: unknown, envelope: string[]): unknown {
  const inner = part(json, envelope);
  return isRecord(inner) ? inner : json;
}
