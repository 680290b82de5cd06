import type { Identity, Observer } from './feed.js';
import type { Limits } from './limits.js';
import { Link, type LinkHost, type Transport } from './link.js';

/** Each link is looked at so often between two heartbeats. */
const BEATS = 5;

/** All links of this process. */
export class Links implements LinkHost {
  readonly #all = new Set<Link>();
  readonly #ofUser = new Map<string, number>();
  #beating: NodeJS.Timeout | undefined;

  constructor(readonly limits: Limits, private readonly observer: Observer) {}

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): IterableIterator<Link> {
    return this.#all.values();
  }

  /** Rounded, so that not every heartbeat has another one to tell. */
  windowMs(): number {
    const needed = this.#all.size / this.limits.acceptsPerSecond * 1000;
    return Math.max(this.limits.reconnectWindowMinMs, Number(needed.toPrecision(1)));
  }

  /** Null: this user has enough of them. */
  add(transport: Transport, identity: Identity): Link | null {
    const { subject } = identity;
    const held = this.#ofUser.get(subject) ?? 0;
    // Where nobody signs in, all are one user.
    if (subject !== '' && held >= this.limits.linksPerUserMax) return null;
    const link = new Link(transport, identity, this);
    this.#all.add(link);
    this.#ofUser.set(subject, held + 1);
    this.observer.opened?.(transport.name);
    this.#beating ??= this.#beat();
    return link;
  }

  /** Each is told to come back at another moment of the window, as it is now. */
  sendAway(): void {
    const windowMs = this.windowMs();
    for (const link of this.#all) link.bye('going-away', Math.round(Math.random() * windowMs));
  }

  onEnd(link: Link, reason: string): void {
    if (!this.#all.delete(link)) return;
    const held = this.#ofUser.get(link.subject)! - 1;
    if (held === 0) this.#ofUser.delete(link.subject);
    else this.#ofUser.set(link.subject, held);
    this.observer.closed?.(link.transportName, reason);
    if (this.#all.size > 0) return;
    clearInterval(this.#beating);
    this.#beating = undefined;
  }

  #beat(): NodeJS.Timeout {
    const withinMs = this.limits.heartbeatMs / BEATS;
    return setInterval(() => { for (const link of this.#all) link.beat(withinMs); }, withinMs).unref();
  }
}
