import type { SqlDatabase } from 'holdfast/server';
import type { Database, Queryable } from './database.js';

/** A database as the library takes it. */
export function sqlOf(database: Database): SqlDatabase<Queryable> {
  return {
    transaction: work => database.transaction(work),
    run: (tx, sql, params) => (tx ?? database).query(sql, [...params]),
  };
}
