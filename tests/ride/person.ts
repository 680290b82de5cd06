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
  /** The members of the order that it sets, and their values: what a read after it has to show. */
  effect: Record<string, unknown>;
  look: Look;
}

/** Where the person looks whether the act is there. */
export interface Look {
  item: string;
  /** A filtered list that the order comes into by this act, or leaves. */
  list: string;
  listed: boolean;
}

/** With more open at a time nobody keeps an overview. */
const kOpenMax = 6;
const kPlaceShare = 0.25;
const kCancelShare = 0.12;

const kNext = { placed: 'accepted', accepted: 'picked_up', picked_up: 'delivered' } as const;
const kStatuses = [...Object.keys(kNext), 'delivered', 'cancelled'];

interface Open {
  status: keyof typeof kNext;
  customer: string;
}

const kCustomers = ['Ada', 'Ben', 'Chloé', 'Dmitri', 'Eun-ji'];
const kRestaurants = ['Katz', 'Joe\'s Pizza', 'Nom Wah', 'Ess-a-Bagel'];
const kDishes = ['pastrami', 'margherita', 'dumplings', 'bagel with lox', 'phở'];

/** One customer's orders of one status: short enough for the reads not to be in the writes' way. */
function listOf(customer: string, status: string): string {
  return `/api/orders?${new URLSearchParams({ customer, status })}`;
}

/** Every list that is looked at. The app has seen each of them before the ride, as one that has been used for a while. */
export const kLists = kCustomers.flatMap((customer) => kStatuses.map((status) => listOf(customer, status)));

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
    const customer = random.pick(kCustomers);
    this.#open.set(id, { status: 'placed', customer });
    const body = {
      id,
      customer,
      restaurant: random.pick(kRestaurants),
      items: [{ name: random.pick(kDishes), quantity: 1 + random.below(3) }],
      note: random.chance(0.3) ? 'Ring twice' : '',
      tip: random.below(6) * 100,
    };
    return {
      number: this.#number, method: 'POST', url: '/api/orders', body, order: id, effect: { ...body, status: 'placed' },
      look: { item: `/api/orders/${id}`, list: listOf(customer, 'placed'), listed: true },
    };
  }

  #move(order: string): Act {
    const { status, customer } = this.#open.get(order)!;
    const next = this.#random.chance(kCancelShare) ? 'cancelled' : kNext[status];
    if (next === 'cancelled' || next === 'delivered') this.#open.delete(order);
    else this.#open.set(order, { status: next, customer });
    const body = next === 'accepted' ? { status: next, courier: 'Mia' } : { status: next };
    const url = `/api/orders/${order}`;
    // Of the two lists that change one is looked at, by turns: each read more is a read in the writes' way.
    const listed = this.#number % 2 === 0;
    const list = listOf(customer, listed ? next : status);
    return { number: this.#number, method: 'PATCH', url, body, order, effect: body, look: { item: url, list, listed } };
  }
}
