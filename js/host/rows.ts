// What one transaction has read and written so far. Nobody else writes between its begin and its end, so what is
// known stays true: the steps that share a transaction share it, and ask the database only for what is new.

import type { KeptRead, ReadTransaction, Row, StoreName, WriteTransaction } from './database';
import { KeptDocuments, type HeldAnswers, type KeptKey, type RouteOf } from './kept';
import type { Need, RangeQuery } from './module';

/** The engine's names for documents out of kept answers, which are no stores (kept.ts). */
const kKept = ['base', 'base-etag', 'base-partial', 'seen'];

function nameOf(store: string, key: IDBValidKey): string {
  return JSON.stringify([store, key]);
}

export class Rows {
  readonly #rows = new Map<string, unknown>();
  readonly #ranges = new Map<string, { store: string; rows: unknown[] }>();
  readonly #meta = new Set<string>();
  #metaRead: Promise<void> | null = null;
  /** What is being brought: the looks that share a transaction ask for much the same. */
  readonly #reading = new Map<string, Promise<void>>();

  readonly #kept: KeptDocuments;

  /** @param fresh an answer that has just come and may not be kept */
  constructor(private readonly tx: WriteTransaction | ReadTransaction, routeOf: RouteOf, answers: HeldAnswers, fresh: KeptRead | null = null) {
    this.#kept = new KeptDocuments(tx, routeOf, answers, fresh);
  }

  /** Reads what isn't known yet. */
  async bring(need: Need): Promise<void> {
    const reads: Promise<unknown>[] = [];
    for (const [store, key] of need.rows) {
      if (store === 'meta') reads.push(this.#metaRead ??= this.#readMeta());
      else if (!this.#rows.has(nameOf(store, key))) reads.push(this.#once(nameOf(store, key), () => this.#readRow(store, key)));
    }
    for (const range of need.ranges) {
      const name = JSON.stringify(range);
      if (!this.#ranges.has(name)) reads.push(this.#once(name, () => this.#readRange(range)));
    }
    await Promise.all(reads);
  }

  #once(name: string, read: () => Promise<void>): Promise<void> {
    const reading = this.#reading.get(name) ?? read().finally(() => this.#reading.delete(name));
    this.#reading.set(name, reading);
    return reading;
  }

  /** As the engine's steps take them (wasm/engine/view.hpp). Only for what `bring` has brought. */
  row(store: string, key: IDBValidKey): [string, IDBValidKey, unknown] {
    return [store, key, this.#rows.get(nameOf(store, key)) ?? null];
  }

  range(range: RangeQuery): [RangeQuery, unknown[]] {
    return [range, this.#ranges.get(JSON.stringify(range))?.rows ?? []];
  }

  /** What the engine asks for first, in every step; nothing before it has. */
  meta(): [string, IDBValidKey, unknown][] {
    return [...this.#meta].map((name) => this.row('meta', name));
  }

  put(store: StoreName, row: Row): Promise<unknown> {
    const { keyPath } = this.tx.objectStore(store);
    const key = Array.isArray(keyPath) ? keyPath.map((part) => row[part]) : row[keyPath as string];
    this.#wrote(store, key as IDBValidKey, row);
    return (this.tx as WriteTransaction).objectStore(store as 'meta').put(row);
  }

  delete(store: StoreName, key: IDBValidKey): Promise<unknown> {
    this.#wrote(store, key, null);
    return (this.tx as WriteTransaction).objectStore(store).delete(key as never);
  }

  #wrote(store: StoreName, key: IDBValidKey, row: Row | null): void {
    this.#rows.set(nameOf(store, key), row);
    if (store === 'meta') this.#meta.add(key as string);
    for (const [name, range] of this.#ranges) if (range.store === store) this.#ranges.delete(name);
    if (store === 'documents') {
      this.#kept.wrote();
      for (const name of this.#rows.keys()) if (kKept.some((kept) => name.startsWith(`["${kept}"`))) this.#rows.delete(name);
    }
  }

  async #readRow(store: string, key: IDBValidKey): Promise<void> {
    const row = store === 'base-etag' ? await this.#kept.etag(key as KeptKey)
      : store === 'base-partial' ? await this.#kept.partial(key as KeptKey)
      : kKept.includes(store) ? await this.#kept.newest(key as KeptKey)
      : await this.tx.objectStore(store as 'meta').get(key as string);
    this.#rows.set(nameOf(store, key), row ?? null);
  }

  /** A handful of small rows of which every step needs several: all at once. */
  async #readMeta(): Promise<void> {
    for (const row of await this.tx.objectStore('meta').getAll()) {
      this.#meta.add(row.name as string);
      this.#rows.set(nameOf('meta', row.name as string), row);
    }
  }

  async #readRange(query: RangeQuery): Promise<void> {
    const rows = indexedDB.cmp(query.lower, query.upper) > 0 ? []
      : await this.tx.objectStore(query.store as 'mutations').index(query.index as 'lane')
        .getAll(IDBKeyRange.bound(query.lower, query.upper) as never, query.limit);
    this.#ranges.set(JSON.stringify(query), { store: query.store, rows });
  }
}
