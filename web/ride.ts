// What the line is like, for both apps at once: a trace being played, or the switch in somebody's
// hand. The switch wins: a tunnel is a tunnel, whatever the train does.

import { EventEmitter } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { kDarkMbits, readTrace, TracePlayer, type Follower } from './tunnel/trace.js';

const kTraceFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../traces');

export const kTraces = [
  { file: 'qtrain.csv', title: 'the Q train', about: 'Subway, 40 minutes, 36 tunnels' },
  { file: 'long-island-rail-road.csv', title: 'the Long Island Rail Road', about: 'Commuter train, 24 minutes, 44 gaps' },
  { file: 'bus62.csv', title: 'the B62 bus', about: 'Bus, 55 minutes, 22 gaps' },
  { file: '7train1.csv', title: 'the 7 train', about: 'Subway, 82 minutes, 18 short gaps' },
] as const;
export type TraceFile = (typeof kTraces)[number]['file'];

/** Without a ride the line is a good one. */
const kGoodMbits = 30;
/** Tunnels are played this much slower than the rest, or nobody would see them pass. */
const kOutageShare = 5;

export interface RideState {
  trace: TraceFile;
  speed: number;
  startedAt: number;
  durationMs: number;
}

/** Emits `signal` (Mbit/s) on each change, and `ride` (RideState | null) when one starts or ends. */
export class Ride extends EventEmitter {
  /** The switch. */
  held = false;
  state: RideState | null = null;

  readonly #followers: readonly Follower[];
  #player: TracePlayer | null = null;
  #end: NodeJS.Timeout | undefined;
  #line = kGoodMbits;
  #told = Number.NaN;

  constructor(followers: readonly Follower[]) {
    super();
    this.#followers = followers;
  }

  get mbits(): number {
    return this.held ? 0 : this.#line;
  }

  get dark(): boolean {
    return this.mbits < kDarkMbits;
  }

  hold(dark: boolean): void {
    this.held = dark;
    this.#apply();
  }

  async start(file: TraceFile, speed: number): Promise<void> {
    const trace = await readTrace(path.join(kTraceFolder, file));
    this.stop();
    const player = new TracePlayer(trace, { speed, outageSpeed: Math.max(1, speed / kOutageShare) });
    this.#player = player;
    player.follow({ setSignal: (mbits) => { this.#line = mbits; this.#apply(); } });
    player.start();
    this.state = { trace: file, speed, startedAt: Date.now(), durationMs: player.durationMs };
    this.#end = setTimeout(() => this.stop(), player.durationMs + 50);
    this.emit('ride', this.state);
  }

  stop(): void {
    if (!this.#player) return;
    clearTimeout(this.#end);
    this.#player.stop();
    this.#player = null;
    this.state = null;
    this.#line = kGoodMbits;
    this.#apply();
    this.emit('ride', null);
  }

  #apply(): void {
    const mbits = this.mbits;
    if (mbits === this.#told) return;
    this.#told = mbits;
    for (const follower of this.#followers) follower.setSignal(mbits);
    this.emit('signal', mbits);
  }
}
