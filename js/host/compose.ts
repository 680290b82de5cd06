// What a read shows: an answer, what the engine says about it, and the page before it, put together. Pure.

import { changeList, isRecord, part, stretchOf, withPart, type ListView, type Pointer } from './list';

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

/**
 * @param answer the JSON that was told, or undefined if there is none
 * @param before the JSON of the page before it, or undefined
 * @returns null where nothing can be said beyond the answer itself
 */
export function compose(view: View, answer: unknown, before: unknown): Composed | null {
  if (view.kind === 'other') return null;
  const nothing = { pending: view.pending, unknown: [] as string[] };
  if (view.kind === 'item') {
    if (view.gone) return { status: 404, body: null, changed: true, ...nothing };
    if (!view.known) return null;
    const whole = answer !== undefined && isRecord(part(answer, view.envelope)) ? answer : {};
    return { status: 200, body: withPart(whole, view.envelope, view.document), changed: true, ...nothing };
  }
  if (answer === undefined) return null;
  const rowsBefore = part(before, view.rows);
  const rowBefore: unknown = Array.isArray(rowsBefore) ? rowsBefore[rowsBefore.length - 1] : undefined;
  const body = changeList(answer, view, stretchOf(answer, view, rowBefore));
  return { status: 200, body, changed: body !== answer, pending: view.pending, unknown: view.unknown };
}

/** Whether an answer is the page that comes before the one with this cursor. */
export function leadsTo(answer: unknown, next: Pointer, parameter: string, cursor: string): boolean {
  const told = part(answer, next);
  if (typeof told === 'number') return String(told) === cursor;
  if (typeof told !== 'string') return false;
  if (told === cursor) return true;
  try {
    return new URL(told, 'https://any.example').searchParams.get(parameter) === cursor;
  } catch {
    return false;
  }
}
