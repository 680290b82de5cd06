// What a bench can be asked for. The defaults are those of the commands.

export interface BenchOptions {
  /** How many pairs are timed for each measure; on a large list or document it is a quarter of it. */
  pairs: number;
}

export const kDefaults = { overlay: { pairs: 800 }, merge: { pairs: 200 } } as const satisfies Record<string, BenchOptions>;

export interface BenchSurroundings {
  /** Ends the bench early; it then rejects, with everything cleaned up. */
  signal?: AbortSignal;
  onProgress?: (line: string) => void;
}
