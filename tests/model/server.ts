// The model server: plain documents, writes applied once each by their key, and answers to the GETs of every shape.

import { affected, compare, created, effectOf, entityOf, kOrigin, orderOf, pathOf, picks, queryOf, targetOf, totalsOf,
  unwrapped, wrapped, type Order, type Query, type Target } from './rules.js';
import { isDoc, jsonPatched, merged, part, withPart, type Doc, type Json } from './json.js';
import type { Shape } from './shapes.js';

export interface Answer {
  status: number;
  /** Undefined: no body. */
  json: Json | undefined;
}

/** A write as it arrives: the key names it, however often it comes. */
export interface Arrival {
  key: string;
  method: string;
  url: string;
  /** The body: parsed if it is JSON. */
  body: Json | undefined;
  type: BodyType;
}

export type BodyType = 'json' | 'json-patch' | 'text';

/** How the server takes a write. `applied-503` is applied, and then the server fails. */
export type How = 'document' | 'empty' | '422' | '503' | 'applied-503';

interface Row {
  document: Doc;
  /** Its place among rows that are equal in order: the oldest comes first. */
  seq: number;
}

export class Server {
  readonly #rows = new Map<string, Row>();
  /** Answers to the writes that were applied, by their keys. */
  readonly #answers = new Map<string, Answer>();
  readonly #cursors: Row[] = [];
  /** Grows with every change. */
  revision = 0;
  #seq = 0;

  constructor(private readonly shape: Shape) {}

  /** Other people's change. Null deletes; a patch of what isn't there does nothing. */
  change(entity: string, change: { put: Doc } | { patch: Doc } | null): void {
    const before = this.#rows.get(entity);
    if (change === null) this.#delete(entity);
    else if ('put' in change) this.#put(entity, change.put);
    else if (before) this.#put(entity, merged(before.document, change.patch) as Doc);
  }

  // --- Writes ---------------------------------------------------------------------------------------------------

  take(write: Arrival, how: How, at: number): Answer {
    const before = this.#answers.get(write.key);
    if (before) return how === '503' || how === 'applied-503' ? { status: 503, json: undefined } : before;
    if (how === '422') return { status: 422, json: { title: 'not like this' } };
    if (how === '503') return { status: 503, json: undefined };
    const answer = this.#apply(write, at);
    const told = how === 'empty' && answer.status < 300 ? { status: 204, json: undefined } : answer;
    this.#answers.set(write.key, told);
    return how === 'applied-503' ? { status: 503, json: undefined } : told;
  }

  #apply({ method, url, body, type }: Arrival, at: number): Answer {
    const { resource } = this.shape;
    const target = targetOf(resource, url);
    const sent = type === 'json' ? unwrapped(resource, body) : undefined;
    if (target.kind === 'list') {
      const entity = entityOf(resource, sent);
      if (entity === undefined || !isDoc(sent)) return { status: 422, json: { title: 'no document' } };
      if (this.#rows.has(entity)) return { status: 409, json: { title: 'exists' } };
      return this.#put(entity, created(resource, sent, { at, url: `${kOrigin}${pathOf(url)}/${encodeURIComponent(entity)}`, body }), 201);
    }
    if (target.kind === 'none') return { status: 404, json: { title: 'no such path' } };
    return this.#applyToItem(target, { method, url, body, type }, sent, at);
  }

  #applyToItem(target: Target & { kind: 'item' }, { method, url, body, type }: Omit<Arrival, 'key'>, sent: Json | undefined, at: number): Answer {
    const { resource } = this.shape;
    const { entity, sub } = target;
    const before = this.#rows.get(entity)?.document;
    const merges = method === 'PATCH' || resource.put === 'merge';
    if (sub === null && method === 'PUT' && !merges && isDoc(sent)) return this.#put(entity, this.#named(entity, sent, before));
    if (!before) return { status: 404, json: { title: 'gone' } };
    if (sub !== null) {
      const effect = effectOf(resource, method, sub);
      const document = effect ? affected(effect, before, { at, url: kOrigin + pathOf(url), body }) : { ...before, touched: sub };
      return this.#put(entity, document as Doc);
    }
    if (method === 'DELETE') return this.#delete(entity);
    if (type === 'json-patch') return this.#put(entity, jsonPatched(before, body));
    return this.#put(entity, isDoc(sent) ? merged(before, sent) as Doc : before);
  }

  /** A document that leaves its id out keeps the one that it had, or gets that of its URL. */
  #named(entity: string, document: Doc, before: Doc | undefined): Doc {
    const { resource } = this.shape;
    if (resource.singleton || entityOf(resource, document) !== undefined) return document;
    const pointer = resource.id ?? 'id';
    return withPart(document, pointer, part(before, pointer) ?? entity) as Doc;
  }

  /** `rev` tells one state of a document from every other, as only the server can. */
  #put(entity: string, document: Doc, status = 200): Answer {
    this.revision += 1;
    const row = { document: { ...document, rev: this.revision }, seq: this.#rows.get(entity)?.seq ?? ++this.#seq };
    this.#rows.set(entity, row);
    return { status, json: wrapped(this.shape.resource, row.document) };
  }

  #delete(entity: string): Answer {
    const last = this.#rows.get(entity);
    this.revision += 1;
    this.#rows.delete(entity);
    return { status: 200, json: last ? wrapped(this.shape.resource, last.document) : undefined };
  }

  // --- Reads ----------------------------------------------------------------------------------------------------

  get(url: string): Answer {
    const { resource } = this.shape;
    const target = targetOf(resource, url);
    if (target.kind === 'list') return { status: 200, json: this.#list(target, url) };
    const row = target.kind === 'item' && target.sub === null ? this.#rows.get(target.entity) : undefined;
    return row ? { status: 200, json: wrapped(resource, row.document) } : { status: 404, json: { title: 'not found' } };
  }

  #list(target: Target & { kind: 'list' }, url: string): Json {
    const { list } = target;
    const query = queryOf(list, url);
    const undeclared = this.shape.server.order === undefined ? null : orderOf(this.shape.server.order);
    const order = query.order ?? undeclared ?? [];
    const rows = [...this.#rows.values()].filter(({ document }) => this.#isIn(target, query, url, document))
      .sort((a, b) => compare(order, a.document, b.document) || a.seq - b.seq);
    const { shown, next } = this.#page(list.page && 'cursor' in list.page ? list.page.cursor : null, query, rows, order, url);
    let json = withPart({}, list.rows ?? '', this.shape.server.keyed ? this.#keyed(shown) : shown.map(({ document }) => document));
    for (const total of totalsOf(list)) json = withPart(json, total, rows.length);
    return next !== undefined && list.page && 'next' in list.page ? withPart(json, list.page.next, next) : json;
  }

  #isIn({ list, params }: Target & { kind: 'list' }, query: Query, url: string, document: Doc): boolean {
    const { feed, picks: more = {} } = this.shape.server;
    if (list.members === 'server' && feed && !feed(document)) return false;
    const given = new URL(url, kOrigin).searchParams;
    return picks(list, query, params, document)
      && query.unknown.every((name) => more[name]?.(document, given.get(name) ?? '') ?? true);
  }

  /** `next`: null on the last page, undefined where there is none to tell. */
  #page(parameter: string | null, { page }: Query, rows: Row[], order: Order, url: string): { shown: Row[]; next?: Json } {
    if (!page) return { shown: rows };
    if (parameter === null) return { shown: rows.slice(page.offset, page.offset + page.size) };
    const limit = new URL(url, kOrigin).searchParams.get('limit');
    const size = Number(limit ?? this.shape.server.size);
    const from = page.cursor === null ? undefined : this.#cursors[Number(page.cursor.slice(1))];
    const behind = rows.filter((row) => !from || (compare(order, row.document, from.document) || row.seq - from.seq) > 0);
    const shown = behind.slice(0, size);
    const last = shown.at(-1);
    if (behind.length <= size || !last) return this.shape.server.nextUrl ? { shown } : { shown, next: null };
    const cursor = `c${this.#cursorAt(last)}`;
    if (!this.shape.server.nextUrl) return { shown, next: cursor };
    const next = new URL(url, kOrigin);
    next.searchParams.set(parameter, cursor);
    return { shown, next: next.pathname + next.search };
  }

  /** The same place has the same cursor, so that a page keeps its URL. */
  #cursorAt(row: Row): number {
    const known = this.#cursors.findIndex(({ document, seq }) => document === row.document && seq === row.seq);
    return known >= 0 ? known : this.#cursors.push(row) - 1;
  }

  #keyed(rows: Row[]): Doc {
    return Object.fromEntries(rows.map(({ document }) => [entityOf(this.shape.resource, document) ?? '', document]));
  }
}
