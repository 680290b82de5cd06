// The ideal client: what has been told and what was written, as they happened, and from them, recomputed from nothing
// at every read, what is shown. Written from docs/reads.md alone.

import type { BodyType } from './server.js';
import { affected, created, effectOf, entityOf, kOrigin, pathOf, rowsOf, targetOf, unwrapped, wrapped } from './rules.js';
import { isDoc, jsonPatched, merged, part, withPart, type Doc, type Json } from './json.js';
import type { ResourceConfig } from '../../js/protocol/config.js';

export interface Write {
  id: string;
  method: string;
  url: string;
  body: Json | undefined;
  type: BodyType;
  /** When the person acted. Milliseconds. */
  at: number;
}

/** An answer to a read that is remembered: the last one of its URL, by when its request left. */
export interface Kept {
  url: string;
  json: Json;
  requestedAt: number;
  /** Pages that were asked for together, and so are of one state of the server. */
  batch: number;
}

/** Null: it is gone. Undefined: nothing is known of it. */
export type Known = Doc | null | undefined;

interface Told {
  document: Known;
  at: number;
}

export interface Shown {
  document: Known;
  /** What it was made from: the confirmed document, and when that was told. */
  base: Told;
  /** It has no being of its own, but changes the confirmed document. */
  rests: boolean;
  /** Pending writes, and how many of them show anything. */
  pending: number;
  visible: number;
}

export interface Expected {
  status: number;
  json: Json | undefined;
  /** The server has just said that it isn't there: that may be shown as well (see `item`). */
  maybeGone?: boolean;
  /** Bounds of Holdfast-Pending; null: nothing is said about it. */
  pending: [number, number] | null;
}

export class Ideal {
  #pending: Write[] = [];
  /** The last word on an entity in an answer to one of the user's own writes. */
  readonly #own = new Map<string, Told>();
  /** When a write of the entity was last confirmed. */
  readonly #confirmedAt = new Map<string, number>();
  readonly #kept = new Map<string, Kept>();

  constructor(readonly resource: ResourceConfig) {}

  // --- What happens ---------------------------------------------------------------------------------------------

  write(write: Write): void {
    this.#pending.push(write);
  }

  /** A write was confirmed; `json` is its answer's body, undefined if it had none. */
  confirmed(id: string, json: Json | undefined, at: number): void {
    const write = this.#pending.find((pending) => pending.id === id);
    if (!write) return;
    const entity = this.entityOf(write);
    const before = this.base(entity);
    this.#pending = this.#pending.filter((pending) => pending !== write);
    this.#confirmedAt.set(entity, at);
    const document = this.#afterConfirmed(write, entity, json, before.document);
    // A change of what was never seen, confirmed without a word: still nothing is known.
    if (document !== undefined) this.#own.set(entity, { document, at });
  }

  /** Where the answer has no document, the write itself tells what has become of it. docs/reads.md doesn't say so. */
  #afterConfirmed(write: Write, entity: string, json: Json | undefined, before: Known): Known {
    const { resource } = this;
    const told = write.method === 'DELETE' && this.#sub(write) === null ? undefined : unwrapped(resource, json);
    const names = isDoc(told) && (resource.singleton ? part(json, resource.envelope ?? '') !== undefined : entityOf(resource, told) === entity);
    return names ? told : this.#applied(write, entity, before).document;
  }

  /** A write was refused for good: it waits in the inbox and shows nothing. */
  setAside(id: string): void {
    this.#pending = this.#pending.filter((pending) => pending.id !== id);
  }

  /** An answer counts from the moment its request left, so an older one that comes late replaces nothing. */
  keep(kept: Kept): void {
    const last = this.#kept.get(kept.url);
    if (!last || last.requestedAt < kept.requestedAt) this.#kept.set(kept.url, kept);
  }

  kept(url: string): Kept | undefined {
    return this.#kept.get(url);
  }

  /** What else is remembered of the same path: other pages of the list, and other queries. */
  beside(url: string): Kept[] {
    return [...this.#kept.values()].filter((other) => other.url !== url && pathOf(other.url) === pathOf(url));
  }

  // --- What is known of one entity --------------------------------------------------------------------------------

  entityOf(write: Write): string {
    const target = targetOf(this.resource, write.url);
    if (target.kind === 'item') return target.entity;
    const sent = write.type === 'json' ? unwrapped(this.resource, write.body) : undefined;
    return entityOf(this.resource, sent) ?? write.id;
  }

  #sub(write: Write): string | null {
    const target = targetOf(this.resource, write.url);
    return target.kind === 'item' ? target.sub : null;
  }

  /** The entities that a read must look at: those with pending writes, or with some that were confirmed since. In the
   *  order in which they are put beside each other where the order of the list makes no difference between them:
   *  what was confirmed first, then by the oldest pending write. docs/reads.md doesn't say so. */
  touchedSince(requestedAt: number): string[] {
    const pending = [...new Set(this.#pending.map((write) => this.entityOf(write)))];
    const since = [...this.#confirmedAt].filter(([entity, at]) => at > requestedAt && !pending.includes(entity));
    return [...since.sort((a, b) => a[1] - b[1]).map(([entity]) => entity), ...pending];
  }

  /** The newest of what own writes, items and lists have told. `more` are answers that count besides those kept. */
  base(entity: string, more: readonly Kept[] = []): Told {
    let best: Told = this.#own.get(entity) ?? { document: undefined, at: -Infinity };
    for (const kept of [...this.#kept.values(), ...more]) {
      if (kept.requestedAt <= best.at) continue;
      const document = this.#in(kept, entity);
      if (document !== undefined) best = { document, at: kept.requestedAt };
    }
    return best;
  }

  #in(kept: Kept, entity: string): Doc | undefined {
    const target = targetOf(this.resource, kept.url);
    let found: Json | undefined;
    if (target.kind === 'item' && target.entity === entity) found = unwrapped(this.resource, kept.json);
    if (target.kind === 'list') found = rowsOf(target.list, kept.json).find((row) => entityOf(this.resource, row) === entity);
    return isDoc(found) ? found : undefined;
  }

  /** The confirmed document with the pending writes applied in order. */
  shown(entity: string, more: readonly Kept[] = []): Shown {
    const base = this.base(entity, more);
    const shown: Shown = { document: base.document, base, rests: true, pending: 0, visible: 0 };
    for (const write of this.#pending) {
      if (this.entityOf(write) !== entity) continue;
      const { document, visible } = this.#applied(write, entity, shown.document);
      shown.pending += 1;
      if (!visible) continue;
      shown.visible += 1;
      if (this.#sub(write) === null && !this.#merges(write)) shown.rests = false;
      shown.document = document;
    }
    return shown;
  }

  #merges({ method }: Write): boolean {
    return method === 'PATCH' || (method === 'PUT' && this.resource.put === 'merge');
  }

  /** The table in docs/reads.md, line by line. */
  #applied(write: Write, entity: string, before: Known): { document: Known; visible: boolean } {
    const { resource } = this;
    const { method, at, body } = write;
    const nothing = { document: before, visible: false };
    const target = targetOf(resource, write.url);
    const url = kOrigin + pathOf(write.url);
    if (target.kind === 'item' && target.sub !== null) {
      const effect = effectOf(resource, method, target.sub);
      return effect && before ? { document: affected(effect, before, { at, url, body }) as Doc, visible: true } : nothing;
    }
    if (method === 'DELETE') return { document: null, visible: true };
    if (write.type === 'json-patch') return before && !resource.envelope ? { document: jsonPatched(before, body), visible: true } : nothing;
    const sent = write.type === 'json' ? unwrapped(resource, body) : undefined;
    if (!isDoc(sent)) return nothing;
    if (method === 'POST') {
      const making = { at, url: `${url}/${encodeURIComponent(entity)}`, body };
      return { document: created(resource, sent, making), visible: true };
    }
    if (this.#merges(write)) return before ? { document: merged(before, sent) as Doc, visible: true } : nothing;
    const pointer = resource.id ?? 'id';
    if (resource.singleton || entityOf(resource, sent) !== undefined) return { document: sent, visible: true };
    return { document: withPart(sent, pointer, part(before ?? undefined, pointer) ?? entity) as Doc, visible: true };
  }

  get pending(): number {
    return this.#pending.length;
  }

  // --- An item ----------------------------------------------------------------------------------------------------

  /**
   * @param answer the network's, null if it is silent
   * @returns null: nothing is known, and the read fails as it would without holdfast
   */
  item(url: string, answer: { status: number; json: Json | undefined } | null, requestedAt: number): Expected | null {
    const target = targetOf(this.resource, url);
    if (target.kind !== 'item') throw new Error(`${url} is no item.`);
    const { entity } = target;
    const untouched = answer ? { ...answer, pending: null } : null;
    if (answer && !this.touchedSince(requestedAt).includes(entity)) return untouched;
    const kept = this.#kept.get(url);
    if (!answer && kept && !this.touchedSince(kept.requestedAt).includes(entity)) return { status: 200, json: kept.json, pending: [0, 0] };
    const more = answer?.status === 200 && answer.json !== undefined ? [{ url, json: answer.json, requestedAt, batch: 0 }] : [];
    const { document, base, rests, pending, visible } = this.shown(entity, more);
    if (document === undefined) return untouched;
    if (document === null) return { status: 404, json: undefined, pending: [visible, pending] };
    // An answer that isn't 200 is not remembered, and what it says of an entity with changes that are not confirmed
    // yet is not told by docs/reads.md: either is right.
    const maybeGone = answer?.status === 404 && rests && base.at <= requestedAt;
    return { status: 200, json: wrapped(this.resource, document), maybeGone, pending: maybeGone ? null : [visible, pending] };
  }
}
