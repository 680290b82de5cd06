import type { Identity, TransportName } from './feed.js';
import type { Limits } from './limits.js';
import { byeFrame, CLOSE_CODES, pingFrame, PONG, welcomeFrame, type ByeReason, type Changes, type Frame } from './messages.js';

/** One connection, as far as a link has to do with it. */
export interface Transport {
  readonly name: TransportName;
  /** Whether its client answers pings, so that silence means something. */
  readonly answers: boolean;
  /** Bytes that were sent and not taken yet. */
  readonly untaken: number;
  /**
   * @param taken called once these bytes, and all before them, have left; never if the connection breaks before
   * @returns how many bytes it was
   */
  send(frame: Frame, taken?: () => void): number;
  /** The polite end: what was sent before still arrives. */
  end(code: number, reason: string): void;
  /** The end. */
  cut(): void;
}

export interface LinkHost {
  readonly limits: Limits;
  /** How long it would take to have all links back. */
  windowMs(): number;
  /** Once, whoever ended it. */
  onEnd(link: Link, reason: string): void;
}

/** setTimeout takes no more; whoever's credentials last for longer is asked again then. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** One client's end: what it has been sent, and whether anybody is still there. What it is sent is the hub's matter. */
export class Link {
  /** Everything up to here was sent; empty before the welcome. */
  cursor = '';
  /** It has been told that it has everything. */
  live = false;
  /** Something is under way for it (a read, or a message of which it has to take enough first): nothing else is sent. */
  busy = false;

  #ended = false;
  #window = 0;
  #sentAt = performance.now();
  #pingedAt = performance.now();
  #heardAt = performance.now();
  #heardSince = 0;
  /** Bytes that hadn't been taken at the last heartbeat, and that were sent since. */
  #untaken = 0;
  #given = 0;
  #expiry: NodeJS.Timeout | undefined;
  #stopWatching = (): void => {};

  constructor(private readonly transport: Transport, private readonly identity: Identity, private readonly host: LinkHost) {}

  get ended(): boolean {
    return this.#ended;
  }

  get subject(): string {
    return this.identity.subject;
  }

  get transportName(): TransportName {
    return this.transport.name;
  }

  welcome(cursor: string, expired: boolean): void {
    this.cursor = cursor;
    const { heartbeatMs } = this.host.limits;
    this.#send(welcomeFrame({ cursor, expired, heartbeatMs, reconnectWindowMs: this.#tellWindow() }));
  }

  /** False: the client is too far behind, and was told so. */
  deliver(changes: Changes, taken?: () => void): boolean {
    // Asked before: what is too much alone is no fault of the client's.
    if (this.transport.untaken > this.host.limits.untakenBytesMax) {
      this.bye('slow');
      return false;
    }
    this.cursor = changes.cursor;
    this.live = !changes.more;
    this.#send(changes.frameFor(this.subject), taken);
    return true;
  }

  /** False: it says too much. */
  heard(): boolean {
    this.#heardAt = performance.now();
    this.#heardSince += 1;
    return this.#heardSince <= this.host.limits.messagesPerHeartbeatMax;
  }

  pong(): void {
    this.#send(PONG);
  }

  /** Does what is due. @param withinMs when it will be asked again */
  beat(withinMs: number): void {
    const { heartbeatMs } = this.host.limits;
    const now = performance.now();
    if (this.transport.answers && now - this.#heardAt > 2 * heartbeatMs) return this.bye('silent');
    const due = (since: number): boolean => now - since + withinMs > heartbeatMs;
    if (due(this.#pingedAt)) {
      // Who answers nothing has to take something at least.
      const { untaken } = this.transport;
      if (untaken > 0 && this.#untaken > 0 && untaken >= this.#untaken + this.#given) return this.bye('slow');
      this.#untaken = untaken;
      this.#given = 0;
      this.#heardSince = 0;
      // Whatever else was sent, it asks for no answer.
      if (this.transport.answers || this.#window !== this.host.windowMs()) return this.#ping();
    }
    if (due(this.#sentAt)) this.#ping();
  }

  bye(reason: ByeReason, retryAfterMs: number | null = null): void {
    if (this.#ended) return;
    this.#send(byeFrame(reason, retryAfterMs));
    this.transport.end(CLOSE_CODES[reason], reason);
    setTimeout(() => this.transport.cut(), this.host.limits.closeGraceMs).unref();
    this.end(reason);
  }

  /** It is over; the connection is gone, or going. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#expiry);
    this.#stopWatching();
    this.host.onEnd(this, reason);
  }

  #ping(): void {
    this.#pingedAt = performance.now();
    this.#send(pingFrame(this.#tellWindow()));
  }

  #send(frame: Frame, taken?: () => void): void {
    if (this.#ended) return;
    this.#sentAt = performance.now();
    this.#given += this.transport.send(frame, taken);
  }

  #tellWindow(): number {
    return this.#window = this.host.windowMs();
  }

  /** From here on the link ends with its credentials. */
  watchCredentials(): void {
    const { expiresAt, ended } = this.identity;
    const expired = (): void => this.bye('auth');
    if (expiresAt !== undefined) {
      const wait = (): void => {
        const left = expiresAt - Date.now();
        if (left <= 0) return expired();
        this.#expiry = setTimeout(wait, Math.min(left, TIMER_MS_MAX)).unref();
      };
      wait();
    }
    if (!ended) return;
    ended.addEventListener('abort', expired, { once: true });
    this.#stopWatching = () => ended.removeEventListener('abort', expired);
    if (ended.aborted) expired();
  }
}
