// From what the person did and what the server's ledger says to the ride's figures. Pure: no clock, no I/O.

import type { TracePlayer } from '../../web/tunnel/trace.js';
import { kDarkMbits } from '../../web/tunnel/trace.js';
import type { LedgerEntry } from './faults.js';
import type { RideOptions } from './options.js';

/**
 * How an act ended for the person. `answered`: the page got any answer, or still waited for one when the ride
 * was over; the act counts. `unanswered`: the page died (or the worker under its fetch was killed) before
 * there was an answer; it may be applied once or not at all.
 */
export type Fate = 'answered' | 'unanswered';

export interface ActRecord {
  number: number;
  order: string;
  /** When the page acted, in milliseconds since the epoch. */
  at: number;
  fate: Fate;
}

export interface RideResult {
  trace: string;
  client: string;
  seed: number;
  acts: number;
  acts_in_tunnel: number;
  applied: number;
  unanswered: number;
  lost: number;
  duplicated: number;
  reordered: number;
  pending_at_end: number;
  /** Acts after which the person looked: at the order, and at a list that it came into or left. */
  reads: number;
  /** How many of these looks didn't show the act. */
  stale_reads: number;
  delay_p50_ms: number;
  delay_p95_ms: number;
  oracle_p95_ms: number;
  excess_p50_ms: number;
  excess_p95_ms: number;
  excess_total_ms: number;
  late_5s: number;
  write_attempts: number;
  kills: number;
  reloads: number;
  page_errors: number;
}

/** What the rig counted itself. */
export type Counted = Pick<RideResult, 'pending_at_end' | 'reads' | 'stale_reads' | 'write_attempts' | 'kills' | 'reloads' | 'page_errors'>;

const kLateMs = 5_000;

export function score(
  options: Pick<RideOptions, 'trace' | 'client' | 'seed'>,
  acts: readonly ActRecord[],
  ledger: readonly LedgerEntry[],
  player: TracePlayer,
  counted: Counted,
): RideResult {
  const began = player.startedAt ?? 0;
  const firstApplied = new Map<number, number>();
  for (const { act, appliedAt } of ledger) if (!firstApplied.has(act)) firstApplied.set(act, appliedAt);

  const delays: number[] = [];
  const oracles: number[] = [];
  const excesses: number[] = [];
  let inTunnel = 0;
  let lost = 0;
  let late = 0;
  for (const { number, at, fate } of acts) {
    const since = at - began;
    const oracle = player.nextSignal(since) - since;
    if (player.signalAt(since) < kDarkMbits) inTunnel += 1;
    oracles.push(oracle);
    const appliedAt = firstApplied.get(number);
    if (appliedAt === undefined) {
      if (fate === 'answered') lost += 1;
      continue;
    }
    const delay = Math.max(0, appliedAt - at);
    // Nobody beats the oracle; a write that slipped in on the edge of a tunnel is on time, not early.
    const excess = Math.max(0, delay - oracle);
    delays.push(delay);
    excesses.push(excess);
    if (excess > kLateMs) late += 1;
  }
  return {
    trace: options.trace.split('/').at(-1)!,
    client: options.client,
    seed: options.seed,
    acts: acts.length,
    acts_in_tunnel: inTunnel,
    applied: firstApplied.size,
    unanswered: acts.filter(({ fate }) => fate === 'unanswered').length,
    lost,
    duplicated: ledger.length - firstApplied.size,
    reordered: reordered(ledger),
    pending_at_end: counted.pending_at_end,
    reads: counted.reads,
    stale_reads: counted.stale_reads,
    delay_p50_ms: percentile(delays, 50),
    delay_p95_ms: percentile(delays, 95),
    oracle_p95_ms: percentile(oracles, 95),
    excess_p50_ms: percentile(excesses, 50),
    excess_p95_ms: percentile(excesses, 95),
    excess_total_ms: Math.round(excesses.reduce((sum, excess) => sum + excess, 0)),
    late_5s: lost + late,
    write_attempts: counted.write_attempts,
    kills: counted.kills,
    reloads: counted.reloads,
    page_errors: counted.page_errors,
  };
}

/** Acts first applied after a later act of the same lane: on the same order, if nothing else is said. */
export function reordered(ledger: readonly LedgerEntry[], laneOf = ({ order }: LedgerEntry): string => order): number {
  const newest = new Map<string, number>();
  const seen = new Set<number>();
  let count = 0;
  for (const entry of ledger) {
    const { act } = entry;
    if (seen.has(act)) continue;
    seen.add(act);
    const lane = laneOf(entry);
    if (act < (newest.get(lane) ?? 0)) count += 1;
    else newest.set(lane, act);
  }
  return count;
}

/** Nearest rank, in whole milliseconds; 0 of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0);
}

/** Why the ride is no success; empty if it is. */
export function failures(result: RideResult): string[] {
  const zeros = ['lost', 'duplicated', 'reordered', 'pending_at_end', 'page_errors', 'stale_reads'] as const;
  return zeros
    // Only holdfast promises that one sees one's own unsent acts. For the others it is merely counted.
    .filter((name) => name !== 'stale_reads' || result.client === 'holdfast')
    .filter((name) => result[name] !== 0).map((name) => `${name} = ${result[name]}`);
}
