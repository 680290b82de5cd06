// How things stand for a read: whose it is, and whether anything of the user's own has to be put into it.
//
// Only steps change these rows, and this worker's steps all go through its stepper, which says what each has left: it is
// looked up once. (A sign-out takes some away after its step; and the worker that this one replaces, whose events have
// all ended before this one is activated, may still settle what it was sending, until the next step here reads the rows
// of `meta`.) Then too much is taken for pending here, and such a read asks the engine, which looks for itself.

import type { DatabaseSource, Row } from './database';

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
    const standing = await this.#look();
    // A step that was committed meanwhile may not be in it: good enough for this read, but not to be remembered.
    if (changes === this.#changes) this.#last = standing;
    return standing;
  }

  /** What a step has left: all rows of `meta` (none if it read none, and so wrote none), and the documents written. */
  take(meta: readonly Row[], documents: readonly Row[]): void {
    if (meta.length === 0) return;
    this.#changes += 1;
    const last = this.#last;
    const user = userOf(meta);
    const times = documents.filter((row) => row.user === user).map(({ at }) => Number(at ?? 0));
    this.#last = last?.user === user ? standingOf(meta, Math.max(last.confirmedAt, ...times)) : null;
  }

  #look(): Promise<Standing> {
    return this.source.use(async (db) => {
      const tx = db.transaction(['meta', 'documents'], 'readonly');
      const meta = await tx.objectStore('meta').getAll();
      const user = userOf(meta);
      const newest = await tx.objectStore('documents').index('since').openKeyCursor(IDBKeyRange.bound([user], [user, []]), 'prev');
      return standingOf(meta, newest?.key[1] ?? -Infinity);
    });
  }
}

function userOf(meta: readonly Row[]): string {
  return String(meta.find(({ name }) => name === 'session')?.user ?? '');
}

function standingOf(meta: readonly Row[], confirmedAt: number): Standing {
  const user = userOf(meta);
  const counts = meta.find(({ name }) => name === `counts ${user}`);
  const origins = (fits: (row: Row) => boolean) => new Set(meta.filter(fits).map(({ name }) => String(name).replace(/^origin /, '')));
  return {
    user, confirmedAt,
    pending: Number(counts?.pending ?? 0), names: Number(counts?.names ?? 0),
    silent: origins(({ silences, blocked }) => Number(silences ?? 0) > 0 && blocked !== true),
    needsAuth: origins(({ auth }) => auth === 'needed'),
  };
}
