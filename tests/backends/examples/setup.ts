import pg from 'pg';
import { migrate, postgresFeed, postgresKeys } from 'holdfast/server';

/** With the database that PGHOST and its like name. */
export async function setUp() {
  // docs: setup
  const pool = new pg.Pool();
  pool.on('error', () => {});        // an idle connection that breaks has left the pool already
  await migrate(pool);               // or run the SQL of postgresMigrations yourself
  const keys = postgresKeys(pool);   // whatever else runs SQL in transactions: postgresKeys({ transaction, run })
  const feed = postgresFeed(pool);
  // end
  return { pool, keys, feed };
}
