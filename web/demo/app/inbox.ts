// The dialog behind the badge: what was made here and cannot go on without a person.

import { decisionCard } from './decision-card.js';
import { follow, h, icon } from './dom.js';
import type { Inbox, InboxItem } from './network.js';

export interface InboxPanel {
  element: HTMLDialogElement;
  open(): void;
  update(): void;
}

export function inboxPanel(inbox: Inbox, nameOf: (order: string) => string): InboxPanel {
  const list = h('ul', { class: 'inbox-list' });
  const none = h('p', { class: 'empty', hidden: true }, icon('check'), h('strong', {}, 'All settled'), h('span', {}, 'There is nothing to decide.'));
  const title = h('h2', { id: 'inbox-title', tabindex: -1 }, icon('inbox'), 'Needs a decision');
  const problem = h('p', { class: 'problem', role: 'alert' });
  const saveAll = h('button', { type: 'button', class: 'plain', onclick: () => void act(exportAll) }, 'Export all');
  const element = h('dialog', { class: 'dialog inbox', 'aria-labelledby': 'inbox-title' },
    h('header', {}, title, h('button', { type: 'button', class: 'round', 'aria-label': 'Close', onclick: () => element.close() }, icon('cross'))),
    h('p', { class: 'quiet' }, 'These could not be settled without you. Nothing is thrown away until you say so.'),
    problem, list, none,
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
    none.hidden = items.length > 0;
    followCards(list, items, (item) => decisionCard(item, nameOf(item.order), inbox, (work) => void act(work)));
    // What was decided takes its buttons along, and with them the keyboard's place.
    if (element.open && !element.contains(document.activeElement)) title.focus();
  }

  return {
    element,
    open() {
      void act(async () => undefined);
      element.showModal();
    },
    update() {
      if (element.open) void draw();
    },
  };
}

/** A card is built anew only where its entry has changed: never under somebody's pen. */
export function followCards(list: Element, items: InboxItem[], build: (item: InboxItem) => HTMLElement): void {
  follow(list, items, ({ id }) => id, (item) => JSON.stringify(item), build);
}
