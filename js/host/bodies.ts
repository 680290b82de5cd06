// Opaque bodies of waiting writes. They live in the database; the newest also in memory, since reading megabytes for
// every attempt would keep the steps of all other writes waiting.

import type { DatabaseSource } from './database';

/** Bytes held in memory at most: two bodies of the largest size that is captured by default. */
const kBytesMax = 32 * 1024 * 1024;

export class Bodies {
  readonly #held = new Map<string, ArrayBuffer>();
  #size = 0;

  constructor(private readonly source: DatabaseSource) {}

  hold(id: string, body: ArrayBuffer): void {
    this.drop(id);
    this.#held.set(id, body);
    this.#size += body.byteLength;
    for (const oldest of this.#held.keys()) {
      if (this.#size <= kBytesMax) break;
      this.drop(oldest);
    }
  }

  drop(id: string): void {
    this.#size -= this.#held.get(id)?.byteLength ?? 0;
    this.#held.delete(id);
  }

  async get(id: string): Promise<ArrayBuffer | undefined> {
    const held = this.#held.get(id);
    if (held) return held;
    const stored = await this.source.use((db) => db.get('bodies', id));
    if (stored) this.hold(id, stored);
    return stored;
  }
}
