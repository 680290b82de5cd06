// What can be ordered, and who the demo's people are. All of it is invented.

import type { IconName } from './dom.js';

export interface Dish {
  name: string;
  about: string;
  /** Cents. */
  price: number;
}

export interface Restaurant {
  name: string;
  about: string;
  icon: IconName;
  /** Names a pair of colours in the style sheet. */
  tone: 'a' | 'b' | 'c' | 'd';
  dishes: Dish[];
}

export const kCustomer = 'Guest 1';
export const kCourier = 'Courier 7';

export const kRestaurants: Restaurant[] = [
  {
    name: 'Green Bowl', about: 'Salads and grains', icon: 'leaf', tone: 'a',
    dishes: [
      { name: 'Barley and beet bowl', about: 'Goat cheese, walnut', price: 1090 },
      { name: 'Lentil salad', about: 'Mint, lemon, radish', price: 890 },
      { name: 'Cold cucumber soup', about: 'With dill bread', price: 650 },
    ],
  },
  {
    name: 'Night Noodles', about: 'Open until late', icon: 'noodles', tone: 'b',
    dishes: [
      { name: 'Sesame noodles', about: 'Peanut, spring onion', price: 980 },
      { name: 'Mushroom broth', about: 'Udon, soft egg', price: 1150 },
      { name: 'Dumplings, eight', about: 'Cabbage and ginger', price: 820 },
    ],
  },
  {
    name: 'Corner Oven', about: 'Pizza by the stone', icon: 'oven', tone: 'c',
    dishes: [
      { name: 'Tomato and basil', about: 'Buffalo mozzarella', price: 1050 },
      { name: 'Potato and rosemary', about: 'No tomato, much oil', price: 1120 },
      { name: 'Fennel sausage', about: 'Chilli honey', price: 1290 },
    ],
  },
  {
    name: 'Harbour Soup', about: 'Stews of the day', icon: 'bowl', tone: 'd',
    dishes: [
      { name: 'Fish stew', about: 'Saffron, toast', price: 1380 },
      { name: 'Pea soup', about: 'Smoked butter', price: 790 },
      { name: 'Bean chilli', about: 'Lime, sour cream', price: 940 },
    ],
  },
];

const prices = new Map(kRestaurants.flatMap(({ name, dishes }) =>
  dishes.map((dish) => [`${name}/${dish.name}`, dish.price] as const)));

/** Cents, without the tip; a dish that isn't on the menu (any more) costs nothing here. */
export function priceOf(restaurant: string, items: { name: string; quantity: number }[]): number {
  return items.reduce((sum, item) => sum + (prices.get(`${restaurant}/${item.name}`) ?? 0) * item.quantity, 0);
}
