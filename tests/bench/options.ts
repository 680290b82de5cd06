// What a bench can be asked for. The defaults are those of the command.

export interface BenchOptions {
  /** How many pairs are timed for each measure on small answers; on the large collection it is a quarter of it. */
  pairs: number;
}

export const kDefaults: BenchOptions = { pairs: 800 };

export interface BenchSurroundings {
  /** Ends the bench early; it then rejects, with everything cleaned up. */
  signal?: AbortSignal;
  onProgress?: (line: string) => void;
}
