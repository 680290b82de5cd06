// When the person acts, and when the worker is killed and the page reloaded. All times are wall
// milliseconds since the ride began.

import type { TracePlayer } from '../../web/tunnel/trace.js';
import type { RideOptions } from './options.js';
import { Random } from './random.js';

export type Blow = 'kill' | 'reload';

export interface Moment {
  at: number;
  /** null: nothing but the blow. */
  act: boolean;
  /** What follows, that many milliseconds after the act. */
  blow: { kind: Blow; afterMs: number } | null;
}

/** Half of the blows come this soon after an act, while its write is on its way through page and worker. */
const kCloseMsMax = 20;

export function schedule(player: TracePlayer, options: RideOptions): Moment[] {
  const moments = actTimes(player, options).map((at): Moment => ({ at, act: true, blow: null }));
  const acts = [...moments];
  const random = new Random(options.seed, 3);
  for (const [kind, count] of [['kill', options.kills], ['reload', options.reloads]] as const) {
    for (let index = 0; index < count; index += 1) {
      const free = acts.filter(({ blow }) => blow === null);
      if (index % 2 === 0 && free.length > 0) random.pick(free).blow = { kind, afterMs: random.below(kCloseMsMax + 1) };
      else moments.push({ at: evenly(random, index, count) * player.durationMs, act: false, blow: { kind, afterMs: 0 } });
    }
  }
  return moments.sort((a, b) => a.at - b.at);
}

function actTimes(player: TracePlayer, { seed, acts, tunnelActs }: RideOptions): number[] {
  const random = new Random(seed, 2);
  const inTunnel = player.outages.length > 0 ? Math.round(acts * tunnelActs) : 0;
  const times: number[] = [];
  for (let index = 0; index < inTunnel; index += 1) times.push(inTheDark(player, evenly(random, index, inTunnel)));
  const others = acts - inTunnel;
  for (let index = 0; index < others; index += 1) times.push(evenly(random, index, others) * player.durationMs);
  return times.sort((a, b) => a - b);
}

/** A random point in the index-th of `count` equal parts of 0..1: spread, without being regular. */
function evenly(random: Random, index: number, count: number): number {
  return (index + random.unit()) / count;
}

/** The moment at this share of all dark time. */
function inTheDark(player: TracePlayer, share: number): number {
  let left = share * player.outages.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  for (const { startMs, endMs } of player.outages) {
    if (left < endMs - startMs) return startMs + left;
    left -= endMs - startMs;
  }
  return player.outages.at(-1)!.endMs;
}
