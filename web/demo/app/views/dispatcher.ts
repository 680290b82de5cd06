import { follow, h, icon } from '../dom.js';
import { clock, itemLine, looks, progressChip, shortId, statusPill } from '../parts.js';
import type { Store } from '../store.js';
import { kStatusWords, money, type Change, type Order } from '../types.js';
import type { View } from './view.js';

const kFilters = ['all', 'open', 'placed', 'accepted', 'picked_up', 'delivered', 'cancelled', 'unsent'] as const;
type Filter = (typeof kFilters)[number];
const kRowsMax = 100;

const kFilterWords: Record<Filter, string> = { all: 'All', open: 'Open', unsent: 'Unsent', ...kStatusWords };

export function dispatcherView(store: Store): View {
  let filter: Filter = 'all';
  let sought = '';
  const body = h('tbody', { role: 'rowgroup' });
  const summary = h('p', { class: 'quiet', role: 'status' });
  const editor = editDialog(store);
  const buttons = kFilters.map((name) => h('button', {
    type: 'button', class: 'filter', 'aria-pressed': String(name === filter), onclick: () => {
      filter = name;
      for (const [index, button] of buttons.entries()) button.setAttribute('aria-pressed', String(kFilters[index] === name));
      update();
    },
  }, kFilterWords[name]));
  const search = h('input', {
    type: 'search', placeholder: 'Find an order…', 'aria-label': 'Find an order', autocomplete: 'off',
    oninput: () => { sought = search.value.trim().toLowerCase(); update(); },
  });

  const heads = ['Order', 'Customer', 'Items', 'Courier', 'Tip', 'Status', 'Server', ''];
  const element = h('div', { class: 'view dispatcher' },
    h('div', { class: 'view-head' }, h('h2', {}, 'All orders'), summary),
    h('div', { class: 'filters' }, h('div', { class: 'filter-row', role: 'group', 'aria-label': 'Filter by state' }, ...buttons), search),
    h('div', { class: 'panel table-box' },
      h('table', { role: 'table' },
        h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...heads.map((head) =>
          h('th', { scope: 'col', role: 'columnheader' }, head === '' ? h('span', { class: 'hidden' }, 'Actions') : head)))),
        body)),
    editor.element);

  function fits(order: Order): boolean {
    const open = order.status !== 'delivered' && order.status !== 'cancelled';
    const byState = filter === 'all' || (filter === 'open' && open) || order.status === filter
      || (filter === 'unsent' && store.progress(order.id) !== null);
    const words = `${shortId(order.id)} ${order.customer} ${order.restaurant} ${itemLine(order)} ${order.courier ?? ''} ${order.note}`;
    return byState && (sought === '' || words.toLowerCase().includes(sought));
  }

  function update(): void {
    const all = store.orders;
    const shown = all.filter(fits);
    const unsent = all.filter(({ id }) => store.progress(id) !== null).length;
    const words = `${shown.length} of ${all.length} shown${unsent > 0 ? `, ${unsent} unsent` : ''}`;
    if (summary.textContent !== words) summary.textContent = words;
    follow(body, shown.slice(0, kRowsMax), ({ id }) => id, (order) => looks(order, store.progress(order.id)), (order) => row(store, order, editor.open));
  }

  return { element, update };
}

function row(store: Store, order: Order, edit: (order: Order) => void): HTMLElement {
  const cell = (label: string, ...content: (Node | string | false)[]): HTMLElement =>
    h('td', { role: 'cell', 'data-label': label }, ...content);
  const open = order.status !== 'delivered' && order.status !== 'cancelled';
  return h('tr', { role: 'row', 'data-order': order.id, class: open ? '' : 'closed' },
    cell('Order', h('div', { class: 'two' }, h('strong', {}, order.restaurant), h('small', {}, shortId(order.id), ' · ', clock(order.createdAt)))),
    cell('Customer', order.customer),
    cell('Items', h('div', { class: 'two' }, h('span', {}, itemLine(order)), order.note !== '' && h('small', { class: 'note' }, icon('note'), order.note))),
    cell('Courier', order.courier ?? '–'),
    cell('Tip', money(order.tip)),
    cell('Status', statusPill(order)),
    cell('Server', progressChip(store.progress(order.id))),
    cell('', h('div', { class: 'row-acts' },
      h('button', { type: 'button', class: 'plain small', 'data-act': 'edit', 'aria-label': `Edit ${order.restaurant} ${shortId(order.id)}`, onclick: () => edit(order) }, icon('pen'), 'Edit'),
      open && h('button', {
        type: 'button', class: 'plain small danger', 'data-act': 'cancel', 'aria-label': `Cancel ${order.restaurant} ${shortId(order.id)}`,
        onclick: () => void store.change(order.id, { status: 'cancelled' }),
      }, 'Cancel'))));
}

function editDialog(store: Store): { element: HTMLDialogElement; open(order: Order): void } {
  let order: Order | null = null;
  const title = h('h2', { id: 'edit-title' });
  const note = h('textarea', { rows: 3, maxlength: 500, id: 'edit-note' });
  const tip = h('input', { type: 'number', min: 0, max: 200, step: '0.5', id: 'edit-tip', inputmode: 'decimal' });
  const element = h('dialog', { class: 'dialog', 'aria-labelledby': 'edit-title' },
    h('form', { method: 'dialog', onsubmit: () => save() }, title,
      h('label', { class: 'field', for: 'edit-note' }, h('span', {}, 'Note'), note),
      h('label', { class: 'field', for: 'edit-tip' }, h('span', {}, 'Tip in euros'), tip),
      h('div', { class: 'dialog-acts' },
        h('button', { type: 'button', class: 'plain', onclick: () => element.close() }, 'Leave it'),
        h('button', { type: 'submit', class: 'primary' }, 'Save'))));

  function save(): void {
    if (!order) return;
    const change: Change = {};
    const cents = Math.round(Number(tip.value) * 100);
    if (note.value !== order.note) change.note = note.value;
    if (cents !== order.tip && Number.isFinite(cents)) change.tip = cents;
    if (Object.keys(change).length > 0) void store.change(order.id, change);
  }

  return {
    element,
    open(one) {
      order = one;
      title.textContent = `${one.restaurant} ${shortId(one.id)}`;
      note.value = one.note;
      tip.value = String(one.tip / 100);
      element.showModal();
    },
  };
}
