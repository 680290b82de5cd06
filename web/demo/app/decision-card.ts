// One write that cannot go on without a person: what was wished, why it stopped, and what can be done.
// Where others had changed the same, each field in question is shown as it was, as both sides have it
// and as both together.

import type { Conflict } from 'holdfast';
import { choicesOf, isDocument, type Choices } from './choices.js';
import { h, icon, type IconName } from './dom.js';
import type { Inbox, InboxItem } from './network.js';
import { clock, shortId } from './parts.js';
import { capital, kMayCountTwice, kYou, sayDecision, sayField, sayValue, whyAsked } from './words.js';

/** Does it, and says so where that fails. */
export type Act = (work: () => Promise<void>) => void;

export function decisionCard(item: InboxItem, name: string, inbox: Inbox, act: Act): HTMLElement {
  const choices = item.conflict && choicesOf(item.conflict);
  return h('li', { class: 'card decision', 'data-entry': item.id },
    h('header', {}, h('h3', {}, name, h('small', {}, shortId(item.order))), clock(item.createdAt)),
    ...(item.conflict && choices ? conflictBody(item, item.conflict, choices, inbox, act) : plainBody(item, inbox, act)));
}

function conflictBody(item: InboxItem, conflict: Conflict, choices: Choices, inbox: Inbox, act: Act): HTMLElement[] {
  const { asked, fields, settled, together } = choices;
  const why = choices.mayCountTwice ? kMayCountTwice : asked.map(whyAsked).join('; ') || 'others have changed this order';
  const theirs = isDocument(conflict.theirs) ? conflict.theirs : {};
  const send = (wanted: Record<string, unknown>): void => act(async () => {
    const change = choices.change(wanted);
    await (change ? inbox.edit(item.id, change) : inbox.discard(item.id));
  });
  const only = (from: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(fields.map((field) => [field, from[field]]));
  const editor = fieldEditor(fields, { ...only(theirs), ...together }, send);
  return [
    h('p', { class: 'why' }, `${capital(why)}.`),
    ...fields.flatMap((field) => [
      ...(fields.length > 1 ? [h('p', { class: 'quiet' }, capital(sayField(field)))] : []), sides(field, conflict, choices),
    ]),
    ...settled.map((decision) => h('p', { class: 'quiet' }, sayDecision(decision, kYou).text)),
    editor.element,
    h('div', { class: 'row-acts' },
      button('mine', 'check', 'Keep mine', () => act(() => inbox.retry(item.id))),
      button('theirs', 'check', 'Keep theirs', () => send(only(theirs))),
      ...(Object.keys(together).length > 0 ? [button('both', 'plus', 'Keep both', () => send(together))] : []),
      editor.toggle,
      // Where nothing else was changed that is the same as keeping theirs.
      ...(choices.change(only(theirs)) ? [button('discard', 'cross', 'Discard all of it', () => act(() => inbox.discard(item.id)), 'danger')] : [])),
  ];
}

/** A field as it was, as both sides have it, and as both together. */
function sides(field: string, { base, mine, theirs }: Conflict, { together }: Choices): HTMLElement {
  const part = (document: unknown): unknown => (isDocument(document) ? document[field] : undefined);
  const rows: [string, unknown, string][] = [
    ['Before', part(base), 'base'],
    ['Mine', part(mine), 'mine'],
    ['Theirs', part(theirs), 'theirs'],
    ...(field in together ? [['Both', together[field], 'both'] as [string, unknown, string]] : []),
  ];
  return h('dl', { class: 'sides', 'aria-label': capital(sayField(field)) },
    ...rows.flatMap(([label, value, side]) => [
      h('dt', { class: `side-${side}` }, label),
      h('dd', { 'data-side': side, class: `side-${side}` }, sayValue(field, value)),
    ]));
}

/** Texts are written as texts, whatever else there is as JSON. */
function fieldEditor(
  fields: string[], values: Record<string, unknown>, send: (wanted: Record<string, unknown>) => void,
): { element: HTMLElement; toggle: HTMLElement } {
  const isText = (field: string): boolean => typeof values[field] === 'string';
  const boxes = fields.map((field) => {
    const box = h('textarea', { 'aria-label': `${capital(sayField(field))}, as it shall be`, 'data-field': field, ...(!isText(field) && { class: 'code', spellcheck: 'false' }) });
    box.value = isText(field) ? String(values[field]) : JSON.stringify(values[field] ?? null, null, 2);
    box.rows = Math.min(10, box.value.split('\n').length + 1);
    return { field, box };
  });
  const read = (): void => {
    try {
      send(Object.fromEntries(boxes.map(({ field, box }) => [field, isText(field) ? box.value : JSON.parse(box.value) as unknown])));
    } catch {
      boxes.find(({ field }) => !isText(field))?.box.focus();
    }
  };
  return editBox(boxes.map(({ box }) => box), read);
}

function editBox(boxes: HTMLTextAreaElement[], send: () => void): { element: HTMLElement; toggle: HTMLElement } {
  const element = h('div', { class: 'edit-box', hidden: true }, ...boxes,
    h('button', { type: 'button', class: 'primary small', 'data-act': 'send', onclick: send }, 'Send this instead'));
  const toggle = button('edit', 'pen', 'Edit', () => {
    element.hidden = !element.hidden;
    toggle.setAttribute('aria-expanded', String(!element.hidden));
    if (!element.hidden) boxes[0]?.focus();
  });
  toggle.setAttribute('aria-expanded', 'false');
  return { element, toggle };
}

function plainBody(item: InboxItem, inbox: Inbox, act: Act): HTMLElement[] {
  const text = h('textarea', { rows: 4, class: 'code', spellcheck: 'false', 'aria-label': 'The change as JSON' });
  text.value = pretty(item.body);
  const editor = editBox([text], () => act(async () => inbox.edit(item.id, JSON.parse(text.value))));
  // An order that is gone can be changed no more.
  const gone = item.conflict !== null;
  return [
    h('p', { class: 'wish' }, summary(item)),
    h('p', { class: 'why' }, gone ? 'The order was deleted meanwhile.' : item.why),
    editor.element,
    h('div', { class: 'row-acts' },
      ...(gone ? [] : [button('retry', 'turn', 'Try again', () => act(() => inbox.retry(item.id)))]),
      ...(gone || item.body === null ? [] : [editor.toggle]),
      button('discard', 'cross', 'Discard', () => act(() => inbox.discard(item.id)), 'danger')),
  ];
}

function button(name: string, mark: IconName, words: string, onclick: () => void, tone = ''): HTMLButtonElement {
  return h('button', { type: 'button', class: `plain small ${tone}`, 'data-act': name, onclick }, icon(mark), words);
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
    return `You changed ${Object.entries(change).map(([field, value]) => `${field} to “${sayValue(field, value)}”`).join(', ')}.`;
  } catch {
    return 'You changed this order.';
  }
}
