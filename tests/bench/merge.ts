// What a merge costs: ours, natively and as WebAssembly from JavaScript, by turns with libraries from npm. In each round
// all merge the same documents, and ours counts against whichever of the others was the fastest.

import assert from 'node:assert/strict';
import { kChanges, kOrders, kRules, sides, type Size } from './deliveries.js';
import { buildNative, jsonDiff3, native, nodeDiff3, wasm, type Merging, type Texts } from './merging.js';
import type { BenchOptions, BenchSurroundings } from './options.js';
import { measure, type Measure, type Pair } from './stats.js';

/** What ours may take of what the others take. */
const kLimits = { native: 0.2, wasm: 0.5 };

/** Merges in a row that are timed as one: a clock can't tell microseconds, nor is the first one after a wait like others. */
const kInRow: Record<Size, number> = { '1kb': 200, '30kb': 15, '1mb': 1 };

/** Rounds before the first that counts. */
const kWarmUp = 10;

export interface MergeResult {
  bench: 'merge';
  /** Changes on each side. */
  changes: number;
  measures: Record<string, Measure>;
}

export async function benchMerge({ pairs }: BenchOptions, { signal, onProgress = () => {} }: BenchSurroundings = {}): Promise<MergeResult> {
  onProgress('building the native merge');
  await buildNative();
  const measures: Record<string, Measure> = {};
  for (const size of Object.keys(kOrders) as Size[]) {
    onProgress(`merging documents of ${size}`);
    Object.assign(measures, await ofSize(size, size === '1mb' ? Math.ceil(pairs / 4) : pairs, signal));
  }
  return { bench: 'merge', changes: kChanges, measures };
}

async function ofSize(size: Size, pairs: number, signal: AbortSignal | undefined): Promise<Record<string, Measure>> {
  const { merged, ...documents } = sides(size);
  const texts = Object.fromEntries(Object.entries(documents).map(([side, day]) => [side, JSON.stringify(day)])) as unknown as Texts;
  const ours = { native: await native(kRules, texts), wasm: await wasm(kRules, texts) };
  // Comparing lines costs the square of how many are alike: of 30 kB two hundred times what json-diff3 takes, and minutes
  // of a megabyte.
  const others = size === '1kb' ? [jsonDiff3(texts), nodeDiff3(texts)] : [jsonDiff3(texts)];
  const all: Merging[] = [...Object.values(ours), ...others];
  try {
    for (const { document } of all) assert.deepEqual(JSON.parse(document), JSON.parse(JSON.stringify(merged)));
    const times: Record<keyof typeof ours, Pair[]> = { native: [], wasm: [] };
    for (let round = -kWarmUp; round < pairs; round += 1) {
      signal?.throwIfAborted();
      const took: number[] = [];
      for (const merging of all) took.push(await merging.time(kInRow[size]) / kInRow[size]);
      const fastest = Math.min(...took.slice(2));
      if (round >= 0) times.native.push([took[0]!, fastest]), times.wasm.push([took[1]!, fastest]);
    }
    const bytes = Buffer.byteLength(texts.base);
    const of = (way: keyof typeof ours, what: string) => measure(`merging ${what}, to ${size === '1kb' ? 'the faster of json-diff3 and node-diff3' : 'json-diff3'}`, times[way], bytes, kLimits[way]);
    return { [`native_${size}`]: of('native', 'natively'), [`wasm_${size}`]: of('wasm', 'as WebAssembly, with the crossing') };
  } finally {
    for (const merging of all) await merging.close();
  }
}
