// Who did what, and what was decided, in the order in which it was heard of. It is kept for as long as
// the window is, so that a reload loses nothing.

import { kPeople, type Seat } from '../../people.js';
import type { Change } from '../../demo/app/types.js';
import { capital, sayChange, sayEnding, type Said, type Voice } from '../../demo/app/words.js';
import type { Letter } from './frames.js';

type Act = Extract<Letter, { type: 'act' }>;
type Ended = Extract<Letter, { type: 'ended' }>;

interface Entry {
  key: string;
  at: number;
  seat: Seat | null;
  text: string;
  /** Of an act: what it changed, how far it is, and whether it was done in the tunnel. */
  act?: { change: Change; state: 'open' | Ended['state']; dark: boolean };
  /** Of a decision: how it went, and by which rule. */
  said?: Pick<Said, 'verdict' | 'policy'>;
}

const kKey = 'timeline';
const kEntriesMax = 300;

const kStateWords: Record<'open' | Ended['state'], string> = {
  open: 'on its way', confirmed: 'confirmed', merged: 'merged', overruled: 'overruled', rejected: 'turned down', conflict: 'to decide',
  discarded: 'left as it was', unknown: 'to decide',
};

export function nameOf(seat: Seat): string {
  return kPeople.find((person) => person.seat === seat)!.name;
}

export class Timeline {
  readonly #list: HTMLElement;
  #order: string | null = null;
  #entries: Entry[] = [];
  readonly #rows = new Map<string, HTMLElement>();

  constructor(list: HTMLElement) {
    this.#list = list;
  }

  /** Another order, another story; the same one goes on. */
  begin(order: string, at: number): void {
    if (order === this.#order) return;
    this.#order = order;
    this.#list.replaceChildren();
    this.#rows.clear();
    this.#entries = read(order);
    for (const entry of this.#entries) this.#draw(entry);
    this.#add({ key: 'begin', at, seat: null, text: 'A new order, on its way to the third floor.' });
  }

  tunnel(seat: Seat, dark: boolean, at: number): void {
    this.#add({ key: `tunnel-${seat}-${at}`, at, seat, text: dark ? 'went into the tunnel.' : 'came out into the light.' });
  }

  acted(seat: Seat, { act, at, order, change, before }: Act, dark: boolean): void {
    if (order !== this.#order) return;
    this.#add({ key: act, at, seat, text: `${sayChange(change, before)}.`, act: { change, state: 'open', dark } });
  }

  ended(seat: Seat, { act, at, order, state, decisions }: Ended): void {
    if (order !== this.#order) return;
    const entry = this.#entries.find(({ key }) => key === act);
    if (entry?.act && entry.act.state !== state) {
      entry.act.state = state;
      this.#draw(entry);
      this.#keep();
    }
    for (const [index, { text, verdict, policy }] of sayEnding({ state, decisions }, this.#voice(seat)).entries()) {
      this.#add({ key: `${act ?? 'unknown'}-${state}-${decisions.length}-${index}`, at, seat, text, said: { verdict, policy } });
    }
  }

  /** How many of somebody's acts nobody has been told the end of. */
  open(seat: Seat): number {
    return this.#entries.filter((entry) => entry.seat === seat && entry.act?.state === 'open').length;
  }

  #voice(seat: Seat): Voice {
    const who = capital(nameOf(seat));
    return { who, whose: `${who}'s`, others: (field, value) => this.#others(seat, field, value) };
  }

  /** Who else has changed this; those first whose change has arrived for sure. */
  #others(seat: Seat, field: string, value: unknown): string {
    const acts = this.#entries.filter((entry) => {
      const change = entry.act?.change as Record<string, unknown> | undefined;
      return entry.seat !== seat && change !== undefined && field in change && (value === undefined || change[field] === value);
    });
    const arrived = acts.filter(({ act }) => act!.state === 'confirmed' || act!.state === 'merged');
    const seats = new Set((arrived.length > 0 ? arrived : acts).map((entry) => entry.seat!));
    return [...seats].map(nameOf).join(' and ') || 'somebody else';
  }

  #add(entry: Entry): void {
    if (this.#rows.has(entry.key)) return;
    this.#entries.push(entry);
    this.#draw(entry);
    this.#keep();
  }

  #draw(entry: Entry): void {
    const old = this.#rows.get(entry.key);
    // Only the word changes: what is put in anew would be read out anew.
    if (old) return showState(old.querySelector<HTMLElement>('.state')!, entry.act!);
    const scroller = this.#list.parentElement!;
    const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
    const row = rowOf(entry);
    this.#rows.set(entry.key, row);
    this.#list.append(row);
    if (atEnd) scroller.scrollTop = scroller.scrollHeight;
  }

  #keep(): void {
    try {
      sessionStorage.setItem(kKey, JSON.stringify({ order: this.#order, entries: this.#entries.slice(-kEntriesMax) }));
    } catch {
      // No room, or none allowed: then a reload begins an empty one.
    }
  }
}

function rowOf({ seat, at, text, act, said }: Entry): HTMLElement {
  const row = element('li', said ? `decided is-${said.verdict}` : act ? 'act' : 'event');
  const time = element('time', '', new Date(at).toLocaleTimeString('en', { hour12: false }));
  const words = element('p');
  // A decision's sentence names who it is about by itself.
  if (seat !== null && !said) words.append(element('b', '', capital(nameOf(seat))), ' ');
  words.append(text);
  row.append(time, element('span', seat === null ? 'key' : `key key-${seat}`), words);
  if (act) {
    const chip = element('span');
    showState(chip, act);
    row.append(chip);
  }
  if (said && said.policy !== '') row.append(element('code', 'policy', said.policy));
  return row;
}

function showState(chip: HTMLElement, { state, dark }: NonNullable<Entry['act']>): void {
  chip.className = `state state-${state}`;
  chip.textContent = state === 'open' && dark ? 'kept in the tunnel' : kStateWords[state];
}

function element(tag: string, className = '', text = ''): HTMLElement {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  if (text !== '') made.textContent = text;
  return made;
}

function read(order: string): Entry[] {
  try {
    const kept = JSON.parse(sessionStorage.getItem(kKey) ?? 'null') as { order: string; entries: Entry[] } | null;
    return kept?.order === order && Array.isArray(kept.entries) ? kept.entries : [];
  } catch {
    return [];
  }
}
