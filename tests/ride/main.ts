// The command: `npm run ride -- --trace FILE [options]`.

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { interruption, kExitInterrupted } from '../interruption.js';
import { kClients, kDefaults, type RideOptions } from './options.js';
import { kLiveDefaults, runLiveRide } from './live/ride.js';
import { liveFailures, type LiveResult } from './live/score.js';
import { runRide } from './ride.js';
import { failures, type RideResult } from './score.js';

const kTraces = path.resolve(import.meta.dirname, '../../traces');
/** 1 says that writes were lost, doubled, swapped or left over; a ride that could not begin is something else. */
const kExitUsage = 2;

/** One for each of the three people of a live ride. */
const kLiveTraces = ['qtrain.csv', '7train1.csv', 'long-island-rail-road.csv'];

interface Flags extends Omit<RideOptions, 'trace'> {
  trace?: string[];
  live: boolean;
  cuts: number;
  processLife: number;
  json: boolean;
  verbose: boolean;
}

/** A path as given (from where npm was called), or the name of one of the traces that come along. */
function traceFile(name: string, before: string[] = []): string[] {
  const candidates = [
    path.resolve(process.env['INIT_CWD'] ?? '.', name), path.resolve(name),
    path.join(kTraces, name), path.join(kTraces, `${name}.csv`),
  ];
  const found = candidates.find((file) => existsSync(file));
  if (!found) throw new InvalidArgumentError(`There is no such file, and no trace of that name in traces/.`);
  return [...before, found];
}

function number(what: string, allowed: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || !allowed(value)) throw new InvalidArgumentError(`It must be ${what}.`);
    return value;
  };
}

const share = number('a share from 0 to 1', (value) => value >= 0 && value <= 1);
const count = number('a whole number from 0 to 100000', (value) => Number.isInteger(value) && value >= 0 && value <= 100_000);
const speed = number('a number above 0', (value) => value > 0);

function command(): Command {
  return new Command('npm run ride --')
    .description('Rides a recorded train through a real TCP proxy with a real browser, and counts what arrived.\n' +
      'Exit status 1 unless nothing was lost, doubled, reordered or left over, the page had no error,\n' +
      'and with holdfast each read showed the act before it.')
    .addOption(new Option('--trace <file>', 'a trace file, or the name of one in traces/ (default: qtrain.csv). For a live ride\n' +
      `up to three, one a person (default: ${kLiveTraces.join(', ')})`).argParser(traceFile))
    .option('--live', 'three people on the same orders at once, who see by the live link what the others do; two server\n' +
      'processes on PostgreSQL (DATABASE_URL, else one of the ride\'s own), of which one is killed every while.\n' +
      'Acts, kills and cuts are those of each person. Exit status 1, too, if a change was missed or taken in twice,\n' +
      'or a browser has other orders than the database at the end', false)
    .addOption(new Option('--client <name>', 'who rides').choices(kClients).default(kDefaults.client))
    .option('--speed <factor>', 'trace seconds per wall second, with signal', speed, kDefaults.speed)
    .option('--outage-speed <factor>', 'the same in tunnels; lower keeps them longer than the rest', speed, kDefaults.outageSpeed)
    .option('--tunnel-acts <share>', 'share of the acts placed into tunnels on purpose', share, kDefaults.tunnelActs)
    .option('--seed <number>', 'decides acts, kills, reloads and faults', count, kDefaults.seed)
    .option('--acts <number>', 'how often the person acts', count, kDefaults.acts)
    .option('--kills <number>', 'how often the worker is killed', count, kDefaults.kills)
    .option('--cuts <number>', 'live: how often all connections are cut', count, kLiveDefaults.cuts)
    .option('--process-life <seconds>', 'live: between two kills of a server process', speed, kLiveDefaults.processLifeMs / 1000)
    .option('--reloads <number>', 'how often the page is reloaded', count, kDefaults.reloads)
    .option('--error-rate <share>', 'share of the attempts answered 503', share, kDefaults.errorRate)
    .option('--retry-after-share <share>', 'share of those that carry "Retry-After: 1"', share, kDefaults.retryAfterShare)
    .option('--lost-rate <share>', 'share of the attempts applied and then not answered', share, kDefaults.lostRate)
    .option('--no-looks', 'the person doesn\'t look, after each act, that it is there')
    .option('--json', 'print the figures as JSON on the last line', false)
    .option('--verbose', 'progress, and what happens in page and worker, on stderr', false)
    .allowExcessArguments(false)
    .exitOverride();
}

function summary(result: RideResult): string {
  const bad = failures(result);
  return [
    `${result.client} on ${result.trace}, seed ${result.seed}`,
    `  acts        ${result.acts}, ${result.acts_in_tunnel} of them in a tunnel; ${result.applied} applied, ${result.unanswered} unanswered`,
    `  wrong       ${result.lost} lost, ${result.duplicated} doubled, ${result.reordered} reordered, ${result.pending_at_end} left over, ${result.page_errors} page errors`,
    `  reads       ${result.stale_reads} didn't show the act before them, of ${result.reads}`,
    `  delay       p50 ${result.delay_p50_ms} ms, p95 ${result.delay_p95_ms} ms (oracle p95 ${result.oracle_p95_ms} ms)`,
    `  excess      p50 ${result.excess_p50_ms} ms, p95 ${result.excess_p95_ms} ms, total ${result.excess_total_ms} ms; ${result.late_5s} over 5 s`,
    `  attempts    ${result.write_attempts} for ${result.acts} acts`,
    `  blows       ${result.kills} kills, ${result.reloads} reloads`,
    bad.length === 0 ? '  every act arrived once and in order' : `  NOT clean: ${bad.join(', ')}`,
  ].join('\n');
}

function liveSummary(result: LiveResult): string {
  const bad = liveFailures(result);
  return [
    `three people on ${result.traces.join(', ')}, seed ${result.seed}`,
    `  acts        ${result.acts}; ${result.applied} applied, ${result.unanswered} unanswered`,
    `  wrong       ${result.lost} lost, ${result.duplicated} doubled, ${result.reordered} reordered, ${result.pending_at_end} left over, ${result.page_errors} page errors`,
    `  the others  ${result.changes} changes told, ${result.missed_changes} missed, ${result.doubled_changes} taken in twice; ${result.different_documents} orders differ at the end`,
    `  blows       ${result.process_kills} server processes killed, ${result.worker_kills} workers, ${result.cuts} times all connections cut`,
    bad.length === 0 ? '  everybody has seen everything, once' : `  NOT clean: ${bad.join(', ')}`,
  ].join('\n');
}

async function main(): Promise<number> {
  let flags: Flags;
  const program = command();
  try {
    flags = program.parse().opts<Flags>();
    // Of three people each does less.
    for (const name of ['acts', 'kills'] as const) {
      if (flags.live && program.getOptionValueSource(name) === 'default') flags[name] = kLiveDefaults[name];
    }
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : kExitUsage; // commander has said why
    throw error;
  }
  const { json, verbose, live, trace, cuts, processLife, ...options } = flags;
  const signal = interruption();
  const tty = process.stderr.isTTY && !verbose;
  const progress = (line: string) => process.stderr.write(tty ? `\r\x1b[K${line}` : `${line}\n`);
  try {
    const surroundings = {
      signal,
      ...(tty || verbose ? { onProgress: progress } : {}),
      ...(verbose ? { onDetail: (line: string) => process.stderr.write(`  ${line}\n`) } : {}),
    };
    const report = live ? await rideLive() : await rideAlone();
    if (tty) process.stderr.write('\r\x1b[K');
    console.log(report.text);
    if (json) console.log(JSON.stringify(report.result));
    return report.bad.length === 0 ? 0 : 1;

    async function rideAlone() {
      const result = await runRide({ ...options, trace: trace?.at(-1) ?? path.join(kTraces, 'qtrain.csv') }, surroundings);
      return { result, text: summary(result), bad: failures(result) };
    }

    async function rideLive() {
      const traces = trace ?? kLiveTraces.map((name) => path.join(kTraces, name));
      const result = await runLiveRide({ ...options, traces, cuts, processLifeMs: processLife * 1000 }, surroundings);
      return { result, text: liveSummary(result), bad: liveFailures(result) };
    }
  } catch (error) {
    if (tty) process.stderr.write('\r\x1b[K');
    if (signal.aborted) return kExitInterrupted;
    console.error(`ride: ${(error as Error).message}`);
    if (verbose) console.error(error);
    return 1;
  }
}

process.exitCode = await main();
