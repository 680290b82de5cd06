// How the pages of a list hang together, by what each of them says. Pure.

import { part, type ListView, type Page, type Pointer, type Stretch } from './list';

/** An answer to one page of a list. */
export interface PageRead {
  url: string;
  json: unknown;
}

/**
 * What an answer covers of its list.
 * @param kept answers that were kept for the list's path, newest first; other queries are passed over
 */
export function stretchOf(told: PageRead, view: ListView, kept: PageRead[]): Stretch {
  const { page } = view;
  if (!page) return { after: null, last: true, others: [], complete: true };
  const list = withoutPosition(told.url, page.parameter);
  const others = kept.filter(({ url }) => url !== told.url && withoutPosition(url, page.parameter) === list);
  const before = others.find((other) => follows(told, other, page));
  return {
    after: isFirst(told.url, page) ? null : rowsOf(before?.json, view).at(-1),
    last: isLast(told, view, page),
    others: others.flatMap(({ json }) => rowsOf(json, view)),
    complete: isComplete([told, ...others], view, page),
  };
}

function rowsOf(json: unknown, view: ListView): unknown[] {
  const rows = part(json, view.rows);
  return Array.isArray(rows) ? rows : [];
}

function withoutPosition(url: string, parameter: string): string {
  const parsed = new URL(url);
  parsed.searchParams.delete(parameter);
  parsed.searchParams.sort();
  return parsed.href;
}

/** Where a page begins, as its URL says; null: it doesn't. */
function positionIn(url: string, page: Page): string | null {
  return new URL(url).searchParams.get(page.parameter) || null;
}

function numberIn(url: string, page: Extract<Page, { step: number }>): number {
  const position = Number(positionIn(url, page) ?? page.first);
  return Number.isFinite(position) ? position : page.first;
}

function isFirst(url: string, page: Page): boolean {
  return 'next' in page ? positionIn(url, page) === null : numberIn(url, page) <= page.first;
}

function isLast({ url, json }: PageRead, view: ListView, page: Page): boolean {
  if ('next' in page) return cursorIn(json, page.next, page.parameter) === null;
  const count = rowsOf(json, view).length;
  const total = view.totals[0] ? part(json, view.totals[0]) : undefined;
  if (page.size === 0) return page.position === page.first && (typeof total !== 'number' || count >= total);
  const offset = ((numberIn(url, page) - page.first) / page.step) * page.size;
  return typeof total === 'number' ? offset + count >= total : count < page.size;
}

function follows(later: PageRead, earlier: PageRead, page: Page): boolean {
  if (!('next' in page)) return page.step > 0 && numberIn(later.url, page) === numberIn(earlier.url, page) + page.step;
  const cursor = positionIn(later.url, page);
  return cursor !== null && cursorIn(earlier.json, page.next, page.parameter) === cursor;
}

/** The cursor that an answer names, by itself or in a URL; null: there is no further page. */
function cursorIn(json: unknown, next: Pointer, parameter: string): string | null {
  const told = part(json, next);
  if (typeof told === 'number') return String(told);
  if (typeof told !== 'string' || told === '') return null;
  try {
    return new URL(told, 'https://any.example').searchParams.get(parameter) ?? told;
  } catch {
    return told;
  }
}

/** Whether these pages are the whole list: from the first one each has its next, up to the last. */
function isComplete(pages: PageRead[], view: ListView, page: Page): boolean {
  let at = pages.find(({ url }) => isFirst(url, page));
  for (let steps = 0; at && steps < pages.length; steps += 1) {
    const here = at;
    if (isLast(here, view, page)) return true;
    at = pages.find((other) => follows(other, here, page));
  }
  return false;
}
