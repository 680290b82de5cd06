// The ways to merge three documents that are measured: text in, text out, each as its users would call it.

import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { diff3 as mergeJson } from 'json-diff3';
import { merge as mergeLines } from 'node-diff3';
import { loadConflicts } from '../module/module.js';

/** A document as each side has it, as JSON. */
export interface Texts {
  base: string;
  mine: string;
  theirs: string;
}

export interface Merging {
  /** What the documents become, as JSON. */
  document: string;
  /** Milliseconds that it takes to merge them so many times. */
  time(times: number): Promise<number>;
  close(): Promise<void>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

function inputOf({ base, mine, theirs }: Texts): string {
  return `{"base":${base},"mine":${mine},"theirs":${theirs}}`;
}

function documentOf(answer: string): string {
  return JSON.stringify((JSON.parse(answer) as { document: unknown }).document);
}

function inProcess(merge: () => string, documentIn: (text: string) => string = (text) => text): Merging {
  return {
    document: documentIn(merge()),
    async time(times) {
      let bytes = 0;
      const begin = performance.now();
      for (let i = 0; i < times; i += 1) bytes += merge().length;
      const took = performance.now() - begin;
      if (bytes === 0) throw new Error('nothing was merged'); // what nobody uses need not be computed
      return took;
    },
    close: async () => {},
  };
}

/** The module from JavaScript. What it gives has the document and what was decided; that is what a user takes further. */
export async function wasm(rules: object, texts: Texts): Promise<Merging> {
  const conflicts = (await loadConflicts())();
  if (conflicts.configure(JSON.stringify(rules)) !== '{"ok":true}') throw new Error('the rules have mistakes');
  return inProcess(() => conflicts.merge(inputOf(texts)), documentOf);
}

/** json-diff3, told how the elements of arrays are to be told apart, as ours is. */
export function jsonDiff3({ base, mine, theirs }: Texts): Merging {
  const getArrayItemKey = (item: unknown) => String((item as { sku?: string }).sku);
  return inProcess(() => JSON.stringify(mergeJson(JSON.parse(base), JSON.parse(mine), JSON.parse(theirs), { getArrayItemKey })));
}

/**
 * node-diff3 compares lines, so each field is given one of its own, and its result is parsed: whether lines that fit
 * together make JSON is only known then. Cutting the texts at commas instead, and believing the result, was measured a
 * quarter faster on small documents and slower on others.
 */
export function nodeDiff3({ base, mine, theirs }: Texts): Merging {
  const lines = (text: string) => JSON.stringify(JSON.parse(text), null, 1).split('\n');
  return inProcess(() => {
    const { result, conflict } = mergeLines(lines(mine), lines(base), lines(theirs));
    if (conflict) throw new Error('the lines conflict');
    return JSON.stringify(JSON.parse(result.join('\n')));
  });
}

export async function buildNative(): Promise<void> {
  await run('cmake', ['--preset', 'release'], { cwd: root });
  await run('cmake', ['--build', '--preset', 'release', '--target', 'merge_bench'], { cwd: root });
}

/** The engine as a server has it: a program of its own (native/merge.cpp), which keeps the time itself. */
export async function native(rules: object, texts: Texts): Promise<Merging> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-bench-'));
  const files = [path.join(folder, 'rules.json'), path.join(folder, 'input.json')] as const;
  await writeFile(files[0], JSON.stringify(rules));
  await writeFile(files[1], inputOf(texts));
  const child: ChildProcessWithoutNullStreams = spawn(path.join(root, 'build/release/merge_bench'), files);
  const ended = new Promise<never>((_resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => reject(new Error('the native merge ended')));
  });
  ended.catch(() => undefined); // told by the line that doesn't come
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async () => String((await Promise.race([lines.next(), ended])).value);
  return {
    document: documentOf(await line()),
    async time(times) {
      child.stdin.write(`${times}\n`);
      return Number(await line());
    },
    async close() {
      child.stdin.end();
      await ended.catch(() => undefined);
      await rm(folder, { recursive: true });
    },
  };
}
