// The app with holdfast: one call to connect(), and `fetch` stays what it was.

import { connect, type Holdfast, type InboxEntry, type Status } from 'holdfast';
import { startApp } from './app/app.js';
import type { Ending, Inbox, InboxItem, Live, Network, Progress, Weather } from './app/network.js';
import { addOpenWrite, openWrites, removeOpenWrite, type OpenWrite } from './open-writes.js';

/** After these there is nothing more to be told of a write. */
const kFinal = new Set(['confirmed', 'merged', 'overruled', 'rejected', 'discarded']);

class HoldfastNetwork implements Network {
  readonly kind = 'holdfast';
  readonly banner: string | null;
  readonly inbox: Inbox;
  readonly #hf: Holdfast;
  readonly #listeners: (() => void)[] = [];
  readonly #endings: ((ending: Ending) => void)[] = [];
  #status: Status | null = null;
  /** Orders whose write was answered "kept, not sent yet". */
  readonly #queued = new Set<string>();

  constructor(hf: Holdfast) {
    this.#hf = hf;
    this.banner = hf.protected ? null : 'This browser allows no service worker here: orders are not kept in a tunnel.';
    this.inbox = {
      list: async () => (await hf.inbox.list()).map(readEntry),
      retry: (id) => this.#decide(id, () => hf.inbox.retry(id)),
      merge: (id) => this.#decide(id, () => hf.inbox.merge(id)),
      edit: (id, body) => this.#decide(id, () => hf.inbox.edit(id, body)),
      discard: (id) => this.#decide(id, () => hf.inbox.discard(id)),
      export: () => hf.inbox.export(),
    };
    hf.subscribe((status) => {
      this.#status = status;
      this.#tell();
    });
    // What others do, and what a read behind an answer found out.
    hf.onChange(() => this.#tell());
    for (const write of openWrites()) void this.#await(write);
  }

  async write(url: string, init: RequestInit, order: string, act?: string): Promise<Response> {
    const answer = await fetch(url, init);
    if (answer.headers.get('Holdfast-Status') === 'queued') this.#queued.add(order);
    const id = answer.headers.get('Holdfast-Id');
    // Later, when the server has had its say, the page is told; nothing waits for that here.
    if (id !== null) void this.#await({ id, order, act: act ?? null });
    return answer;
  }

  onEnding(listener: (ending: Ending) => void): void {
    this.#endings.push(listener);
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
    if (!status) return { link: 'online', live: null, pending: 0, inbox: 0, problem: null };
    return { link: status.link, live: liveIn(status), pending: status.pending, inbox: status.inbox, problem: status.problem?.message ?? null };
  }

  watch(listener: () => void): void {
    this.#listeners.push(listener);
  }

  hurry(): Promise<void> {
    return this.#hf.sync();
  }

  async #await(write: OpenWrite): Promise<void> {
    addOpenWrite(write);
    try {
      const { id, state, decisions } = await this.#hf.settled(write.id);
      if (kFinal.has(state)) removeOpenWrite(id);
      for (const listener of this.#endings) listener({ ...write, state, decisions });
    } catch {
      // The page is going, or the worker is gone: the next page asks again.
    }
    this.#tell();
  }

  async #decide(id: string, decide: () => Promise<void>): Promise<void> {
    const entry = (await this.#hf.inbox.list()).find((one) => one.id === id);
    await decide();
    const write = openWrites().find((one) => one.id === id) ?? (entry && { id, order: entry.entity, act: null });
    if (write) void this.#await(write);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Attempts in the tunnel come and go: none of them is news. */
function liveIn({ live }: Status): Live | null {
  if (live === 'off') return null;
  return live === 'live' ? 'live' : live === 'replaying' ? 'catching-up' : 'waiting';
}

function readEntry(entry: InboxEntry): InboxItem {
  return {
    id: entry.id, order: entry.entity, method: entry.method, body: entry.body, createdAt: entry.createdAt,
    conflict: entry.conflict, why: whyOf(entry),
  };
}

function whyOf({ reason, answer, status, conflict }: InboxEntry): string {
  if (conflict) return 'Others have changed the same meanwhile.';
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
