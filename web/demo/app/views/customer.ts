import { kCustomer, kRestaurants, priceOf, type Dish, type Restaurant } from '../catalog.js';
import { follow, h, icon } from '../dom.js';
import { clock, empty, itemLine, looks, progressChip, shortId, track } from '../parts.js';
import type { Store } from '../store.js';
import { money, type Item, type Order } from '../types.js';
import type { View } from './view.js';

/** Orders come from one kitchen at a time, so the basket knows which. */
interface Basket {
  restaurant: string | null;
  items: Map<string, number>;
  tip: number;
  note: string;
}

const kTips = [0, 100, 200, 300];
const kOrdersShown = 12;

export function customerView(store: Store, say: (words: string) => void): View {
  const basket: Basket = { restaurant: null, items: new Map(), tip: 100, note: '' };
  const sum = h('span', {});
  const basketBox = h('section', { class: 'panel basket', 'aria-labelledby': 'basket-title' });
  const list = h('div', { class: 'cards', 'data-orders': true });
  const none = empty('basket', 'Nothing ordered yet', 'Your orders and how far they are show up here.');
  const count = h('span', { class: 'count' });

  const menu = h('section', { class: 'menu', 'aria-labelledby': 'menu-title' },
    h('h2', { id: 'menu-title' }, 'What shall it be?'),
    h('div', { class: 'restaurants' }, ...kRestaurants.map((place) => restaurantCard(place, add))));
  const mine = h('section', { class: 'mine', 'aria-labelledby': 'mine-title' },
    h('h2', { id: 'mine-title' }, 'My orders ', count), none, list);
  const element = h('div', { class: 'view customer' }, menu, h('div', { class: 'side' }, basketBox, mine));

  function add(place: Restaurant, dish: Dish): void {
    if (basket.restaurant !== place.name) basket.items.clear();
    basket.restaurant = place.name;
    basket.items.set(dish.name, (basket.items.get(dish.name) ?? 0) + 1);
    say(`${dish.name} is in the basket.`);
    drawBasket();
  }

  function step(name: string, by: number): void {
    const quantity = (basket.items.get(name) ?? 0) + by;
    if (quantity > 0) basket.items.set(name, quantity);
    else basket.items.delete(name);
    drawBasket();
  }

  function order(): void {
    const items: Item[] = [...basket.items].map(([name, quantity]) => ({ name, quantity }));
    if (basket.restaurant === null || items.length === 0) return;
    void store.place({ restaurant: basket.restaurant, items, note: basket.note.trim(), tip: basket.tip });
    basket.items.clear();
    basket.note = '';
    say('Order placed.');
    drawBasket();
  }

  function drawBasket(): void {
    const act = document.activeElement?.getAttribute('data-act');
    const hadFocus = basketBox.contains(document.activeElement) || act?.startsWith('basket') === true;
    basketBox.replaceChildren(h('h2', { id: 'basket-title' }, icon('basket'), 'Basket'), ...basketContent());
    if (hadFocus && act) {
      const again = basketBox.querySelector<HTMLElement>(`[data-act="${CSS.escape(act)}"]`) ?? basketBox.querySelector<HTMLElement>('button');
      again?.focus();
    }
    basketBox.classList.toggle('is-empty', basket.items.size === 0);
  }

  function basketContent(): HTMLElement[] {
    if (basket.items.size === 0) return [h('p', { class: 'quiet' }, 'Add a dish and it waits here.')];
    const items = [...basket.items].map(([name, quantity]) => ({ name, quantity }));
    const addUp = (): void => { sum.textContent = money(priceOf(basket.restaurant!, items) + basket.tip); };
    addUp();
    const note = h('input', {
      id: 'note', type: 'text', maxlength: 200, placeholder: 'Ring twice, third floor…', autocomplete: 'off', value: basket.note,
      oninput: () => { basket.note = note.value; },
    });
    return [
      h('p', { class: 'quiet' }, `From ${basket.restaurant}`),
      h('ul', { class: 'lines' }, ...items.map(({ name, quantity }) => h('li', {},
        h('span', { class: 'line-name' }, name),
        h('span', { class: 'stepper' },
          h('button', { type: 'button', class: 'round', 'aria-label': `One ${name} less`, 'data-act': `less-${name}`, onclick: () => step(name, -1) }, icon('minus')),
          h('span', { class: 'quantity' }, String(quantity)),
          h('button', { type: 'button', class: 'round', 'aria-label': `One ${name} more`, 'data-act': `more-${name}`, onclick: () => step(name, 1) }, icon('plus')))))),
      h('form', { class: 'checkout', onsubmit: (event) => { event.preventDefault(); order(); } },
        h('fieldset', { class: 'tips' }, h('legend', {}, 'Tip for the courier'),
          ...kTips.map((cents) => h('label', {},
            h('input', { type: 'radio', name: 'tip', value: cents, checked: cents === basket.tip, onchange: () => {
              basket.tip = cents;
              addUp();
            } }),
            h('span', {}, cents === 0 ? 'None' : money(cents).replace('.00', ''))))),
        h('label', { class: 'field', for: 'note' }, h('span', {}, 'Note'), note),
        h('button', { type: 'submit', class: 'primary wide', 'data-act': 'place' }, 'Place order', sum)),
    ];
  }

  drawBasket();
  return {
    element,
    update() {
      const orders = store.orders.filter((one) => one.customer === kCustomer);
      const open = orders.filter(({ status }) => status !== 'delivered' && status !== 'cancelled').length;
      count.textContent = open > 0 ? `${open} under way` : '';
      none.hidden = orders.length > 0;
      follow(list, orders.slice(0, kOrdersShown), ({ id }) => id,
        (one) => looks(one, store.progress(one.id)), (one) => orderCard(store, one));
    },
  };
}

function restaurantCard(place: Restaurant, add: (place: Restaurant, dish: Dish) => void): HTMLElement {
  return h('article', { class: `restaurant tone-${place.tone}` },
    h('header', {}, h('span', { class: 'crest' }, icon(place.icon)),
      h('div', {}, h('h3', {}, place.name), h('p', {}, place.about))),
    h('ul', { class: 'dishes' }, ...place.dishes.map((dish) => h('li', {},
      h('div', { class: 'dish' }, h('strong', {}, dish.name), h('span', { class: 'quiet' }, dish.about)),
      h('span', { class: 'price' }, money(dish.price)),
      h('button', { type: 'button', class: 'round add', 'aria-label': `Add ${dish.name} to the basket`, onclick: () => add(place, dish) }, icon('plus'))))));
}

function orderCard(store: Store, order: Order): HTMLElement {
  const total = priceOf(order.restaurant, order.items) + order.tip;
  return h('article', { class: 'card order', 'data-order': order.id },
    h('header', {}, h('h3', {}, order.restaurant, h('small', {}, shortId(order.id))), progressChip(store.progress(order.id))),
    h('p', { class: 'items' }, itemLine(order)),
    track(order),
    h('footer', {}, clock(order.createdAt), h('span', {}, money(total)),
      order.note !== '' && h('span', { class: 'note' }, icon('note'), order.note),
      order.status === 'placed' && h('button', {
        type: 'button', class: 'plain small', 'data-act': 'cancel', onclick: () => void store.change(order.id, { status: 'cancelled' }),
      }, 'Cancel')));
}
