// IndexedDB as far as the engine asks of it, in memory: rows by their primary keys, and ranges of the declared indexes
// (js/host/database.ts).

export type Row = Record<string, unknown>;
export type Key = number | string | Key[];

export interface Range {
  store: string;
  index: string;
  lower: Key;
  upper: Key;
  limit: number;
}

const kPrimary: Record<string, string | string[]> = {
  mutations: 'id', lanes: 'lane', documents: ['user', 'resource', 'entity'], names: ['user', 'resource', 'name'], outcomes: 'id', inbox: 'id', conflicts: 'id', meta: 'name',
};

/** A list is a compound key; `multi` makes one entry for each item of the member. */
const kIndexes: Record<string, Record<string, string[] | { multi: string }>> = {
  mutations: { lane: ['lane', 'seq'], stamp: { multi: 'stamps' }, likeness: ['client', 'hash'], user: ['user', 'seq'], resource: ['user', 'resource', 'seq'], key: ['user', 'key'] },
  lanes: { due: ['user', 'origin', 'due'], resource: ['user', 'resource', 'headSeq'] },
  outcomes: { stamp: { multi: 'stamps' }, likeness: ['client', 'hash'], seq: ['seq'] },
  inbox: { user: ['user', 'decidedAt'] },
  conflicts: { user: ['user', 'seq'] },
  names: { at: ['user', 'at'] },
  documents: { at: ['user', 'resource', 'at'], since: ['user', 'at'] },
};

/** Numbers come before texts before lists (IndexedDB, section 2.4). */
export function compareKeys(a: Key, b: Key): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
      const difference = compareKeys(a[i] ?? '', b[i] ?? '');
      if (difference !== 0) return difference;
    }
    return a.length - b.length;
  }
  const rank = (key: Key) => (typeof key === 'number' ? 0 : typeof key === 'string' ? 1 : 2);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function isKey(value: unknown): value is Key {
  return typeof value === 'number' || typeof value === 'string' || (Array.isArray(value) && value.every(isKey));
}

function entriesOf(row: Row, index: string[] | { multi: string }): Key[] {
  if (!Array.isArray(index)) return ((row[index.multi] ?? []) as unknown[]).filter(isKey);
  const key = index.map((field) => row[field]);
  // A row that lacks a member isn't in the index.
  return key.every(isKey) ? [index.length === 1 ? key[0] as Key : key as Key[]] : [];
}

export class Memory {
  readonly #tables = new Map<string, Map<string, Row>>();

  #table(store: string): Map<string, Row> {
    let table = this.#tables.get(store);
    if (!table) this.#tables.set(store, table = new Map());
    return table;
  }

  get(store: string, key: unknown): Row | null {
    return this.#table(store).get(JSON.stringify(key)) ?? null;
  }

  all(store: string): Row[] {
    return [...this.#table(store).values()];
  }

  put(store: string, row: Row): void {
    const path = kPrimary[store];
    if (path === undefined) throw new Error(`The engine writes to a store that is not there: ${store}`);
    this.#table(store).set(JSON.stringify(Array.isArray(path) ? path.map((field) => row[field]) : row[path]), row);
  }

  delete(store: string, key: unknown): void {
    this.#table(store).delete(JSON.stringify(key));
  }

  range({ store, index, lower, upper, limit }: Range): Row[] {
    const shape = kIndexes[store]?.[index];
    if (!shape) throw new Error(`The engine asks for an index that is not there: ${store}.${index}`);
    if (compareKeys(lower, upper) > 0) return [];
    const found: { key: Key; row: Row }[] = [];
    for (const row of this.#table(store).values()) {
      for (const key of entriesOf(row, shape)) {
        if (compareKeys(lower, key) <= 0 && compareKeys(key, upper) <= 0) found.push({ key, row });
      }
    }
    return found.sort((a, b) => compareKeys(a.key, b.key)).slice(0, limit).map(({ row }) => row);
  }
}
