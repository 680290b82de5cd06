import { databaseOf, quoted, type AnySql, type SqlClient } from './database.js';

export interface Migration {
  number: number;
  name: string;
  statements: readonly string[];
}

/**
 * The tables of postgresKeys() and postgresFeed(), for whoever runs migrations of his own; migrate() does so otherwise.
 * Numbers only grow, and a migration that has been released is never edited: databases out there have run it.
 */
export const postgresMigrations: readonly Migration[] = [
  {
    number: 1,
    name: 'idempotency keys',
    statements: [
      `CREATE TABLE holdfast_keys (
        subject text NOT NULL,
        key text NOT NULL,
        fingerprint text NOT NULL,
        status integer NOT NULL,
        headers jsonb NOT NULL,
        body bytea NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (subject, key)
      )`,
      'CREATE INDEX holdfast_keys_age ON holdfast_keys (created_at)',
    ],
  },
  {
    number: 2,
    name: 'the change feed',
    statements: [
      // Read, and forgotten, in the order of its key; postgres/feed.ts says why it is that one. json, not jsonb: that could
      // keep neither U+0000 nor the order of members.
      `CREATE TABLE holdfast_changes (
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        position bigint GENERATED ALWAYS AS IDENTITY,
        resource text NOT NULL,
        id text NOT NULL,
        version bigint NOT NULL,
        document json,
        subject text,
        key text,
        at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (xid, position),
        CHECK ((subject IS NULL) = (key IS NULL))
      )`,
      // One row: the feed's own id, and up to where changes have been forgotten.
      `CREATE TABLE holdfast_feed (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        horizon_xid xid8 NOT NULL DEFAULT '0',
        horizon_position bigint NOT NULL DEFAULT 0
      )`,
      'INSERT INTO holdfast_feed DEFAULT VALUES',
    ],
  },
];

/** Two servers that start at once on one database must not both migrate it: the second waits here. */
const MIGRATION_LOCK = 7_041_173;

export interface MigrateOptions {
  migrations?: readonly Migration[];
  /** Where it is noted which have run. */
  table?: string;
  /** Statements that come before all others, each time. */
  first?: readonly string[];
}

/**
 * Runs what is missing, all in one transaction: a start that fails leaves the schema as it was.
 * @throws Error if the database has been brought further by a newer release
 */
export async function migrate<Tx = SqlClient>(
  sql: AnySql<Tx>, { migrations = postgresMigrations, table = 'holdfast_migrations', first = [] }: MigrateOptions = {},
): Promise<void> {
  const { transaction, run } = databaseOf(sql);
  const noted = quoted(table);
  await transaction(async (tx) => {
    await run(tx, 'SELECT pg_advisory_xact_lock($1::bigint)', [MIGRATION_LOCK]);
    for (const statement of first) await run(tx, statement);
    await run(tx, `CREATE TABLE IF NOT EXISTS ${noted} (number integer PRIMARY KEY, name text NOT NULL)`);
    const done = new Set((await run<{ number: number }>(tx, `SELECT number FROM ${noted}`)).map(({ number }) => number));
    const newest = migrations.at(-1)?.number ?? 0;
    const unknown = [...done].find((number) => number > newest);
    if (unknown !== undefined) {
      throw new Error(`the database has migration ${unknown} (${table}), this release knows ${newest} at the most: start a newer server`);
    }
    for (const { number, name, statements } of migrations.filter((migration) => !done.has(migration.number))) {
      for (const statement of statements) await run(tx, statement);
      await run(tx, `INSERT INTO ${noted} (number, name) VALUES ($1::integer, $2::text)`, [number, name]);
    }
  });
}
