// The compiled module as a subject: its rows in memory, its steps driven as js/host/stepper.ts drives them.

import type { ResourceConfig } from '../../js/protocol/config.js';
import type { RawEngine } from '../module/module.js';
import { compose, type View } from '../../js/host/compose.js';
import { idOf, part, type Pointer } from '../../js/host/list.js';
import type { PageRead } from '../../js/host/pages-of-list.js';
import { isDoc, type Json } from './json.js';
import { Memory, type Range, type Row } from './memory.js';
import { kOrigin, pathOf } from './rules.js';
import type { Answer, BodyType } from './server.js';
import type { Asking, PageWrite, Send, Shown, Subject } from './subject.js';

interface Result {
  need?: { rows: [string, unknown][]; ranges: Range[] };
  refused?: { code: string; message: string };
  puts?: [string, Row][];
  deletes?: [string, unknown][];
  effects?: ({ do: string } & Record<string, unknown>)[];
}

/** What the engine says of a URL (wasm/engine/engine.hpp). */
interface Routed {
  kind: 'collection' | 'item' | 'action';
  resource: string;
  entity: string;
  parent: string;
  id: Pointer;
  envelope: Pointer;
  rows: Pointer | null;
}

/** How the engine names a document out of a kept answer (js/host/kept.ts). */
type KeptKey = [user: string, resource: string, entity: string, name: string, id: string, emptiedAt: number, until?: number];

/** An answer as the host keeps it. */
interface KeptAnswer {
  url: string;
  json: Json;
  at: number;
}

/** No backoff is longer than a history waits between two looks at what may be sent, and no breaker opens. */
const kRetry = { baseMs: 1, capMs: 1, silentBaseMs: 1, breakerFailures: 1_000, sendsMax: 100 };
const kRoundsMax = 24;

const kTypes: Record<BodyType, string> = {
  json: 'application/json', 'json-patch': 'application/json-patch+json', text: 'text/plain',
};

/** A configured engine. It keeps no state but its configuration, so all histories of a shape can share one. */
export function configured(make: () => RawEngine, name: string, resource: ResourceConfig): RawEngine {
  const engine = make();
  const told = JSON.parse(engine.configure(JSON.stringify({ origin: kOrigin, resources: { [name]: resource }, retry: kRetry }))) as
    { ok: boolean; errors?: unknown };
  if (!told.ok) throw new Error(`The engine refuses the shape '${name}': ${JSON.stringify(told.errors)}`);
  return engine;
}

export class ModuleSubject implements Subject {
  readonly #memory = new Memory();
  readonly #kept = new Map<string, KeptAnswer>();
  #life = 1;
  #steps = 0;
  #stamps = 0;

  constructor(private readonly engine: RawEngine) {}

  write({ tab, method, url, body, type }: PageWrite, at: number): { id: string; at: number } {
    const text = body === undefined ? '' : type === 'text' ? String(body) : JSON.stringify(body);
    const [effect] = this.#step({
      type: 'capture', method, url: kOrigin + url, waiter: this.#stamps,
      headers: body === undefined ? [] : [['content-type', kTypes[type]]],
      body: body === undefined ? { kind: 'none' } : { kind: 'text', text, size: text.length },
      stamp: `tab-${tab}.${++this.#stamps}`, client: `tab-${tab}`, hash: method + url + text, at,
    }, at).filter((other) => other.do === 'attach' || other.do === 'refuse');
    if (effect?.do !== 'attach') throw new Error(`The write was not kept: ${JSON.stringify(effect)}`);
    return { id: String(effect.id), at };
  }

  sends(at: number): Send[] {
    return this.#step({ type: 'pump' }, at).filter((effect) => effect.do === 'send').map((effect) => {
      const headers = effect.headers as [string, string][];
      const sent = headers.find(([name]) => name === 'content-type')?.[1];
      const type = (Object.keys(kTypes) as BodyType[]).find((known) => kTypes[known] === sent) ?? 'json';
      const text = effect.body as string | null;
      const body = text === null || text === '' ? undefined : type === 'text' ? text : JSON.parse(text) as Json;
      const url = String(effect.url).slice(kOrigin.length);
      return { id: String(effect.id), attempt: Number(effect.attempt), method: String(effect.method), url, body, type };
    });
  }

  answered({ id, attempt }: Send, { status, json }: Answer, at: number): void {
    this.#step({
      type: 'answered', id, attempt, status, headers: json === undefined ? [] : [['content-type', 'application/json']],
      body: json === undefined ? '' : JSON.stringify(json), redirected: false, waiting: false,
    }, at);
  }

  failed({ id, attempt }: Send, at: number): void {
    this.#step({ type: 'failed', id, attempt, reason: 'network' }, at);
  }

  kill(at: number): void {
    this.#life += 1;
    this.#step({ type: 'take-over' }, at);
  }

  // --- Reads (js/host/reads.ts, js/host/kept.ts) -----------------------------------------------------------------------

  ask(url: string, answer: Answer, requestedAt: number): Asking {
    return { arrive: (at) => this.#arrived(url, answer, requestedAt, at) };
  }

  dark(url: string, at: number): Shown | null {
    return this.#composed(url, this.#kept.get(url) ?? null, null, at, null);
  }

  #arrived(url: string, answer: Answer, requestedAt: number, at: number): Shown {
    const own = { ...answer, pending: null, unknown: null };
    const fresh = answer.status === 200 && answer.json !== undefined ? { url, json: answer.json, at: requestedAt } : null;
    const last = this.#kept.get(url);
    if (fresh && (!last || last.at <= fresh.at)) this.#kept.set(url, fresh);
    if (this.#standsAlone(requestedAt)) return own;
    return this.#composed(url, fresh, own, at, requestedAt) ?? own;
  }

  #standsAlone(requestedAt: number): boolean {
    const pending = Number(this.#memory.get('meta', 'counts ')?.pending ?? 0);
    return pending === 0 && !this.#memory.all('documents').some((row) => Number(row.at) >= requestedAt);
  }

  /** @param own the network's own answer, which stands where nothing changes it; null: it is silent */
  #composed(url: string, kept: KeptAnswer | null, own: Shown | null, at: number, askedAt: number | null): Shown | null {
    const [effect] = this.#step({ type: 'read', url: kOrigin + url, at: askedAt ?? kept?.at ?? 0 }, at, own ? kept : null);
    const view = effect as unknown as View;
    const asTold = kept && !own ? { status: 200, json: kept.json, pending: 0, unknown: [] } : null;
    const stands = askedAt ?? kept?.at;
    if (view.kind === 'item' && view.pending === 0 && stands !== undefined && view.confirmedAt <= stands) return asTold;
    const shown = compose(view, { url: kOrigin + url, json: kept?.json }, this.#pages(url));
    if (shown && kept && !shown.changed && shown.pending === 0 && shown.unknown.length === 0) return asTold;
    return shown ? { status: shown.status, json: shown.body as Json, pending: shown.pending, unknown: shown.unknown } : asTold;
  }

  #pages(url: string): PageRead[] {
    const kept = [...this.#kept.values()].filter((other) => pathOf(other.url) === pathOf(url)).sort((a, b) => b.at - a.at);
    return kept.map((other) => ({ url: kOrigin + other.url, json: other.json }));
  }

  /** The engine's pseudo-rows: an entity's newest document in the answers that were kept; with a time, as things stood then. */
  #newest([user, resource, entity, name, id, emptiedAt, until = Infinity]: KeptKey, fresh: KeptAnswer | null): Json {
    const confirmed = this.#memory.get('documents', [user, resource, entity]);
    const since = confirmed?.text && Number(confirmed.at) <= until ? Number(confirmed.at) : -Infinity;
    const from = Math.max(since, until === Infinity ? emptiedAt : -Infinity);
    const asked = [...this.#kept.values(), ...(fresh ? [fresh] : [])].filter(({ at }) => at > from && at <= until);
    for (const kept of asked.sort((a, b) => b.at - a.at)) {
      const routed = this.#route(kept.url);
      const concerns = routed.kind === 'item' ? routed.entity === name : name.startsWith(routed.parent);
      if (routed.resource !== resource || !concerns) continue;
      const document = routed.kind === 'item' ? part(kept.json, routed.envelope) ?? kept.json : rowIn(kept.json, routed, id);
      if (isDoc(document)) return document;
    }
    return null;
  }

  #route(url: string): Routed {
    return JSON.parse(this.engine.route(kOrigin + pathOf(url))) as Routed;
  }

  // --- One step (js/host/stepper.ts, js/host/rows.ts) ---------------------------------------------------------------

  /** @param fresh an answer that has just come and may not be kept */
  #step(event: Record<string, unknown>, now: number, fresh: KeptAnswer | null = null): NonNullable<Result['effects']> {
    const rows: [string, unknown, unknown][] = this.#memory.all('meta').map((row) => ['meta', row.name, row]);
    const ranges: [Range, Row[]][] = [];
    const entropy = `${++this.#steps}`.padStart(16, '0');
    for (let round = 0; round < kRoundsMax; round += 1) {
      const result = JSON.parse(this.engine.step(JSON.stringify({ event, now, entropy, life: `life-${this.#life}`, rows, ranges }))) as Result;
      if (result.refused) throw new Error(`The engine refuses ${JSON.stringify(event)}: ${result.refused.message}`);
      if (!result.need) {
        for (const [store, key] of result.deletes ?? []) this.#memory.delete(store, key);
        for (const [store, row] of result.puts ?? []) this.#memory.put(store, row);
        return result.effects ?? [];
      }
      for (const [store, key] of result.need.rows) {
        rows.push([store, key, store === 'base' || store === 'seen' ? this.#newest(key as KeptKey, fresh) : this.#memory.get(store, key)]);
      }
      for (const range of result.need.ranges) ranges.push([range, this.#memory.range(range)]);
    }
    throw new Error(`The engine asks for rows without end: ${JSON.stringify(event)}`);
  }
}

function rowIn(json: Json, { rows, id: at }: Routed, id: string): unknown {
  const list = part(json, rows ?? []);
  return Array.isArray(list) ? list.find((row) => idOf(row, at) === id) as unknown : isDoc(list) ? list[id] : undefined;
}
