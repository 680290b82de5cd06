// What the messages of an app's own server say, by its declaration (docs/live.md). What can't be read is never passed
// over: whatever it may have been about is read again.

import type { HoldfastConfig, LiveConfig, ResourceConfig } from '../protocol/config';
import type { ChangeRule, LiveChange, LiveFormat } from '../protocol/live-format';
import { isTooDeep, parse } from './kept';
import { idOf, isRecord, part } from './list';
import { parsePointer } from './pointer';

/** A change as the feed has it (docs/protocol.md). */
export interface FeedChange {
  resource: string;
  id: string;
  version: number;
  kind: 'upsert' | 'delete';
  document: object | null;
}

/** What is to be read again: an entity and the lists of its resource, or all of it. */
export interface Stale {
  resource: string;
  id: string | null;
}

export interface Told {
  /** Of the message, as far as it has one. */
  kind: string | null;
  changes: FeedChange[];
  stale: Stale[];
  /** What couldn't be read, for whoever runs the app. */
  problem: string | null;
}

type Resources = HoldfastConfig['resources'];

/** The resources that the server tells the changes of. */
export function coveredBy(live: LiveConfig, resources: Resources): string[] {
  return live.resources ?? Object.keys(resources);
}

export class Format {
  readonly #kind: string[] | null;

  /** @param covered the resources that the server tells the changes of */
  constructor(private readonly format: LiveFormat, private readonly resources: Resources, private readonly covered: readonly string[]) {
    this.#kind = format.kind === undefined ? null : parsePointer(format.kind);
  }

  /** @param event a server-sent event's name */
  read(data: string, event?: string): Told {
    const message = parse(data);
    const named = this.#kind ? part(message, this.#kind) : event;
    const kind = typeof named === 'string' || typeof named === 'number' ? String(named) : null;
    const told: Told = { kind, changes: [], stale: [], problem: null };
    const { read, changes } = this.format;
    try {
      const all = read ? asList(read(data, event))
        : kind !== null && changes && Object.hasOwn(changes, kind) ? changesOf(message, changes[kind]!) : [];
      for (const change of all) this.#add(change, told);
    } catch (error) {
      told.problem = error instanceof Error ? error.message : String(error);
      const resource = read || kind === null ? undefined : changes?.[kind]?.resource;
      told.stale = (resource === undefined ? this.covered : [resource]).map((name) => ({ resource: name, id: null }));
    }
    return told;
  }

  /** @throws Error for what is no change */
  #add(change: unknown, told: Told): void {
    if (!isRecord(change)) throw new Error('a change must be an object with a `resource`');
    const { resource, document, deleted, partial, version = 0 } = change as Partial<LiveChange>;
    const declared = typeof resource === 'string' && this.covered.includes(resource) ? this.resources[resource] : undefined;
    if (resource === undefined || !declared) throw new Error(`'${String(resource)}' is no resource that the link covers`);
    if (document !== undefined && !isRecord(document)) throw new Error('`document` must be an object');
    if (!Number.isSafeInteger(version) || version < 0) throw new Error('`version` must be a whole number');
    const id = declared.singleton ? '' : idIn(change.id, document, declared);
    const whole = document !== undefined && partial !== true && !isTooDeep(document);
    if (id === null || (!deleted && !whole)) told.stale.push({ resource, id });
    else told.changes.push({ resource, id, version, kind: deleted ? 'delete' : 'upsert', document: deleted ? null : document! });
  }
}

/**
 * @returns null where nothing says which entity it is; so does an id that lacks those of the entities above it
 * @throws Error for what is no id
 */
function idIn(id: unknown, document: unknown, { id: declared = 'id', path }: ResourceConfig): string | null {
  if (id === undefined && document === undefined) return null;
  const text = idOf({ id: id ?? part(document, parsePointer(declared)) }, ['id']);
  if (text === '') throw new Error('it has no id: a text or a number is expected');
  const parameters = path.match(/\/:/g)?.length ?? 0;
  return parameters > 1 && text.split('/').length !== parameters ? null : text;
}

function asList(value: unknown): readonly unknown[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw new Error('`read` must return an array of changes, or null');
  return value;
}

/** @throws Error for what isn't where it was declared to be */
function changesOf(message: unknown, rule: ChangeRule): LiveChange[] {
  const at = (pointer: string): unknown => part(message, parsePointer(pointer));
  const found = (name: 'document' | 'id'): unknown[] | null => {
    const pointer = rule[name];
    if (pointer === undefined) return null;
    const value = at(pointer);
    if (value === undefined || value === null) throw new Error(`it has nothing at '${pointer}', which is declared as \`${name}\``);
    return asArray(value);
  };
  const deleted = rule.deleted === true || (rule.deleted !== undefined && isThere(at(rule.deleted)));
  const ids = found('id');
  // Of what was deleted servers often have no document any more.
  const documents = deleted && ids ? null : found('document');
  if (ids && documents && ids.length !== documents.length) throw new Error(`it has ${documents.length} documents and ${ids.length} ids`);
  const versions = rule.version === undefined ? [] : asArray(at(rule.version));
  return (documents ?? ids ?? [null]).map((_, i) => ({
    resource: rule.resource, deleted, partial: rule.partial === true,
    ...(ids && { id: ids[i] as string }), ...(documents && { document: documents[i] as object }),
    ...(typeof versions[i] === 'number' && { version: versions[i] }),
  }));
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value as unknown[] : [value];
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}
