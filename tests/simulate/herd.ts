// `simulate -- herd`: a server dies with all its clients connected, and comes back.

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { interruption, kExitInterrupted } from '../interruption.js';
import { drawHerd } from './herd-chart.js';
import { simulate } from './run.js';

/** An even spread, and a tenth for chance: a second of 2,000 attempts has a standard deviation of 2 %. */
const kPeakMax = 1.1;
/** Twice what a server needs that is busy all the time. */
const kBoundFactor = 2;
/** As herd.hpp has them. */
const kDownSeconds = 60;
const kRoundSeconds = 15;

export interface HerdFlags {
  clients: number;
  capacity: number;
  seeds: number;
  seed: number;
  json: boolean;
  chart?: string;
}

/** What the program says of one strategy in one world. */
export interface HerdRun {
  strategy: string;
  seed: string;
  attempts: number;
  /** Attempts in each second since the server's death. */
  arrivals: number[];
  peak_over_uniform: number;
  death_peak_over_uniform: number;
  /** Since the server is back; null: not within ten minutes. */
  all_connected_s: number | null;
}

async function worlds({ clients, capacity, seeds, seed }: HerdFlags, signal: AbortSignal): Promise<HerdRun[][]> {
  const runs: HerdRun[][] = [];
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < seeds) {
      const index = next++;
      const lines = (await simulate(['herd', String(clients), String(capacity), String(seed + index)], signal)).trimEnd().split('\n');
      runs[index] = lines.map((line) => JSON.parse(line) as HerdRun);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, run));
  return runs;
}

const worst = (runs: HerdRun[], figure: 'peak_over_uniform' | 'death_peak_over_uniform' | 'all_connected_s'): number =>
  Math.max(...runs.map((run) => run[figure] ?? Infinity));

function line(runs: HerdRun[]): string {
  const all = worst(runs, 'all_connected_s');
  const most = Math.max(...runs.flatMap(({ arrivals }) => arrivals));
  return `  ${(runs[0]?.strategy ?? '').padEnd(27)}${String(most).padStart(7)} a second at the most, ${worst(runs, 'peak_over_uniform').toFixed(3).padStart(6)} × even since it is back; `
    + (all === Infinity ? 'not all connected in ten minutes' : `all connected after ${all.toFixed(1)} s`);
}

/** @returns the exit status */
export async function herd(flags: HerdFlags): Promise<number> {
  const signal = interruption();
  let runs: HerdRun[][];
  try {
    runs = await worlds(flags, signal);
  } catch (error) {
    if (signal.aborted) return kExitInterrupted;
    throw error;
  }
  const of = (index: number): HerdRun[] => runs.flatMap((world) => world[index] ?? []);
  const own = of(0);
  const bound = kBoundFactor * flags.clients / flags.capacity;
  const figures = {
    clients: flags.clients, capacity: flags.capacity, seeds: flags.seeds, bound_s: bound,
    peak_over_uniform: worst(own, 'peak_over_uniform'), death_peak_over_uniform: worst(own, 'death_peak_over_uniform'),
    all_connected_s: own.some((run) => run.all_connected_s === null) ? null : worst(own, 'all_connected_s'),
  };
  const missed = [
    figures.peak_over_uniform > kPeakMax && `peak_over_uniform is above ${kPeakMax}`,
    figures.death_peak_over_uniform > kPeakMax && `death_peak_over_uniform is above ${kPeakMax}`,
    (figures.all_connected_s ?? Infinity) > bound && `not all are connected within ${bound} s`,
  ].filter((what) => what !== false);
  console.log([
    `${flags.clients} clients of a server that dies, is away for ${kDownSeconds} s and can then accept ${flags.capacity} a second; the worst of ${flags.seeds} seeds`,
    `  the second of its death     ${figures.death_peak_over_uniform.toFixed(3)} × an even spread over the window of ${flags.clients / flags.capacity} s`,
    ...(runs[0] ?? []).map((_, index) => line(of(index))),
    missed.length === 0 ? '  every bound held' : `  NOT within bounds: ${missed.join('; ')}`,
  ].join('\n'));
  const first = runs[0] ?? [];
  if (flags.chart !== undefined) writeFileSync(flags.chart, drawHerd(first, { ...flags, downSeconds: kDownSeconds, uniform: flags.clients / kRoundSeconds }));
  if (flags.json) console.log(JSON.stringify({ ...figures, each: own.map(({ arrivals, ...rest }) => rest), strategies: first }));
  return missed.length === 0 ? 0 : 1;
}
