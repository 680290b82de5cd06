// From what three people did, what the server applied and what their browsers have to the figures of a live ride. Pure.

import type { LedgerEntry } from '../faults.js';
import { reordered, type ActRecord, type RideResult } from '../score.js';
import { roleOf, type Shown } from './people.js';

type Shared = 'seed' | 'acts' | 'applied' | 'unanswered' | 'lost' | 'duplicated' | 'reordered' | 'pending_at_end' | 'page_errors';

/** Reordered are acts of one person on one order: others' acts in between have no order to keep. */
export interface LiveResult extends Pick<RideResult, Shared> {
  traces: string[];
  /** Orders that some browser shows otherwise than the database has them, or not, or although they aren't there. */
  different_documents: number;
  /** Rows of the feed that lie between where a browser began and where it has got to, and weren't taken in. */
  missed_changes: number;
  /** And those taken in more often than once. */
  doubled_changes: number;
  /** Rows of the feed, over all browsers. */
  changes: number;
  process_kills: number;
  worker_kills: number;
  cuts: number;
}

/** What one browser took in of the feed. */
export interface Taken {
  /** Rows that the feed has between the two cursors. */
  rows: number;
  /** Changes that the browser counted between them. */
  changes: number;
}

export function doneAndLost(acts: readonly ActRecord[], ledger: readonly LedgerEntry[]): Pick<LiveResult, 'acts' | 'applied' | 'unanswered' | 'lost' | 'duplicated' | 'reordered'> {
  const applied = new Set(ledger.map(({ act }) => act));
  return {
    acts: acts.length,
    applied: applied.size,
    unanswered: acts.filter(({ fate }) => fate === 'unanswered').length,
    lost: acts.filter(({ number, fate }) => fate === 'answered' && !applied.has(number)).length,
    duplicated: ledger.length - applied.size,
    reordered: reordered(ledger, ({ act, order }) => `${roleOf(act)} ${order}`),
  };
}

export function missedAndDoubled(taken: readonly Taken[]): Pick<LiveResult, 'missed_changes' | 'doubled_changes' | 'changes'> {
  const sum = (of: (one: Taken) => number): number => taken.reduce((total, one) => total + Math.max(0, of(one)), 0);
  return { missed_changes: sum(({ rows, changes }) => rows - changes), doubled_changes: sum(({ rows, changes }) => changes - rows), changes: sum(({ rows }) => rows) };
}

/** @returns which orders differ, with what each side has */
export function differences(shown: readonly Shown[], truth: readonly Shown[]): { shown: Shown | undefined; truth: Shown | undefined }[] {
  const byId = (orders: readonly Shown[]): Map<unknown, Shown> => new Map(orders.map((order) => [order.id, order]));
  const [ours, theirs] = [byId(shown), byId(truth)];
  const ids = new Set([...ours.keys(), ...theirs.keys()]);
  return [...ids].map((id) => ({ shown: ours.get(id), truth: theirs.get(id) })).filter((pair) => !sameOrder(pair.shown, pair.truth));
}

/** The order of members means nothing. */
function sameOrder(one: Shown | undefined, other: Shown | undefined): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === 'object' && part !== null && !Array.isArray(part)
    ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part));
}

/** Why the ride is no success; empty if it is. */
export function liveFailures(result: LiveResult): string[] {
  const zeros = ['lost', 'duplicated', 'reordered', 'pending_at_end', 'page_errors', 'different_documents', 'missed_changes', 'doubled_changes'] as const;
  return zeros.filter((name) => result[name] !== 0).map((name) => `${name} = ${result[name]}`);
}
