// The feed, read once for all links of this process.
//
// Why nothing is skipped between catching up and live: there is no such border. Each link has a cursor, and what it is
// sent is always what lies behind that, from memory where the tail covers it and else from the database. The tail's start
// is no later than what was readable when it was set, and what is readable only grows at the end; so
//
//  - whoever stands at the tail's start or behind it misses nothing by being sent the rest of the tail;
//  - a read that came to its end had everything that was readable when it began, and the tail was no further on then. So
//    whoever has what it found stands at the tail's end as it was when the read began, or further on.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Feed, FeedBatch, Observer, Relay, Relayed } from './feed.js';
import type { Limits } from './limits.js';
import type { Link } from './link.js';
import type { Links } from './links.js';
import { Changes, tell } from './messages.js';
import { Tail } from './tail.js';
import { Turns } from './turns.js';

/** Links that are sent something before anybody else has a turn: some milliseconds. */
const LINKS_AT_ONCE = 500;

interface CaughtUp { batch: FeedBatch | 'expired'; /** The tail's end when the read began. */ end: string }

export class Hub {
  #tail: Tail | null = null;
  #starting: Promise<Tail> | null = null;
  #running: Promise<void> | null = null;
  #wanted = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #heldFor = 0;
  #stopListening: ((() => Promise<void>) | undefined)[] | undefined;
  /** When it looks by itself, unless another process is quicker; and whether one was. */
  #soon: NodeJS.Timeout | undefined;
  #spared = false;
  readonly #turns: Turns;
  readonly #reads = new Map<string, Promise<CaughtUp>>();

  constructor(
    private readonly feed: Feed, private readonly relay: Relay | undefined, private readonly links: Links,
    private readonly limits: Limits, private readonly observer: Observer,
  ) {
    this.#turns = new Turns(limits.catchUpsAtOnce);
  }

  /** There may be something new. */
  wake = (): void => {
    if (this.#closed) return;
    this.#wanted = true;
    // Whatever wakes it before it knows where it stands may be about what comes right after that.
    if (!this.#tail) return;
    if (!this.relay) return this.#look();
    this.#soon ??= setTimeout(this.#look, Math.random() * this.limits.relayMs);
  };

  #look = (): void => {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#spared = false;
    if (this.#closed || !this.#tail) return;
    this.#running ??= this.#run(this.#tail).finally(() => {
      this.#running = null;
      // Whoever woke it after its last look.
      if (this.#wanted) this.wake();
    });
  };

  /** Greets a link and gives it everything behind its cursor, from now on. */
  async join(link: Link, after: string | null): Promise<void> {
    link.watchCredentials();
    let tail: Tail;
    try {
      tail = this.#tail ?? await (this.#starting ??= this.#start());
    } catch (error) {
      this.observer.failed?.(error);
      return link.bye('trouble');
    }
    // A cursor that is told to whoever has none may be a little old: that is the safe side.
    const cursor = after ?? tail.end;
    if (tail.behind(cursor) === 'uncovered') {
      this.observer.caughtUp?.('database');
      link.cursor = cursor;
      return this.#readFor(link, tail, { welcomed: false });
    }
    if (after !== null) this.observer.caughtUp?.('memory');
    link.welcome(cursor, false);
    this.#deliver(link, tail);
    // Another process was quicker, so that there is something new.
    if ((this.feed.compare(cursor, tail.end) ?? 0) > 0) this.wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#soon);
    await this.#starting?.catch(() => {});
    await this.#running;
    await Promise.allSettled(this.#reads.values());
    await Promise.all((this.#stopListening ?? []).map((stop) => stop?.()));
  }

  async #start(): Promise<Tail> {
    try {
      this.#stopListening ??= [this.feed.listen?.(this.wake), this.relay?.listen((batch) => this.#take(batch))];
      this.#tail = new Tail(await this.feed.presentCursor(), this.feed.compare, this.limits);
    } finally {
      this.#starting = null;
    }
    this.#lookAgainIn(this.limits.pollMs);
    const tail = this.#tail;
    if (this.#wanted) this.wake();
    return tail;
  }

  async #run(tail: Tail): Promise<void> {
    clearTimeout(this.#timer);
    let held = false;
    while (this.#wanted && !this.#closed) {
      this.#wanted = false;
      try {
        const after = tail.end;
        const batch = await this.feed.readChanges(after, this.limits.batchChangesMax);
        this.#failures = 0;
        if (batch === 'expired') return this.#beginAnew();
        if (batch.changes.length > 0) {
          this.observer.read?.(batch.changes.length, batch.lagMs);
          if (this.#append(tail, batch)) this.#publish({ after, cursor: batch.cursor, changes: batch.changes });
          await this.#deliverToAll(tail);
        }
        this.#wanted ||= batch.more;
        held = batch.held ?? false;
      } catch (error) {
        this.#failures += 1;
        this.observer.failed?.(error);
        this.#wanted = false;
      }
    }
    this.#lookAgainIn(this.#pause(held));
  }

  /** That the others can't be told must not keep this one's clients from being told. */
  #publish(batch: Relayed): void {
    try {
      this.relay?.publish(batch);
    } catch (error) {
      this.observer.failed?.(error);
    }
  }

  /** What another process has read behind a cursor is what this one would have read. */
  #take({ after, cursor, changes }: Relayed): void {
    const tail = this.#tail;
    if (this.#closed || !tail) return;
    const start = this.feed.compare(after, tail.end);
    // Of another feed.
    if (start === null) return;
    // What lies between has been lost.
    if (start > 0) return this.wake();
    if (!this.#append(tail, { cursor, changes })) return;
    this.observer.relayed?.(changes.length);
    // What this one was woken for is probably in it.
    if (this.#soon && !this.#spared) {
      clearTimeout(this.#soon);
      this.#soon = setTimeout(this.#look, this.limits.relayedMs);
      this.#spared = true;
    }
    this.#deliverToAll(tail).catch((error: unknown) => this.observer.failed?.(error));
  }

  /** False: nothing in it is new. */
  #append(tail: Tail, { cursor, changes }: Pick<FeedBatch, 'cursor' | 'changes'>): boolean {
    const fresh = changes.filter((change) => (this.feed.compare(change.cursor, tail.end) ?? 0) > 0);
    if (fresh.length > 0) tail.append(fresh.map(tell), cursor);
    return fresh.length > 0;
  }

  #pause(held: boolean): number {
    const { retryMs, retryMaxMs, heldMs, heldMaxMs, pollMs } = this.limits;
    this.#heldFor = held ? this.#heldFor + 1 : 0;
    if (this.#failures > 0) return Math.min(retryMaxMs, retryMs * 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2);
    return held ? Math.min(heldMaxMs, heldMs * 1.5 ** (this.#heldFor - 1)) : pollMs;
  }

  #lookAgainIn(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(this.wake, ms).unref();
  }

  /** Not even this process can go on from where it was: the database was restored, or taken over. Each link is told when it comes back. */
  #beginAnew(): void {
    this.#tail = null;
    this.links.sendAway();
  }

  async #deliverToAll(tail: Tail): Promise<void> {
    let count = 0;
    for (const link of this.links) {
      this.#deliver(link, tail);
      if ((count += 1) % LINKS_AT_ONCE === 0) await nextTurn();
    }
  }

  #deliver(link: Link, tail: Tail): void {
    while (!link.ended && !link.busy && link.cursor !== '') {
      const changes = tail.behind(link.cursor);
      if (changes === 'uncovered') return void this.#readFor(link, tail, { welcomed: true });
      if (changes === null) {
        // Whoever has everything already is told so once.
        if (!link.live) link.deliver(new Changes(link.cursor, [], link.cursor, false));
        return;
      }
      this.#send(link, tail, changes);
    }
  }

  /** While there is more, it is sent only as fast as it is taken. */
  #send(link: Link, tail: Tail, changes: Changes): void {
    const { live } = link;
    link.busy = changes.more && !live;
    const sent = link.deliver(changes, link.busy ? () => {
      link.busy = false;
      this.#deliver(link, tail);
    } : undefined);
    if (sent) this.observer.delivered?.(changes.changes.length);
  }

  async #readFor(link: Link, tail: Tail, { welcomed }: { welcomed: boolean }): Promise<void> {
    link.busy = true;
    const read = await this.#readOnce(link.cursor, tail).catch((error: unknown) => { this.observer.failed?.(error); });
    link.busy = false;
    if (link.ended) return;
    // Whoever comes back asks another process, perhaps, and this one later.
    if (!read) return link.bye('trouble');
    const { batch, end } = read;
    if (batch === 'expired') {
      // In the middle of it: it is told when it comes back.
      if (welcomed) return link.bye('going-away');
      link.welcome(tail.end, true);
      return this.#deliver(link, tail);
    }
    if (!welcomed) link.welcome(link.cursor, false);
    const further = !batch.more && (this.feed.compare(end, batch.cursor) ?? 0) > 0 ? end : batch.cursor;
    const told = new Changes(link.cursor, batch.changes.map(tell), further, batch.more || tail.behind(further) !== null);
    this.#send(link, tail, told);
    this.#deliver(link, tail);
  }

  /** One read for all who stand at one place. */
  #readOnce(cursor: string, tail: Tail): Promise<CaughtUp> {
    const known = this.#reads.get(cursor);
    if (known) return known;
    const read = this.#turns.take(async () => {
      const { end } = tail;
      return { end, batch: await this.feed.readChanges(cursor, this.limits.batchChangesMax) };
    }).finally(() => this.#reads.delete(cursor));
    this.#reads.set(cursor, read);
    return read;
  }
}
