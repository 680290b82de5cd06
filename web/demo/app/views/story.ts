// One order, and a control for each field that several people may change at once.

import { decisionCard } from '../decision-card.js';
import { follow, h, icon } from '../dom.js';
import { followCards } from '../inbox.js';
import { empty, looks, progressChip, shortId, track } from '../parts.js';
import type { Store } from '../store.js';
import { kStatusWords, money, type Order, type OrderStatus } from '../types.js';
import { oneLine } from '../words.js';
import type { View } from './view.js';

const kTipStep = 50;
const kNext: Record<OrderStatus, OrderStatus[]> = {
  placed: ['accepted', 'cancelled'], accepted: ['picked_up', 'cancelled'], picked_up: ['delivered', 'cancelled'], delivered: [], cancelled: [],
};
const kActWords: Partial<Record<OrderStatus, string>> = { accepted: 'Accept', picked_up: 'Picked up', delivered: 'Delivered', cancelled: 'Cancel' };

export function storyView(store: Store): View {
  const { inbox } = store.network;
  const title = h('h2', { tabindex: -1 });
  const chip = h('div', { class: 'story-progress' });
  const cards = h('ul', { class: 'inbox-list' });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const fields = h('div', { class: 'story-fields' });
  const note = noteForm(store);
  const controls = h('div', { class: 'story-fields' }, addForm(store), note.element);
  const none = empty('pin', 'No order yet', 'It shows up here by itself.');
  const element = h('div', { class: 'view story' }, h('div', { class: 'view-head' }, title, chip), cards, problem, fields, controls, none);

  async function act(work: () => Promise<void>): Promise<void> {
    problem.textContent = '';
    const here = cards.contains(document.activeElement);
    try {
      await work();
    } catch (error) {
      problem.textContent = error instanceof Error ? error.message : String(error);
    }
    await drawCards();
    // What was decided takes its buttons along, and with them the keyboard's place.
    if (here && !cards.contains(document.activeElement)) title.focus();
  }

  async function drawCards(): Promise<void> {
    const order = store.shown;
    const items = inbox && order ? (await inbox.list()).filter((item) => item.order === order.id) : [];
    followCards(cards, items, (item) => decisionCard(item, 'Needs a decision', inbox!, (work) => void act(work)));
  }

  return {
    element,
    update() {
      const order = store.shown;
      none.hidden = order !== undefined;
      controls.hidden = order === undefined;
      if (!order) return;
      follow(title, [order], ({ id }) => id, ({ id }) => id, () => h('span', {}, order.restaurant, h('small', {}, shortId(order.id))));
      const progress = store.progress(order.id);
      follow(chip, [order], ({ id }) => id, () => String(progress), () => h('div', {}, progressChip(progress)));
      follow(fields, [order], ({ id }) => id, () => looks(order, null), () => h('div', {}, statusBox(store, order), tipBox(store, order), itemsBox(store, order)));
      note.update(order);
      void drawCards();
    },
  };
}

function statusBox(store: Store, order: Order): HTMLElement {
  return h('section', { 'aria-label': 'Status' }, track(order),
    h('div', { class: 'row-acts' }, ...kNext[order.status].map((status) => h('button', {
      type: 'button', class: status === 'cancelled' ? 'plain small danger' : 'primary small', 'data-act': `status-${status}`,
      onclick: () => void store.change(order.id, { status }),
    }, kActWords[status] ?? kStatusWords[status]))));
}

function tipBox(store: Store, order: Order): HTMLElement {
  const step = (by: number): void => void store.change(order.id, { tip: Math.max(0, order.tip + by) });
  return h('section', { class: 'story-row', 'aria-label': 'Tip' },
    h('h3', {}, 'Tip'),
    h('span', { class: 'stepper' },
      h('button', { type: 'button', class: 'round', 'aria-label': 'Less tip', 'data-act': 'tip-less', disabled: order.tip === 0, onclick: () => step(-kTipStep) }, icon('minus')),
      h('span', { class: 'quantity', 'data-tip': order.tip }, money(order.tip)),
      h('button', { type: 'button', class: 'round', 'aria-label': 'More tip', 'data-act': 'tip-more', onclick: () => step(kTipStep) }, icon('plus'))));
}

function itemsBox(store: Store, order: Order): HTMLElement {
  return h('section', { 'aria-label': 'Items' },
    h('ul', { class: 'lines' }, ...order.items.map((item) => h('li', {},
      h('span', { class: 'line-name' }, item.quantity > 1 ? `${item.quantity} × ${item.name}` : item.name),
      // An order without items is none.
      h('button', {
        type: 'button', class: 'round', 'aria-label': `Take ${item.name} off`, 'data-act': `off-${item.name}`, disabled: order.items.length === 1,
        onclick: () => void store.change(order.id, { items: order.items.filter((one) => one !== item) }),
      }, icon('cross'))))));
}

/** Stays as it is whatever happens around it: somebody may be writing. */
function addForm(store: Store): HTMLElement {
  const name = h('input', { type: 'text', maxlength: 60, placeholder: 'Napkins…', 'aria-label': 'One more item', autocomplete: 'off', 'data-act': 'item-name' });
  const add = (): void => {
    const order = store.shown;
    const wanted = name.value.trim();
    if (!order || wanted === '' || order.items.some((item) => item.name === wanted)) return;
    name.value = '';
    void store.change(order.id, { items: [...order.items, { name: wanted, quantity: 1 }] });
  };
  return h('form', { class: 'story-add', onsubmit: (event) => { event.preventDefault(); add(); } }, name,
    h('button', { type: 'submit', class: 'plain small', 'data-act': 'item-add' }, icon('plus'), 'Add'));
}

/** What is being written stays, whatever others write meanwhile; whoever writes is told of it. */
function noteForm(store: Store): { element: HTMLElement; update(order: Order): void } {
  let order: Order | null = null;
  /** The note that the text began as. */
  let from = '';
  const text = h('textarea', { rows: 3, maxlength: 500, id: 'story-note', oninput: () => draw() });
  const save = h('button', { type: 'submit', class: 'plain small', 'data-act': 'note-save' }, icon('check'), 'Save the note');
  const warning = h('p', { class: 'why', role: 'status' });
  const element = h('form', { onsubmit: (event) => { event.preventDefault(); keep(); } },
    h('label', { class: 'field', for: 'story-note' }, h('span', {}, 'Note'), text), warning, h('div', { class: 'row-acts' }, save));

  function keep(): void {
    if (!order || text.value === order.note) return;
    from = text.value;
    void store.change(order.id, { note: text.value });
  }

  function draw(): void {
    const written = text.value !== from;
    save.disabled = !written;
    const meanwhile = written && order !== null && order.note !== from ? `Meanwhile somebody wrote: “${oneLine(order.note)}”` : '';
    if (warning.textContent !== meanwhile) warning.textContent = meanwhile;
  }

  return {
    element,
    update(now) {
      const other = order?.id !== now.id;
      if (other || text.value === from) {
        from = now.note;
        if (text.value !== now.note) text.value = now.note;
      }
      order = now;
      draw();
    },
  };
}
