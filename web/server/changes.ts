import type { Database, Queryable } from './database.js';

/** Who changed something, and under which idempotency key. */
export interface Writer { subject: string; key: string }

/** What became of one order in one transaction. */
export interface Change {
  id: string;
  /** The order's number after this change. It only grows, across a deletion too, and a deletion has one of its own. */
  version: number;
  kind: 'upsert' | 'delete';
  /** As `GET` of the order gives it; null for a deletion. */
  document: unknown;
  /** Missing where the write had no key. Nobody else is told the key. */
  writer?: Writer | undefined;
}

/** With the cursor behind it. */
export type ReadChange = Change & { cursor: string };

export interface Batch {
  changes: ReadChange[];
  /** Where to go on after these changes. */
  cursor: string;
  /** There was more than fits. */
  more: boolean;
  /** There are changes that wait for an older transaction to end, and nobody will say when it does. */
  held: boolean;
  /** How long ago the transaction of the oldest of these changes began; 0 without one. */
  lagMs: number;
}

/** PostgreSQL's notifications of new changes. */
export const CHANGES_CHANNEL = 'holdfast_changes';

/** A week: longer than a phone lies in a drawer over the holidays; who was away for longer reads everything anew. */
export const CHANGE_RETENTION_MS = 7 * 24 * 60 * 60 * 1000;
/** A batch ends with the change that reaches this, so that no number of long notes fills the memory of either side. */
export const BATCH_BYTES = 1024 * 1024;
/** What is forgotten at a time: a statement of milliseconds. */
const FORGET_AT_ONCE = 5_000;

/**
 * Says in the transaction of a change what was changed: both are there, or neither. The order's lock must be held, and
 * nothing may have been written before it was: a transaction gets its number with its first write, and so the second of
 * two that change one order has the bigger number. That keeps the changes of one order in the order of its versions.
 */
export async function recordChange(tx: Queryable, { id, version, kind, document, writer }: Change): Promise<void> {
  await tx.query('INSERT INTO changes (order_id, version, kind, document, subject, key) VALUES ($1, $2, $3, $4::jsonb, $5, $6)',
    [id, version, kind, document === null ? null : JSON.stringify(document), writer?.subject ?? null, writer?.key ?? null]);
}

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
 * with neither gap nor repetition behind it. Whoever stores it after what it stands for gets each change at least once.
 * The position alone tells the changes of one transaction apart. xid8 doesn't wrap around.
 *
 * The price: any writing transaction of the whole PostgreSQL server, other databases included, holds the feed up until it
 * ends. That is why ours have a limit of time (postgres.ts). It delays changes and loses none.
 *
 * Numbers of transactions belong to one history of one server: they begin anew where a dump is restored, and go back
 * where a backup is. A cursor therefore names its feed: the database's own id, the server's, and its timeline, which is a
 * new one after each recovery. A cursor of another feed is answered as one that has expired.
 */
const FEED = `SELECT
    left(encode(sha256(convert_to(concat_ws('/',
      id, (SELECT system_identifier FROM pg_control_system()), left(pg_walfile_name(pg_current_wal_lsn()), 8)), 'UTF8')), 'hex'), 16) AS name,
    horizon_xid, horizon_position
  FROM feed`;

interface Cursor { feed: string; xid: string; position: string }

const CURSOR = /^([0-9a-f]{16})\.(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})$/;

function readCursor(text: string): Cursor | null {
  const [, feed, xid, position] = CURSOR.exec(text) ?? [];
  return feed && xid && position ? { feed, xid, position } : null;
}

const cursorText = ({ feed, xid, position }: Cursor): string => `${feed}.${xid}.${position}`;

/** Which of two cursors is further on, as a sort has it; null if they aren't both of one feed. */
export function compareCursors(one: string, other: string): number | null {
  const [a, b] = [readCursor(one), readCursor(other)];
  if (!a || !b || a.feed !== b.feed) return null;
  return order(a.xid, b.xid) || order(a.position, b.position);
}

/** Of whole numbers in decimal, without leading zeros. */
function order(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** What this database's feed is called in its cursors. */
export async function feedName(db: Queryable): Promise<string> {
  return readCursor(await presentCursor(db))!.feed;
}

/** Where the feed is now. Whatever is read after this holds all that came before; what comes later is in the feed. */
export async function presentCursor(db: Queryable): Promise<string> {
  const [row] = await db.query<{ feed: string; xid: string }>(
    `SELECT name AS feed, pg_snapshot_xmin(pg_current_snapshot())::text AS xid FROM (${FEED}) AS feed`);
  // Positions begin with 1: everything of this transaction and of later ones is behind it.
  if (!row) throw new Error('the feed has no row; was the database brought up to date?');
  return cursorText({ ...row, position: '0' });
}

interface ChangeRow extends Change {
  feed: string; expired: boolean; held: boolean; xid: string | null; position: string; found: number; age: number;
  subject: string | null; key: string | null;
}

/**
 * The changes behind a cursor. `expired`: what came right after it isn't kept any more, or it isn't one of this feed's, and
 * a snapshot is needed.
 */
export async function readChanges(db: Queryable, cursor: string, limit: number): Promise<Batch | 'expired'> {
  const after = readCursor(cursor);
  if (!after) return 'expired';
  // One statement, so that the horizon and the rows are those of one moment. Without a change there is one row of nulls.
  const rows = await db.query<ChangeRow>(
    `SELECT feed.name AS feed,
       feed.name <> $1 OR ($2::xid8, $3::bigint) < (feed.horizon_xid, feed.horizon_position) AS expired,
       -- Committed, and not to be given out yet: an older transaction is still under way.
       EXISTS (SELECT 1 FROM changes WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())) AS held,
       extract(epoch FROM clock_timestamp() - batch.at)::double precision * 1000 AS age,
       batch.xid::text AS xid, batch.position::text AS position, batch.order_id AS id, batch.version, batch.kind, batch.document, batch.subject, batch.key, batch.found
     FROM (${FEED}) AS feed LEFT JOIN (
       SELECT *, count(*) OVER ()::integer AS found,
         coalesce(sum(bytes) OVER (ORDER BY xid, position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
       FROM (
         SELECT *, octet_length(document::text) AS bytes FROM changes
         WHERE (xid, position) > ($2::xid8, $3::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY xid, position LIMIT $4
       ) AS next
     ) AS batch ON batch.bytes_before < $5
     ORDER BY batch.xid, batch.position`,
    [after.feed, after.xid, after.position, limit, BATCH_BYTES]);
  const [first] = rows;
  if (!first || first.expired) return 'expired';
  const { held } = first;
  if (first.xid === null) return { changes: [], cursor, more: false, held, lagMs: 0 };
  const last = rows.at(-1)!;
  return {
    changes: rows.map(changeOf),
    cursor: cursorOf(last),
    more: rows.length < first.found || first.found === limit,
    held,
    lagMs: Math.max(0, ...rows.map(({ age }) => age)),
  };
}

function changeOf(row: ChangeRow): ReadChange {
  const { id, version, kind, document, subject, key } = row;
  return { id, version, kind, document, ...(subject === null || key === null ? {} : { writer: { subject, key } }), cursor: cursorOf(row) };
}

function cursorOf({ feed, xid, position }: ChangeRow): string {
  return cursorText({ feed, xid: xid!, position });
}

/**
 * Forgets what is older than the retention, and moves the horizon up in the same transaction. Several processes may do so
 * at once.
 */
export async function forgetChanges(database: Database, retentionMs: number = CHANGE_RETENTION_MS): Promise<void> {
  for (let gone = FORGET_AT_ONCE; gone === FORGET_AT_ONCE;) {
    gone = await database.transaction(async tx => {
      // The horizon's row is its lock: two that move it at once must not move it back.
      await tx.query('SELECT 1 FROM feed FOR UPDATE');
      const [row] = await tx.query<{ gone: number }>(
        `WITH oldest AS (
           SELECT xid, position, at FROM changes WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
           ORDER BY xid, position LIMIT $1
         ), gone AS (
           DELETE FROM changes USING oldest
           WHERE changes.xid = oldest.xid AND changes.position = oldest.position AND oldest.at <= now() - $2 * interval '1 millisecond'
           RETURNING changes.xid, changes.position
         ), newest AS (
           SELECT xid, position FROM gone ORDER BY xid DESC, position DESC LIMIT 1
         ), horizon AS (
           -- Never back: times don't have to follow the numbers, so that of two neighbours the second may be forgotten first.
           UPDATE feed SET horizon_xid = xid, horizon_position = position
           FROM newest WHERE (horizon_xid, horizon_position) < (xid, position)
         )
         SELECT count(*)::integer AS gone FROM gone`, [FORGET_AT_ONCE, retentionMs]);
      return row?.gone ?? 0;
    });
  }
}
