// What a person can choose where no rule could settle two changes, as the change to send for each
// choice. What was not in question is in all of them as the merge has it.

import type { Conflict, Decision } from 'holdfast';
import { fieldOf } from './words.js';

type Document = Record<string, unknown>;

export interface Choices {
  /** What nobody could settle. */
  asked: Decision[];
  /** Nothing of it in itself: what adds up may have met its own earlier try. */
  mayCountTwice: boolean;
  /** What the merge settled along with it. */
  settled: Decision[];
  /** The fields in question; a list is one, whichever of its elements it is about. */
  fields: string[];
  /** Each field in question as both sides have it together, where there is such a thing. */
  together: Document;
  /** The change that makes the server's document the wanted one: nothing where it is that already. */
  change(wanted: Document): Document | null;
}

/** Null where there is no order any more that could be changed. */
export function choicesOf({ theirs, suggested, decisions }: Conflict): Choices | null {
  if (!isDocument(theirs)) return null;
  const marked = decisions.filter(({ verdict }) => verdict === 'ask');
  const asked = marked.length > 0 ? marked : decisions;
  const fields = [...new Set(asked.map(fieldOf))].filter((field) => field !== '');
  const merged = isDocument(suggested) ? suggested : theirs;
  const together: Document = {};
  for (const field of fields) {
    const value = typeof merged[field] === 'string' ? withoutMarks(merged[field]) : merged[field];
    if (!same(value, theirs[field])) together[field] = value;
  }
  return {
    asked, mayCountTwice: marked.length === 0 && decisions.length > 0, fields, together, settled: decisions.filter((one) => !asked.includes(one)),
    change(wanted) {
      const change: Document = {};
      for (const [field, value] of Object.entries({ ...merged, ...wanted })) if (!same(value, theirs[field])) change[field] = value;
      return Object.keys(change).length > 0 ? change : null;
    },
  };
}

const kMarked = /^<<<<<<< mine\r?\n([\s\S]*?)^\|{7} base\r?\n[\s\S]*?^=======\r?\n([\s\S]*?)^>>>>>>> theirs\r?\n?/gm;

/** An overlap of two texts comes as git would mark it. Here mine is followed by theirs, and a line of both is there once. */
export function withoutMarks(text: string): string {
  const joined = text.replace(kMarked, (_marked, mine: string, theirs: string) => {
    const known = new Set(linesOf(theirs));
    return `${[...linesOf(mine).filter((line) => !known.has(line)), ...linesOf(theirs)].join('\n')}\n`;
  });
  return joined === text ? text : joined.trimEnd();
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line, index, all) => line !== '' || index < all.length - 1);
}

export function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
