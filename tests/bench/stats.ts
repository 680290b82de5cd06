// From pairs of times to a ratio. Pure: no clock, no I/O.

/** What the same thing took in two ways (milliseconds, where nothing else is said), one right after the other. */
export type Pair = [ours: number, theirs: number];

export interface Measure {
  /** What is divided by what. */
  what: string;
  /** The median of the pairs' ratios, and their quartiles. */
  ratio: number;
  p25: number;
  p75: number;
  /** What the ratio must not exceed; null: for information only. */
  limit: number | null;
  pairs: number;
  /** Bytes of the answer. */
  bytes: number;
  /** The medians of the times themselves: of this machine, on this day. */
  ours_ms: number;
  theirs_ms: number;
}

/** How many in a second, in two ways, one right after the other. More is better, and there is no bar. */
export interface Rate {
  what: string;
  /** The median of the pairs' ratios, and their quartiles. */
  ratio: number;
  p25: number;
  p75: number;
  pairs: number;
  /** The medians of the rates themselves: of this machine, on this day. */
  ours_per_second: number;
  theirs_per_second: number;
}

export function rate(what: string, pairs: readonly Pair[]): Rate {
  const { ours_ms: ours_per_second, theirs_ms: theirs_per_second, ratio, p25, p75 } = measure(what, pairs, 0, null);
  return { what, ratio, p25, p75, pairs: pairs.length, ours_per_second, theirs_per_second };
}

export function measure(what: string, pairs: readonly Pair[], bytes: number, limit: number | null): Measure {
  const ratios = pairs.map(([ours, theirs]) => ours / theirs);
  return {
    what,
    ratio: round(quantile(ratios, 0.5)),
    p25: round(quantile(ratios, 0.25)),
    p75: round(quantile(ratios, 0.75)),
    limit,
    pairs: pairs.length,
    bytes,
    ours_ms: round(quantile(pairs.map(([ours]) => ours), 0.5)),
    theirs_ms: round(quantile(pairs.map(([, theirs]) => theirs), 0.5)),
  };
}

/** Between the two nearest values, as far as the share says; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return low + (high - low) * (place - Math.floor(place));
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** The measures that are over their limits; what could not be measured is over it too. */
export function over(measures: Readonly<Record<string, Measure>>): string[] {
  return Object.entries(measures)
    .filter(([, { limit, ratio }]) => limit !== null && !(ratio <= limit))
    .map(([name, { limit, ratio }]) => `${name} = ${ratio} > ${limit}`);
}
