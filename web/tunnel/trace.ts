// A recorded ride: one number a second, the throughput in Mbit/s. The player turns it into wall time,
// tells the tunnels that follow it what the line is like, and knows (for the oracle) when there was
// signal and when there will be again.

import { readFile } from 'node:fs/promises';

/** Below this a second counts as one without network: the traces' own definition. */
export const kDarkMbits = 0.05;

/** A day of seconds; the longest trace we keep has 4910. More than this is not a trace of a ride. */
const kSecondsMax = 86_400;

export async function readTrace(file: string): Promise<number[]> {
  const lines = (await readFile(file, 'utf8')).split(/\r?\n/);
  const trace: number[] = [];
  for (const [index, line] of lines.entries()) {
    const text = line.trim();
    if (text === '') continue;
    const mbits = Number(text);
    if (!Number.isFinite(mbits) || mbits < 0) {
      throw new Error(`${file}:${index + 1}: "${text.slice(0, 40)}" is not a throughput. A trace has one number a line: Mbit/s, 0 or more.`);
    }
    trace.push(mbits);
  }
  if (trace.length === 0) throw new Error(`${file}: the trace is empty. It needs one number a line: Mbit/s.`);
  if (trace.length > kSecondsMax) throw new Error(`${file}: ${trace.length} seconds is more than a day (${kSecondsMax}).`);
  return trace;
}

/** Whatever can be told how good the line is. */
export interface Follower {
  setSignal(mbits: number): void;
}

/** A stretch without network, in wall milliseconds since the ride began; the end is the first moment with signal. */
export interface Outage {
  startMs: number;
  endMs: number;
}

export interface PlayerOptions {
  /** Trace seconds per wall second where there is signal. */
  speed?: number;
  /** The same where there is none; lower keeps tunnels longer than the rest. Default: `speed`. */
  outageSpeed?: number;
}

/** All times are wall milliseconds since the ride began, unless the name says otherwise. */
export class TracePlayer {
  readonly durationMs: number;
  readonly outages: readonly Outage[];
  /** When `start()` was called, in milliseconds since the epoch; null before. */
  startedAt: number | null = null;

  readonly #trace: readonly number[];
  /** `#starts[i]` is when trace second i begins; one more entry marks the end. */
  readonly #starts: readonly number[];
  readonly #lastLit: number;
  readonly #followers = new Set<Follower>();
  #next = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(trace: readonly number[], { speed = 20, outageSpeed = speed }: PlayerOptions = {}) {
    if (trace.length === 0) throw new RangeError('An empty trace can\'t be played.');
    for (const [name, value] of [['speed', speed], ['outageSpeed', outageSpeed]] as const) {
      if (!(value > 0) || !Number.isFinite(value)) throw new RangeError(`${name} must be a number above 0, not ${value}.`);
    }
    const starts = [0];
    const outages: { startMs: number; endMs: number }[] = [];
    let at = 0;
    for (const mbits of trace) {
      const dark = mbits < kDarkMbits;
      const end = at + 1000 / (dark ? outageSpeed : speed);
      const last = outages.at(-1);
      if (dark && last?.endMs === at) last.endMs = end;
      else if (dark) outages.push({ startMs: at, endMs: end });
      starts.push(end);
      at = end;
    }
    this.#trace = trace;
    this.#lastLit = trace.filter((mbits) => mbits >= kDarkMbits).at(-1) ?? 1;
    this.#starts = starts;
    this.outages = outages;
    this.durationMs = at;
  }

  /** Mbit/s at this moment. After the end the line stays as it was in the last second with signal. */
  signalAt(ms: number): number {
    if (ms >= this.durationMs) return this.#lastLit;
    return this.#trace[this.#secondAt(ms)]!;
  }

  /** The first moment with signal, at this moment or after it. */
  nextSignal(ms: number): number {
    if (this.signalAt(ms) >= kDarkMbits) return ms;
    return this.outages.find((outage) => ms < outage.endMs)!.endMs;
  }

  /** From now on the follower is told of each change; the answer ends that. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    if (this.startedAt !== null) follower.setSignal(this.signalAt(Date.now() - this.startedAt));
    return () => this.#followers.delete(follower);
  }

  start(): void {
    this.stop();
    this.startedAt = Date.now();
    this.#next = 0;
    this.#advance();
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Plays every second that is due, in order: a late timer must not skip a tunnel and its resets. */
  #advance(): void {
    const now = Date.now() - this.startedAt!;
    while (this.#next < this.#starts.length && this.#starts[this.#next]! <= now) {
      const mbits = this.signalAt(this.#starts[this.#next]!);
      this.#next += 1;
      for (const follower of this.#followers) follower.setSignal(mbits);
    }
    if (this.#next >= this.#starts.length) return;
    const wait = Math.max(1, Math.ceil(this.#starts[this.#next]! - now));
    this.#timer = setTimeout(() => this.#advance(), wait);
  }

  #secondAt(ms: number): number {
    let low = 0;
    let high = this.#trace.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= ms) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
