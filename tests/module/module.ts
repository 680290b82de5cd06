// The compiled engine, in Node: what `npm run build` left in dist/, else what CMake left in build/wasm.
import { existsSync, readFileSync, statSync } from 'node:fs';

export interface RawEngine {
  configure(json: string): string;
  step(json: string): string;
  route(url: string): string;
  delete(): void;
}

export interface RawConflicts {
  configure(json: string): string;
  merge(json: string): string;
  delete(): void;
}

export interface RawLink {
  configure(json: string): string;
  step(json: string): string;
  delete(): void;
}

interface Module {
  Engine: new () => RawEngine;
  Conflicts: new () => RawConflicts;
  Link: new () => RawLink;
}

interface Glue {
  default(options: { wasmBinary: Uint8Array }): Promise<Module>;
}

const build = new URL('../../build/wasm/', import.meta.url);
const dist = new URL('../../dist/', import.meta.url);

function changed(file: URL): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

async function load(): Promise<Module> {
  const glue = new URL('holdfast.js', build);
  if (!existsSync(glue)) throw new Error('The module is missing. Run: cmake --preset wasm && cmake --build --preset wasm');
  // An older copy in dist/ would not fit the glue.
  const home = changed(new URL('holdfast.wasm', dist)) >= changed(new URL('holdfast.wasm', build)) ? dist : build;
  const wasmBinary = readFileSync(new URL('holdfast.wasm', home));
  const { default: create } = (await import(glue.href)) as Glue;
  return create({ wasmBinary });
}

/** @returns a maker of engines; each of them starts without a configuration */
export async function loadEngine(): Promise<() => RawEngine> {
  const module = await load();
  return () => new module.Engine();
}

/** @returns a maker of what merges by itself; each starts without rules */
export async function loadConflicts(): Promise<() => RawConflicts> {
  const module = await load();
  return () => new module.Conflicts();
}

/** @returns a maker of live links' state machines; each starts with the defaults */
export async function loadLink(): Promise<() => RawLink> {
  const module = await load();
  return () => new module.Link();
}
