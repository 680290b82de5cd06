// What the ideal client shows of a list (docs/reads.md, "A list"): the server's rows with the touched entities taken
// out, changed and put in. A list in pages is looked at as a whole: what its pages show, one behind the other.

import type { ListConfig } from '../../js/protocol/config.js';
import type { Ideal, Kept, Known, Shown } from './ideal.js';
import { same, part, type Doc, type Json } from './json.js';
import { compare, entityOf, picks, placeIn, queryOf, rowsOf, targetOf, totalsOf, type Params, type Query } from './rules.js';

/**
 * Whether a page's counts have to be right, too, for entities that have no row on it where only the other pages that
 * are remembered can tell whether the server had counted them: those whose writes were confirmed after it was asked
 * for, and deleted ones in a list of which only the server can tell who is in it.
 */
const kCountElsewhere = true;

export interface Whole {
  rows: Json[];
  /** Entities of which docs/reads.md doesn't say whether they are in it (see `vanished`). */
  maybe: Set<string>;
  /** No page can tell how the counts change: what was known says that an entity is on another one, and it needn't be. */
  countsUnsure: boolean;
}

/** One page as the subject showed it. */
export interface ShownPage {
  json: Json | undefined;
  pending: number | null;
  unknown: string[] | null;
}

/** One list as a URL asks for it. */
export class ListView {
  readonly list: ListConfig;
  readonly query: Query;
  readonly params: Params;
  /** Only the server can tell who is in it, but for those whom a declared filter leaves out. */
  readonly closed: boolean;

  constructor(private readonly ideal: Ideal, url: string) {
    const target = targetOf(ideal.resource, url);
    if (target.kind !== 'list') throw new Error(`${url} is no list.`);
    this.list = target.list;
    this.params = target.params;
    this.query = queryOf(target.list, url);
    this.closed = target.list.members === 'server' || this.query.unknown.length > 0;
  }

  id(row: Json): string {
    return entityOf(this.ideal.resource, row) ?? '';
  }

  picks(document: Json): boolean {
    return picks(this.list, this.query, this.params, document);
  }

  /** Whether the order looks at something that differs between two rows. */
  moved(a: Json, b: Json): boolean {
    return this.query.order !== null && compare(this.query.order, a, b) !== 0;
  }

  /** Whether no page comes behind this one, by the server's own word. */
  isLast({ url, json }: Kept): boolean {
    const { page } = this.list;
    const cut = queryOf(this.list, url).page;
    if (!page || !cut) return true;
    if ('next' in page) return (part(json, page.next) ?? null) === null;
    const rows = rowsOf(this.list, json).length;
    const total = totalsOf(this.list).map((pointer) => part(json, pointer))[0];
    return rows < cut.size || (typeof total === 'number' && cut.offset + rows >= total);
  }

  // --- The whole --------------------------------------------------------------------------------------------------

  /** What pages from the first one on show together. All of them are of one state of the server. */
  whole(pages: Kept[]): Whole {
    const requestedAt = Math.min(...pages.map((page) => page.requestedAt));
    const raw = pages.flatMap((page) => rowsOf(this.list, page.json));
    const final = pages.at(-1);
    const complete = final !== undefined && this.isLast(final);
    const touched = this.ideal.touchedSince(requestedAt);
    const documents = new Map(touched.map((entity) => [entity, this.ideal.shown(entity, pages)]));

    const staying = raw.flatMap((row) => this.#inPlace(row, documents.get(this.id(row))));
    const rowOf = new Map(raw.map((row) => [this.id(row), row]));
    const maybe = new Set<string>();
    const beside = this.#beside(pages);
    const missing = (entity: string) => !rowOf.has(entity) && !this.closed && this.#wasIn(documents.get(entity), requestedAt);
    const elsewhere = (entity: string) => !kCountElsewhere && (this.closed || (documents.get(entity)?.base.at ?? 0) > (final?.requestedAt ?? 0));
    const countsUnsure = touched.some((entity) => beside.has(entity) || (pages.length > 1 && (missing(entity) || elsewhere(entity))));
    for (const entity of this.closed ? [] : touched) {
      const shown = documents.get(entity);
      const row = rowOf.get(entity);
      if (!shown?.document || !this.picks(shown.document)) continue;
      if (row !== undefined && !this.moved(row, shown.document)) continue;
      if (!complete && !this.#endsBehind(raw, shown.document)) continue;
      if (beside.has(entity) || (row === undefined && this.#vanished(shown, requestedAt, complete))) maybe.add(entity);
      staying.splice(placeIn(this.query.order, staying, shown.document), 0, shown.document);
    }
    return { rows: staying, maybe, countsUnsure };
  }

  /** A row that stays where it is, as it looks now; nothing if it leaves its place. */
  #inPlace(row: Json, shown: Shown | undefined): Json[] {
    if (!shown || shown.document === undefined) return [row];
    if (shown.document === null || !this.picks(shown.document)) return [];
    return this.closed || !this.moved(row, shown.document) ? [shown.document] : [];
  }

  /** Whether a document belongs before the last row of what was read; else it is on a later page. */
  #endsBehind(raw: Json[], document: Json): boolean {
    const last = raw.at(-1);
    return this.query.order !== null && last !== undefined && compare(this.query.order, document, last) < 0;
  }

  /** Entities on further pages that are remembered from another time: where they are now is anybody's guess. */
  #beside(pages: Kept[]): Set<string> {
    return new Set(this.#otherPages(pages).flatMap(({ json }) => rowsOf(this.list, json)).map((row) => this.id(row)));
  }

  #otherPages(pages: Kept[]): Kept[] {
    const view = (url: string) => {
      const { filters, order, page, unknown } = queryOf(this.list, url);
      return JSON.stringify([filters, order, page?.size, unknown]);
    };
    const [first] = pages;
    const urls = new Set(pages.map(({ url }) => url));
    return first ? this.ideal.beside(first.url).filter(({ url }) => !urls.has(url) && view(url) === view(first.url)) : [];
  }

  /** By what was known before the answer, the server should have it in the list. */
  #wasIn(shown: Shown | undefined, requestedAt: number): boolean {
    return isThere(shown?.base.document) && shown.base.at <= requestedAt && this.picks(shown.base.document);
  }

  /**
   * It should have been in the list, wasn't, and pending changes rest on that: somebody has deleted or changed it. By
   * the letter of docs/reads.md it is put in; by reason it is not.
   */
  #vanished(shown: Shown, requestedAt: number, complete: boolean): boolean {
    return shown.rests && this.#wasIn(shown, requestedAt)
      && (complete || !this.moved(shown.base.document ?? null, shown.document ?? null));
  }

  // --- What is wrong with what was shown ----------------------------------------------------------------------------

  /**
   * @param totals whether the counts are looked at, too: while page after page is read, the first can't know of the last
   * @returns what is wrong with pages that were read from the first one on, or null
   */
  wrongWhole(pages: Kept[], shown: ShownPage[], totals: boolean): string | null {
    const { rows, maybe, countsUnsure } = this.whole(pages);
    const actual = shown.flatMap(({ json }) => rowsOf(this.list, json));
    const there = new Set(actual.map((row) => this.id(row)));
    const expected = rows.filter((row) => !maybe.has(this.id(row)) || there.has(this.id(row)));
    const keyed = pages.some(({ json }) => !Array.isArray(part(json, this.list.rows ?? '')));
    if (!same(keyed ? byId(expected, this) : expected, keyed ? byId(actual, this) : actual)) return differ('rows', expected, actual);
    const final = pages.at(-1);
    if (!totals || !final || !this.isLast(final) || maybe.size > 0 || countsUnsure) return null;
    const difference = actual.length - pages.flatMap((page) => rowsOf(this.list, page.json)).length;
    return this.#wrongTotals(pages, shown, difference);
  }

  #wrongTotals(pages: Kept[], shown: ShownPage[], difference: number): string | null {
    for (const pointer of totalsOf(this.list)) {
      for (const [i, page] of pages.entries()) {
        const expected = Number(part(page.json, pointer)) + difference;
        const actual = part(shown[i]?.json, pointer);
        if (expected !== actual) return differ(`${pointer} of ${page.url}`, expected, actual);
      }
    }
    return null;
  }

  /** What holds for every page, whatever is known of the others. */
  wrongPage(page: Kept, { json, pending, unknown }: ShownPage): string | null {
    const touched = new Map(this.ideal.touchedSince(page.requestedAt).map((entity) => [entity, this.ideal.shown(entity, [page])]));
    const raw = rowsOf(this.list, page.json);
    const actual = rowsOf(this.list, json);
    const rowOf = new Map(raw.map((row) => [this.id(row), row]));
    const untouched = (rows: Json[]) => rows.filter((row) => !touched.has(this.id(row)));
    if (!same(untouched(raw), untouched(actual))) return differ('rows that nothing touches', untouched(raw), untouched(actual));
    const there = new Set(actual.map((row) => this.id(row)));
    if (there.size !== actual.length) return `a row is there twice: ${JSON.stringify(actual)}`;
    for (const row of actual) {
      const shown = touched.get(this.id(row));
      if (!shown) continue;
      const sent = rowOf.get(this.id(row));
      const document = shown.document === undefined ? sent : shown.document ?? undefined;
      if (!same(document, row)) return differ(`the row of ${this.id(row)}`, document, row);
      if (!this.picks(row)) return `${this.id(row)} doesn't belong there: ${JSON.stringify(row)}`;
      if (this.closed && sent === undefined) return `${this.id(row)} may not come in: ${JSON.stringify(row)}`;
      if (this.#mayNotComeIn(page, raw, sent, row)) return `${this.id(row)} lies before this page: ${JSON.stringify(row)}`;
    }
    for (const [entity, shown] of touched) {
      if (there.has(entity) || !shown.document) continue;
      const sent = rowOf.get(entity);
      const stays = sent !== undefined && this.picks(shown.document) && (this.closed || !this.moved(sent, shown.document));
      if (stays || this.#mustComeIn(page, raw, sent, shown)) return `${entity} is missing: ${JSON.stringify(shown.document)}`;
    }
    return this.#wrongHeaders(raw, touched, pending, unknown);
  }

  /** A created entity, strictly between two rows of the page; no other page says that it is elsewhere. */
  #mustComeIn(page: Kept, raw: Json[], sent: Json | undefined, { document, base }: Shown): boolean {
    const [first, last] = [raw[0], raw.at(-1)];
    const { order } = this.query;
    if (this.closed || sent !== undefined || base.document || !document || !order || first === undefined || last === undefined) return false;
    return this.ideal.beside(page.url).length === 0 && this.picks(document)
      && compare(order, first, document) < 0 && compare(order, document, last) < 0;
  }

  /** Without the page before it, a page begins with its own first row. */
  #mayNotComeIn(page: Kept, raw: Json[], sent: Json | undefined, document: Json): boolean {
    const cut = queryOf(this.list, page.url).page;
    const begins = !cut || (cut.offset === 0 && cut.cursor === null);
    const [first] = raw;
    if (begins || sent !== undefined || this.ideal.beside(page.url).length > 0) return false;
    return first !== undefined && this.query.order !== null && compare(this.query.order, document, first) < 0;
  }

  #wrongHeaders(raw: Json[], touched: Map<string, Shown>, pending: number | null, unknown: string[] | null): string | null {
    const here = raw.map((row) => touched.get(this.id(row))).filter((shown): shown is Shown => shown !== undefined);
    const least = here.reduce((sum, { visible }) => sum + visible, 0);
    if (least > 0 && (pending === null || pending < least || pending > this.ideal.pending)) {
      return `Holdfast-Pending is ${pending}, not between ${least} and ${this.ideal.pending}`;
    }
    if (least > 0 && !same([...(unknown ?? [])].sort(), [...this.query.unknown].sort())) {
      return differ('Holdfast-Unknown', this.query.unknown, unknown);
    }
    return null;
  }

  /** What a single page's totals must be, where what is known of the touched entities says so; null: it doesn't. */
  totalDifference(page: Kept): number | null {
    const rowOf = new Map(rowsOf(this.list, page.json).map((row) => [this.id(row), row]));
    const beside = this.#beside([page]);
    let difference = 0;
    for (const entity of this.ideal.touchedSince(page.requestedAt)) {
      const shown = this.ideal.shown(entity, [page]);
      const { base, document } = shown;
      const here = rowOf.has(entity);
      // Its other pages may show that the server had taken it out already; the walk through them is what tells.
      if (!here && this.#wasIn(shown, page.requestedAt) && this.#otherPages([page]).length > 0) return null;
      if (!here && (this.closed || base.at > page.requestedAt || (beside.has(entity) && !this.#wasIn(shown, page.requestedAt)))) return null;
      if (document === undefined) continue;
      const counted = here || this.#wasIn(shown, page.requestedAt);
      const counts = isThere(document) && this.picks(document);
      difference += Number(counts) - Number(counted);
    }
    return difference;
  }

  wrongTotal(page: Kept, shown: ShownPage): string | null {
    const difference = this.totalDifference(page);
    return difference === null ? null : this.#wrongTotals([page], [shown], difference);
  }
}

function isThere(document: Known): document is Doc {
  return document !== null && document !== undefined;
}

function byId(rows: Json[], view: ListView): Doc {
  return Object.fromEntries(rows.map((row) => [view.id(row), row]));
}

function differ(what: string, expected: unknown, actual: unknown): string {
  return `${what}:\n  expected ${JSON.stringify(expected)}\n  shown    ${JSON.stringify(actual)}`;
}
