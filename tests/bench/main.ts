// The commands: `npm run bench -- overlay [options]` and `npm run bench -- merge [options]`.

import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { interruption, kExitInterrupted } from '../interruption.js';
import { benchMerge, type MergeResult } from './merge.js';
import { kDefaults, type BenchOptions, type BenchSurroundings } from './options.js';
import { benchOverlay, type OverlayResult } from './overlay.js';
import { over, type Measure } from './stats.js';

/** 1 says that a ratio was over its limit; a bench that could not begin is something else. */
const kExitUsage = 2;

type Measures = Record<string, Measure>;

interface Flags extends BenchOptions {
  json: boolean;
}

function pairs(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 4 || value > 100_000) throw new InvalidArgumentError('It must be a whole number from 4 to 100000.');
  return value;
}

function command(): Command {
  const program = new Command('npm run bench --')
    .description('Measures what holdfast costs, as ratios to another way of doing the same in the same run.')
    .exitOverride();
  const subcommand = (name: keyof typeof kDefaults) => program.command(name)
    .option('--json', 'print the figures as JSON on the last line', false)
    .allowExcessArguments(false)
    .exitOverride();
  subcommand('overlay')
    .description('What reads cost, in a real Chromium: with fifty pending writes in a list of 5,000, with nothing pending, and what is not declared.\n' +
      'Each is the median of the ratios of interleaved pairs. Exit status 1 if one is over its limit.')
    .option('--pairs <number>', 'pairs timed for each measure; on the large list a quarter of it', pairs, kDefaults.overlay.pairs)
    .action(async (flags: Flags) => {
      process.exitCode = await run(flags, benchOverlay, reads);
    });
  subcommand('merge')
    .description('What a merge costs, of documents of 1 kB, 30 kB and 1 MB with ten changes on each side: natively, and as WebAssembly\n' +
      'from JavaScript, to the faster of json-diff3 and node-diff3; text in, text out. Each is the median of the ratios of\n' +
      'interleaved pairs. Exit status 1 if one is over its limit.')
    .option('--pairs <number>', 'pairs timed for each measure; of the largest document a quarter of it', pairs, kDefaults.merge.pairs)
    .action(async (flags: Flags) => {
      process.exitCode = await run(flags, benchMerge, merges);
    });
  return program;
}

function line(name: string, { what, ratio, p25, p75, limit, pairs, bytes, ours_ms, theirs_ms }: Measure): string {
  const figures = `${ratio.toFixed(3)} (${p25.toFixed(2)} – ${p75.toFixed(2)})${limit === null ? '' : `, at most ${limit}`}`;
  return `  ${name.padEnd(19)}${figures.padEnd(36)}${what}\n` +
    `  ${''.padEnd(19)}${`${ours_ms.toFixed(3)} : ${theirs_ms.toFixed(3)} ms, ${bytes} bytes, ${pairs} pairs`}`;
}

function reads({ rows, pending, chromium }: OverlayResult): string {
  return `reads, in Chromium ${chromium}: median of the ratios (quartiles); the large list has ${rows} rows, ${pending} writes are pending`;
}

function merges({ changes }: MergeResult): string {
  return `merges, in Node ${process.versions.node}: median of the ratios (quartiles); each side has made ${changes} changes`;
}

function summary(title: string, measures: Measures): string {
  const bad = over(measures);
  return [
    title,
    ...Object.entries(measures).map(([name, measured]) => line(name, measured)),
    bad.length === 0 ? '  every ratio is within its limit' : `  OVER: ${bad.join(', ')}`,
  ].join('\n');
}

async function run<Result extends { measures: Measures }>(
  { json, ...options }: Flags, bench: (options: BenchOptions, surroundings: BenchSurroundings) => Promise<Result>, title: (result: Result) => string,
): Promise<number> {
  const signal = interruption();
  const tty = process.stderr.isTTY;
  const progress = (text: string) => process.stderr.write(tty ? `\r\x1b[K${text}` : `${text}\n`);
  try {
    const result = await bench(options, { signal, onProgress: progress });
    if (tty) process.stderr.write('\r\x1b[K');
    console.log(summary(title(result), result.measures));
    if (json) console.log(JSON.stringify(result));
    return over(result.measures).length === 0 ? 0 : 1;
  } catch (error) {
    if (tty) process.stderr.write('\r\x1b[K');
    if (signal.aborted) return kExitInterrupted;
    console.error(`bench: ${(error as Error).message}`);
    return kExitUsage;
  }
}

try {
  await command().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : kExitUsage; // commander has said why
}
