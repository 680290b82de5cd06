// What the messages of an app's own server say, by its declaration (docs/live.md). What can't be read is never passed
// over: whatever it may have been about is read again.

import type { HoldfastConfig, LiveConfig, ResourceConfig } from '../protocol/config';
import type { LiveChange, LiveFormat, LiveRule, LiveSignal, Said } from '../protocol/live-format';
import { isTooDeep, parse } from './kept';
import { idOf, isRecord, part } from './list';
import { found, parsePointer } from './pointer';

/** A change as the feed has it (docs/protocol.md). */
export interface FeedChange {
  resource: string;
  id: string;
  version: number;
  kind: 'upsert' | 'delete';
  document: object | null;
  key?: string;
}

/** What is to be read again: an entity and the lists of its resource, or all of it. */
export interface Stale {
  resource: string;
  id: string | null;
}

/** Of server-sent events. */
export interface EventOf {
  name: string;
  id?: string;
}

export interface Told {
  /** Of the message, as far as it has one. */
  kind: string | null;
  changes: FeedChange[];
  stale: Stale[];
  signal?: LiveSignal;
  /** What it wants to be answered. */
  answer?: Said;
  /** The server's own. */
  cursor?: string | number;
  /** Why it couldn't be understood, for whoever runs the app; what it may be about is among `stale`. */
  problem: string | null;
}

/** A change as it was found; of a part of a document. */
type Found = LiveChange & { partial?: boolean };
type Resources = HoldfastConfig['resources'];

/** In the place of a pointer: the server's cursor is what server-sent events have as their ids. */
export const kEventIds = 'Last-Event-ID';

/** The resources that the server tells the changes of. */
export function coveredBy(live: LiveConfig, resources: Resources): string[] {
  return live.resources ?? Object.keys(resources);
}

/** How many ids lead to an entity: of all that lie above it, and its own. */
export function idsOf({ path, singleton }: ResourceConfig): number {
  return singleton ? 0 : path.match(/\/:/g)?.length ?? 0;
}

export class Format {
  /** @param covered the resources that the server tells the changes of */
  constructor(private readonly format: LiveFormat, private readonly resources: Resources, private readonly covered: readonly string[]) {}

  /** Whether the server says by itself when it has begun. */
  get awaitsReady(): boolean {
    return Object.values(this.format.kinds ?? {}).includes('ready');
  }

  get all(): Stale[] {
    return this.covered.map((resource) => ({ resource, id: null }));
  }

  read(data: string, event?: EventOf): Told {
    const message = parse(data);
    const cursor = this.#cursorIn(message, event);
    const told: Told = { kind: this.#kindOf(data, message, event), changes: [], stale: [], problem: null, ...(cursor !== undefined && { cursor }) };
    let about = this.all;
    try {
      const own = this.format.read?.(data, event?.name) ?? null;
      const rule = own === null ? this.#ruleOf(told.kind) : null;
      if (typeof rule === 'string') return { ...told, signal: rule, ...(rule === 'gap' && { stale: about }) };
      if (rule !== null && 'answer' in rule) return { ...told, answer: rule.answer };
      if (rule !== null) about = [{ resource: rule.resource, id: null }];
      for (const change of rule === null ? asList(own) : changesOf(message, rule)) this.#add(change, told);
    } catch (error) {
      told.problem = error instanceof Error ? error.message : String(error);
      told.stale = about;
    }
    return told;
  }

  #kindOf(data: string, message: unknown, event: EventOf | undefined): string | null {
    const { kind } = this.format;
    if (kind === undefined && event) return event.name;
    if (typeof message !== 'object' || message === null) return data;
    const texts = kind === undefined ? [] : [kind].flat().map((pointer) => found(message, pointer))
      .filter((text) => typeof text === 'string' || typeof text === 'number');
    return texts.length > 0 ? texts.join(' ') : null;
  }

  /** @throws Error for what nothing is said about */
  #ruleOf(kind: string | null): LiveRule | LiveSignal | { answer: Said } {
    const { kinds = {} } = this.format;
    const rule = kind !== null && Object.hasOwn(kinds, kind) ? kinds[kind] : kinds['*'];
    if (rule !== undefined) return rule;
    throw new Error(kind === null ? 'it doesn\'t say of which kind it is where live.format.kind looks for that: correct it, or declare live.format.kinds[\'*\']'
      : `live.format.kinds has no '${kind.slice(0, 40)}': say there what it means, or '*': 'ignore' if no further kind tells a change`);
  }

  #cursorIn(message: unknown, event: EventOf | undefined): string | number | undefined {
    const { cursor } = this.format;
    const value = cursor === undefined ? undefined : cursor === kEventIds ? event?.id : found(message, cursor);
    return (typeof value === 'string' && value !== '') || typeof value === 'number' ? value : undefined;
  }

  /** @throws Error for what is no change */
  #add(change: unknown, told: Told): void {
    if (!isRecord(change)) throw new Error('a change must be an object with a `resource`');
    const { resource, document, deleted, partial, version = 0, key } = change as Partial<Found>;
    const declared = typeof resource === 'string' && this.covered.includes(resource) ? this.resources[resource] : undefined;
    if (resource === undefined || !declared) throw new Error(`'${String(resource)}' is no resource that the link covers`);
    if (document !== undefined && !isRecord(document)) throw new Error('`document` must be an object');
    if (!Number.isSafeInteger(version) || version < 0) throw new Error('`version` must be a whole number');
    const id = idIn(change.id, document, declared);
    if (id === null && deleted) throw new Error('it says that something is gone, and not what: `id` is missing');
    const whole = document !== undefined && partial !== true && !isTooDeep(document);
    if (id === null || (!deleted && !whole)) told.stale.push({ resource, id });
    else told.changes.push({ resource, id, version, kind: deleted ? 'delete' : 'upsert', document: deleted ? null : document!, ...(typeof key === 'string' && { key }) });
  }
}

/**
 * @returns as the feed has it: those of the entities above it before its own; null where nothing says which entity it is
 * @throws Error for what is no id
 */
function idIn(id: unknown, document: unknown, declared: ResourceConfig): string | null {
  const count = idsOf(declared);
  if (count === 0) return '';
  if (id === undefined && document === undefined) return null;
  const ids = [id ?? part(document, parsePointer(declared.id ?? 'id'))].flat().map((one) => idOf({ one }, ['one']));
  if (ids.includes('')) throw new Error('it has no id: a text or a number is expected');
  if (ids.length !== count) throw new Error(`it has ${ids.length} ids, and the path of the resource has ${count}`);
  return count === 1 ? ids[0]! : ids.map((one) => one.replace(/[%/]/g, encodeURIComponent)).join('/');
}

function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('live.format.read must return an array of changes, or null');
  return value;
}

/** @throws Error for what isn't where it was declared to be */
function changesOf(message: unknown, { resource, document, id, deleted, partial, version, key }: LiveRule): Found[] {
  const at = (pointer: string | undefined): unknown[] => (pointer === undefined ? [] : [found(message, pointer)].flat());
  const each = (pointer: string, what: string): unknown[] => {
    const all = at(pointer);
    if (all.every((one) => one === undefined || one === null)) throw new Error(`it has nothing at '${pointer}', which is declared as \`${what}\``);
    return all;
  };
  const ids = id === undefined ? null : together([id].flat().map((pointer) => each(pointer, 'id')));
  const flags = deleted === true ? [true] : at(deleted);
  const isGone = (i: number): boolean => isThere(nth(flags, i));
  // Of what was deleted servers often have no document any more.
  const documents = document === undefined || ids?.every((_, i) => isGone(i)) ? null : each(document, 'document');
  if (ids && documents && ids.length !== documents.length) throw new Error(`it has ${documents.length} documents and ${ids.length} ids`);
  const versions = at(version);
  const [own] = at(key);
  return (documents ?? ids ?? [null]).map((_, i) => ({
    resource, deleted: isGone(i), partial: partial === true,
    ...(ids && { id: ids[i]! }), ...(documents && { document: documents[i] as object }),
    ...(isThere(nth(versions, i)) && { version: nth(versions, i) as number }), ...(typeof own === 'string' && { key: own }),
  }));
}

/** What is said once is said of all. */
function nth(all: unknown[], i: number): unknown {
  return all.length === 1 ? all[0] : all[i];
}

/** The ids of each entity, of which several may lie below the same one. */
function together(columns: unknown[][]): (string | number)[][] {
  const count = Math.max(...columns.map((ids) => ids.length));
  return Array.from({ length: count }, (_, i) => columns.map((ids) => nth(ids, i) as string));
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}
