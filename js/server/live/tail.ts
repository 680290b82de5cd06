import type { Feed } from './feed.js';
import type { Limits } from './limits.js';
import { Changes, type Told } from './messages.js';

/** Answers that are kept, since those who come back together come from a few places. */
const ANSWERS_KEPT = 64;

/**
 * The end of the feed, in memory: all that lies behind `start`, up to `end`. What is handed out is a message from any
 * cursor in between, whoever gave it out, so that a client of another process is caught up from here, too.
 */
export class Tail {
  readonly #told: Told[] = [];
  #bytes = 0;
  #start: string;
  #end: string;
  readonly #answers = new Map<string, Changes>();

  constructor(present: string, private readonly compare: Feed['compare'], private readonly limits: Limits) {
    this.#start = present;
    this.#end = present;
  }

  get end(): string {
    return this.#end;
  }

  append(changes: readonly Told[], cursor: string): void {
    this.#told.push(...changes);
    for (const { bytes } of changes) this.#bytes += bytes;
    this.#end = cursor;
    this.#answers.clear();
    this.#forget();
  }

  /** What comes next behind a cursor: null if nothing does yet, `uncovered` if that can't be told from here. */
  behind(cursor: string): Changes | null | 'uncovered' {
    if (cursor === this.#end) return null;
    const since = this.compare(cursor, this.#start);
    if (since === null || since < 0) return 'uncovered';
    const known = this.#answers.get(cursor);
    if (known) return known;
    const first = this.#firstBehind(cursor);
    if (first === this.#told.length) return null;
    const answer = this.#from(cursor, first);
    if (this.#answers.size < ANSWERS_KEPT) this.#answers.set(cursor, answer);
    return answer;
  }

  #from(cursor: string, first: number): Changes {
    const { batchChangesMax, batchBytesMax } = this.limits;
    let last = first;
    for (let bytes = 0; last < this.#told.length && last - first < batchChangesMax && bytes < batchBytesMax; last += 1) {
      bytes += this.#told[last]!.bytes;
    }
    const more = last < this.#told.length;
    return new Changes(cursor, this.#told.slice(first, last), more ? this.#told[last - 1]!.cursor : this.#end, more);
  }

  /** They lie in the order of their cursors. */
  #firstBehind(cursor: string): number {
    let [low, high] = [0, this.#told.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.compare(this.#told[middle]!.cursor, cursor) ?? 1) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #forget(): void {
    const { tailChangesMax, tailBytesMax } = this.limits;
    if (this.#told.length <= tailChangesMax && this.#bytes <= tailBytesMax) return;
    // A tenth more than needed: an array is moved up as a whole.
    let gone = 0;
    for (; gone < this.#told.length && (this.#told.length - gone > tailChangesMax * 0.9 || this.#bytes > tailBytesMax * 0.9); gone += 1) {
      this.#bytes -= this.#told[gone]!.bytes;
    }
    this.#start = this.#told[gone - 1]!.cursor;
    this.#told.splice(0, gone);
  }
}
