// Carries out on a list's rows what the engine decided about a few of its entities (wasm/overlay/read.hpp).
// Pure: the rows that nothing touches are neither looked at closely nor changed.

/** The steps of a JSON Pointer. */
export type Pointer = string[];

export interface Change {
  id: string;
  /** Ids that it had before: the server's answer may be older than the present one. */
  formerIds: string[];
  document: unknown;
  /** null: only the server can tell, so a row changes where it is and none comes in. */
  member: boolean | null;
  /** Whether the server's counts hold it, as far as that is known. */
  was: boolean;
  /** Whether its row is where it was: then, if it isn't on this page, it is on another. */
  stays: boolean;
}

/** Where a page is in its list. `size` and `step` are 0 where they aren't known. */
export type Page =
  | { parameter: string; position: number; first: number; step: number; size: number }
  | { parameter: string; cursor: string | null; next: Pointer };

export interface ListView {
  id: Pointer;
  rows: Pointer;
  totals: Pointer[];
  sort: [field: Pointer, descending: boolean][] | null;
  page: Page | null;
  unknown: string[];
  changes: Change[];
  pending: number;
  /** It lies below something that is yet to be created, so the server knows no such list. */
  unsent: boolean;
  /** All that the server had was deleted since: only what was created after that is there. */
  emptied: boolean;
}

/** What an answer covers of its list. */
export interface Stretch {
  /** The last row of the page before. Undefined: not known, so from its own first row on. Null: from the start. */
  after: unknown;
  last: boolean;
  /** Rows of the list's other pages, as far as those were read. */
  others: unknown[];
  /** Whether those are all that there are. */
  complete: boolean;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The part of a document that a pointer leads to. */
export function part(document: unknown, pointer: Pointer): unknown {
  return pointer.reduce<unknown>((from, step) => {
    if (Array.isArray(from)) return (from as unknown[])[Number(step)];
    return isRecord(from) ? from[step] : undefined;
  }, document);
}

/** A copy of a document with another part; only what lies on the way is copied. */
export function withPart(document: unknown, pointer: Pointer, value: unknown): unknown {
  const [step, ...rest] = pointer;
  if (step === undefined) return value;
  if (Array.isArray(document)) return document.map((item: unknown, i) => (String(i) === step ? withPart(item, rest, value) : item));
  const from = isRecord(document) ? document : {};
  return { ...from, [step]: withPart(from[step], rest, value) };
}

export function idOf(row: unknown, pointer: Pointer): string {
  const id = part(row, pointer);
  return typeof id === 'string' || typeof id === 'number' ? String(id) : '';
}

/** By code point, as UTF-8 sorts: surrogates stand above all other code units, though their numbers don't. */
function compareTexts(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const isPair = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
    return isPair(x) === isPair(y) ? x - y : isPair(x) ? 1 : -1;
  }
  return a.length - b.length;
}

/**
 * @returns above 0 if the first of two versions is higher, null if they can't be compared
 */
export function compareVersions(a: unknown, b: unknown): number | null {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return typeof a === 'string' && typeof b === 'string' ? compareTexts(a, b) : null;
}

/** Numbers before texts, what is missing last, whichever way the order goes. */
function compareValues(a: unknown, b: unknown, descending: boolean): number {
  const rank = (value: unknown) => (typeof value === 'number' || typeof value === 'boolean' ? 0 : typeof value === 'string' ? 1 : 2);
  const [first, second] = [rank(a), rank(b)];
  if (first !== second) return first - second;
  if (first === 2 || a === b) return 0;
  const order = typeof a === 'string' ? compareTexts(a, b as string) : Number(a) - Number(b);
  return descending ? -order : order;
}

function comparison(sort: NonNullable<ListView['sort']>) {
  return (a: unknown, b: unknown): number => {
    for (const [field, descending] of sort) {
      const order = compareValues(part(a, field), part(b, field), descending);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** The first place before which nothing is greater. */
function placeFor(rows: unknown[], document: unknown, compare: (a: unknown, b: unknown) => number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(rows[middle], document) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

interface Sorted {
  rows: unknown[];
  /** By how much the counts change. */
  difference: number;
}

/** By every id under which a row may stand in an answer. */
function changesById({ changes }: ListView): Map<string, Change> {
  return new Map([...changes.flatMap((change) => change.formerIds.map((id) => [id, change] as const)),
    ...changes.map((change) => [change.id, change] as const)]);
}

function changeArray(rows: unknown[], view: ListView, stretch: Stretch): Sorted {
  const byId = changesById(view);
  const compare = view.sort ? comparison(view.sort) : null;
  const belongs = (document: unknown): boolean => {
    if (!compare) return stretch.last;
    const after = stretch.after === undefined ? rows[0] : stretch.after;
    if (after !== null && after !== undefined && compare(document, after) < 0) return false;
    return stretch.last || rows.length === 0 || compare(document, rows[rows.length - 1]) < 0;
  };
  const kept: unknown[] = [];
  const coming: unknown[] = [];
  const present = new Map<string, unknown>();
  let difference = 0;
  for (const row of rows) {
    const change = byId.get(idOf(row, view.id));
    if (!change) {
      kept.push(row);
      continue;
    }
    present.set(change.id, row);
    if (change.document === null || change.member === false) difference -= 1;
    else if (change.member === null || !compare || compare(row, change.document) === 0) kept.push(change.document);
  }
  const elsewhere = new Map<string, unknown>();
  for (const row of stretch.others) {
    const id = byId.get(idOf(row, view.id))?.id ?? idOf(row, view.id);
    if (!elsewhere.has(id)) elsewhere.set(id, row);  // the newest page's word
  }
  // Where its place lies between two rows of this page, it would be here if the server still had it.
  const mayLieElsewhere = (document: unknown) => !compare || stretch.after === undefined
    || (stretch.after !== null && compare(document, stretch.after) === 0);
  for (const { id, document, member, was, stays: known } of view.changes) {
    const there = present.has(id);
    // Of a list that is known from end to end, what has no row is not counted either.
    const counts = there || elsewhere.has(id) || (was && !stretch.complete);
    const stays = elsewhere.has(id) ? !compare || compare(elsewhere.get(id), document) === 0
      : known && !stretch.complete && mayLieElsewhere(document);
    if (member === true && !counts) difference += 1;
    // In a list of which only the server can tell who is in it, what was deleted is in no page any more.
    if ((member === false || document === null) && !there && counts) difference -= 1;
    if (member !== true || (there && !compare) || (!there && stays)) continue;
    if (there && compare?.(present.get(id), document) === 0) continue;  // it kept its place
    if (belongs(document)) coming.push(document);
  }
  for (const document of coming) {
    if (compare) kept.splice(placeFor(kept, document, compare), 0, document);
    else kept.push(document);
  }
  return { rows: kept, difference };
}

function changeKeyed(rows: Record<string, unknown>, view: ListView): { rows: Record<string, unknown>; difference: number } {
  const changed = { ...rows };
  let difference = 0;
  for (const { id, formerIds, document, member } of view.changes) {
    const former = formerIds.filter((one) => one !== id && Object.hasOwn(changed, one));
    const there = former.length > 0 || Object.hasOwn(changed, id);
    for (const one of former) delete changed[one];
    if (member === false) {
      if (there) difference -= 1;
      delete changed[id];
    } else if (there || member) {
      if (!there) difference += 1;
      changed[id] = document;
    }
  }
  return { rows: changed, difference };
}

/** What the server would answer if there were nothing in the list. */
export function emptyList({ rows, totals }: ListView, answer?: unknown): unknown {
  const none = isRecord(part(answer, rows)) ? {} : [];
  return totals.reduce((whole, total) => withPart(whole, total, 0), withPart(answer, rows, none));
}

/**
 * The answer with the changes in it.
 * @returns the answer itself if nothing changes, or if its rows aren't where they were declared to be
 */
export function changeList(answer: unknown, view: ListView, stretch: Stretch): unknown {
  const rows = part(answer, view.rows);
  if (view.changes.length === 0 || (!Array.isArray(rows) && !isRecord(rows))) return answer;
  const changed = Array.isArray(rows) ? changeArray(rows, view, stretch) : changeKeyed(rows, view);
  let whole = withPart(answer, view.rows, changed.rows);
  for (const total of view.totals) {
    const count = part(whole, total);
    if (typeof count === 'number') whole = withPart(whole, total, count + changed.difference);
  }
  return whole;
}
