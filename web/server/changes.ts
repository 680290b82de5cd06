import { postgresFeed, type PostgresFeed, type Writer } from 'holdfast/server';
import type { Database, Queryable } from './database.js';
import type { Bus } from './nats.js';
import { sqlOf } from './sql.js';

/** PostgreSQL's notifications of new changes. */
export const CHANGES_CHANNEL = 'holdfast_changes';

const TABLES = { changes: 'changes', feed: 'feed' };

/** Whoever records has a transaction already. */
const RECORDER = postgresFeed<Queryable>({
  transaction: () => Promise.reject(new Error('this feed is only written into')),
  run: async (tx, sql, params) => tx!.query(sql, [...params]),
}, TABLES);

/** What became of one order in one transaction; without a document it was deleted. */
export interface OrderChange {
  id: string;
  /** The order's number after this change. It only grows, across a deletion too, and a deletion has one of its own. */
  version: number;
  document?: object;
  /** Missing where the write had no key. */
  writer?: Writer | null | undefined;
}

/** The library's feed, in the tables of our own migrations; what wakes it is the bus, where there is one. */
export function feedOf(database: Database, bus?: Bus): PostgresFeed<Queryable> {
  const listen = bus ? bus.onWake : database.listen && ((wake: () => void) => database.listen!(CHANGES_CHANNEL, wake));
  return { ...postgresFeed(sqlOf(database), TABLES), ...(listen ? { listen } : {}) };
}

/** What this database's feed is called in its cursors. */
export async function feedName(database: Database): Promise<string> {
  return (await feedOf(database).presentCursor()).split('.')[0]!;
}

/**
 * Taken by whoever changes an order, there or not. A row's lock needs a row: who makes an order under the id of one that
 * is just being deleted would wait for the deletion, and then still count on from what he had read before it.
 */
export function lockOrder(tx: Queryable, id: string): Promise<void> {
  return RECORDER.lock(tx, 'orders', id);
}

/** Says in the transaction of a change what was changed. The order's lock must be held, as PostgresFeed.lock has it. */
export async function recordChange(tx: Queryable, { writer, ...change }: OrderChange): Promise<void> {
  await RECORDER.record(tx, { resource: 'orders', ...change }, writer);
}
