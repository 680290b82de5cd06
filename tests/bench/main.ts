// The commands: `npm run bench -- overlay [options]`, `-- merge` and `-- server`.

import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { interruption, kExitInterrupted } from '../interruption.js';
import { benchMerge, type MergeResult } from './merge.js';
import { kDefaults, type BenchOptions, type BenchSurroundings, type ServerBenchOptions } from './options.js';
import { benchOverlay, type OverlayResult } from './overlay.js';
import { benchServer, missed, type ServerResult } from './serving.js';
import { over, type Measure, type Rate } from './stats.js';

/** 1 says that a bar was missed; a bench that could not begin is something else. */
const kExitUsage = 2;

type Measures = Record<string, Measure>;

type Flags<Options extends BenchOptions = BenchOptions> = Options & { json: boolean };

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

const pairs = wholeNumber(4, 100_000);

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
  subcommand('server')
    .description('What the reference server holds and how fast it tells, as a process of its own: memory and life of idle links; a change\'s\n' +
      'way to a thousand clients, to that through a bare loop over WebSockets; inserts with idempotency keys, to those without.\n' +
      'Exit status 1 if a link is not held or not alive, or the fan-out\'s p99 is over its limit.')
    .option('--pairs <number>', 'pairs timed for each ratio', pairs, kDefaults.server.pairs)
    .option('--sockets <number>', 'idle links that one process is to hold', wholeNumber(2, 50_000), kDefaults.server.sockets)
    .option('--clients <number>', 'clients that each change is sent to', wholeNumber(1, 10_000), kDefaults.server.clients)
    .action(async (flags: Flags<ServerBenchOptions>) => {
      process.exitCode = await run(flags, benchServer, serving, missed);
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

function serving(result: ServerResult): string {
  const { sockets_wanted, sockets_held, sockets_alive, rss_before_mb, rss_after_mb, bytes_per_socket, heap_bytes_per_socket, clients } = result;
  const rateLine = ({ what, ratio, p25, p75, pairs: of, ours_per_second, theirs_per_second }: Rate): string =>
    `  ${`${ratio.toFixed(3)} (${p25.toFixed(2)} – ${p75.toFixed(2)})`.padEnd(25)}${what}\n` +
    `  ${''.padEnd(25)}${ours_per_second.toFixed(0)} : ${theirs_per_second.toFixed(0)} in a second, ${of} pairs`;
  return [
    `the reference server, in Node ${process.versions.node}: medians of the ratios (quartiles)`,
    `  ${sockets_held} of ${sockets_wanted} idle links held, ${sockets_alive} alive; ${bytes_per_socket} bytes of RSS each (${rss_before_mb} MB, then ${rss_after_mb} MB), ${heap_bytes_per_socket} of the heap`,
    `  a change to ${clients} clients, p50 and p99: ${result.fanout_p50_ms} and ${result.fanout_p99_ms} ms over links; ` +
      `${result.bare_p50_ms} and ${result.bare_p99_ms} ms by a bare loop; ${result.committed_p50_ms} and ${result.committed_p99_ms} ms from its commit`,
    `  at saturation, changes times clients in a second: ${result.fanout_per_second} over links, ${result.bare_per_second} by a bare loop`,
    ...Object.values(result.rates).map(rateLine),
  ].join('\n');
}

function summary(title: string, measures: Measures, bad: string[]): string {
  return [
    title,
    ...Object.entries(measures).map(([name, measured]) => line(name, measured)),
    bad.length === 0 ? '  every ratio is within its limit' : `  MISSED: ${bad.join(', ')}`,
  ].join('\n');
}

async function run<Options extends BenchOptions, Result extends { measures: Measures }>(
  options: Flags<Options>, bench: (options: Options, surroundings: BenchSurroundings) => Promise<Result>,
  title: (result: Result) => string, bars: (result: Result) => string[] = ({ measures }) => over(measures),
): Promise<number> {
  const signal = interruption();
  const tty = process.stderr.isTTY;
  const progress = (text: string) => process.stderr.write(tty ? `\r\x1b[K${text}` : `${text}\n`);
  try {
    const result = await bench(options, { signal, onProgress: progress });
    if (tty) process.stderr.write('\r\x1b[K');
    const bad = bars(result);
    console.log(summary(title(result), result.measures, bad));
    if (options.json) console.log(JSON.stringify(result));
    return bad.length === 0 ? 0 : 1;
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
