import { BATCH_BYTES, CHANGE_RETENTION_MS, type Batch, type Change, type Feed } from '../feed.js';
import type { By } from '../writes.js';
import { databaseOf, type AnySql, type Run, type SqlClient } from './database.js';

/** What is to be said of a change; without `document` it is a deletion. */
export interface Recorded extends Pick<Change, 'resource' | 'id' | 'version'> { document?: unknown }

/** A feed that changes are written into. */
export interface PostgresFeed<Tx> extends Feed {
  /**
   * Keeps everybody else from changing an entity, be it there or not, until the transaction is over. To be called before
   * the transaction writes anything, row locks included: a transaction gets its number with its first write, and so the
   * second of two that change one entity has the bigger number. That keeps the changes of one entity in the order of its
   * versions.
   */
  lock(tx: Tx, resource: string, id: string): Promise<void>;
  /** Says in the transaction of a change what was changed: both are there, or neither. The entity's lock must be held. */
  record(tx: Tx, change: Recorded, by?: By): Promise<void>;
  /** Forgets what is older than the retention (a week by default). To be called now and then; once an hour is plenty. */
  forget(retentionMs?: number): Promise<void>;
}

/** What is forgotten at a time: a statement of milliseconds. */
const FORGET_AT_ONCE = 5_000;

/*
 * Why no change is ever missed.
 *
 * Transactions don't commit in the order in which they take numbers from a sequence. Whoever reads "position > 7" may be
 * given 9, and 8 is committed a moment later: missed for good. So changes are read in the order of (xid, position), xid
 * being the number of their transaction, and only those of transactions below pg_snapshot_xmin(pg_current_snapshot()):
 *
 *  - "All transaction IDs less than xmin are either committed and visible, or rolled back and dead" (PostgreSQL's
 *    documentation, section 9.27, table "Snapshot Components"). Both conditions of the query look at one snapshot, its
 *    statement's. So what is below xmin is there completely, or never will be.
 *  - Numbers of transactions are given out upwards, and a row has its own transaction's (the column's default). So
 *    whatever is still to be committed has an xid of xmin or above.
 *  - xmin never goes back: what has ended stays ended.
 *
 * Hence nothing is ever added at or before a change that was handed out, and the last one's (xid, position) is a cursor
 * with neither gap nor repetition behind it. The position alone tells the changes of one transaction apart. xid8 doesn't
 * wrap around.
 *
 * The price: any writing transaction of the whole PostgreSQL server, other databases included, holds the feed up until it
 * ends. It delays changes and loses none.
 *
 * Numbers of transactions belong to one history of one server: they begin anew where a dump is restored, and go back
 * where a backup is. A cursor therefore names its feed: the database's own id, the server's, and its timeline, which is a
 * new one after each recovery. A cursor of another feed is answered as one that has expired.
 */
const FEED = `SELECT
    left(encode(sha256(convert_to(concat_ws('/',
      id, (SELECT system_identifier FROM pg_control_system()), left(pg_walfile_name(pg_current_wal_lsn()), 8)), 'UTF8')), 'hex'), 16) AS name,
    horizon_xid, horizon_position
  FROM holdfast_feed`;

const NOW = `SELECT name AS feed, pg_snapshot_xmin(pg_current_snapshot())::text AS xid FROM (${FEED}) AS feed`;

// One statement, so that the horizon and the rows are those of one moment. Without a change there is one row of nulls.
const BEHIND = `SELECT feed.name AS feed,
    feed.name <> $1::text OR ($2::text::xid8, $3::text::bigint) < (feed.horizon_xid, feed.horizon_position) AS expired,
    batch.xid::text AS xid, batch.position::text AS position, batch.resource, batch.id, batch.version::text AS version,
    batch.document::text AS document, CASE WHEN batch.subject = $6::text THEN batch.key END AS key, batch.found
  FROM (${FEED}) AS feed LEFT JOIN (
    SELECT *, count(*) OVER ()::integer AS found,
      coalesce(sum(bytes) OVER (ORDER BY xid, position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
    FROM (
      SELECT *, octet_length(document::text) AS bytes FROM holdfast_changes
      WHERE (xid, position) > ($2::text::xid8, $3::text::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
      ORDER BY xid, position LIMIT $4::integer
    ) AS next
  ) AS batch ON batch.bytes_before < $5::integer
  ORDER BY batch.xid, batch.position`;

const FORGET = `WITH oldest AS (
    SELECT xid, position, at FROM holdfast_changes WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY xid, position LIMIT $1::integer
  ), gone AS (
    DELETE FROM holdfast_changes AS changes USING oldest
    WHERE changes.xid = oldest.xid AND changes.position = oldest.position
      AND oldest.at <= now() - $2::double precision * interval '1 millisecond'
    RETURNING changes.xid, changes.position
  ), newest AS (
    SELECT xid, position FROM gone ORDER BY xid DESC, position DESC LIMIT 1
  ), horizon AS (
    -- Never back: times don't have to follow the numbers, so that of two neighbours the second may be forgotten first.
    UPDATE holdfast_feed SET horizon_xid = xid, horizon_position = position
    FROM newest WHERE (horizon_xid, horizon_position) < (xid, position)
  )
  SELECT count(*)::integer AS gone FROM gone`;

interface ChangeRow {
  feed: string; expired: boolean; xid: string | null; position: string;
  resource: string; id: string; version: string; document: string | null; key: string | null; found: number;
}

/** A change feed in PostgreSQL 13 or newer, or PGlite, in the tables of postgresMigrations. */
export function postgresFeed<Tx = SqlClient>(sql: AnySql<Tx>): PostgresFeed<Tx> {
  const { transaction, run } = databaseOf(sql);
  return {
    present: () => presentCursor(run),
    read: (after, limit, subject) => readBehind(run, after, limit, subject),

    async lock(tx, resource, id) {
      await run(tx, 'SELECT pg_advisory_xact_lock(hashtextextended($1::text, 1))', [JSON.stringify([resource, id])]);
    },

    async record(tx, { resource, id, version, document }, by) {
      await run(tx,
        `INSERT INTO holdfast_changes (resource, id, version, document, subject, key)
         VALUES ($1::text, $2::text, $3::bigint, $4::json, $5::text, $6::text)`,
        [resource, id, version, document === undefined ? null : JSON.stringify(document), by?.subject ?? null, by?.key ?? null]);
    },

    async forget(retentionMs = CHANGE_RETENTION_MS) {
      for (let gone = FORGET_AT_ONCE; gone === FORGET_AT_ONCE;) {
        gone = await transaction(async (tx) => {
          // The horizon's row is its lock: two that move it at once must not move it back.
          await run(tx, 'SELECT 1 FROM holdfast_feed FOR UPDATE');
          const [row] = await run<{ gone: number }>(tx, FORGET, [FORGET_AT_ONCE, retentionMs]);
          return row?.gone ?? 0;
        });
      }
    },
  };
}

const CURSOR = /^([0-9a-f]{16})\.([0-9]{1,18})\.([0-9]{1,18})$/;

async function presentCursor<Tx>(run: Run<Tx>): Promise<string> {
  const [row] = await run<{ feed: string; xid: string }>(null, NOW);
  if (!row) throw new Error('the feed has no row; were the migrations run?');
  // Positions begin with 1: everything of this transaction and of later ones is behind it.
  return `${row.feed}.${row.xid}.0`;
}

async function readBehind<Tx>(run: Run<Tx>, cursor: string, limit: number, subject: string): Promise<Batch | 'expired'> {
  const [, name, afterXid, afterPosition] = CURSOR.exec(cursor) ?? [];
  if (name === undefined) return 'expired';
  const rows = await run<ChangeRow>(null, BEHIND, [name, afterXid, afterPosition, limit, BATCH_BYTES, subject]);
  const [first] = rows;
  if (!first || first.expired) return 'expired';
  if (first.xid === null) return { changes: [], cursor, more: false };
  const last = rows.at(-1)!;
  return {
    changes: rows.map(changeOf),
    cursor: `${last.feed}.${last.xid}.${last.position}`,
    more: rows.length < first.found || first.found === limit,
  };
}

function changeOf({ resource, id, version, document, key }: ChangeRow): Change {
  const kind = document === null ? 'delete' : 'upsert';
  return { resource, id, version: Number(version), kind, document: document === null ? null : JSON.parse(document), ...(key === null ? {} : { key }) };
}
