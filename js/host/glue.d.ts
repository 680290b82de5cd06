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
  export default function createModule(options: GlueOptions): Promise<{ Engine: new () => RawEngine }>;
}
