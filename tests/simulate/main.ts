// The command: `npm run simulate -- conflicts [options]`. The worlds themselves are C++ (main.cpp), since they are the
// engine's own code a hundred thousand times over; this runs them on every core and adds up what came of them.

import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { interruption, kExitInterrupted } from '../interruption.js';

const kProgram = path.resolve(import.meta.dirname, '../../build/release/simulate');
/** 1 says that a law was broken; a simulation that could not begin is something else. */
const kExitUsage = 2;
const kTicket = 10;

interface Flags {
  seeds: number;
  seed: number;
  json: boolean;
  verbose: boolean;
}

/** Figures of some worlds, by their names in storm.hpp. */
type Tally = Record<string, number>;

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) throw new InvalidArgumentError('It must be a whole number from 1 to 1000000.');
  return value;
}

/** @returns what the program printed; its words about what went wrong go to stderr as they come */
function storms(first: number, seeds: number, verbose: boolean, signal: AbortSignal): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const child = spawn(kProgram, ['conflicts', String(first), String(seeds), ...(verbose ? ['verbose'] : [])], { stdio: ['ignore', 'pipe', 'inherit'], signal });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => { output += chunk; });
    child.on('error', reject);
    child.on('close', (status, by) => {
      if (status === 0 || status === 1) resolve(JSON.parse(output) as Tally);
      else reject(new Error(`the worlds from seed ${first} on ended with ${by ?? `status ${status}`}`));
    });
  });
}

async function conflicts({ seeds, seed, json, verbose }: Flags): Promise<number> {
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

const program = new Command('npm run simulate --')
  .description('Worlds drawn from seeds, in virtual time, with the engine itself in them.')
  .exitOverride();
program.command('conflicts')
  .description('Five people write to the same documents under every policy, through partitions, killed workers and wrong clocks.\n' +
    'Exit status 1 unless all see the same afterwards, every counter is the sum of what was added, and whatever gave way\n' +
    'stands in a record or was a person\'s decision.')
  .option('--seeds <number>', 'how many worlds', count, 100)
  .option('--seed <number>', 'the first one\'s', count, 1)
  .option('--json', 'print the figures as JSON on the last line', false)
  .option('--verbose', 'what happens in them, on stderr', false)
  .allowExcessArguments(false)
  .exitOverride()
  .action(async (flags: Flags) => {
    process.exitCode = await conflicts(flags);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : kExitUsage; // commander has said why
  } else {
    console.error(`simulate: ${(error as Error).message}`);
    process.exitCode = kExitUsage;
  }
}
