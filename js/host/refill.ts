// After a gap in the feed: what was read before it is read again, since nobody can tell what has changed in between. The
// gap stands in the user's row until that is done, so a worker that dies over it, or a network that goes, only delays it.

import type { DatabaseSource, KeptRead } from './database';
import { report } from './errors';
import type { Reads } from './reads';
import type { Stepper } from './stepper';

/** Reads under way at a time: browsers have six connections to an origin, and pages want some. */
const kAtOnce = 2;
/** Between two rounds, where answers didn't come: at first, and at the longest. Milliseconds. */
const kAgainMs = 15_000;
const kAgainMsMax = 10 * 60_000;

export class Refill {
  #filling: Promise<void> | null = null;
  #due: { user: string; gapAt: number } | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wait = kAgainMs;

  constructor(
    private readonly source: DatabaseSource,
    private readonly stepper: Stepper,
    private readonly reads: Reads,
    private readonly covers: (resource: string) => boolean,
    /** What a request must carry to be answered as the user's. */
    private readonly present: (user: string, url: string) => Promise<RequestInit>,
  ) {}

  /** @param gapAt what was asked for before is read again */
  fill(user: string, gapAt: number): Promise<void> {
    this.#due = { user, gapAt };
    this.#wait = kAgainMs;
    this.#filling ??= this.#run().finally(() => { this.#filling = null; });
    return this.#filling;
  }

  /** A further gap may be noticed meanwhile. */
  async #run(): Promise<void> {
    while (this.#due) {
      const { user, gapAt } = this.#due;
      this.#due = null;
      await this.#fill(user, gapAt).catch(report);
    }
  }

  async #fill(user: string, gapAt: number): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const old = (await this.#old(user, gapAt))[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (const read of old) await this.#readAgain(read).catch(() => undefined);  // no answer: the next round asks again
    };
    await Promise.all(Array.from({ length: kAtOnce }, work));
    if (!(await this.#isPresent(user))) return;  // their next connection finds the gap in their row
    if ((await this.#old(user, gapAt)).length === 0) {
      await this.stepper.submit({ type: 'feed', action: 'refreshed', user, since: gapAt });
      return;
    }
    const wait = this.#wait;
    this.#timer = setTimeout(() => {
      void this.fill(user, gapAt);
      this.#wait = Math.min(wait * 2, kAgainMsMax);
    }, wait);
  }

  async #isPresent(user: string): Promise<boolean> {
    return ((await this.source.use((db) => db.get('meta', 'session')))?.user ?? '') === user;
  }

  async #readAgain(read: KeptRead): Promise<void> {
    const init = await this.present(read.user, read.url);
    const headers = new Headers(init.headers);
    if (read.accept !== '*/*') headers.set('Accept', read.accept);
    await this.reads.again(read, { ...init, headers });
  }

  async #old(user: string, gapAt: number): Promise<KeptRead[]> {
    const all = await this.source.use((db) => db.getAll('reads', IDBKeyRange.bound([user], [user, []]) as never));
    return all.filter(({ at, resource }) => at <= gapAt && this.covers(resource));
  }
}
