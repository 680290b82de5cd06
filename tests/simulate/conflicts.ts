// `simulate -- conflicts`: storms on every core, and what came of them all together.

import { availableParallelism } from 'node:os';
import { interruption, kExitInterrupted } from '../interruption.js';
import { simulate } from './run.js';

/** Storms of one run of the program. */
const kTicket = 10;

export interface ConflictFlags {
  seeds: number;
  seed: number;
  json: boolean;
  verbose: boolean;
}

/** Figures of some worlds, by their names in storm.hpp. */
type Tally = Record<string, number>;

async function storms(first: number, seeds: number, verbose: boolean, signal: AbortSignal): Promise<Tally> {
  return JSON.parse(await simulate(['conflicts', String(first), String(seeds), ...(verbose ? ['verbose'] : [])], signal)) as Tally;
}

/** @returns the exit status */
export async function conflicts({ seeds, seed, json, verbose }: ConflictFlags): Promise<number> {
  const signal = interruption();
  const tty = process.stderr.isTTY && !verbose;
  const total: Tally = {};
  let next = seed;
  const run = async (): Promise<void> => {
    while (next < seed + seeds) {
      const first = next;
      next = Math.min(next + kTicket, seed + seeds);
      const tally = await storms(first, next - first, verbose, signal);
      for (const [name, value] of Object.entries(tally)) total[name] = (total[name] ?? 0) + value;
      if (tty) process.stderr.write(`\r\x1b[K${total['seeds']} of ${seeds} storms`);
    }
  };
  try {
    await Promise.all(Array.from({ length: verbose ? 1 : availableParallelism() }, run));
  } catch (error) {
    if (signal.aborted) return kExitInterrupted;
    throw error;
  } finally {
    if (tty) process.stderr.write('\r\x1b[K');
  }
  const { steps, acts, confirmed, merged, overruled, asked, diverged, lost_deltas, silent, wrong } = total;
  console.log([
    `${total['seeds']} storms over five devices: ${acts} writes, ${steps} steps of the engine`,
    `  ended as   ${confirmed} confirmed, ${merged} merged, ${overruled} overruled; people were asked ${asked} times`,
    `  wrong      ${diverged} documents diverged, ${lost_deltas} counters lost or doubled a difference, ${silent} changes gave way without a word`,
    wrong === 0 ? '  every law held' : `  NOT clean: ${wrong} findings, above`,
  ].join('\n'));
  if (json) console.log(JSON.stringify(total));
  return wrong === 0 ? 0 : 1;
}
