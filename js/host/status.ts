// What pages are told about the state of things, read from the rows in one look.

import type { Conflict, ConflictRecord, Decision, InboxEntry, LiveState, Outcome, PendingWrite, Problem, Sides, Status } from '../protocol/messages';
import { corsProblem } from './cors';
import type { Database, DatabaseSource, Row } from './database';
import { HostError } from './errors';

/** Entries that one list shows at most. */
const kListMax = 1_000;
/** ECMA-262's largest time, by which the engine says "never". */
const kNever = 8_640_000_000_000_000;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** JSON out of a row; null where there is none. */
const json = (value: unknown): unknown => (typeof value === 'string' && value !== '' ? (JSON.parse(value) as unknown) : null);
const decisions = (row: Row): Decision[] => (json(row.decisions) as Decision[] | null) ?? [];

export function readStatus(source: DatabaseSource, live: LiveState, problem: Problem | null): Promise<Status> {
  return source.use(async (db) => {
    const rows = await db.getAll('meta');
    const named = (prefix: string) => rows.filter((row) => text(row.name).startsWith(prefix));
    const user = text(rows.find((row) => row.name === 'session')?.user);
    const counts = named('counts ');
    const mine = counts.find((row) => row.name === `counts ${user}`);
    const all = counts.reduce((sum, row) => sum + number(row.pending), 0);
    const pending = number(mine?.pending);
    const origins = named('origin ');
    const link = linkOf(origins);
    const cors = link === 'blocked-cors' ? corsProblem(origins.find(({ blocked }) => blocked === true)!, self.location.origin) : null;
    return { link, pending, inbox: number(mine?.inbox), pendingOfOthers: all - pending, user, live, problem: problem ?? cors };
  });
}

function linkOf(origins: Row[]): Status['link'] {
  if (origins.some((row) => row.auth === 'needed')) return 'needs-auth';
  if (origins.some(({ blocked }) => blocked === true)) return 'blocked-cors';
  if (origins.some((row) => number(row.silences) > 0)) return 'offline';
  return 'online';
}

async function userOf(db: Database): Promise<string> {
  return text((await db.get('meta', 'session'))?.user);
}

export function listPending(source: DatabaseSource): Promise<PendingWrite[]> {
  return source.use(async (db) => {
    const user = await userOf(db);
    const rows = await db.getAllFromIndex('mutations', 'user', IDBKeyRange.bound([user, 0], [user, kNever]), kListMax);
    const lanes = new Map<string, Row>();
    for (const name of new Set(rows.map((row) => text(row.lane)))) {
      const lane = await db.get('lanes', name);
      if (lane) lanes.set(name, lane);
    }
    return rows.map((row): PendingWrite => {
      const lane = lanes.get(text(row.lane));
      const isHead = lane?.head === row.id;
      const due = number(lane?.due);
      return {
        id: text(row.id), method: text(row.method), url: text(row.url), resource: text(row.resource),
        entity: text(row.entity), state: text(row.state) as PendingWrite['state'], attempts: number(row.attempts),
        createdAt: number(row.createdAt), dueAt: isHead && due < kNever ? due : null,
        reason: isHead ? text(lane?.hold) || null : 'behind-its-lane',
      };
    });
  });
}

export function listInbox(source: DatabaseSource): Promise<InboxEntry[]> {
  return source.use(async (db) => {
    const user = await userOf(db);
    const rows = await db.getAllFromIndex('inbox', 'user', IDBKeyRange.bound([user, 0], [user, kNever]), kListMax);
    return rows.map((row): InboxEntry => {
      const mutation = row.mutation as Row;
      const body = mutation.body as Row | undefined;
      return {
        id: text(row.id), method: text(mutation.method), url: text(mutation.url), resource: text(mutation.resource),
        entity: text(mutation.entity), reason: text(row.reason) as InboxEntry['reason'],
        status: number(row.status) || null, body: body?.kind === 'text' ? text(body.text) : null,
        answer: text(row.answer) || null, createdAt: number(mutation.createdAt), decidedAt: number(row.decidedAt),
        conflict: conflictOf(row, mutation),
      };
    });
  });
}

function conflictOf(row: Row, mutation: Row): Conflict | null {
  if (!row.theirs) return null;
  return {
    base: json(mutation.base), mine: json(row.mine), theirs: json(row.theirs), theirsAt: number(row.theirsAt) || null,
    suggested: json(row.suggested), decisions: decisions(mutation),
  };
}

/** @param row that has them as JSON text; an empty object says that they aren't known */
function sidesOf(row: Row | undefined): Sides | null {
  const sides = json(row?.sides) as Partial<Sides> | null;
  return sides && 'base' in sides ? { base: sides.base, mine: sides.mine, theirs: sides.theirs, theirsAt: sides.theirsAt ?? null } : null;
}

export function listConflicts(source: DatabaseSource): Promise<ConflictRecord[]> {
  return source.use(async (db) => {
    const user = await userOf(db);
    const rows = await db.getAllFromIndex('conflicts', 'user', IDBKeyRange.bound([user, 0], [user, kNever]));
    return rows.map((row): ConflictRecord => ({
      id: text(row.id), method: text(row.method), url: text(row.url), resource: text(row.resource), entity: text(row.entity),
      state: text(row.state) as Outcome['state'], status: number(row.status) || null, document: json(row.result),
      decisions: decisions(row), sides: sidesOf(row), occurredAt: number(row.occurredAt), decidedAt: number(row.at),
    }));
  });
}

/** What became of a write, or null while it is pending. */
export function findOutcome(source: DatabaseSource, id: string): Promise<Outcome | null> {
  return source.use(async (db) => {
    // In one transaction: between two looks the write may be settled.
    const tx = db.transaction(['mutations', 'outcomes', 'conflicts'], 'readonly');
    const [row, pending, record] = await Promise.all([
      tx.objectStore('outcomes').get(id), tx.objectStore('mutations').getKey(id), tx.objectStore('conflicts').get(id),
    ]);
    if (!row) {
      if (pending !== undefined) return null;
      throw new HostError('unknown-write', `No write has the id ${id}, or it was settled so long ago that its outcome is forgotten.`);
    }
    return {
      id, state: text(row.state) as Outcome['state'], status: number(row.status) || null,
      document: json(row.document), decisions: decisions(row), occurredAt: number(row.occurredAt), sides: sidesOf(record),
    };
  });
}
