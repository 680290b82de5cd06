// What a read shows: an answer, what the engine says about it, and its list's other pages, put together. Pure.

import { changeList, emptyList, isRecord, part, withPart, type ListView, type Pointer, type Stretch } from './list';
import { stretchOf, type PageRead } from './pages-of-list';

/** What the engine says about a read (wasm/overlay/read.hpp). */
export type View =
  | { kind: 'item'; known: boolean; gone: boolean; pending: number; envelope: Pointer; confirmedAt: number; document: unknown }
  | ({ kind: 'list' } & ListView)
  | { kind: 'other'; pending: number };

export interface Composed {
  status: 200 | 404;
  body: unknown;
  /** Whether the user's own changes may have made it differ from what the server told. */
  changed: boolean;
  pending: number;
  /** Parameters whose meaning isn't declared. */
  unknown: string[];
}

/** A list in which nothing is left of what the server had. */
const kWhole: Stretch = { after: null, last: true, others: [], complete: true };
const onlyComing = (view: ListView): ListView => ({ ...view, changes: view.changes.map((change) => ({ ...change, was: false, stays: false })) });

/**
 * @param told the answer; its JSON is undefined if there is none
 * @param kept what was kept for the same path, newest first: a list's other pages
 * @returns null where nothing can be said beyond the answer itself
 */
export function compose(view: View, told: PageRead, kept: PageRead[]): Composed | null {
  if (view.kind === 'other') return null;
  const answer = told.json ?? (view.kind === 'list' && view.unsent ? emptyList(view) : undefined);
  const nothing = { pending: view.pending, unknown: [] as string[] };
  if (view.kind === 'item') {
    if (view.gone) return { status: 404, body: null, changed: true, ...nothing };
    if (!view.known) return null;
    const whole = answer !== undefined && isRecord(part(answer, view.envelope)) ? answer : {};
    return { status: 200, body: withPart(whole, view.envelope, view.document), changed: true, ...nothing };
  }
  if (answer === undefined) return null;
  const body = view.emptied ? changeList(emptyList(view, answer), onlyComing(view), kWhole)
    : changeList(answer, view, stretchOf({ ...told, json: answer }, view, kept));
  return { status: 200, body, changed: body !== told.json, pending: view.pending, unknown: view.unknown };
}
