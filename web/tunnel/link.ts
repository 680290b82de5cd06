// One direction of the line: a token bucket that all connections share, and then the latency.

import { kDarkMbits } from './trace.js';

/** One packet. Slices are this small when the line is slow, so that connections take turns. */
const kPacketBytes = 1_460;
/** Larger slices when there is room: a fast line should not cost one timer a packet. */
const kSliceBytesMax = 16_384;
/** What an idle line may save up, in milliseconds of its rate: a little more than a timer is late. */
const kBurstMs = 10;

/** One connection's bytes in one direction. `null` is the end of the stream. */
export class Flow {
  queuedBytes = 0;
  closed = false;
  readonly queue: (Buffer | null)[] = [];
  readonly deliver: (bytes: Buffer | null) => void;
  readonly #link: Link;

  constructor(link: Link, deliver: (bytes: Buffer | null) => void) {
    this.#link = link;
    this.deliver = deliver;
  }

  push(bytes: Buffer | null): void {
    if (this.closed) return;
    this.queue.push(bytes);
    this.queuedBytes += bytes?.length ?? 0;
    this.#link.wake(this);
  }

  close(): void {
    this.closed = true;
    this.queue.length = 0;
    this.queuedBytes = 0;
  }

  /** Takes up to `bytesMax` from the front. */
  take(bytesMax: number): Buffer | null {
    const first = this.queue[0];
    if (!first || first.length <= bytesMax) {
      this.queue.shift();
      this.queuedBytes -= first?.length ?? 0;
      return first ?? null;
    }
    this.queue[0] = first.subarray(bytesMax);
    this.queuedBytes -= bytesMax;
    return first.subarray(0, bytesMax);
  }
}

export class Link {
  readonly #latencyMs: number;
  #bytesPerMs: number;
  #tokens = 0;
  #countedAt = performance.now();
  /** Flows that have something to send; the first is next. */
  readonly #waiting = new Set<Flow>();
  /** Sent and not yet arrived, in order of arrival: the latency is the same for all. */
  #travelling: { flow: Flow; bytes: Buffer | null; at: number }[] = [];
  #sendTimer: NodeJS.Timeout | null = null;
  #arriveTimer: NodeJS.Timeout | null = null;

  constructor(mbits: number, latencyMs: number) {
    this.#bytesPerMs = mbits * 125;
    this.#latencyMs = latencyMs;
  }

  open(deliver: (bytes: Buffer | null) => void): Flow {
    return new Flow(this, deliver);
  }

  /** In the dark nothing moves, and what was under way is lost: its connections do not outlive the dark. */
  setSignal(mbits: number): void {
    this.#count();
    this.#bytesPerMs = mbits < kDarkMbits ? 0 : mbits * 125;
    if (this.#sendTimer) clearTimeout(this.#sendTimer);
    this.#sendTimer = null;
    if (this.#bytesPerMs === 0) {
      this.#tokens = 0;
      this.#travelling = [];
    }
    this.#send();
  }

  wake(flow: Flow): void {
    this.#waiting.add(flow);
    this.#send();
  }

  close(): void {
    for (const timer of [this.#sendTimer, this.#arriveTimer]) if (timer) clearTimeout(timer);
    this.#sendTimer = this.#arriveTimer = null;
    this.#waiting.clear();
    this.#travelling = [];
  }

  #count(): void {
    const now = performance.now();
    const most = Math.max(kPacketBytes, this.#bytesPerMs * kBurstMs);
    this.#tokens = Math.min(most, this.#tokens + (now - this.#countedAt) * this.#bytesPerMs);
    this.#countedAt = now;
  }

  /** Sends while there are tokens; the last slice may leave a debt, which the next wait pays. */
  #send(): void {
    if (this.#bytesPerMs === 0 || this.#sendTimer) return;
    this.#count();
    for (const flow of this.#waiting) {
      if (this.#tokens <= 0) break;
      this.#waiting.delete(flow);
      if (flow.queue.length === 0) continue;
      const room = Math.floor(this.#tokens / (this.#waiting.size + 1));
      const bytes = flow.take(Math.min(kSliceBytesMax, Math.max(kPacketBytes, room)));
      this.#tokens -= bytes?.length ?? 0;
      this.#travel(flow, bytes);
      if (flow.queue.length > 0) this.#waiting.add(flow); // behind the others; the loop comes to it again
    }
    if (this.#waiting.size === 0) return;
    const wait = Math.max(1, Math.ceil(-this.#tokens / this.#bytesPerMs));
    this.#sendTimer = setTimeout(() => {
      this.#sendTimer = null;
      this.#send();
    }, wait);
  }

  #travel(flow: Flow, bytes: Buffer | null): void {
    this.#travelling.push({ flow, bytes, at: performance.now() + this.#latencyMs });
    if (!this.#arriveTimer) this.#arm();
  }

  #arm(): void {
    const first = this.#travelling[0];
    if (!first) return;
    this.#arriveTimer = setTimeout(() => this.#arrive(), Math.max(0, first.at - performance.now()));
  }

  #arrive(): void {
    this.#arriveTimer = null;
    // Half a millisecond of grace: timers count in whole ones.
    const now = performance.now() + 0.5;
    let due = this.#travelling.findIndex(({ at }) => at > now);
    if (due === -1) due = this.#travelling.length;
    for (const { flow, bytes } of this.#travelling.splice(0, due)) if (!flow.closed) flow.deliver(bytes);
    if (!this.#arriveTimer) this.#arm();
  }
}
