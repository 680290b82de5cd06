// The person on the train: places orders and moves them on, several at a time, never waiting for an answer.

import { Random } from './random.js';

export interface Act {
  /** 1, 2, 3, … in the order in which the person acts. */
  number: number;
  method: 'POST' | 'PATCH';
  url: string;
  body: Record<string, unknown>;
  /** The order it belongs to: its lane. */
  order: string;
}

/** With more open at a time nobody keeps an overview. */
const kOpenMax = 6;
const kPlaceShare = 0.25;
const kCancelShare = 0.12;

const kNext = { placed: 'accepted', accepted: 'picked_up', picked_up: 'delivered' } as const;
type Open = keyof typeof kNext;

const kCustomers = ['Ada', 'Ben', 'Chloé', 'Dmitri', 'Eun-ji'];
const kRestaurants = ['Katz', 'Joe\'s Pizza', 'Nom Wah', 'Ess-a-Bagel'];
const kDishes = ['pastrami', 'margherita', 'dumplings', 'bagel with lox', 'phở'];

export class Person {
  readonly #random: Random;
  readonly #open = new Map<string, Open>();
  readonly #resting = new Set<string>();
  #number = 0;

  constructor(seed: number) {
    this.#random = new Random(seed, 1);
  }

  next(): Act {
    const orders = [...this.#open.keys()].filter((order) => !this.#resting.has(order));
    const place = orders.length === 0 || (this.#open.size < kOpenMax && this.#random.chance(kPlaceShare));
    this.#number += 1;
    return place ? this.#place() : this.#move(this.#random.pick(orders));
  }

  /** Nobody knows whether the last act on this order was kept (the page died under it): hands off from now on. */
  leave(order: string): void {
    this.#open.delete(order);
  }

  /**
   * The worker was killed under an act on this order. Until the page knows what became of it, the person turns to
   * other orders: a step after one that was (rightly) never kept could not be applied by any server.
   */
  rest(order: string): void {
    this.#resting.add(order);
  }

  resume(order: string): void {
    this.#resting.delete(order);
  }

  #place(): Act {
    const random = this.#random;
    const id = random.uuid();
    this.#open.set(id, 'placed');
    const body = {
      id,
      customer: random.pick(kCustomers),
      restaurant: random.pick(kRestaurants),
      items: [{ name: random.pick(kDishes), quantity: 1 + random.below(3) }],
      note: random.chance(0.3) ? 'Ring twice' : '',
      tip: random.below(6) * 100,
    };
    return { number: this.#number, method: 'POST', url: '/api/orders', body, order: id };
  }

  #move(order: string): Act {
    const next = this.#random.chance(kCancelShare) ? 'cancelled' : kNext[this.#open.get(order)!];
    if (next === 'cancelled' || next === 'delivered') this.#open.delete(order);
    else this.#open.set(order, next);
    const body = next === 'accepted' ? { status: next, courier: 'Mia' } : { status: next };
    return { number: this.#number, method: 'PATCH', url: `/api/orders/${order}`, body, order };
  }
}
