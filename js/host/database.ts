// The database: every store, index and schema version, with the reason for each version.
//
//   1  The first: mutations, lanes, documents, names, outcomes, inbox, bodies, reads, meta, aside, modules.
//   2  The record of conflicts: conflicts.
//   3  The feed tells of a write by its key: index `key` of mutations.
//
// Upgrades only add. A worker that meets a higher version than its own refuses writes (`database-newer`), because it
// can't know what the rows of that version mean.

import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb';
import { HostError } from './errors';

export const kSchemaVersion = 3;

/** A row as the engine writes it; the engine owns its fields. */
export type Row = Record<string, unknown>;

/** An answer to a read, kept unparsed. */
export interface KeptRead {
  user: string;
  /** Normalised (kept.ts, normalUrl). */
  url: string;
  accept: string;
  resource: string;
  /** The collection or item path without the query: where a base document is looked for. */
  path: string;
  /** 200; or 404 or 410: the server's word that there is nothing any more. */
  status: number;
  headers: [string, string][];
  text: string;
  /** Of the text, as it was sent but uncompressed. */
  bytes: number;
  /** When it was last shown, as exactly as kept-reads.ts notes it. Milliseconds since the epoch. */
  used: number;
  /** When its request left, milliseconds since the epoch: what was confirmed later is newer. */
  at: number;
}

interface Schema extends DBSchema {
  mutations: {
    key: string;
    value: Row;
    indexes: { lane: [string, number]; stamp: string; likeness: [string, string]; user: [string, number]; resource: [string, string, number]; key: [string, string] };
  };
  lanes: { key: string; value: Row; indexes: { due: [string, string, number]; resource: [string, string, number] } };
  documents: {
    key: [string, string, string];
    value: Row & { at?: number; text?: string };
    indexes: { at: [string, string, number]; since: [string, number] };
  };
  names: { key: [string, string, string]; value: Row; indexes: { at: [string, number] } };
  outcomes: {
    key: string;
    value: Row;
    indexes: { stamp: string; likeness: [string, string]; seq: number };
  };
  inbox: { key: string; value: Row; indexes: { user: [string, number] } };
  conflicts: { key: string; value: Row; indexes: { user: [string, number] } };
  bodies: { key: string; value: ArrayBuffer };
  reads: { key: [string, string, string]; value: KeptRead; indexes: { path: [string, string]; use: [string, number, number] } };
  meta: { key: string; value: Row };
  /** What could not be handled: kept as it was, and reported. */
  aside: { key: number; value: { at: number; reason: string; what: unknown } };
  /** The engine's bytes: their second home, should an app delete caches that it doesn't know. */
  modules: { key: string; value: ArrayBuffer };
}

export type Database = IDBPDatabase<Schema>;
export type StoreName =
  | 'mutations' | 'lanes' | 'documents' | 'names' | 'outcomes' | 'inbox' | 'conflicts' | 'bodies' | 'reads' | 'meta' | 'aside'
  | 'modules';
export type WriteTransaction = IDBPTransaction<Schema, StoreName[], 'readwrite'>;
export type ReadTransaction = IDBPTransaction<Schema, StoreName[], 'readonly'>;

/** What a step may touch. */
export const kStepStores: StoreName[] = ['mutations', 'lanes', 'documents', 'names', 'outcomes', 'inbox', 'conflicts', 'bodies', 'meta', 'reads'];

export function databaseName(scope: string): string {
  return `holdfast ${new URL(scope).pathname}`;
}

function upgrade(db: Database, from: number, tx: IDBPTransaction<Schema, StoreName[], 'versionchange'>): void {
  if (from < 1) {
    const mutations = db.createObjectStore('mutations', { keyPath: 'id' });
    mutations.createIndex('lane', ['lane', 'seq']);
    mutations.createIndex('stamp', 'stamps', { multiEntry: true });
    mutations.createIndex('likeness', ['client', 'hash']);
    mutations.createIndex('user', ['user', 'seq']);
    mutations.createIndex('resource', ['user', 'resource', 'seq']);
    const lanes = db.createObjectStore('lanes', { keyPath: 'lane' });
    lanes.createIndex('due', ['user', 'origin', 'due']);
    lanes.createIndex('resource', ['user', 'resource', 'headSeq']);
    const documents = db.createObjectStore('documents', { keyPath: ['user', 'resource', 'entity'] });
    documents.createIndex('at', ['user', 'resource', 'at']);
    documents.createIndex('since', ['user', 'at']);
    db.createObjectStore('names', { keyPath: ['user', 'resource', 'name'] }).createIndex('at', ['user', 'at']);
    const outcomes = db.createObjectStore('outcomes', { keyPath: 'id' });
    outcomes.createIndex('stamp', 'stamps', { multiEntry: true });
    outcomes.createIndex('likeness', ['client', 'hash']);
    outcomes.createIndex('seq', 'seq');
    db.createObjectStore('inbox', { keyPath: 'id' }).createIndex('user', ['user', 'decidedAt']);
    db.createObjectStore('bodies');
    const reads = db.createObjectStore('reads', { keyPath: ['user', 'url', 'accept'] });
    reads.createIndex('path', ['user', 'path']);
    // Its keys are all that a budget needs: no text is read for it.
    reads.createIndex('use', ['resource', 'used', 'bytes']);
    db.createObjectStore('meta', { keyPath: 'name' });
    db.createObjectStore('aside', { autoIncrement: true });
    db.createObjectStore('modules');
  }
  if (from < 2) db.createObjectStore('conflicts', { keyPath: 'id' }).createIndex('user', ['user', 'seq']);
  if (from < 3) tx.objectStore('mutations').createIndex('key', ['user', 'key']);
}

/** Opens the database and opens it again whenever its handle is lost. */
export class DatabaseSource {
  #opening: Promise<Database> | null = null;

  constructor(private readonly name: string) {}

  open(): Promise<Database> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  /** Forgets a handle that no longer works. */
  forget(): void {
    const stale = this.#opening;
    this.#opening = null;
    stale?.then((db) => db.close(), () => undefined);
  }

  async #open(): Promise<Database> {
    try {
      return await openDB<Schema>(this.name, kSchemaVersion, {
        upgrade: (db, from, _to, tx) => upgrade(db, from, tx),
        // A newer worker wants to upgrade: this handle must not stand in its way.
        blocking: () => this.forget(),
        terminated: () => this.forget(),
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'VersionError') {
        throw new HostError('database-newer',
          'A newer version of this app has upgraded the outbox. Reload the page to get it; nothing was lost.', { cause: error });
      }
      throw new HostError('database', `IndexedDB can't be opened: ${String(error)}`, { cause: error });
    }
  }

  /** Does the work, once more with a fresh handle if the old one turned out to be lost. */
  async use<T>(work: (db: Database) => Promise<T>): Promise<T> {
    try {
      return await work(await this.open());
    } catch (error) {
      if (!isLostHandle(error)) throw error;
      this.forget();
      return work(await this.open());
    }
  }
}

function isLostHandle(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'InvalidStateError' || /connection is closing/i.test(error.message));
}

export function isQuota(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError';
}
