// How things stand for a read: whose it is, and whether anything of the user's own has to be put into it.
//
// Only steps change these rows, and this worker's steps all go through its stepper: what was looked up stays true until
// the next one begins, and costs a read nothing until then. (A sign-out takes some away after its step; and the worker
// that this one replaces, whose events have all ended before this one is activated, may still settle what it was
// sending.) Then too much is taken for pending here, and such a read asks the engine, which looks for itself.

import type { DatabaseSource } from './database';

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

export class Standings {
  #last: { state: number; standing: Standing } | null = null;

  constructor(private readonly source: DatabaseSource, private readonly stepper: { readonly state: number | null }) {}

  async now(): Promise<Standing> {
    const { state } = this.stepper;
    if (this.#last && this.#last.state === state) return this.#last.standing;
    // While a step is under way, the database itself orders this look before it or after it.
    const standing = await this.#look();
    if (state !== null) this.#last = { state, standing };
    return standing;
  }

  #look(): Promise<Standing> {
    return this.source.use(async (db) => {
      const tx = db.transaction(['meta', 'documents'], 'readonly');
      const rows = await tx.objectStore('meta').getAll();
      const user = String(rows.find(({ name }) => name === 'session')?.user ?? '');
      const ofUser = IDBKeyRange.bound([user], [user, []]);
      const newest = await tx.objectStore('documents').index('since').openKeyCursor(ofUser, 'prev');
      const counts = rows.find(({ name }) => name === `counts ${user}`);
      const origins = (fits: (row: (typeof rows)[number]) => boolean) =>
        new Set(rows.filter(fits).map(({ name }) => String(name).replace(/^origin /, '')));
      return {
        user, confirmedAt: newest?.key[1] ?? -Infinity,
        silent: origins(({ silences, blocked }) => Number(silences ?? 0) > 0 && blocked !== true),
        needsAuth: origins(({ auth }) => auth === 'needed'),
        pending: Number(counts?.pending ?? 0), names: Number(counts?.names ?? 0),
      };
    });
  }
}
