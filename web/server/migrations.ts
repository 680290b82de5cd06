import { migrate as run, type Migration } from 'holdfast/server';
import type { Database } from './database.js';
import { sqlOf } from './sql.js';

/** Numbers only grow, and a migration that has been released is never edited: databases out there have run it. */
export const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'orders',
    statements: [
      `CREATE TABLE orders (
        id uuid PRIMARY KEY,
        customer text NOT NULL,
        restaurant text NOT NULL,
        items jsonb NOT NULL,
        note text NOT NULL,
        tip integer NOT NULL,
        status text NOT NULL,
        courier text,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      )`,
      'CREATE INDEX orders_newest ON orders (created_at DESC, id)',
      // An order that is made again under a deleted one's id goes on counting from here,
      // so that one strong ETag never stands for two different documents.
      'CREATE TABLE deleted_orders (id uuid PRIMARY KEY, version integer NOT NULL)',
    ],
  },
  {
    number: 2,
    name: 'idempotency keys',
    statements: [
      `CREATE TABLE idempotency_keys (
        subject text NOT NULL,
        key text NOT NULL,
        fingerprint text NOT NULL,
        status integer NOT NULL,
        headers jsonb NOT NULL,
        body text NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (subject, key)
      )`,
      'CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at)',
    ],
  },
  {
    number: 3,
    name: 'former versions of orders',
    statements: [
      // Gone with their order: who comes with a version from before its deletion can't merge upon it.
      `CREATE TABLE order_versions (
        LIKE orders,
        PRIMARY KEY (id, version),
        FOREIGN KEY (id) REFERENCES orders ON DELETE CASCADE
      )`,
    ],
  },
  {
    number: 4,
    name: 'the change feed',
    statements: [
      // Read, and forgotten, in the order of its key; js/server/postgres/feed.ts says why it is that one.
      `CREATE TABLE changes (
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        position bigint GENERATED ALWAYS AS IDENTITY,
        order_id uuid NOT NULL,
        version integer NOT NULL,
        kind text NOT NULL CHECK (kind IN ('upsert', 'delete')),
        document jsonb,
        at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (xid, position),
        CHECK ((kind = 'delete') = (document IS NULL))
      )`,
      // One row: the feed's own id, and up to where changes have been forgotten.
      `CREATE TABLE feed (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        horizon_xid xid8 NOT NULL DEFAULT '0',
        horizon_position bigint NOT NULL DEFAULT 0
      )`,
      'INSERT INTO feed DEFAULT VALUES',
    ],
  },
  {
    number: 5,
    name: 'changes name their writer, and wake who listens',
    statements: [
      // Changes from before have no writer, as those that were written without a key.
      'ALTER TABLE changes ADD COLUMN subject text, ADD COLUMN key text, ADD CHECK ((subject IS NULL) = (key IS NULL))',
      // Told once per transaction, at its commit, however many changes it makes. It only wakes: it may be lost, and what has
      // changed is always read. A process that is woken by other means says so (postgres.ts), since all commits that
      // notify wait for each other.
      `CREATE FUNCTION notify_of_changes() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF current_setting('holdfast.notify', true) IS DISTINCT FROM 'off' THEN PERFORM pg_notify('holdfast_changes', ''); END IF;
        RETURN NULL;
      END $$`,
      'CREATE TRIGGER changes_notify AFTER INSERT ON changes FOR EACH STATEMENT EXECUTE FUNCTION notify_of_changes()',
    ],
  },
  {
    number: 6,
    name: 'keys and changes as holdfast/server has them',
    statements: [
      "ALTER TABLE idempotency_keys ALTER COLUMN body TYPE bytea USING convert_to(body, 'UTF8')",
      // A change without a document is a deletion.
      'ALTER TABLE changes DROP COLUMN kind',
      'ALTER TABLE changes RENAME COLUMN order_id TO id',
      `ALTER TABLE changes ALTER COLUMN id TYPE text, ALTER COLUMN version TYPE bigint, ALTER COLUMN document TYPE json USING document::json,
         ADD COLUMN resource text NOT NULL DEFAULT 'orders'`,
      'ALTER TABLE changes ALTER COLUMN resource DROP DEFAULT',
    ],
  },
];

/**
 * Runs what is missing, all in one transaction under a lock.
 * @param schema is made if it isn't there; the tables go where the search path leads
 */
export async function migrate(database: Database, schema?: string): Promise<void> {
  await run(sqlOf(database), {
    migrations: MIGRATIONS, table: 'schema_migrations',
    ...(schema === undefined ? {} : { first: [`CREATE SCHEMA IF NOT EXISTS "${schema.replaceAll('"', '""')}"`] }),
  });
}
