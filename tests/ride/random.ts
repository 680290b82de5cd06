// Small integer randomness with a seed: the same ride for the same seed, on every machine.

/** A well-mixed 32-bit number of some integers (the finaliser of MurmurHash3, once for each). */
export function hash32(...parts: number[]): number {
  let state = 0x9e3779b9;
  for (const part of parts) {
    state = (state ^ (part | 0)) >>> 0;
    state = Math.imul(state ^ (state >>> 16), 0x85ebca6b) >>> 0;
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35) >>> 0;
    state = (state ^ (state >>> 16)) + 0x9e3779b9 >>> 0;
  }
  return state;
}

/** The same as a number from 0 up to, but not including, 1. */
export function hashUnit(...parts: number[]): number {
  return hash32(...parts) / 2 ** 32;
}

export class Random {
  #counter = 0;
  readonly #seed: number;

  /** Streams of one seed are independent of each other. */
  constructor(seed: number, stream: number) {
    this.#seed = hash32(seed, stream);
  }

  unit(): number {
    this.#counter += 1;
    return hashUnit(this.#seed, this.#counter);
  }

  /** A whole number from 0 up to, but not including, `below`. */
  below(below: number): number {
    return Math.floor(this.unit() * below);
  }

  chance(share: number): boolean {
    return this.unit() < share;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** A version 4 UUID. */
  uuid(): string {
    const hex = Array.from({ length: 32 }, () => this.below(16).toString(16));
    hex[12] = '4';
    hex[16] = '89ab'[this.below(4)]!;
    return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}
