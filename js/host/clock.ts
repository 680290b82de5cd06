// A clock that was set back. What is known of documents is dated by the device's clock, and the newer word stands; so what
// was told before must not look newer than what is told from now on. Such times are moved back, all by as much, which
// keeps their order. (Waits that such a clock makes too long are the engine's matter: wasm/outbox/pump.cpp.)

import type { DatabaseSource, ReadTransaction, StoreName } from './database';

/** What a clock loses when it is put right by the network is no jump. Milliseconds. */
const kSlackMs = 1_000;

export class Clock {
  #last: number | null = null;
  #mending: Promise<boolean> | null = null;

  constructor(
    private readonly source: DatabaseSource,
    /** What is remembered of the database is no longer what it has. */
    private readonly mended: () => void,
  ) {}

  /** To be awaited before anything is dated. @returns whether times were moved */
  async check(): Promise<boolean> {
    const now = Date.now();
    if (this.#last === null || now < this.#last - kSlackMs) return this.#mending ??= this.#mend().finally(() => { this.#mending = null; });
    this.#last = now;
    return false;
  }

  async #mend(): Promise<boolean> {
    const now = Date.now();
    const mended = await this.source.use(async (db) => {
      const ahead = await newestTime(db.transaction(['documents', 'reads'] as StoreName[], 'readonly')) - now;
      if (ahead <= kSlackMs) return false;
      const tx = db.transaction(['documents', 'reads', 'meta'], 'readwrite');
      for (let at = await tx.objectStore('documents').openCursor(); at; at = await at.continue()) {
        await at.update(earlier(at.value, ['at', 'createdAt', 'changedAt'], ahead));
      }
      for (let at = await tx.objectStore('reads').openCursor(); at; at = await at.continue()) {
        await at.update(earlier(at.value, ['at', 'used'], ahead));
      }
      // What was told behind a gap is still behind it.
      for (let at = await tx.objectStore('meta').openCursor(IDBKeyRange.bound('feed ', 'feed \uffff')); at; at = await at.continue()) {
        await at.update(earlier(at.value, ['gapAt', 'anewAt'], ahead));
      }
      await tx.done;
      this.mended();
      console.warn(`holdfast: this device's clock was set back by ${Math.round(ahead / 1000)} s or more; what is kept was dated back with it.`);
      return true;
    });
    this.#last = now;
    return mended;
  }
}

/** The latest time in either store, whoever it belongs to. */
async function newestTime(tx: ReadTransaction): Promise<number> {
  const documents = tx.objectStore('documents').index('since');
  const reads = tx.objectStore('reads').index('use');
  return Math.max(...await Promise.all([
    newestOf((range) => documents.openKeyCursor(range, 'prev')), newestOf((range) => reads.openKeyCursor(range, 'prev')),
  ]));
}

/** @param last the last key of an index in a range: a name, and then a time */
async function newestOf(last: (range?: IDBKeyRange) => Promise<{ key: readonly [string, number, ...unknown[]] } | null>): Promise<number> {
  let newest = -Infinity;
  for (let at = await last(); at; at = await last(IDBKeyRange.upperBound([at.key[0]], true))) newest = Math.max(newest, at.key[1]);
  return newest;
}

function earlier<Row extends object>(row: Row, names: readonly string[], by: number): Row {
  const times = names.flatMap((name) => {
    const time = (row as Record<string, unknown>)[name];
    return typeof time === 'number' && time > 0 ? [[name, Math.max(1, time - by)]] : [];
  });
  return { ...row, ...Object.fromEntries(times) as Partial<Row> };
}
