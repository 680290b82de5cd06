// What is read and written in the bench: the same on every machine.

import type { View } from '../../js/host/compose.js';
import type { Change } from '../../js/host/list.js';
import { Random } from '../ride/random.js';

export interface Order {
  id: string;
  customer: string;
  restaurant: string;
  note: string;
  tip: number;
  status: string;
  courier: string | null;
  version: number;
  createdAt: string;
}

export interface Write {
  method: 'POST' | 'PATCH' | 'DELETE';
  url: string;
  body: Record<string, unknown> | null;
}

const kRows = 5_000;
const kPatches = 38;
const kCreations = 7;
const kDeletions = 5;
export const kPending = kPatches + kCreations + kDeletions;

const kBegan = Date.UTC(2026, 4, 1, 12);
const kCustomers = ['Ada', 'Ben', 'Chloé', 'Dmitri', 'Eun-ji'];
const kRestaurants = ['Katz', 'Joe\'s Pizza', 'Nom Wah', 'Ess-a-Bagel'];
const kStatuses = ['placed', 'accepted', 'picked_up', 'delivered', 'cancelled'];

/** How the collection is declared: the newest first, as the reference server sorts. */
export const kOrders = `{ path: '/api/orders/:id', list: { filter: { status: 'status' }, sort: ['-createdAt', 'id'] } }`;

function order(random: Random, minute: number): Order {
  return {
    id: random.uuid(),
    customer: random.pick(kCustomers),
    restaurant: random.pick(kRestaurants),
    note: random.chance(0.3) ? 'Ring twice, please' : '',
    tip: random.below(6) * 100,
    status: random.pick(kStatuses),
    courier: random.chance(0.6) ? 'Mia' : null,
    version: 1 + random.below(4),
    createdAt: new Date(kBegan + minute * 60_000).toISOString(),
  };
}

/** About 1 MB of JSON, the newest first. */
export function orders(): Order[] {
  const random = new Random(1, 1);
  return Array.from({ length: kRows }, (_, index) => order(random, kRows - index));
}

/** Fifty writes on fifty orders all over the collection, in an order that nobody would guess. */
export function writes(rows: readonly Order[]): Write[] {
  const random = new Random(1, 2);
  const kinds = [
    ...Array<'PATCH'>(kPatches).fill('PATCH'), ...Array<'DELETE'>(kDeletions).fill('DELETE'), ...Array<'POST'>(kCreations).fill('POST'),
  ].map((kind) => ({ kind, key: random.unit() })).sort((a, b) => a.key - b.key);
  return kinds.map(({ kind }, index): Write => {
    if (kind === 'POST') return { method: 'POST', url: '/api/orders', body: { ...order(random, kRows + 1 + index), status: 'placed' } };
    // One in each stretch of a hundred rows: no order is written to twice.
    const { id } = rows[index * (kRows / kPending) + random.below(kRows / kPending)]!;
    const url = `/api/orders/${id}`;
    if (kind === 'DELETE') return { method: 'DELETE', url, body: null };
    return { method: 'PATCH', url, body: random.chance(0.5) ? { status: 'cancelled' } : { note: 'At the back door', tip: 250 } };
  });
}

/**
 * What the engine says about the collection with these writes pending, so that the composing can be timed without the
 * engine and the database. The bench makes sure that it composes what a page gets.
 */
export function view(rows: readonly Order[], pending: readonly Write[]): View {
  const byUrl = new Map(rows.map((row) => [`/api/orders/${row.id}`, row]));
  const changes = pending.map(({ url, body }): Change => {
    const row = byUrl.get(url);
    if (!row) return { id: String(body!['id']), formerIds: [], document: body, member: true, was: false, stays: false };
    return body ? { id: row.id, formerIds: [], document: { ...row, ...body }, member: true, was: true, stays: true }
      : { id: row.id, formerIds: [], document: null, member: false, was: true, stays: false };
  });
  return {
    kind: 'list', id: ['id'], rows: [], totals: [], sort: [[['createdAt'], true], [['id'], false]], page: null, unknown: [],
    changes, pending: pending.length, unsent: false, emptied: false,
  };
}

/** A list of a usual length, and one item of it: about 20 kB and 200 bytes. */
export function riders(): Order[] {
  return orders().slice(0, 100);
}

/** What nobody declared: about 2 kB. */
export function menu(): { dishes: { name: string; price: number }[] } {
  return { dishes: Array.from({ length: 50 }, (_, index) => ({ name: `Dish number ${index + 1}`, price: 500 + index * 10 })) };
}
