// The three people of a live ride. They work on the same orders, each on what is theirs: the customer places them and
// changes tip and note, the dispatcher gives them to couriers, the courier moves them on. What they know of each other's
// work is what their own page shows.

import type { Act } from '../person.js';
import { Random } from '../random.js';

export const kRoles = ['customer', 'courier', 'dispatcher'] as const;
export type Role = (typeof kRoles)[number];

/** As a page shows one. */
export type Shown = Record<string, unknown> & { id?: unknown; status?: unknown };

/** Each person's acts are numbered from here. */
const kNumbers: Record<Role, number> = { customer: 100_000, courier: 200_000, dispatcher: 300_000 };

/** Few enough for people to meet on an order, and for a list of all to be one answer. */
const kOrdersMax = 40;
const kPlaceShare = 0.3;
const kNext: Record<string, string> = { placed: 'accepted', accepted: 'picked_up', picked_up: 'delivered' };

export function roleOf(act: number): Role {
  return kRoles[Math.floor(act / 100_000) - 1]!;
}

export class Worker {
  readonly #random: Random;
  readonly #placed: string[] = [];
  readonly #resting = new Set<string>();
  #number: number;

  constructor(readonly role: Role, seed: number) {
    this.#random = new Random(seed, 10 + kRoles.indexOf(role));
    this.#number = kNumbers[role];
  }

  /** @param shown the orders as the page shows them; null: it shows none. Answers null where there is nothing to do. */
  next(shown: readonly Shown[] | null): Act | null {
    const random = this.#random;
    if (this.role === 'customer' && this.#placed.length < kOrdersMax && (this.#placed.length < 3 || random.chance(kPlaceShare))) return this.#place();
    const known = this.role === 'customer' ? this.#placed : (shown ?? []).flatMap(({ id, status }) =>
      (typeof id === 'string' && (this.role === 'dispatcher' || kNext[String(status)] !== undefined) ? [id] : []));
    const free = known.filter((id) => !this.#resting.has(id));
    if (free.length === 0) return null;
    const order = random.pick(free);
    return this.#change(order, this.#body(shown?.find(({ id }) => id === order)));
  }

  /** Nobody knows what becomes of an act on this order: hands off, until it is known. */
  rest(order: string): void {
    this.#resting.add(order);
  }

  resume(order: string): void {
    this.#resting.delete(order);
  }

  /** Each value is one that nobody else writes, so that an act that was carried out has changed something. */
  #body(order: Shown | undefined): Record<string, unknown> {
    const number = this.#number + 1;
    if (this.role === 'courier') return { status: kNext[String(order?.status)] };
    if (this.role === 'dispatcher') return { courier: `courier ${number}` };
    return this.#random.chance(0.5) ? { tip: number - kNumbers.customer + 1 } : { note: `as of ${number}` };
  }

  #place(): Act {
    const id = this.#random.uuid();
    this.#placed.push(id);
    const body = { id, customer: 'Ada', restaurant: 'Katz', items: [{ name: 'pastrami', quantity: 1 }] };
    return this.#act('POST', '/api/orders', body, id);
  }

  #change(order: string, body: Record<string, unknown>): Act {
    return this.#act('PATCH', `/api/orders/${order}`, body, order);
  }

  #act(method: Act['method'], url: string, body: Record<string, unknown>, order: string): Act {
    this.#number += 1;
    return { number: this.#number, method, url, body, order, effect: {}, look: { item: url, list: '/api/orders', listed: true } };
  }
}
