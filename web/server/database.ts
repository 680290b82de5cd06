import { PGlite } from '@electric-sql/pglite';
import { migrate } from './migrations.js';

export { openPostgres, type PostgresOptions } from './postgres.js';

/** Runs one statement of plain PostgreSQL SQL with `$1` placeholders, and gives its rows. */
export interface Queryable {
  query<Row>(sql: string, params?: unknown[]): Promise<Row[]>;
}

/**
 * All that the server asks of a database. A transaction runs at READ COMMITTED, PostgreSQL's default;
 * it is rolled back when `work` throws. Inside `work` only its own `tx` may be used: an implementation
 * with one connection (PGlite) would wait for itself otherwise.
 *
 * Bigger integers than `integer` come as PostgreSQL's client pleases: SQL here casts them to text.
 */
export interface Database extends Queryable {
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  close(): Promise<void>;
  /**
   * Calls back after what was notified on a channel, and whenever that may have been missed; often for nothing, and not
   * always, so that who listens has to look by himself now and then. Gives the function that ends it.
   */
  listen?(channel: string, wake: () => void): () => Promise<void>;
}

/**
 * The database can't be reached, is too busy, or broke off. If it did so at the end of a transaction, nobody knows whether
 * that was carried out.
 */
export class DatabaseUnavailable extends Error {
  readonly code = 'database-unavailable';
  override readonly name = 'DatabaseUnavailable';
}

/** Opens PostgreSQL as a part of this process, and for it alone: in `folder`, or in memory without one. The schema is brought up to date. */
export async function openPglite(folder?: string): Promise<Database> {
  const pglite = await (folder === undefined ? PGlite.create() : PGlite.create(folder));
  const database: Database = {
    async query<Row>(sql: string, params: unknown[] = []) {
      return (await pglite.query<Row>(sql, params)).rows;
    },
    transaction(work) {
      return pglite.transaction(transaction => work({
        async query<Row>(sql: string, params: unknown[] = []) {
          return (await transaction.query<Row>(sql, params)).rows;
        },
      }));
    },
    listen(channel, wake) {
      // From its commit on; and what was notified before it listens is what it is woken for then.
      const listening = pglite.listen(channel, wake).then(stop => { wake(); return stop; });
      listening.catch(() => {});
      return async () => { if (!pglite.closed) await (await listening)(); };
    },
    async close() {
      if (!pglite.closed) await pglite.close();
    },
  };
  try {
    await migrate(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}
