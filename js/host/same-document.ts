// Whether two answers say the same: a document that was put together here has its members in another order.

import { parse } from './kept';

export function sameDocument(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [parse(a), parse(b)];
  // What is no JSON is null, and then only the same bytes are the same.
  return one !== null && other !== null && same(one, other);
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const members = Object.entries(a);
  return members.length === Object.keys(b).length
    && members.every(([name, value]) => Object.hasOwn(b, name) && same(value, (b as Record<string, unknown>)[name]));
}
