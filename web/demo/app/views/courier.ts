import { kCourier } from '../catalog.js';
import { follow, h, icon } from '../dom.js';
import { clock, empty, itemLine, looks, progressChip, shortId, statusPill } from '../parts.js';
import type { Store } from '../store.js';
import { money, type Order } from '../types.js';
import type { View } from './view.js';

const kAct = { placed: 'Accept', accepted: 'Picked up', picked_up: 'Delivered' } as const;
const kDoneShown = 5;

/** Made for a thumb in a glove: one big button a card, and it always says what has happened next. */
export function courierView(store: Store): View {
  const mine = h('div', { class: 'cards' });
  const free = h('div', { class: 'cards' });
  const done = h('ul', { class: 'done-list' });
  const noMine = empty('bike', 'No delivery under way', 'Accept one of the orders that are waiting.');
  const noFree = empty('pin', 'Nothing to fetch', 'New orders appear here by themselves.');
  const freeCount = h('span', { class: 'count' });
  const mineCount = h('span', { class: 'count' });
  const doneBox = h('section', { class: 'done-box', 'aria-labelledby': 'done-title' }, h('h2', { id: 'done-title' }, 'Just delivered'), done);

  const element = h('div', { class: 'view courier' },
    h('section', { 'aria-labelledby': 'carry-title' }, h('h2', { id: 'carry-title' }, 'My deliveries ', mineCount), noMine, mine, doneBox),
    h('section', { 'aria-labelledby': 'free-title' }, h('h2', { id: 'free-title' }, 'Waiting for a courier ', freeCount), noFree, free));

  return {
    element,
    update() {
      const orders = [...store.orders].reverse();
      const carried = orders.filter(({ status, courier }) => courier === kCourier && (status === 'accepted' || status === 'picked_up'));
      const waiting = orders.filter(({ status }) => status === 'placed');
      const delivered = orders.filter(({ status, courier }) => courier === kCourier && status === 'delivered').reverse().slice(0, kDoneShown);
      mineCount.textContent = carried.length > 0 ? String(carried.length) : '';
      freeCount.textContent = waiting.length > 0 ? String(waiting.length) : '';
      noMine.hidden = carried.length > 0;
      noFree.hidden = waiting.length > 0;
      doneBox.hidden = delivered.length === 0;
      const build = (order: Order): HTMLElement => card(store, order);
      const signature = (order: Order): string => looks(order, store.progress(order.id));
      follow(mine, carried, ({ id }) => id, signature, build);
      follow(free, waiting, ({ id }) => id, signature, build);
      follow(done, delivered, ({ id }) => id, signature, (order) => h('li', { 'data-order': order.id },
        h('span', {}, `${order.restaurant} `, h('small', {}, shortId(order.id))), progressChip(store.progress(order.id))));
    },
  };
}

function card(store: Store, order: Order): HTMLElement {
  const next = order.status === 'placed' || order.status === 'accepted' || order.status === 'picked_up' ? kAct[order.status] : null;
  return h('article', { class: 'card job', 'data-order': order.id },
    h('header', {}, h('h3', {}, order.restaurant, h('small', {}, shortId(order.id))), progressChip(store.progress(order.id))),
    h('p', { class: 'items' }, itemLine(order)),
    h('p', { class: 'facts' }, statusPill(order), clock(order.createdAt), h('span', {}, `for ${order.customer}`),
      order.tip > 0 && h('span', {}, `${money(order.tip)} tip`)),
    order.note !== '' && h('p', { class: 'note' }, icon('note'), order.note),
    next !== null && h('button', {
      type: 'button', class: `primary big do-${order.status}`, 'data-act': 'advance',
      'aria-label': `${next}: ${order.restaurant} ${shortId(order.id)}`, onclick: () => void store.advance(order),
    }, icon(order.status === 'placed' ? 'plus' : order.status === 'accepted' ? 'basket' : 'check'), next));
}
