// The end of a user's session: what becomes of unsent writes is theirs to say, and what was read for them goes with them.

import type { Status } from '../protocol/messages';
import type { Credentials } from './credentials';
import type { DatabaseSource } from './database';
import { HostError, report } from './errors';
import type { KeptReads } from './kept-reads';
import type { Effect } from './module';
import type { Stepper } from './stepper';
import type { Versions } from './versions';

/** How long a sign-out with `send` waits for the outbox to drain. Milliseconds. */
const kDrainMs = 30_000;
/** How often it looks meanwhile. */
const kLookMs = 250;

interface Outbox {
  status(): Promise<Status>;
  /** Tries to send now. */
  hurry(): Promise<void>;
}

export class Session {
  constructor(
    private readonly source: DatabaseSource,
    private readonly stepper: Stepper,
    private readonly credentials: Credentials,
    private readonly kept: KeptReads,
    private readonly versions: Versions,
    private readonly outbox: Outbox,
  ) {}

  signIn(user: string): Promise<Effect[]> {
    return this.stepper.submit({ type: 'session', action: 'sign-in', user });
  }

  /** Never drops a pending write silently: without a choice it only says how many there are. */
  async signOut(choice: 'keep' | 'discard' | 'send' | null): Promise<void> {
    const { pending, user } = await this.outbox.status();
    if (pending > 0 && choice === null) {
      throw new HostError('pending-writes',
        `${pending} writes have not been sent. Call signOut({ pending: 'keep' | 'discard' | 'send' }) to say what becomes of them.`);
    }
    if (choice === 'send') await this.#drain();
    if (choice === 'discard') {
      let effects: Effect[];
      do effects = await this.stepper.submit({ type: 'session', action: 'discard' });
      while (effects.some((effect) => effect.do === 'again'));
    }
    await this.stepper.submit({ type: 'session', action: 'sign-out' });
    this.credentials.forgetUser(user);
    await this.#clear(user);
  }

  async #drain(): Promise<void> {
    const end = Date.now() + kDrainMs;
    while (Date.now() < end) {
      void this.outbox.hurry().catch(report);
      if ((await this.outbox.status()).pending === 0) return;
      await new Promise((resolve) => setTimeout(resolve, kLookMs));
    }
    throw new HostError('pending-writes', `Not everything could be sent within ${kDrainMs / 1000} s. Nothing was dropped, and nobody was signed out.`);
  }

  /** What was read or told for a user goes with the user; what the user wrote stays, and the names that it needs. */
  async #clear(user: string): Promise<void> {
    await this.source.use(async (db) => {
      const tx = db.transaction(['documents', 'reads', 'names', 'conflicts', 'meta'], 'readwrite');
      const all = IDBKeyRange.bound([user], [user, []]);
      const meta = tx.objectStore('meta');
      const counts = await meta.get(`counts ${user}`);
      const left = Number(counts?.pending ?? 0) + Number(counts?.inbox ?? 0);
      const records = await tx.objectStore('conflicts').index('user').getAllKeys(all as never);
      await Promise.all([
        tx.objectStore('documents').delete(all), tx.objectStore('reads').delete(all), ...records.map((id) => tx.objectStore('conflicts').delete(id)),
        ...(left === 0 ? [tx.objectStore('names').delete(all)] : []),
        ...(counts ? [meta.put({ ...counts, ...(left === 0 && { names: 0 }), records: 0, recordBytes: 0 })] : []),
        meta.delete(`feed ${user}`), tx.done,
      ]);
    });
    this.kept.recount();
    this.versions.forget();
  }
}
