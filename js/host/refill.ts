// After a gap in the feed: what was read before it is read again, since nobody can tell what has changed in between. The
// gap stands in the user's row until that is done, so a worker that dies over it, or a network that goes, only delays it.
// What a server says has changed, without saying what it is now, is read again in the same way. That stands in no row:
// whoever was told it waits with the cursor until it is done (live-foreign.ts).

import type { ReadChange } from '../protocol/messages';
import type { DatabaseSource, KeptRead } from './database';
import { report } from './errors';
import type { Stale } from './live-format';
import type { Engine } from './module';
import type { Routes } from './routes';
import type { Stepper } from './stepper';

/** Reads under way at a time: browsers have six connections to an origin, and pages want some. */
const kAtOnce = 2;
/** Between two rounds, where answers didn't come: at first, and at the longest. Milliseconds. */
const kAgainMs = 15_000;
const kAgainMsMax = 10 * 60_000;
/** Between two rounds, where the server tells more and more: a round for each of its words would never end. Milliseconds. */
const kRestMs = 500;

interface Reads {
  /** Asks again for what an earlier read was told. */
  again(read: KeptRead, init: RequestInit): Promise<void>;
}

interface Owed {
  user: string;
  /** What was asked for before is read again; 0: there is no gap. */
  gapAt: number;
  /** What was told last of each, by its name. */
  stale: Map<string, Stale & { at: number; done: (() => void)[] }>;
}

export class Refill {
  #owed: Owed = { user: '', gapAt: 0, stale: new Map() };
  #filling: Promise<void> | null = null;
  #more = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #dueAt = 0;
  #wait = kAgainMs;

  constructor(
    private readonly source: DatabaseSource,
    private readonly stepper: Stepper,
    private readonly reads: Reads,
    private readonly covers: (resource: string) => boolean,
    /** What a request must carry to be answered as the user's. */
    private readonly present: (user: string, url: string) => Promise<RequestInit>,
    private readonly engine: () => Promise<Engine>,
    private readonly routes: Routes,
    private readonly changed: (change: ReadChange) => void,
  ) {}

  /** @param gapAt what was asked for before is read again */
  fill(user: string, gapAt: number): Promise<void> {
    this.#of(user).gapAt = gapAt;
    this.#wait = kAgainMs;
    return this.#start();
  }

  /**
   * Reads these again, as far as they are kept, and tells the pages of them then.
   * @returns resolves when that is done; never, if the user goes before
   */
  async again(user: string, entities: readonly Stale[]): Promise<void> {
    const { stale } = this.#of(user);
    const at = Date.now();
    const read = entities.map((entity) => new Promise<void>((resolve) => {
      const name = JSON.stringify([entity.resource, entity.id]);
      stale.set(name, { ...entity, at, done: [...stale.get(name)?.done ?? [], resolve] });
    }));
    this.#wait = kAgainMs;
    // Where answers don't come, all that is told meanwhile shares their next round: a server in trouble is not asked at each word.
    if (!this.#timer) void this.#start();
    else if (this.#dueAt > at + kAgainMs) this.#arm();
    await Promise.all(read);
  }

  /** What another user was owed is behind the gap that their next connection begins with, or before its cursor. */
  #of(user: string): Owed {
    if (this.#owed.user !== user) {
      this.#owed = { user, gapAt: 0, stale: new Map() };
      this.#disarm();
    }
    return this.#owed;
  }

  #start(): Promise<void> {
    this.#more = true;
    this.#filling ??= this.#fill().catch(report);
    return this.#filling;
  }

  #disarm(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(): void {
    this.#disarm();
    this.#dueAt = Date.now() + this.#wait;
    this.#timer = setTimeout(() => void this.#start(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, kAgainMsMax);
  }

  async #fill(): Promise<void> {
    try {
      while (this.#more) {
        this.#more = false;
        this.#disarm();
        await this.#round(this.#owed);
        if (this.#more) await new Promise((resolve) => setTimeout(resolve, kRestMs));
      }
    } finally {
      this.#filling = null;  // in the turn that saw that there is no more
    }
  }

  async #round(owed: Owed): Promise<void> {
    const { user, gapAt } = owed;
    const told = [...owed.stale];
    const old = (await this.#old(owed, gapAt))[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (const read of old) await this.#readAgain(read).catch(() => undefined);  // no answer: the next round asks again
    };
    await Promise.all(Array.from({ length: kAtOnce }, work));
    if (!(await this.#isPresent(user))) return;  // their next connection finds the gap in their row
    const left = await this.#old(owed, gapAt);
    if (gapAt > 0 && !left.some(({ at }) => at <= gapAt)) {
      await this.stepper.submit({ type: 'feed', action: 'refreshed', user, since: gapAt });
      if (owed.gapAt === gapAt) owed.gapAt = 0;
    }
    const isOld = await this.#concerned();
    const done = told.filter(([, stale]) => !left.some((read) => isOld(read, stale)));
    for (const [name, stale] of done) {
      if (owed.stale.get(name) === stale) owed.stale.delete(name);
      for (const tell of stale.done) tell();
    }
    this.#tell(done.map(([, stale]) => stale));
    if (left.length > 0 && owed === this.#owed) this.#arm();
  }

  async #isPresent(user: string): Promise<boolean> {
    return ((await this.source.use((db) => db.get('meta', 'session')))?.user ?? '') === user;
  }

  /** One piece of news for each resource. */
  #tell(all: Stale[]): void {
    for (const resource of new Set(all.map((one) => one.resource))) {
      const entities = all.filter((one) => one.resource === resource).map(({ id }) => id);
      const ids = entities.includes(null) ? [] : entities as string[];
      this.changed({ resource, ids, url: this.routes.urlOf(resource, ids.length === 1 ? ids[0]! : null) });
    }
  }

  async #readAgain(read: KeptRead): Promise<void> {
    const init = await this.present(read.user, read.url);
    const headers = new Headers(init.headers);
    if (read.accept !== '*/*') headers.set('Accept', read.accept);
    await this.reads.again(read, { ...init, headers });
  }

  async #old({ user, stale }: Owed, gapAt: number): Promise<KeptRead[]> {
    const all = await this.source.use((db) => db.getAll('reads', IDBKeyRange.bound([user], [user, []]) as never));
    const isOld = await this.#concerned();
    const told = [...stale.values()];
    return all.filter((read) => this.covers(read.resource) && (read.at <= gapAt || told.some((one) => isOld(read, one))));
  }

  /** Whether a read may show such a thing as it was before: the entity itself, or a list, of which nobody can tell. */
  async #concerned(): Promise<(read: KeptRead, stale: Stale & { at: number }) => boolean> {
    const engine = await this.engine();
    return ({ url, resource, at }, stale) => {
      // What was asked for once the server had told it knows of it.
      if (resource !== stale.resource || at >= stale.at) return false;
      const routed = engine.route(url);
      return !stale.id || !routed.declared || routed.kind === 'collection' || routed.entity === stale.id;
    };
  }
}
