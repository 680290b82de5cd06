// Histories over the compiled module: one by one, or thousands of them on all cores. This file is also what each of
// the processes runs; threads would not understand TypeScript, since tsx reaches only the main one.

import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { loadEngine, type RawEngine } from '../module/module.js';
import { historyOf, type History } from './history.js';
import { configured, ModuleSubject } from './module-subject.js';
import { play } from './run.js';
import type { MakeSubject } from './subject.js';

/** Seeds of one process: every `stride`th, from `first` on and below `end`. */
interface Share {
  first: number;
  end: number;
  stride: number;
}

export interface Tally {
  played: number;
  /** Seeds that failed, by shape. */
  failed: Record<string, number[]>;
}

const kThisFile = fileURLToPath(import.meta.url);
/** The argument that makes a process play its share. */
const kShare = 'share';

/** Failing seeds of one shape; after so many the rest says nothing new. */
const kFailuresMax = 3;

/** @returns what is wrong with a history, or null */
export type Judge = (history: History) => Promise<string | null>;

export async function loadJudge(): Promise<Judge> {
  const load = await loadEngine();
  const engines = new Map<string, RawEngine>();
  return judgeWith((name, resource) => {
    const engine = engines.get(name) ?? configured(load, name, resource);
    engines.set(name, engine);
    return new ModuleSubject(engine);
  });
}

export function judgeWith(make: MakeSubject): Judge {
  return (history) => play(history, make).then(() => null, (error: unknown) => (error instanceof Error ? error.message : String(error)));
}

async function playShare({ first, end, stride }: Share): Promise<Tally> {
  const judge = await loadJudge();
  const tally: Tally = { played: 0, failed: {} };
  for (let seed = first; seed < end; seed += stride) {
    const history = historyOf(seed);
    const failed = tally.failed[history.shape] ??= [];
    if (failed.length >= kFailuresMax) continue;
    tally.played += 1;
    if (await judge(history) !== null) failed.push(seed);
  }
  return tally;
}

function inProcess({ first, end, stride }: Share): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const child = fork(kThisFile, [kShare, String(first), String(end), String(stride)]);
    child.once('message', (tally) => resolve(tally as Tally)).once('error', reject);
    child.once('exit', (status) => reject(new Error(`A process that played histories ended with ${status}.`)));
  });
}

export async function playAll(first: number, count: number): Promise<Tally> {
  const stride = availableParallelism();
  const shares = Array.from({ length: stride }, (_, i) => inProcess({ first: first + i, end: first + count, stride }));
  const whole: Tally = { played: 0, failed: {} };
  for (const { played, failed } of await Promise.all(shares)) {
    whole.played += played;
    for (const [shape, seeds] of Object.entries(failed)) {
      whole.failed[shape] = [...whole.failed[shape] ?? [], ...seeds].sort((a, b) => a - b).slice(0, kFailuresMax);
    }
  }
  return whole;
}

if (process.argv[1] === kThisFile && process.argv[2] === kShare) {
  const [first = 0, end = 0, stride = 1] = process.argv.slice(3).map(Number);
  process.send?.(await playShare({ first, end, stride }));
  process.disconnect();
}
