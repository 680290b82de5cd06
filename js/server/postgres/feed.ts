import { BATCH_BYTES, CHANGE_RETENTION_MS, type Change, type Feed, type FeedBatch, type FeedChange } from '../feed.js';
import type { Writer } from '../writes.js';
import { compareCursors, cursorText, readCursor } from './cursor.js';
import { databaseOf, quoted, type AnySql, type SqlClient } from './database.js';

/** What is to be said of a change; without `document` it is a deletion. */
export interface Recorded extends Pick<Change, 'resource' | 'id' | 'version'> { document?: unknown }

/** A feed that changes are written into. */
export interface PostgresFeed<Tx> extends Feed {
  /**
   * Keeps everybody else from changing an entity, be it there or not, until the transaction is over. To be called before
   * the transaction writes anything, row locks included: a transaction gets its number with its first write, and so the
   * second of two that change one entity has the bigger number. That keeps the changes of one entity in the order of its
   * versions. A row's lock is not enough: it needs a row, and who makes one under the id of a row that is just being
   * deleted would wait too late.
   */
  lock(tx: Tx, resource: string, id: string): Promise<void>;
  /**
   * Says in the transaction of a change what was changed: both are there, or neither. The entity's lock must be held.
   * @param writer who wrote it under which key; nobody else is told the key
   */
  record(tx: Tx, change: Recorded, writer?: Writer | null): Promise<void>;
  /** Forgets what is older than the retention (a week by default). To be called now and then; once an hour is plenty. */
  forget(retentionMs?: number): Promise<void>;
}

/** For who makes the tables in migrations of his own: they have to be as those of postgresMigrations. */
export interface FeedTables { changes?: string; feed?: string }

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
const nameOf = (feed: string) => `SELECT
    left(encode(sha256(convert_to(concat_ws('/',
      id, (SELECT system_identifier FROM pg_control_system()), left(pg_walfile_name(pg_current_wal_lsn()), 8)), 'UTF8')), 'hex'), 16) AS name,
    horizon_xid, horizon_position
  FROM ${feed}`;

// One statement, so that the horizon and the rows are those of one moment. Without a change there is one row of nulls.
const behind = (changes: string, feed: string) => `SELECT feed.name AS feed,
    feed.name <> $1::text OR ($2::text::xid8, $3::text::bigint) < (feed.horizon_xid, feed.horizon_position) AS expired,
    -- Committed, and not to be given out yet: an older transaction is still under way.
    EXISTS (SELECT 1 FROM ${changes} WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())) AS held,
    extract(epoch FROM clock_timestamp() - batch.at)::double precision * 1000 AS age,
    batch.xid::text AS xid, batch.position::text AS position, batch.resource, batch.id, batch.version::text AS version,
    batch.document::text AS document, batch.subject, batch.key, batch.found
  FROM (${nameOf(feed)}) AS feed LEFT JOIN (
    SELECT *, count(*) OVER ()::integer AS found,
      coalesce(sum(bytes) OVER (ORDER BY xid, position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
    FROM (
      SELECT *, octet_length(document::text) AS bytes FROM ${changes}
      WHERE (xid, position) > ($2::text::xid8, $3::text::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
      ORDER BY xid, position LIMIT $4::integer
    ) AS next
  ) AS batch ON batch.bytes_before < $5::integer
  ORDER BY batch.xid, batch.position`;

const forgetting = (changes: string, feed: string) => `WITH oldest AS (
    SELECT xid, position, at FROM ${changes} WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY xid, position LIMIT $1::integer
  ), gone AS (
    DELETE FROM ${changes} AS changes USING oldest
    WHERE changes.xid = oldest.xid AND changes.position = oldest.position
      AND oldest.at <= now() - $2::double precision * interval '1 millisecond'
    RETURNING changes.xid, changes.position
  ), newest AS (
    SELECT xid, position FROM gone ORDER BY xid DESC, position DESC LIMIT 1
  ), horizon AS (
    -- Never back: times don't have to follow the numbers, so that of two neighbours the second may be forgotten first.
    UPDATE ${feed} SET horizon_xid = xid, horizon_position = position
    FROM newest WHERE (horizon_xid, horizon_position) < (xid, position)
  )
  SELECT count(*)::integer AS gone FROM gone`;

interface ChangeRow {
  feed: string; expired: boolean; held: boolean; age: number; xid: string | null; position: string; found: number;
  resource: string; id: string; version: string; document: string | null; subject: string | null; key: string | null;
}

/** A change feed in PostgreSQL 13 or newer, or PGlite. */
export function postgresFeed<Tx = SqlClient>(sql: AnySql<Tx>, tables: FeedTables = {}): PostgresFeed<Tx> {
  const { transaction, run } = databaseOf(sql);
  const [changes, feed] = [quoted(tables.changes ?? 'holdfast_changes'), quoted(tables.feed ?? 'holdfast_feed')];
  const sqlBehind = behind(changes, feed);
  return {
    compare: compareCursors,

    async presentCursor() {
      const [row] = await run<{ feed: string; xid: string }>(null,
        `SELECT name AS feed, pg_snapshot_xmin(pg_current_snapshot())::text AS xid FROM (${nameOf(feed)}) AS feed`);
      if (!row) throw new Error('the feed has no row; were the migrations run?');
      // Positions begin with 1: everything of this transaction and of later ones is behind it.
      return cursorText({ ...row, position: '0' });
    },

    async readChanges(cursor, limit) {
      const after = readCursor(cursor);
      if (!after) return 'expired';
      return batchOf(await run<ChangeRow>(null, sqlBehind, [after.feed, after.xid, after.position, limit, BATCH_BYTES]), cursor, limit);
    },

    async lock(tx, resource, id) {
      await run(tx, 'SELECT pg_advisory_xact_lock(hashtextextended($1::text, 1))', [JSON.stringify([resource, id])]);
    },

    async record(tx, { resource, id, version, document }, writer) {
      await run(tx,
        `INSERT INTO ${changes} (resource, id, version, document, subject, key)
         VALUES ($1::text, $2::text, $3::bigint, $4::json, $5::text, $6::text)`,
        [resource, id, version, document === undefined ? null : JSON.stringify(document), writer?.subject ?? null, writer?.key ?? null]);
    },

    async forget(retentionMs = CHANGE_RETENTION_MS) {
      for (let gone = FORGET_AT_ONCE; gone === FORGET_AT_ONCE;) {
        gone = await transaction(async (tx) => {
          // The horizon's row is its lock: two that move it at once must not move it back.
          await run(tx, `SELECT 1 FROM ${feed} FOR UPDATE`);
          const [row] = await run<{ gone: number }>(tx, forgetting(changes, feed), [FORGET_AT_ONCE, retentionMs]);
          return row?.gone ?? 0;
        });
      }
    },
  };
}

function batchOf(rows: ChangeRow[], cursor: string, limit: number): FeedBatch | 'expired' {
  const [first] = rows;
  if (!first || first.expired) return 'expired';
  const { held } = first;
  if (first.xid === null) return { changes: [], cursor, more: false, held, lagMs: 0 };
  const changes = rows.map(changeOf);
  return {
    changes, held,
    cursor: changes.at(-1)!.cursor,
    more: rows.length < first.found || first.found === limit,
    lagMs: Math.max(0, ...rows.map(({ age }) => age)),
  };
}

function changeOf({ feed, xid, position, resource, id, version, document, subject, key }: ChangeRow): FeedChange {
  const change: Change = {
    resource, id, version: Number(version),
    ...(document === null ? { kind: 'delete', document: null } : { kind: 'upsert', document: JSON.parse(document) as unknown }),
  };
  return { cursor: cursorText({ feed, xid: xid!, position }), change, writer: subject === null || key === null ? null : { subject, key } };
}
