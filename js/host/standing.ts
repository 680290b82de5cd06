// How things stand for a read: whose it is, and whether anything of the user's own has to be put into it.
//
// Only steps change these rows, and this worker's steps all go through its stepper: each looks, in its own transaction,
// what it leaves. Two others write past it: a sign-out, which takes some away after its step, and the worker that this
// one replaces, which may still settle what it was sending. Until the next step here, more is taken for pending than is,
// and such a read asks the engine, which looks for itself.

import type { DatabaseSource, ReadTransaction, Row, StoreName, WriteTransaction } from './database';

export interface Standing {
  user: string;
  /** The user's writes that have no outcome. */
  pending: number;
  /** How many names there are that the server doesn't know, or doesn't know any more. */
  names: number;
  /** When the newest of the user's confirmed documents was told; -Infinity: there is none. */
  confirmedAt: number;
  /** Origins that writes met silence at. */
  silent: ReadonlySet<string>;
  /** Origins that writes can't be sent to for want of credentials. */
  needsAuth: ReadonlySet<string>;
}

interface Steps {
  /** Resolves once what pages have done so far is committed, or never will be. */
  caughtUp(): Promise<void>;
}

export class Standings {
  #last: Standing | null = null;
  /** How often a step has changed it. */
  #changes = 0;

  constructor(private readonly source: DatabaseSource, private readonly steps: Steps) {}

  async now(): Promise<Standing> {
    await this.steps.caughtUp();
    if (this.#last) return this.#last;
    const changes = this.#changes;
    const standing = await this.source.use(async (db) => {
      const tx = db.transaction(['meta', 'documents'] as StoreName[], 'readonly');
      return standingIn(tx, await tx.objectStore('meta').getAll());
    });
    // A step that was committed meanwhile may not be in it: good enough for this read, but not to be remembered.
    if (changes === this.#changes) this.#last = standing;
    return standing;
  }

  /** Somebody has written past the steps. */
  forget(): void {
    this.#changes += 1;
    this.#last = null;
  }

  /** What a step has left, once it is committed. */
  take(standing: Standing): void {
    this.#changes += 1;
    this.#last = standing;
  }
}

/**
 * How things stand in a transaction, with what was written in it.
 * @param meta all rows of `meta`
 */
export async function standingIn(tx: ReadTransaction | WriteTransaction, meta: readonly Row[]): Promise<Standing> {
  const user = String(meta.find(({ name }) => name === 'session')?.user ?? '');
  const newest = await tx.objectStore('documents').index('since').openKeyCursor(IDBKeyRange.bound([user], [user, []]), 'prev');
  const counts = meta.find(({ name }) => name === `counts ${user}`);
  const origins = (fits: (row: Row) => boolean) => new Set(meta.filter(fits).map(({ name }) => String(name).replace(/^origin /, '')));
  return {
    user, confirmedAt: newest?.key[1] ?? -Infinity,
    pending: Number(counts?.pending ?? 0), names: Number(counts?.names ?? 0),
    silent: origins(({ silences, blocked }) => Number(silences ?? 0) > 0 && blocked !== true),
    needsAuth: origins(({ auth }) => auth === 'needed'),
  };
}
