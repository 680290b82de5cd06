// The store of kept answers: each resource within its own budget, so that none takes room from another.

import type { DatabaseSource, KeptRead, StoreName, WriteTransaction } from './database';
import { pathOf, type HeldAnswers } from './kept';
import type { ReadRules } from './read-rules';
import type { Secrets } from './secrets';

/** A use is noted if the last one noted is older: enough to tell what is in use, and not a write at every read. */
const kUseMs = 10 * 60_000;

/** An answer that says the same again is written again if the one in the store is older than this. Milliseconds. */
const kSameMs = 60_000;

interface Tally {
  entries: number;
  bytes: number;
}

type Reads = ReturnType<typeof storeOf>;
type ReadKey = [user: string, url: string, accept: string];

export class KeptReads {
  /** What each resource has, as far as it has been counted in this life. */
  readonly #tallies = new Map<string, Tally>();
  /** Of each user's resource, the last of the rows written in this life, by when they were asked for. */
  readonly #newest = new Map<string, { name: string; at: number }>();
  /** When a step last told something. */
  #toldAt = -Infinity;

  constructor(private readonly source: DatabaseSource, private readonly rules: (resource: string) => ReadRules, private readonly secrets: Secrets, private readonly answers: HeldAnswers) {}

  async find(user: string, url: string, accept: string): Promise<KeptRead | undefined> {
    const key: ReadKey = [user, url, accept];
    const held = this.answers.held(key);
    const known = held !== undefined ? held : await this.source.use((db) => this.answers.get(db.transaction(['reads'] as StoreName[], 'readonly'), key));
    return known?.read;
  }

  /** All documents kept of one resource. */
  async ofResource(user: string, resource: string): Promise<KeptRead[]> {
    const all = await this.source.use((db) => db.getAll('reads', IDBKeyRange.bound([user], [user, []]) as never));
    return all.filter((read) => read.resource === resource && read.status === 200);
  }

  /** The documents kept for the same path, whatever its query. */
  async findAll(user: string, url: string): Promise<KeptRead[]> {
    const all = await this.source.use((db) => db.getAllFromIndex('reads', 'path', [user, pathOf(url)]));
    return all.filter(({ status }) => status === 200);
  }

  /** Keeps an answer, unless a later one is there or its user has gone; what was not used for longest makes room. */
  async keep(read: KeptRead): Promise<void> {
    const budget = this.rules(read.resource);
    // What it said before isn't true any more, though there is no room for what it says now.
    if (read.bytes > budget.bytes) {
      const before = await this.find(read.user, read.url, read.accept);
      return before && before.at <= read.at ? this.drop(read) : undefined;
    }
    const own: ReadKey = [read.user, read.url, read.accept];
    const row = { ...read, text: this.secrets.without(read.url, read.text) };
    const held = this.answers.held(own)?.read;
    // Answers may overtake each other; what was asked for later stays.
    if (held && held.at > row.at) return;
    if (held && saysTheSame(held, row) && this.#isNewest(own, row)) return this.answers.renew(own, row);
    await this.answers.changing(own, () => this.source.use(async (db) => {
      const tx = db.transaction(['reads', 'meta'] as StoreName[], 'readwrite', { durability: 'relaxed' });
      const reads = storeOf(tx);
      const [session, known] = await Promise.all([tx.objectStore('meta').get('session'), reads.get(own)]);
      if ((known && known.at > read.at) || (session?.user ?? '') !== read.user) return undefined;
      const before = this.#tallies.get(read.resource) ?? await count(reads, read.resource);
      void reads.put(row).catch(() => undefined);  // heard where the transaction ends
      const gone: ReadKey[] = [];
      const after = await makeRoom(reads, read.resource, budget, {
        entries: before.entries + (known ? 0 : 1), bytes: before.bytes + read.bytes - (known?.bytes ?? 0),
      }, gone);
      await tx.done;
      this.#tallies.set(read.resource, after);
      this.#noteNewest(own, row);
      for (const key of gone) this.answers.drop(key);
      return gone.some((key) => indexedDB.cmp(key, own) === 0) ? undefined : row;
    }));
  }

  /** A step has told something: what was asked for before isn't the newest word any more. */
  told(): void {
    this.#toldAt = Date.now();
  }

  /**
   * Whether the row of this answer is the newest word on its resource in the store, too. Only then it needs no write to
   * hear the same again: of answers that contradict each other, a worker that starts from the store believes the last.
   */
  #isNewest(key: ReadKey, { user, resource, at }: KeptRead): boolean {
    const newest = this.#newest.get(JSON.stringify([user, resource]));
    return newest?.name === JSON.stringify(key) && newest.at > this.#toldAt && at - newest.at < kSameMs;
  }

  #noteNewest(key: ReadKey, { user, resource, at }: KeptRead): void {
    const scope = JSON.stringify([user, resource]);
    if ((this.#newest.get(scope)?.at ?? -Infinity) <= at) this.#newest.set(scope, { name: JSON.stringify(key), at });
  }

  /** Notes that an answer was shown. */
  async use(read: KeptRead): Promise<void> {
    const now = Date.now();
    if (now - read.used < kUseMs) return;
    await this.answers.changing([read.user, read.url, read.accept], () => this.source.use(async (db) => {
      const tx = db.transaction('reads', 'readwrite', { durability: 'relaxed' });
      const known = await tx.store.get([read.user, read.url, read.accept]);
      if (known) await tx.store.put({ ...known, used: now });
      await tx.done;
      return known && { ...known, used: now };
    }));
  }

  /** Keeps an answer no longer. */
  async drop({ user, url, accept }: KeptRead): Promise<void> {
    await this.answers.changing([user, url, accept], () => this.source.use(async (db) => {
      await db.delete('reads', [user, url, accept]);
      return undefined;
    }));
    this.#tallies.clear();
  }

  /** Others have taken answers away: what there is must be counted again. */
  recount(): void {
    this.#tallies.clear();
    this.answers.clear();
  }
}

/** Whether an answer only repeats another. When it was given is no part of it. */
function saysTheSame(one: KeptRead, other: KeptRead): boolean {
  const headersOf = ({ headers }: KeptRead) => JSON.stringify(headers.filter(([name]) => name !== 'date' && name !== 'age'));
  return one.status === other.status && one.text === other.text && headersOf(one) === headersOf(other);
}

function storeOf(tx: WriteTransaction) {
  return tx.objectStore('reads');
}

function ofResource(resource: string): IDBKeyRange {
  return IDBKeyRange.bound([resource], [resource, []]);
}

async function count(reads: Reads, resource: string): Promise<Tally> {
  const tally = { entries: 0, bytes: 0 };
  for (let at = await reads.index('use').openKeyCursor(ofResource(resource)); at; at = await at.continue()) {
    tally.entries += 1;
    tally.bytes += at.key[2];
  }
  return tally;
}

async function makeRoom(reads: Reads, resource: string, { entries, bytes }: ReadRules, tally: Tally, gone: ReadKey[]): Promise<Tally> {
  const left = { ...tally };
  const isOver = () => left.entries > entries || left.bytes > bytes;
  if (!isOver()) return left;
  for (let at = await reads.index('use').openKeyCursor(ofResource(resource)); at && isOver(); at = await at.continue()) {
    void reads.delete(at.primaryKey).catch(() => undefined);  // as above
    gone.push(at.primaryKey);
    left.entries -= 1;
    left.bytes -= at.key[2];
  }
  return left;
}
