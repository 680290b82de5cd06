// The merge by itself, for servers: by the module that browsers run, so that both sides come to the same bytes.

import type { RawConflicts } from 'holdfast-glue';
import { instantiate, sha256 } from '../host/instance';
import type { ConflictConfig } from '../protocol/config';
import type { Decision } from '../protocol/messages';

export type { ConflictConfig, ConflictRule, Pointer, PolicyName } from '../protocol/config';
export type { Decision } from '../protocol/messages';

/** Hex SHA-256 of the module that belongs to this file; the build puts it in (scripts/build.mjs). */
declare const HOLDFAST_MODULE_SHA256: string;

/** When a side made its change, as a hybrid logical clock has it. */
export interface Stamp {
  /** Milliseconds since the epoch. */
  wall: number;
  /** Tells apart what happened within one millisecond. Default 0. */
  count?: number;
  /** The device, for two that are equal otherwise. */
  node?: string;
}

/** Three documents, without an envelope; one that is left out, or undefined, isn't there. */
export interface Sides<Document extends object> {
  /** What both sides knew. Without it both have made the document. */
  base?: Document | undefined;
  /** What one side made of it: on a server, the base with the request's change. Without it: deleted. */
  mine?: Document | undefined;
  /** What the other side made of it: what the server has now. Without it: deleted. */
  theirs?: Document | undefined;
  /** For `last-write-wins`, which asks without both of them. `now`: by the clock of whoever merges, in ms since the epoch. */
  times?: { mine?: Stamp; theirs?: Stamp; now: number } | undefined;
}

export interface Merged<Document extends object> {
  /** What both changes amount to; it isn't there if they amount to a deletion. As long as a decision says `ask`, a suggestion. */
  document?: Document;
  /** It differs from `theirs`, so that there is something to store. */
  changed: boolean;
  /** Each part that both had changed, with both sides and the reason; empty if they didn't touch each other. */
  decisions: Decision[];
}

export interface Merger {
  /** @throws MergeError `unreadable-merge`, `trap` */
  merge<Document extends object>(sides: Sides<Document>): Merged<Document>;
  /**
   * The same in JSON text, as the module itself speaks: `{ base, mine, theirs, times }` in, `{ changed, decisions, document }`
   * out, members sorted by name. For whoever has the documents as text.
   * @throws MergeError `unreadable-merge`, `trap`
   */
  mergeText(json: string): string;
}

export interface LoadOptions {
  /** The module, or where it lies. Default: `holdfast.wasm` beside this file; a bundled server has to say where. */
  wasm?: ArrayBuffer | Uint8Array | WebAssembly.Module | URL;
}

export type MergeErrorCode =
  | 'rules'             // the rules have a mistake: which, and what is allowed
  | 'module'            // the module can't be read, or is of another release
  | 'unreadable-merge'  // what is to be merged isn't JSON, or nests too deeply
  | 'trap';             // the module failed on this merge, or is being started anew after that

export class MergeError extends Error {
  override readonly name = 'MergeError';
  constructor(readonly code: MergeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * Loads the merge for one set of rules. It keeps no state but these, so that one is enough for all requests.
 * @param rules as a resource declares `conflicts`: the same object for the worker and the server
 * @throws MergeError `rules`, `module`
 */
export async function loadMerge(rules: ConflictConfig, { wasm }: LoadOptions = {}): Promise<Merger> {
  const code = await compile(wasm);
  let live: RawConflicts | null = await start(code, rules);

  function mergeText(json: string): string {
    if (!live) throw new MergeError('trap', 'The module has failed and is being started anew. Merge again in a moment.');
    let answer: string;
    try {
      answer = live.merge(String(json));
    } catch (cause) {
      // After a trap its memory can't be trusted.
      live = null;
      start(code, rules).then((anew) => { live = anew; }, () => {});
      throw new MergeError('trap', 'The module failed on this merge; a merge of other documents goes on in a moment.', { cause });
    }
    if (!answer.startsWith('{"refused":')) return answer;
    const { refused } = JSON.parse(answer) as { refused: { message: string } };
    throw new MergeError('unreadable-merge', refused.message);
  }

  return {
    merge: (sides) => JSON.parse(mergeText(JSON.stringify(sides) ?? '')) as Merged<never>,
    mergeText,
  };
}

async function start(code: WebAssembly.Module, rules: ConflictConfig): Promise<RawConflicts> {
  const conflicts = new (await instantiate(code)).Conflicts();
  const told = JSON.parse(conflicts.configure(JSON.stringify(rules) ?? '')) as
    { ok: true } | { ok: false; errors: { field: string; message: string }[] };
  if (told.ok) return conflicts;
  const lines = told.errors.map(({ field, message }) => `  ${field}: ${message}`);
  throw new MergeError('rules', `The rules given to loadMerge() have mistakes:\n${lines.join('\n')}`);
}

async function compile(wasm: LoadOptions['wasm']): Promise<WebAssembly.Module> {
  if (wasm instanceof WebAssembly.Module) return wasm;
  const given = wasm === undefined || wasm instanceof URL ? await read(wasm ?? new URL('holdfast.wasm', import.meta.url)) : wasm;
  const bytes = new Uint8Array(given);
  const hash = await sha256(bytes);
  if (hash === HOLDFAST_MODULE_SHA256) return WebAssembly.compile(bytes);
  throw new MergeError('module', `This is not the module that holdfast/merge was built with (its SHA-256 is ${hash}, not `
    + `${HOLDFAST_MODULE_SHA256}). Give loadMerge() the holdfast.wasm of the same release.`);
}

async function read(url: URL): Promise<Uint8Array | ArrayBuffer> {
  try {
    if (url.protocol === 'file:') return await (await import('node:fs/promises')).readFile(url);
    const answer = await fetch(url);
    if (answer.ok) return await answer.arrayBuffer();
    throw new Error(`status ${answer.status}`);
  } catch (cause) {
    throw new MergeError('module', `The module could not be read from ${url.href} (${(cause as Error).message}). `
      + 'Give loadMerge() its bytes, or its URL, as `wasm`.', { cause });
  }
}
