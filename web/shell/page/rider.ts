// The scripted person of a ride: orders, and moves orders along, in both apps alike. Busiest in the
// tunnels, since that is when there is nothing else to do.

import type { Item, OrderStatus } from '../../demo/app/types.js';
import { kRestaurants } from '../../demo/app/catalog.js';
import { newId } from '../../demo/app/types.js';

export type ActMessage =
  | { type: 'place'; act: string; id: string; restaurant: string; items: Item[]; note: string; tip: number }
  | { type: 'move'; act: string; id: string; change: { status: OrderStatus; courier?: string } };

const kOpenOrdersMax = 4;
/** In this many tunnels' time the phone throws the page away once. */
const kReloadEvery = 4;
const kReloadAfterMs = 900;

export interface RiderStage {
  act(message: ActMessage): void;
  reload(): void;
  /** Both apps can be acted in. */
  ready(): boolean;
}

export class Rider {
  readonly #stage: RiderStage;
  readonly #random: () => number;
  readonly #ride = Date.now().toString(36);
  #orders: { id: string; status: OrderStatus }[] = [];
  #acts = 0;
  #tunnels = 0;
  #dark = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reload: ReturnType<typeof setTimeout> | undefined;

  constructor(stage: RiderStage, seed = 1) {
    this.#stage = stage;
    this.#random = mulberry32(seed);
    this.#timer = setTimeout(() => this.#go(), 400);
  }

  dark(dark: boolean): void {
    if (dark === this.#dark) return;
    this.#dark = dark;
    clearTimeout(this.#reload);
    if (!dark) return;
    this.#tunnels += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#go(), 120);
    if (this.#tunnels % kReloadEvery === 2) {
      this.#reload = setTimeout(() => this.#stage.reload(), kReloadAfterMs);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#reload);
  }

  #go(): void {
    if (this.#stage.ready()) this.#act();
    const wait = this.#dark ? 450 + this.#random() * 300 : 1_300 + this.#random() * 900;
    this.#timer = setTimeout(() => this.#go(), wait);
  }

  #act(): void {
    const act = `${this.#ride}-${++this.#acts}`;
    const open = this.#orders.filter(({ status }) => status !== 'delivered');
    const next = open[Math.floor(this.#random() * open.length)];
    if (!next || (open.length < kOpenOrdersMax && this.#random() < 0.45)) this.#stage.act(this.#place(act));
    else this.#stage.act(move(act, next));
  }

  #place(act: string): ActMessage {
    const pick = <T>(list: readonly T[]): T => list[Math.floor(this.#random() * list.length)]!;
    const restaurant = pick(kRestaurants);
    const id = newId();
    this.#orders.push({ id, status: 'placed' });
    return {
      type: 'place', act, id, restaurant: restaurant.name, note: '', tip: pick([0, 100, 200]),
      items: [{ name: pick(restaurant.dishes).name, quantity: 1 + Math.floor(this.#random() * 2) }],
    };
  }
}

function move(act: string, order: { id: string; status: OrderStatus }): ActMessage {
  const next: Partial<Record<OrderStatus, OrderStatus>> = { placed: 'accepted', accepted: 'picked_up', picked_up: 'delivered' };
  order.status = next[order.status] ?? 'delivered';
  const change = order.status === 'accepted' ? { status: order.status, courier: 'Courier 7' } : { status: order.status };
  return { type: 'move', act, id: order.id, change };
}

/** A small seeded generator: the same ride has the same rider. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
