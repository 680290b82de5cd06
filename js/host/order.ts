// The order of a page's calls, kept while their bodies are read and when a fresh worker is delivered them anew.
//
// Within one life the order of arrival is the order of the calls. A fresh worker, though, is delivered the requests of
// its dead predecessor in any order; so each stamped request names the earlier ones that had no answer when it was
// made, and waits for those that have neither arrived nor left a row.

export interface Stamp {
  /** The page's name, or that of its client where it has none. */
  page: string;
  /** The number of the call, or null without a stamp. */
  number: number | null;
  /** Earlier calls of the page that had no answer yet. */
  after: number[];
}

/** `page.7;after=5,6` */
export function readStamp(header: string | null, client: string): Stamp & { id: string } {
  const match = /^([\w-]+)\.(\d+)(?:;after=([\d,]+))?$/.exec(header ?? '');
  if (!match) return { id: '', page: `client ${client}`, number: null, after: [] };
  const [, page = '', number = '', after = ''] = match;
  return { id: `${page}.${number}`, page, number: Number(number), after: after ? after.split(',').map(Number) : [] };
}

/** How long a request waits for one that was called before it. It may never come: its page may have given it up. */
const kMissingMs = 1_500;

interface Entry {
  number: number | null;
  /** Settles once the request has been handed to the engine, or has turned out to be none of ours. */
  asked: Promise<unknown>;
}

export class CallOrder {
  /** Requests that are not yet with the engine, in order of arrival, by page. */
  readonly #waiting = new Map<string, Entry[]>();
  /** Stamps that have arrived in this life, and when they were with the engine. The newest few thousand. */
  readonly #arrived = new Map<string, Promise<unknown>>();
  readonly #missed = new Map<string, (() => void)[]>();

  /** @param known tells whether a stamp has left a row already */
  constructor(private readonly known: (stamp: string) => Promise<boolean>) {}

  /**
   * Must be called in the fetch event's own turn.
   * @param work runs once everything called before it is with the engine
   */
  inTurn<T>(stamp: Stamp, group: string, work: () => T | Promise<T>): Promise<T> {
    const bucket = `${stamp.page} ${group}`;
    const waiting = this.#waiting.get(bucket) ?? [];
    // A later call that was delivered first waits for this one, so this one must not wait for it.
    const earlier = waiting.filter((other) => stamp.number === null || other.number === null || other.number < stamp.number);
    const missing = this.#before(stamp);
    const asked = Promise.allSettled([...earlier.map((entry) => entry.asked), missing]).then(work);
    const entry: Entry = { number: stamp.number, asked };
    this.#waiting.set(bucket, [...waiting, entry]);
    this.#note(stamp, asked);
    const leave = () => {
      const left = (this.#waiting.get(bucket) ?? []).filter((other) => other !== entry);
      if (left.length > 0) this.#waiting.set(bucket, left);
      else this.#waiting.delete(bucket);
    };
    asked.then(leave, leave);
    return asked;
  }

  #note(stamp: Stamp, asked: Promise<unknown>): void {
    if (stamp.number === null) return;
    const name = `${stamp.page}.${stamp.number}`;
    this.#arrived.set(name, asked);
    for (const wake of this.#missed.get(name) ?? []) wake();
    this.#missed.delete(name);
    if (this.#arrived.size <= 4_000) return;
    for (const old of [...this.#arrived.keys()].slice(0, 1_000)) this.#arrived.delete(old);
  }

  async #before({ page, after }: Stamp): Promise<void> {
    await Promise.allSettled(after.map(async (number) => {
      const name = `${page}.${number}`;
      if (!this.#arrived.has(name)) {
        const arrival = this.#arrival(name);
        if (await this.known(name).catch(() => false)) return;
        await arrival;
      }
      await this.#arrived.get(name);
    }));
  }

  #arrival(name: string): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(wake, kMissingMs);
      this.#missed.set(name, [...(this.#missed.get(name) ?? []), wake]);
    });
  }
}
