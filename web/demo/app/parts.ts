// Pieces that every view shows of an order.

import { h, icon, type IconName } from './dom.js';
import type { Progress } from './network.js';
import { kStatusWords, type Order } from './types.js';

const kChips: Record<Progress | 'confirmed', { words: string; icon: IconName; title: string }> = {
  waiting: { words: 'Waiting for signal', icon: 'clock', title: 'Kept on this device; it is sent when the network is back.' },
  settling: { words: 'Settling', icon: 'turn', title: 'On its way; the server has not answered yet.' },
  confirmed: { words: 'Confirmed', icon: 'check', title: 'The server has it.' },
};

/** How far an order's newest change has come. */
export function progressChip(progress: Progress | null): HTMLElement {
  const state = progress ?? 'confirmed';
  const { words, icon: name, title } = kChips[state];
  return h('span', { class: `chip chip-${state}`, title, 'data-progress': state }, icon(name), words);
}

export function statusPill(order: Order): HTMLElement {
  return h('span', { class: `pill pill-${order.status}` }, kStatusWords[order.status]);
}

/** The four steps of a delivery. */
export function track(order: Order): HTMLElement {
  const steps = ['placed', 'accepted', 'picked_up', 'delivered'] as const;
  const reached = steps.findIndex((step) => step === order.status);
  if (reached < 0) return h('p', { class: 'cancelled-line' }, icon('cross'), 'This order was cancelled.');
  return h('ol', { class: 'track', 'aria-label': `${kStatusWords[order.status]}, step ${reached + 1} of 4` },
    ...steps.map((step, index) => h('li', {
      class: index < reached ? 'done' : index === reached ? 'here' : 'ahead',
      'aria-current': index === reached ? 'step' : null,
    }, kStatusWords[step])));
}

export function itemLine(order: Order): string {
  return order.items.map(({ name, quantity }) => (quantity > 1 ? `${quantity} × ${name}` : name)).join(', ');
}

/** Short enough to say over a counter. */
export function shortId(id: string): string {
  return `#${id.slice(-4).toUpperCase()}`;
}

export function clock(ms: number): HTMLElement {
  const date = new Date(ms);
  return h('time', { datetime: date.toISOString() }, date.toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hour12: false }));
}

export function empty(name: IconName, title: string, more: string): HTMLElement {
  return h('div', { class: 'empty' }, icon(name), h('strong', {}, title), h('span', {}, more));
}

/** A signature for `follow`: an order's card looks different exactly when this does. */
export function looks(order: Order, progress: Progress | null): string {
  return JSON.stringify([order, progress]);
}
