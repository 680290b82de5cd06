// What is merged in the bench: the deliveries of a day, and what two sides made of them without knowing of each other.
// The same on every machine.

import { Random } from '../ride/random.js';

interface Item {
  sku: string;
  name: string;
  quantity: number;
  price: number;
}

interface Place {
  lat: number;
  lon: number;
}

interface Order {
  id: string;
  status: string;
  customer: { name: string; phone: string; address: { street: string; floor: number; city: string; at: Place } };
  courier: { name: string; phone: string; at: Place; minutes: number };
  items: Item[];
  payment: { method: string; paid: boolean; tip: number; fee: number };
  note: string;
  times: { placed: string; promised: string; ready: string };
}

export interface Day {
  id: string;
  note: string;
  restaurant: { name: string; phone: string };
  orders: Record<string, Order>;
}

export interface Sides {
  base: Day;
  mine: Day;
  theirs: Day;
  /** What both changes amount to. */
  merged: Day;
}

/** How many orders a day has: 1 kB, 30 kB and 1 MB of JSON. */
export const kOrders = { '1kb': 1, '30kb': 38, '1mb': 1_260 };
export type Size = keyof typeof kOrders;

/** Changes on each side. */
export const kChanges = 10;

/** How such a day is declared. */
export const kRules = { fields: { '/note': 'text', '/orders/*/note': 'text', '/orders/*/items': { list: 'sku' }, '/orders/*/payment/tip': 'max' } };

const kBegan = Date.UTC(2026, 4, 1, 8);
const kCustomers = ['Ada Lovelace', 'Ben Ali', 'Chloé Dubois', 'Dmitri Ivanov', 'Eun-ji Park'];
const kStreets = ['Orchard Street', 'Bedford Avenue', 'Rue de la Paix', 'East Houston Street', 'Unter den Linden'];
const kDishes = ['Pastrami on rye', 'Matzo ball soup', 'Margherita', 'Soup dumplings', 'Everything bagel', 'Crème brûlée'];
const kStatuses = ['placed', 'accepted', 'picked-up', 'delivered'];
const kLines = ['Ring twice, please.', 'Leave it at the door.', 'Third floor, left.', 'No onions.', 'The bell says "Müller".'];

function item(random: Random, number: number): Item {
  return { sku: `${number}-${random.below(1_000)}`, name: random.pick(kDishes), quantity: 1 + random.below(4), price: 350 + 25 * random.below(60) };
}

function phone(random: Random): string {
  return `+1 212 555 ${String(random.below(10_000)).padStart(4, '0')}`;
}

function place(random: Random): Place {
  return { lat: (407_000 + random.below(1_000)) / 10_000, lon: (-740_000 + random.below(1_000)) / 10_000 };
}

function order(random: Random, minute: number): Order {
  const at = (minutes: number) => new Date(kBegan + (minute + minutes) * 60_000).toISOString();
  return {
    id: random.uuid(),
    status: random.pick(kStatuses),
    customer: {
      name: random.pick(kCustomers), phone: phone(random),
      address: { street: `${1 + random.below(400)} ${random.pick(kStreets)}`, floor: random.below(12), city: 'New York', at: place(random) },
    },
    courier: { name: random.pick(kCustomers), phone: phone(random), at: place(random), minutes: random.below(40) },
    items: Array.from({ length: 1 + random.below(4) }, (_, index) => item(random, index + 1)),
    payment: { method: random.pick(['card', 'cash']), paid: random.chance(0.5), tip: random.below(6) * 50, fee: 299 },
    note: Array.from({ length: 1 + random.below(3) }, () => random.pick(kLines)).join('\n'),
    times: { placed: at(0), promised: at(30 + random.below(30)), ready: at(15) },
  };
}

function day(random: Random, orders: number): Day {
  const all = Array.from({ length: orders }, (_, index) => order(random, index));
  return {
    id: '2026-05-01', note: 'Rain since noon.\nTwo riders are ill.', restaurant: { name: 'Katz', phone: '+1 212 555 0100' },
    orders: Object.fromEntries(all.map((one) => [one.id, one])),
  };
}

/** A field somewhere in a day: the object that has it, and its name there. */
type Field = [object: (day: Day) => Record<string, unknown>, name: string];

/** Every field in the order of the text. */
function fields(value: object, object: Field[0] = (day) => day as never): Field[] {
  return Object.entries(value).flatMap(([name, member]): Field[] => {
    if (typeof member !== 'object') return [[object, name]];
    return fields(member as object, (day) => object(day)[name] as Record<string, unknown>);
  });
}

/**
 * Pairs of fields all over the day, mostly in one object, but with one in between that stays as it is: a comparison line
 * by line takes neighbours for one place. None of them says which element it is in.
 */
function pairs(day: Day, count: number): [mine: Field, theirs: Field][] {
  const all = fields(day.orders, (day) => day.orders);
  let next = 0;
  const field = () => {
    while (/^(id|sku)$/.test(all[next]![1])) next += 1;
    next += 2;
    return all[next - 2]!;
  };
  return Array.from({ length: count }, (_, index) => {
    next = Math.max(next, Math.floor(index * all.length / count));
    return [field(), field()];
  });
}

function change(day: Day, [of, name]: Field): void {
  const object = of(day);
  const value = object[name];
  object[name] = typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${String(value)}, changed`;
}

/** Ten changes on each side, all over the document. Among mine are a text and a new item, among theirs a new order. */
export function sides(size: Size): Sides {
  const random = new Random(1, kOrders[size]);
  const base = day(random, kOrders[size]);
  const places = pairs(base, kChanges - 1);
  const [newItem, newOrder] = [item(random, 9), order(random, -1)];
  const by = ({ me = false, them = false }) => {
    const day = structuredClone(base);
    if (me) places.slice(1).forEach(([mine]) => change(day, mine));
    if (them) places.forEach(([, theirs]) => change(day, theirs));
    // What is put in moves what is behind it, so it comes last.
    if (me) day.note += '\nA third one is on her way.';
    if (me) Object.values(day.orders).at(-1)!.items.unshift(newItem);
    if (them) day.orders[newOrder.id] = newOrder;
    return day;
  };
  return { base, mine: by({ me: true }), theirs: by({ them: true }), merged: by({ me: true, them: true }) };
}
