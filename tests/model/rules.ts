// What the declarations mean (docs/reads.md, js/protocol/config.ts), as plain functions: effects, filters, order, pages.
// The model server and the ideal client both live by them.

import type { Declared, Filter, ListConfig, Made, ResourceConfig } from '../../js/protocol/config.js';
import { compareTexts, isDoc, merged, part, withPart, type Doc, type Json } from './json.js';

export const kOrigin = 'https://app.example';

// --- Where a URL leads ----------------------------------------------------------------------------------------

export type Params = Record<string, string>;

export type Target =
  | { kind: 'item'; entity: string; sub: string | null }
  | { kind: 'list'; name: string; list: ListConfig; params: Params }
  | { kind: 'none' };

/** The template's parameters if it fits the beginning of the path; `rest` is what is left behind it. */
function fit(template: string, path: string): { params: Params; last: string; rest: string[] } | null {
  const wanted = template.split('/');
  const given = path.split('/');
  if (given.length < wanted.length) return null;
  const params: Params = {};
  let last = '';
  for (const [i, segment] of wanted.entries()) {
    last = decodeURIComponent(given[i] ?? '');
    if (!segment.startsWith(':')) {
      if (segment !== given[i]) return null;
    } else if (last === '') return null;
    else params[segment.slice(1)] = last;
  }
  return { params, last, rest: given.slice(wanted.length) };
}

export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}

const kPlain: ListConfig = {};

/** The lists of a resource by their paths, its own collection first. */
export function listsOf(resource: ResourceConfig): [string, ListConfig][] {
  const own = resource.path.slice(0, resource.path.lastIndexOf('/'));
  const more = Object.entries(resource.lists ?? {});
  return resource.singleton ? more : [[own, resource.list ?? kPlain], ...more];
}

/** A function of a declaration and a URL that remembers what it has found: a run of histories asks the same a million times. */
function remembered<D extends object, T>(find: (declared: D, url: string) => T): (declared: D, url: string) => T {
  const found = new WeakMap<D, Map<string, T>>();
  return (declared, url) => {
    let known = found.get(declared);
    if (!known) found.set(declared, known = new Map());
    let value = known.get(url);
    if (value === undefined) known.set(url, value = find(declared, url));
    return value;
  };
}

export const targetOf = remembered(findTarget);

/** A list's path wins over an item's: `/api/articles/feed` is no article. */
function findTarget(resource: ResourceConfig, url: string): Target {
  const path = pathOf(url);
  for (const [name, list] of listsOf(resource)) {
    const found = fit(name, path);
    if (found && found.rest.length === 0) return { kind: 'list', name, list, params: found.params };
  }
  for (const template of [resource.path, ...(resource.items ?? [])]) {
    const found = fit(template, path);
    if (!found) continue;
    return { kind: 'item', entity: resource.singleton ? '' : found.last, sub: found.rest.length > 0 ? found.rest.join('/') : null };
  }
  return { kind: 'none' };
}

/** The entity that a document names, as it stands in URLs. */
export function entityOf(resource: ResourceConfig, document: Json | undefined): string | undefined {
  const id = part(document, resource.id ?? 'id');
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

/** The document in an answer or a body: the part under the envelope, or else the whole. */
export function unwrapped(resource: ResourceConfig, json: Json | undefined): Json | undefined {
  return (resource.envelope === undefined ? undefined : part(json, resource.envelope)) ?? json;
}

export function wrapped(resource: ResourceConfig, document: Json): Json {
  return resource.envelope === undefined ? document : withPart({}, resource.envelope, document);
}

// --- What is made up ------------------------------------------------------------------------------------------

export interface Making {
  /** Milliseconds; what `now` stands for. */
  at: number;
  /** The item's own URL. */
  url: string;
  /** The write's whole JSON body. */
  body: Json | undefined;
}

/** A declared document or effect with its made values filled in, as a merge patch. Members with nothing given are left out. */
export function made(declared: Declared, before: Json | undefined, making: Making): Json | undefined {
  if (Array.isArray(declared)) return declared.map((item) => made(item, undefined, making) ?? null);
  if (typeof declared !== 'object' || declared === null) return declared;
  if ('$holdfast' in declared) {
    const value = declared as Made;
    if (value.$holdfast === 'now') return new Date(making.at).toISOString();
    if (value.$holdfast === 'url') return making.url;
    if (value.$holdfast === 'increment') return (typeof before === 'number' ? before : 0) + value.by;
    return part(making.body, value.at);
  }
  const result: Doc = {};
  for (const [name, value] of Object.entries(declared)) {
    const filled = made(value, isDoc(before) ? before[name] : undefined, making);
    if (filled !== undefined) result[name] = filled;
  }
  return result;
}

/** A created document: the body's over the declared defaults. */
export function created(resource: ResourceConfig, document: Doc, making: Making): Doc {
  return { ...(made(resource.defaults ?? {}, undefined, making) as Doc), ...document };
}

/** The declared effect of a write to a sub-path, if it has one. */
export function effectOf(resource: ResourceConfig, method: string, sub: string): Record<string, Declared> | undefined {
  const { actions = {} } = resource;
  return actions[`${method} ${sub}`] ?? (method === 'POST' ? actions[sub] : undefined);
}

export function affected(effect: Record<string, Declared>, document: Json, making: Making): Json {
  return merged(document, made(effect, document, making) ?? {});
}

// --- What a query string asks for -----------------------------------------------------------------------------

export type Order = { field: string; down: boolean }[];

export interface Page {
  /** Rows before it, where that can be counted. */
  offset: number;
  size: number;
  cursor: string | null;
}

type PlainFilter = Exclude<Filter, string | { reader: unknown }>;

export interface Query {
  filters: { filter: PlainFilter; values: string[] }[];
  /** Null: no order is declared. */
  order: Order | null;
  page: Page | null;
  /** Parameters whose meaning is not declared. */
  unknown: string[];
}

export function orderOf(sort: string | string[], turned = false): Order {
  return [sort].flat().map((field) => {
    const down = field.startsWith('-');
    return { field: down ? field.slice(1) : field, down: down !== turned };
  });
}

export const queryOf = remembered(readQuery);

function readQuery(list: ListConfig, url: string): Query {
  const given = new URL(url, kOrigin).searchParams;
  const known = new Set(list.ignore ?? []);
  const take = (name: string | undefined): string | null => {
    if (name === undefined) return null;
    known.add(name);
    return given.get(name);
  };
  const filters: Query['filters'] = [];
  for (const [name, filter] of Object.entries(list.filter ?? {})) {
    known.add(name);
    const values = given.getAll(name).flatMap((value) => value.split(','));
    if (typeof filter !== 'string' && 'reader' in filter) throw new Error('No shape has a filter that depends on the reader.');
    if (given.has(name)) filters.push({ filter: typeof filter === 'string' ? { field: filter, is: 'equal' } : filter, values });
  }
  const chosen = take(list.sortBy?.parameter);
  const turned = take(list.sortBy?.direction) === 'desc';
  const sort = chosen?.split(',') ?? list.sort;
  const page = pageOf(list, take);
  const unknown = [...new Set(given.keys())].filter((name) => !known.has(name));
  return { filters, order: sort === undefined ? null : orderOf(sort, turned), page, unknown };
}

/** Null: the answer is the whole list, since nothing says how long a page would be. */
function pageOf({ page }: ListConfig, take: (name: string | undefined) => string | null): Page | null {
  if (!page) return null;
  if ('cursor' in page) return { offset: 0, size: 0, cursor: take(page.cursor) };
  const position = take('offset' in page ? page.offset : page.page);
  const limit = take(page.limit);
  const size = limit !== null ? Number(limit) : page.size;
  if (size === undefined) return null;
  if ('offset' in page) return { offset: Number(position ?? 0), size, cursor: null };
  const first = page.first ?? 1;
  return { offset: (Number(position ?? first) - first) * size, size, cursor: null };
}

// --- Which entities, in which order ---------------------------------------------------------------------------

function equals(value: Json | undefined, text: string): boolean {
  return (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') && String(value) === text;
}

function holdsFor(is: PlainFilter['is'], value: Json | undefined, text: string): boolean {
  if (is === 'equal') return equals(value, text);
  if (is === 'contains') return Array.isArray(value) && value.some((item) => equals(item, text));
  if (typeof value !== 'number' && typeof value !== 'string') return false;
  const numbers = typeof value === 'number' && /^-?\d+(\.\d+)?$/.test(text);
  const difference = numbers ? value - Number(text) : compareTexts(String(value), text);
  if (is === 'min') return difference >= 0;
  if (is === 'max') return difference <= 0;
  return is === 'above' ? difference > 0 : difference < 0;
}

/** Whether every filter of the query string and every `where` of the path holds for a document. */
export function picks(list: ListConfig, query: Query, params: Params, document: Json): boolean {
  return query.filters.every(({ filter, values }) => values.some((text) => holdsFor(filter.is, part(document, filter.field), text)))
    && Object.entries(list.where ?? {}).every(([name, field]) => equals(part(document, field), params[name] ?? ''));
}

function rank(value: Json | undefined): number {
  return typeof value === 'number' ? 0 : typeof value === 'string' ? 1 : 2;
}

/** Numbers come before texts, and what is missing comes last, whichever way the order runs. */
export function compare(order: Order, a: Json, b: Json): number {
  for (const { field, down } of order) {
    const left = part(a, field);
    const right = part(b, field);
    if (rank(left) !== rank(right)) return rank(left) - rank(right);
    let difference = 0;
    if (typeof left === 'number') difference = left - (right as number);
    else if (typeof left === 'string') difference = compareTexts(left, right as string);
    if (difference !== 0) return down ? -difference : difference;
  }
  return 0;
}

/** Where a row is put in: behind the rows that are equal to it. */
export function placeIn(order: Order | null, rows: Json[], row: Json): number {
  if (!order) return rows.length;
  let at = rows.length;
  while (at > 0 && compare(order, rows[at - 1] ?? null, row) > 0) at -= 1;
  return at;
}

/** The rows of a list's answer. An object keyed by id is a list that has no order. */
export function rowsOf(list: ListConfig, json: Json | undefined): Json[] {
  const rows = part(json, list.rows ?? '');
  return Array.isArray(rows) ? rows : isDoc(rows) ? Object.values(rows) : [];
}

export function totalsOf(list: ListConfig): string[] {
  return list.total === undefined ? [] : [list.total].flat();
}
