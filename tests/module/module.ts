// The compiled engine, in Node: what `npm run build` left in dist/, else what CMake left in build/wasm.
import { existsSync, readFileSync } from 'node:fs';

export interface RawEngine {
  configure(json: string): string;
  step(json: string): string;
  route(url: string): string;
  delete(): void;
}

interface Glue {
  default(options: { wasmBinary: Uint8Array }): Promise<{ Engine: new () => RawEngine }>;
}

const build = new URL('../../build/wasm/', import.meta.url);
const dist = new URL('../../dist/', import.meta.url);

/** @returns a maker of engines; each of them starts without a configuration */
export async function loadEngine(): Promise<() => RawEngine> {
  const glue = new URL('holdfast.js', build);
  const home = existsSync(new URL('holdfast.wasm', dist)) ? dist : build;
  if (!existsSync(glue)) throw new Error('The module is missing. Run: cmake --preset wasm && cmake --build --preset wasm');
  const wasmBinary = readFileSync(new URL('holdfast.wasm', home));
  const { default: create } = (await import(glue.href)) as Glue;
  const module = await create({ wasmBinary });
  return () => new module.Engine();
}
