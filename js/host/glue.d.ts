// Emscripten's glue, resolved by the bundler to what CMake built.
declare module 'holdfast-glue' {
  export interface GlueOptions {
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void): object;
  }
  export interface RawEngine {
    configure(json: string): string;
    step(json: string): string;
    route(url: string): string;
  }
  /** wasm/engine/conflicts.hpp */
  export interface RawConflicts {
    configure(json: string): string;
    merge(json: string): string;
  }
  /** wasm/link/link.hpp */
  export interface RawLink {
    configure(json: string): string;
    step(json: string): string;
  }
  export interface Module {
    Engine: new () => RawEngine;
    Conflicts: new () => RawConflicts;
    Link: new () => RawLink;
  }
  export default function createModule(options: GlueOptions): Promise<Module>;
}
