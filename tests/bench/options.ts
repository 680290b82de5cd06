// What a bench can be asked for. The defaults are those of the commands.

export interface BenchOptions {
  /** How many pairs are timed for each measure; on a large list or document it is a quarter of it. */
  pairs: number;
}

export interface ServerBenchOptions extends BenchOptions {
  /** Idle links that one process is to hold. */
  sockets: number;
  /** Clients that each change is sent to. */
  clients: number;
}

export const kDefaults = {
  overlay: { pairs: 800 }, merge: { pairs: 200 }, server: { pairs: 12, sockets: 10_000, clients: 1_000 },
} as const satisfies Record<string, BenchOptions | ServerBenchOptions>;

export interface BenchSurroundings {
  /** Ends the bench early; it then rejects, with everything cleaned up. */
  signal?: AbortSignal;
  onProgress?: (line: string) => void;
}
