// A client in Node: the engine as it was compiled, its rows in memory, its requests over real HTTP. It knows one document
// and makes one change, of which it sees to the end whatever the server answers; js/host drives it like that in a browser.

import { randomBytes } from 'node:crypto';
import type { ConflictConfig } from 'holdfast/merge';
import type { Decision } from '../../js/protocol/messages.js';
import { Memory, type Range, type Row } from '../model/memory.js';
import type { RawEngine } from '../module/module.js';
import type { TestServer } from './support.js';

interface Send { id: string; attempt: number; method: string; url: string; headers: [string, string][]; body: string | null; key: string; lookup: boolean }
interface Result {
  need?: { rows: [string, unknown][]; ranges: Range[] };
  puts?: [string, Row][];
  deletes?: [string, unknown][];
  effects?: ({ do: string } & Partial<Send>)[];
}

/** `asked`: it is in the inbox, and `document` is the suggestion. `refused`: the server's answer is its last word. */
export type Ended =
  | { state: 'stored' | 'asked'; document: Record<string, unknown>; decisions: Decision[] }
  | { state: 'refused'; problem: Record<string, unknown> };

const kRoundsMax = 24;
const kNow = 1_700_000_000_000;

export function configure(make: () => RawEngine, server: TestServer, conflicts: ConflictConfig): RawEngine {
  const engine = make();
  const told = JSON.parse(engine.configure(JSON.stringify({ origin: server.url, resources: { orders: { path: '/api/orders/:id', conflicts } } }))) as { ok: boolean };
  if (!told.ok) throw new Error(JSON.stringify(told));
  return engine;
}

/** Changes a document that was read with this ETag. The engine keeps no state, so that all clients may share one. */
export async function change(engine: RawEngine, server: TestServer, read: Record<string, unknown>, etag: string, patch: object): Promise<Ended> {
  const memory = new Memory();
  let now = kNow;

  function step(event: object): NonNullable<Result['effects']> {
    const rows: [string, unknown, unknown][] = memory.all('meta').map((row) => ['meta', row.name, row]);
    const ranges: [Range, Row[]][] = [];
    const entropy = randomBytes(16).toString('hex');  // a key belongs to one write only
    for (let round = 0; round < kRoundsMax; round += 1) {
      const result = JSON.parse(engine.step(JSON.stringify({ event, now, entropy, life: 'one', rows, ranges }))) as Result;
      if (!result.need) {
        for (const [store, key] of result.deletes ?? []) memory.delete(store, key);
        for (const [store, row] of result.puts ?? []) memory.put(store, row);
        return result.effects ?? [];
      }
      for (const [store, key] of result.need.rows) rows.push([store, key, memory.get(store, key)]);
      for (const range of result.need.ranges) ranges.push([range, memory.range(range)]);
    }
    throw new Error(`The engine asks for rows without end: ${JSON.stringify(event)}`);
  }

  const url = `${server.url}/api/orders/${read.id}`;
  const { entity } = JSON.parse(engine.route(url)) as { entity: string };
  memory.put('documents', { user: '', resource: 'orders', entity, text: JSON.stringify(read), etag, createdAt: 0, at: now });
  const text = JSON.stringify(patch);
  const [attach] = step({
    type: 'capture', method: 'PATCH', url, waiter: 1, headers: [['content-type', 'application/json']], body: { kind: 'text', text, size: text.length },
    stamp: 'page.1', client: 'page', hash: text, at: now,
  }).filter((effect) => effect.do === 'attach');
  if (!attach?.id) throw new Error('The write was not kept.');

  for (let round = 0; round < kRoundsMax; round += 1) {
    const outcome = memory.get('outcomes', attach.id);
    if (outcome) return endOf(outcome, memory.get('inbox', attach.id));
    now += 10_000;
    for (const effect of step({ type: 'pump' })) {
      if (effect.do !== 'send') continue;
      const { id, attempt, method, url, headers, body, key } = effect as unknown as Send;
      const answer = await server.send(method, url.slice(server.url.length), {
        headers: { ...Object.fromEntries(headers), ...(method === 'GET' ? {} : { 'idempotency-key': key }) }, ...(body && { raw: body }),
      });
      step({ type: 'answered', id, attempt, status: answer.status, headers: [...answer.headers], body: answer.text, redirected: false, waiting: false });
    }
  }
  throw new Error(`The write comes to no end: ${JSON.stringify(memory.all('mutations'))}`);
}

function endOf(outcome: Row, inbox: Row | null): Ended {
  const parsed = <T>(text: unknown, empty: T): T => (text ? JSON.parse(String(text)) as T : empty);
  if (inbox?.answer) return { state: 'refused', problem: parsed(inbox.answer, {}) };
  const { decisions } = inbox ? inbox.mutation as Row : outcome;
  const document = parsed<Record<string, unknown>>(inbox ? inbox.suggested : outcome.document, {});
  return { state: inbox ? 'asked' : 'stored', document, decisions: parsed<Decision[]>(decisions, []) };
}
