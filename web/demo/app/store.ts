// What the app knows: the orders as the server (or holdfast in its place) last listed them, with the
// answers to this page's own writes laid over them, and how far each write has come.

import { kCourier, kCustomer } from './catalog.js';
import type { Network, Progress } from './network.js';
import { newId, readOrder, readOrders, type Change, type NewOrder, type Order } from './types.js';

const kListUrl = '/api/orders';
const kPollMs = 2_500;
/** Three people who look at one order want to see each other. */
const kPollOneMs = 1_000;
/** A write that is answered faster than this never shows as being on its way. */
const kQuietMs = 250;

interface Draft {
  order: Order;
  since: number;
}

export interface Seen {
  /** Where the newest list came from: the server, this device's store, or (the server being out of reach) this page's memory. */
  source: 'server' | 'device' | 'memory' | 'nothing';
  pending: number;
}

/** Whoever frames the app may want to number this person's acts; see ride.ts. */
export interface Act {
  method: string;
  id: string;
  change: Change;
  /** The order as the person saw it. */
  before: Order | null;
  act?: string;
}

export class Store extends EventTarget {
  seen: Seen = { source: 'nothing', pending: 0 };

  readonly network: Network;
  #orders: Order[] = [];
  /** The only order that is looked at, if there is one. */
  #one: string | null = null;
  #progress = new Map<string, Progress>();
  readonly #drafts = new Map<string, Draft>();
  #writes = 0;
  #reading: Promise<void> | null = null;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(network: Network) {
    super();
    this.network = network;
    network.watch(() => this.refresh());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.refresh();
    });
    this.refresh();
  }

  /** The newest act first. */
  get orders(): Order[] {
    const all = new Map(this.#orders.map((order) => [order.id, order]));
    for (const [id, { order }] of this.#drafts) all.set(id, order);
    return [...all.values()].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
  }

  progress(id: string): Progress | null {
    const known = this.#progress.get(id);
    if (known) return known;
    const draft = this.#drafts.get(id);
    return draft && Date.now() - draft.since > kQuietMs ? 'settling' : null;
  }

  /** `act` is the shell's number for it while a ride is being watched. */
  place(fresh: Omit<NewOrder, 'id' | 'customer'> & { id?: string; customer?: string }, act?: string): Promise<boolean> {
    const order: NewOrder = { customer: kCustomer, ...fresh, id: fresh.id ?? newId() };
    const name = act ?? this.#nameAct({ method: 'POST', id: order.id, change: {}, before: null });
    return this.#write('POST', '/api/orders', order.id, order, readOrder(order)!, name);
  }

  change(id: string, change: Change, act?: string): Promise<boolean> {
    const now = this.orders.find((order) => order.id === id);
    const draft = now ? { ...now, ...change } : null;
    const name = act ?? this.#nameAct({ method: 'PATCH', id, change, before: now ?? null });
    return this.#write('PATCH', `/api/orders/${id}`, id, change, draft, name);
  }

  advance(order: Order): Promise<boolean> {
    const next = { placed: 'accepted', accepted: 'picked_up', picked_up: 'delivered' } as const;
    if (order.status === 'delivered' || order.status === 'cancelled') return Promise.resolve(false);
    const status = next[order.status];
    return this.change(order.id, status === 'accepted' ? { status, courier: kCourier } : { status });
  }

  /** The only order that is looked at, once it is known. */
  get shown(): Order | undefined {
    return this.orders.find(({ id }) => id === this.#one);
  }

  /** Reads this order and no other; null: the list again. */
  look(one: string | null): void {
    if (one === this.#one) return;
    this.#one = one;
    this.refresh();
  }

  refresh(): void {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#reading = this.#read().catch(() => {
      if (this.seen.source === 'server') this.seen = { source: 'memory', pending: 0 };
    }).finally(() => {
      this.#reading = null;
      // Who is told of changes needn't ask for them.
      const wait = this.#again ? 50 : this.network.weather().live === 'live' ? null : this.#one === null ? kPollMs : kPollOneMs;
      if (wait !== null) this.#timer = setTimeout(() => this.refresh(), wait);
      this.#again = false;
      this.#tell();
    });
  }

  async #read(): Promise<void> {
    this.#progress = await this.network.progress();
    this.#tell();
    const writes = this.#writes;
    const one = this.#one;
    const answer = await fetch(one === null ? kListUrl : `${kListUrl}/${one}`, { headers: { accept: 'application/json' } });
    if (!answer.ok) return;
    const orders = readOrders(one === null ? await answer.json() : [await answer.json()]);
    // What was asked for before one of our writes was answered may not have it yet: ask again instead.
    if (writes !== this.#writes || one !== this.#one) {
      this.#again = true;
      return;
    }
    this.#orders = orders;
    const source = answer.headers.get('Holdfast-Source');
    this.seen = {
      source: source === 'store' ? 'device' : 'server',
      pending: Number(answer.headers.get('Holdfast-Pending') ?? 0),
    };
    this.#progress = await this.network.progress();
  }

  async #write(
    method: string, url: string, id: string, body: unknown, draft: Order | null, act: string | undefined,
  ): Promise<boolean> {
    const mark: Draft | null = draft && { order: draft, since: Date.now() };
    if (mark) this.#drafts.set(id, mark);
    this.#tell();
    setTimeout(() => this.#tell(), kQuietMs + 20);
    const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json' };
    if (act !== undefined) headers['X-Ride-Act'] = act;
    try {
      const answer = await this.network.write(url, { method, headers, body: JSON.stringify(body) }, id, act);
      const text = await answer.text();
      if (answer.ok) {
        this.#keep(readOrder(text === '' ? null : JSON.parse(text)));
        if (answer.headers.get('Holdfast-Status') === 'queued') this.#progress.set(id, 'waiting');
        return true;
      }
      this.#complain(problemIn(text) ?? `The server answered ${answer.status}.`);
      return false;
    } catch (error) {
      this.#complain(error instanceof Error ? error.message : String(error));
      return false;
    } finally {
      this.#writes += 1;
      if (this.#drafts.get(id) === mark) this.#drafts.delete(id);
      this.#tell();
      this.refresh();
    }
  }

  #keep(order: Order | null): void {
    if (!order) return;
    this.#orders = [order, ...this.#orders.filter(({ id }) => id !== order.id)];
  }

  #nameAct(detail: Act): string | undefined {
    this.dispatchEvent(new CustomEvent<Act>('act', { detail }));
    return detail.act;
  }

  #complain(message: string): void {
    this.dispatchEvent(new CustomEvent('complaint', { detail: message }));
  }

  #tell(): void {
    this.dispatchEvent(new Event('change'));
  }
}

function problemIn(text: string): string | null {
  try {
    const problem = JSON.parse(text) as { detail?: unknown; title?: unknown };
    return typeof problem.detail === 'string' ? problem.detail : typeof problem.title === 'string' ? problem.title : null;
  } catch {
    return null;
  }
}
