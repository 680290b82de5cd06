// The dialog behind the badge: what was made here and cannot go on without a person.

import { h, icon } from './dom.js';
import type { Inbox, InboxItem } from './network.js';
import { clock, shortId } from './parts.js';

export interface InboxPanel {
  element: HTMLDialogElement;
  open(): void;
  update(): void;
}

export function inboxPanel(inbox: Inbox, nameOf: (order: string) => string): InboxPanel {
  const list = h('ul', { class: 'inbox-list' });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const saveAll = h('button', { type: 'button', class: 'plain', onclick: () => void act(exportAll) }, 'Export all');
  const element = h('dialog', { class: 'dialog inbox', 'aria-labelledby': 'inbox-title' },
    h('header', {}, h('h2', { id: 'inbox-title' }, icon('inbox'), 'Needs a decision'),
      h('button', { type: 'button', class: 'round', 'aria-label': 'Close', onclick: () => element.close() }, icon('cross'))),
    h('p', { class: 'quiet' }, 'The server would not take these as they are. Nothing is thrown away until you say so.'),
    problem, list,
    h('div', { class: 'dialog-acts' }, saveAll, h('button', { type: 'button', class: 'primary', onclick: () => element.close() }, 'Done')));

  async function act(work: () => Promise<void>): Promise<void> {
    problem.textContent = '';
    try {
      await work();
    } catch (error) {
      problem.textContent = error instanceof Error ? error.message : String(error);
    }
    await draw();
  }

  async function exportAll(): Promise<void> {
    const url = URL.createObjectURL(await inbox.export());
    h('a', { href: url, download: 'unsent-orders.json' }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  async function draw(): Promise<void> {
    const items = await inbox.list();
    saveAll.hidden = items.length === 0;
    list.replaceChildren(...items.map(entry));
    if (items.length === 0) list.append(h('li', { class: 'empty' }, icon('check'), h('strong', {}, 'All settled'), h('span', {}, 'There is nothing to decide.')));
  }

  function entry(item: InboxItem): HTMLElement {
    const text = h('textarea', { rows: 4, spellcheck: 'false', 'aria-label': 'The change as JSON' });
    text.value = pretty(item.body);
    const send = h('button', { type: 'button', class: 'primary small', onclick: () => void act(async () => inbox.edit(item.id, JSON.parse(text.value))) }, 'Send this instead');
    const edit = h('div', { class: 'edit-box', hidden: true }, text, send);
    return h('li', { class: 'card', 'data-entry': item.id },
      h('header', {}, h('h3', {}, nameOf(item.order), h('small', {}, shortId(item.order))), clock(item.createdAt)),
      h('p', { class: 'wish' }, summary(item)),
      h('p', { class: 'why' }, item.why),
      edit,
      h('div', { class: 'row-acts' },
        h('button', { type: 'button', class: 'plain small', onclick: () => void act(() => inbox.retry(item.id)) }, icon('turn'), 'Try again'),
        item.body !== null && h('button', {
          type: 'button', class: 'plain small', 'aria-expanded': 'false', onclick: (event) => {
            edit.hidden = !edit.hidden;
            (event.currentTarget as HTMLElement).setAttribute('aria-expanded', String(!edit.hidden));
            if (!edit.hidden) text.focus();
          },
        }, icon('pen'), 'Edit'),
        h('button', { type: 'button', class: 'plain small danger', onclick: () => void act(() => inbox.discard(item.id)) }, icon('cross'), 'Discard')));
  }

  return {
    element,
    open() {
      void act(async () => undefined);
      element.showModal();
    },
    update() {
      // Never under somebody's pen.
      if (element.open && element.querySelector('.edit-box:not([hidden])') === null) void draw();
    },
  };
}

function pretty(body: string | null): string {
  try {
    return JSON.stringify(JSON.parse(body ?? ''), null, 2);
  } catch {
    return body ?? '';
  }
}

function summary(item: InboxItem): string {
  if (item.method === 'POST') return 'You placed this order.';
  if (item.method === 'DELETE') return 'You deleted this order.';
  try {
    const change = JSON.parse(item.body ?? '{}') as Record<string, unknown>;
    return `You changed ${Object.entries(change).map(([field, value]) => `${field} to “${String(value).replaceAll('_', ' ')}”`).join(', ')}.`;
  } catch {
    return 'You changed this order.';
  }
}
