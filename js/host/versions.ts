// Where documents say how new they are (`version` of a resource), none is ever taken back, whichever server an answer
// comes from: a replica that lags behind, or a cache on the way.

import type { HoldfastConfig } from '../protocol/config';
import type { DatabaseSource, KeptRead, Row, StoreName } from './database';
import { parse } from './kept';
import type { KeptReads } from './kept-reads';
import { compareVersions, idOf, isRecord, part, withPart } from './list';
import type { Engine, Routed } from './module';

interface Known {
  version: unknown;
  /** null: the user has deleted it. */
  document: unknown;
  /** When an answer to one of the user's own writes told it; null: a read did. */
  confirmedAt: number | null;
}

/** What is known of one resource's entities, by their names. */
interface Index {
  entities: Map<string, Known>;
  /** What the user's own writes were answered is in it up to this time. */
  until: number;
  /** What was known before it isn't in it: a server that came back from a backup counts lower than it did. */
  since: number;
}

/** More are not remembered beyond what is kept: then the indexes are made anew. */
const kEntitiesMax = 20_000;

type Place = Routed & { declared: true };

export class Versions {
  /** By user and resource. Made out of what is kept, at the first need of each life. */
  readonly #indexes = new Map<string, Promise<Index>>();

  constructor(
    private readonly source: DatabaseSource,
    private readonly kept: KeptReads,
    private readonly engine: () => Promise<Engine>,
    private readonly config: HoldfastConfig,
  ) {}

  has(resource: string): boolean {
    return this.config.resources[resource]?.version !== undefined;
  }

  /** What was kept has gone. */
  forget(): void {
    this.#indexes.clear();
  }

  /**
   * An answer without what is older than was told before. If it is from before a write of the user's own was confirmed,
   * its versions say so: then it counts as asked for before that (`at`), and the engine puts the change into it.
   * @returns the answer itself if nothing in it is older
   */
  async newest(read: KeptRead): Promise<KeptRead> {
    const engine = await this.engine();
    const place = engine.route(read.url);
    const json = read.status === 200 ? parse(read.text) : null;
    if (!place.declared || place.kind === 'action' || json === null) return read;
    const index = await this.#indexOf(read.user, place, (url) => engine.route(url));
    const outdated = takeIn(index, place, json);
    if (index.entities.size > kEntitiesMax) this.forget();
    const own = [...outdated.values()].flatMap(({ confirmedAt }) => confirmedAt ?? []);
    const at = Math.min(read.at, ...own.map((time) => time - 1));
    const others = new Map([...outdated].filter(([, { confirmedAt }]) => confirmedAt === null));
    return { ...read, at, text: others.size > 0 ? JSON.stringify(replaced(json, place, others)) : read.text };
  }

  async #indexOf(user: string, place: Place, routeOf: (url: string) => Routed): Promise<Index> {
    const name = JSON.stringify([user, place.resource]);
    for (;;) {
      let making = this.#indexes.get(name);
      if (!making) {
        making = this.#make(user, place.resource, routeOf);
        this.#indexes.set(name, making);
        making.catch(() => this.#indexes.delete(name));
      }
      const index = await making;
      if (await this.#takeInOwn(index, user, place)) return index;
      this.#indexes.delete(name);
    }
  }

  async #make(user: string, resource: string, routeOf: (url: string) => Routed): Promise<Index> {
    const since = anewAt(await this.source.use((db) => db.get('meta', `feed ${user}`)));
    const index: Index = { entities: new Map(), until: since, since };
    for (const { url, text, at } of await this.kept.ofResource(user, resource)) {
      if (at <= since) continue;
      const place = routeOf(url);
      const json = parse(text);
      if (place.declared && place.kind !== 'action' && json !== null) takeIn(index, place, json);
    }
    return index;
  }

  /** What the user's own writes were answered since. @returns false where the server has begun to count anew meanwhile */
  async #takeInOwn(index: Index, user: string, place: Place): Promise<boolean> {
    const since = IDBKeyRange.bound([user, place.resource, index.until], [user, place.resource, []]);
    const [feed, rows] = await this.source.use((db) => {
      const tx = db.transaction(['meta', 'documents'] as StoreName[], 'readonly');
      return Promise.all([tx.objectStore('meta').get(`feed ${user}`), tx.objectStore('documents').index('at').getAll(since as never)]);
    });
    if (anewAt(feed) !== index.since) return false;
    for (const row of rows) {
      const { text, at = 0 } = row;
      const entity = String(row.entity);
      index.until = Math.max(index.until, at);
      const document = text ? parse(text) : undefined;
      if (document === undefined) continue;
      const parent = place.parent === '' ? '' : entity.slice(0, entity.lastIndexOf('/') + 1);
      const name = document === null ? entity : nameOf(document, parent, place);
      const before = index.entities.get(name);
      const version = document === null ? before?.version : part(document, place.version);
      if ((compareVersions(before?.version, version) ?? 0) <= 0) index.entities.set(name, { version, document, confirmedAt: at });
    }
    return true;
  }
}

/** When the server last didn't know its own cursor any more (wasm/model/rows.hpp, Feed), or 0. */
function anewAt(feed: Row | undefined): number {
  return Number(feed?.anewAt ?? 0);
}

/** As the engine names entities (wasm/routing/route.cpp, `named`). */
function nameOf(document: unknown, parent: string, { id, entity, kind }: Place): string {
  if (kind === 'item' && idOf(document, id) === '') return entity;  // a single document has no id
  return parent === '' ? idOf(document, id) : parent + idOf(document, id).replace(/[%/]/g, encodeURIComponent);
}

function documentsIn(json: unknown, place: Place): unknown[] {
  if (place.kind === 'item') return [documentIn(json, place)];
  const rows = part(json, place.rows ?? []);
  return Array.isArray(rows) ? rows : Object.values(isRecord(rows) ? rows : {});
}

function documentIn(json: unknown, { envelope }: Place): unknown {
  const inner = part(json, envelope);
  return isRecord(inner) ? inner : json;
}

/** Takes in what an answer tells. @returns what is known already of those entities that it tells something older of */
function takeIn(index: Index, place: Place, json: unknown): Map<string, Known> {
  const outdated = new Map<string, Known>();
  for (const document of documentsIn(json, place)) {
    const version = part(document, place.version);
    if (!isRecord(document) || (typeof version !== 'number' && typeof version !== 'string')) continue;
    const name = nameOf(document, place.parent, place);
    const known = index.entities.get(name);
    const ahead = known ? compareVersions(known.version, version) : null;
    if (known && ahead !== null && (ahead > 0 || (ahead === 0 && known.document === null))) outdated.set(name, known);
    else if (ahead !== 0) {
      const whole = place.partial && isRecord(known?.document) ? { ...known.document, ...document } : document;
      index.entities.set(name, { version, document: whole, confirmedAt: null });
    }
  }
  return outdated;
}

function replaced(json: unknown, place: Place, newer: ReadonlyMap<string, Known>): unknown {
  const newest = (document: unknown) => newer.get(nameOf(document, place.parent, place))?.document ?? document;
  if (place.kind === 'item') {
    const wrapped = isRecord(part(json, place.envelope));
    return wrapped ? withPart(json, place.envelope, newest(documentIn(json, place))) : newest(json);
  }
  const rows = part(json, place.rows ?? []);
  const changed = Array.isArray(rows) ? rows.map(newest)
    : Object.fromEntries(Object.entries(isRecord(rows) ? rows : {}).map(([key, row]) => [key, newest(row)]));
  return withPart(json, place.rows ?? [], changed);
}
