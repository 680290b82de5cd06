// Those who want to hear of one kind of news.

import { report } from './errors.js';

export class Listeners<T> {
  readonly #entries = new Set<(news: T) => void>();

  /**
   * One listener may be added twice; each has its own end.
   * @param first what this one is told by itself, right after the caller's turn
   * @returns how to stop
   */
  add(listener: (news: T) => void, signal: AbortSignal | undefined, first?: () => T): () => void {
    const entry = (news: T): void => {
      try {
        listener(news);
      } catch (error) {
        report(error);
      }
    };
    const stop = (): void => {
      this.#entries.delete(entry);
      signal?.removeEventListener('abort', stop);
    };
    if (signal?.aborted) return stop;
    signal?.addEventListener('abort', stop);
    this.#entries.add(entry);
    // Not on the caller's stack: it has no way to stop yet.
    if (first) queueMicrotask(() => this.#entries.has(entry) && entry(first()));
    return stop;
  }

  tell(news: () => T): void {
    for (const entry of [...this.#entries]) entry(news());
  }

  clear(): void {
    this.#entries.clear();
  }
}
