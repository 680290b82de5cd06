// The app without holdfast: a plain fetch, tried again every second from the page's memory. It keeps
// its files in a worker, as many apps do; its orders it keeps nowhere.

import { startApp } from './app/app.js';
import type { Network, Progress, Weather } from './app/network.js';

const kRetryMs = 1_000;

class NaiveNetwork implements Network {
  readonly kind = 'naive';
  readonly banner = 'The usual way: a plain fetch, retried every second from memory.';
  readonly inbox = null;
  readonly #open = new Map<string, { progress: Progress; count: number }>();
  readonly #listeners: (() => void)[] = [];
  #failing = false;

  async write(url: string, init: RequestInit, order: string): Promise<Response> {
    const entry = this.#open.get(order) ?? { progress: 'settling' as Progress, count: 0 };
    entry.count += 1;
    this.#open.set(order, entry);
    this.#tell();
    try {
      for (;;) {
        try {
          const answer = await fetch(url, init);
          this.#failing = false;
          return answer;
        } catch {
          this.#failing = true;
          entry.progress = 'waiting';
          this.#tell();
          await new Promise((resolve) => setTimeout(resolve, kRetryMs));
        }
      }
    } finally {
      entry.count -= 1;
      if (entry.count === 0) this.#open.delete(order);
      this.#tell();
    }
  }

  progress(): Promise<Map<string, Progress>> {
    return Promise.resolve(new Map([...this.#open].map(([id, { progress }]) => [id, progress])));
  }

  weather(): Weather {
    const pending = [...this.#open.values()].reduce((sum, { count }) => sum + count, 0);
    return { link: this.#failing ? 'offline' : 'online', live: null, pending, inbox: 0, problem: null };
  }

  /** What nobody keeps, nobody merges: the last one to write wins. */
  onEnding(): void {}

  watch(listener: () => void): void {
    this.#listeners.push(listener);
  }

  hurry(): Promise<void> {
    return Promise.resolve();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

void navigator.serviceWorker?.register('/sw.js').catch(() => undefined);
startApp(new NaiveNetwork());
