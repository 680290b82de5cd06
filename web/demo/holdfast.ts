// The app with holdfast: one call to connect(), and `fetch` stays what it was.

import { connect, type Holdfast, type InboxEntry, type Status } from 'holdfast';
import { startApp } from './app/app.js';
import type { Inbox, InboxItem, Network, Progress, Weather } from './app/network.js';

class HoldfastNetwork implements Network {
  readonly kind = 'holdfast';
  readonly banner: string | null;
  readonly inbox: Inbox;
  readonly #hf: Holdfast;
  readonly #listeners: (() => void)[] = [];
  #status: Status | null = null;
  /** Orders whose write was answered "kept, not sent yet". */
  readonly #queued = new Set<string>();

  constructor(hf: Holdfast) {
    this.#hf = hf;
    this.banner = hf.protected ? null : 'This browser allows no service worker here: orders are not kept in a tunnel.';
    this.inbox = {
      list: async () => (await hf.inbox.list()).map(readEntry),
      retry: (id) => hf.inbox.retry(id),
      edit: (id, body) => hf.inbox.edit(id, body),
      discard: (id) => hf.inbox.discard(id),
      export: () => hf.inbox.export(),
    };
    hf.subscribe((status) => {
      this.#status = status;
      this.#tell();
    });
  }

  async write(url: string, init: RequestInit, order: string): Promise<Response> {
    const answer = await fetch(url, init);
    // Later, when the server has had its say, the page is told; nothing waits for that here.
    if (answer.headers.get('Holdfast-Status') === 'queued') {
      this.#queued.add(order);
      void this.#hf.settled(answer).catch(() => undefined).then(() => this.#tell());
    }
    return answer;
  }

  async progress(): Promise<Map<string, Progress>> {
    const orders = new Map<string, Progress>();
    const offline = this.#status !== null && this.#status.link !== 'online';
    for (const { entity, state, attempts } of await this.#hf.pending()) {
      // A lane is as far as its first unsent write. One that is being tried again and again is not on its way yet.
      const waits = offline || state === 'queued' || attempts > 1 || this.#queued.has(entity);
      if (!orders.has(entity)) orders.set(entity, waits ? 'waiting' : 'settling');
    }
    for (const order of this.#queued) if (!orders.has(order)) this.#queued.delete(order);
    return orders;
  }

  weather(): Weather {
    const status = this.#status;
    if (!status) return { link: 'online', pending: 0, inbox: 0, problem: null };
    return { link: status.link, pending: status.pending, inbox: status.inbox, problem: status.problem?.message ?? null };
  }

  watch(listener: () => void): void {
    this.#listeners.push(listener);
  }

  hurry(): Promise<void> {
    return this.#hf.sync();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function readEntry(entry: InboxEntry): InboxItem {
  return {
    id: entry.id, order: entry.entity, method: entry.method, body: entry.body, createdAt: entry.createdAt,
    why: whyOf(entry),
  };
}

function whyOf({ reason, answer, status }: InboxEntry): string {
  if (reason === 'unknown-outcome') return 'Nobody knows whether the server has it.';
  if (reason === 'creation-failed') return 'What it belongs to was turned down.';
  return problemIn(answer) ?? (status === null ? 'It was given up.' : `The server answered ${status}.`);
}

function problemIn(answer: string | null): string | null {
  try {
    const problem: unknown = JSON.parse(answer ?? 'null');
    if (typeof problem === 'object' && problem !== null && 'detail' in problem) return String(problem.detail);
  } catch {
    // Not JSON: the status must do.
  }
  return null;
}

startApp(new HoldfastNetwork(await connect('/sw.js')));
