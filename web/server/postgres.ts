import pg from 'pg';
import { DatabaseUnavailable, type Database, type Queryable } from './database.js';
import { listen } from './listener.js';
import { migrate } from './migrations.js';

export interface PostgresOptions {
  /** The schema that the tables are in, made if it isn't there; by default the first of the role's search path. */
  schema?: string;
  /** Connections at the most; whatever else wants one waits. */
  connectionsMax?: number;
  /** false: changes are not notified of, since other processes are told by other means. Default true. */
  notify?: boolean;
  /** A statement that takes longer is broken off, and its transaction undone. Waiting for a lock counts. */
  statementMs?: number;
}

/** PostgreSQL lets in 100 unless told otherwise (max_connections): nine processes of ours, and somebody who looks. */
const CONNECTIONS_MAX = 10;
/** Long enough for a burst to pass, short enough that a client hears 503 before it gives up waiting. */
const CONNECT_MS = 5_000;
/** Each statement here takes milliseconds; what takes a thousand times as long waits for somebody who hangs. */
const STATEMENT_MS = 10_000;
/** A process that is frozen inside a transaction holds its locks until then, and the change feed behind it. */
const IDLE_IN_TRANSACTION_MS = 10_000;
/** What the server breaks off by itself it says by itself; beyond that, it is the connection that is dead. */
const GRACE_MS = 5_000;
/** The first with xid8 and pg_current_xact_id(), which the change feed is built on. */
const OLDEST_VERSION = 13;

/**
 * Opens a PostgreSQL server for this process, which may be one of several. The schema is brought up to date.
 * @param url `postgres://user:password@host:5432/database`; a socket's folder as host goes into the query string,
 *   `postgres://user@/database?host=/var/run/postgresql`
 * @throws Error that says what to do, and never the password
 */
export async function openPostgres(url: string, { schema, connectionsMax, notify = true, statementMs = STATEMENT_MS }: PostgresOptions = {}): Promise<Database> {
  const config: pg.PoolConfig = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    fallback_application_name: 'holdfast-server',
    async onConnect(client) {
      if (schema !== undefined) await client.query(`SET search_path TO ${pg.escapeIdentifier(schema)}`);
      // Read by the trigger that notifies (migrations.ts).
      if (!notify) await client.query("SET holdfast.notify = 'off'");
    },
  };
  const place = placeOf(url);
  // Of its own, without a limit of time: whoever comes second waits for as long as the first one migrates.
  const first = overPool(new pg.Pool({ ...config, max: 1 }));
  try {
    await refuseOldVersion(first);
    await migrate(first, schema);
  } catch (error) {
    throw explained(error, place);
  } finally {
    await first.close();
  }
  const database = overPool(new pg.Pool({
    ...config,
    max: connectionsMax ?? CONNECTIONS_MAX,
    statement_timeout: statementMs,
    query_timeout: statementMs + GRACE_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  }));
  return { ...database, listen: (channel, wake) => listen({ connectionString: url, connectionTimeoutMillis: CONNECT_MS }, channel, wake) };
}

function overPool(pool: pg.Pool): Database {
  // An idle connection that breaks has left the pool already; unheard, its error would end the process.
  pool.on('error', () => {});
  let closing: Promise<void> | undefined;
  return {
    query: async <Row>(sql: string, params: unknown[] = []) => {
      try {
        return (await pool.query(sql, params)).rows as Row[];
      } catch (error) {
        throw told(error);
      }
    },
    transaction: work => transaction(pool, work),
    close: () => closing ??= pool.end(),
  };
}

async function transaction<T>(pool: pg.Pool, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch(error => { throw told(error); });
  /** Set once the connection is in no state to be used again. */
  let broken: Error | undefined;
  const onError = (error: Error) => { broken = error; };
  client.on('error', onError);
  const run = async (sql: string, params: unknown[] = []) => {
    try {
      return await client.query(sql, params);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) broken = error as Error;
      throw told(error);
    }
  };
  try {
    // Said, since a database may have another default.
    await run('BEGIN ISOLATION LEVEL READ COMMITTED');
    const result = await work({ query: async <Row>(sql: string, params?: unknown[]) => (await run(sql, params)).rows as Row[] });
    // After a statement that failed, COMMIT is answered ROLLBACK, and no error.
    const { command } = await run('COMMIT');
    if (command !== 'COMMIT') throw new Error('the transaction was rolled back, since a statement in it had failed');
    return result;
  } catch (error) {
    if (!broken) await run('ROLLBACK').catch(failure => { broken ??= failure as Error; });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/**
 * SQLSTATE classes that pass by themselves: no connection (08), a deadlock (40), too many at once (53), a statement
 * that took too long or a server that is restarted (57), a transaction that was left idle (25P03).
 */
const PASSING = /^(08|40|53|57|25P03)/;

/** What is neither the statement's fault nor ours is told apart: a client may send its request again. */
function told(error: unknown): unknown {
  const passing = error instanceof pg.DatabaseError ? PASSING.test(error.code ?? '') : error instanceof Error;
  return passing ? new DatabaseUnavailable((error as Error).message, { cause: error }) : error;
}

async function refuseOldVersion(database: Database): Promise<void> {
  const [row] = await database.query<{ number: number; name: string }>(
    "SELECT current_setting('server_version_num')::integer AS number, current_setting('server_version') AS name");
  if (row && row.number < OLDEST_VERSION * 10_000) {
    throw new Error(`it is PostgreSQL ${row.name}, and ${OLDEST_VERSION} or newer is needed`);
  }
}

interface Place { server: string; user: string; database: string }

/** Where a URL leads, without its password. */
function placeOf(url: string): Place {
  const refused = () => new Error('DATABASE_URL is no URL of a PostgreSQL database; give one like '
    + 'postgres://user:password@host:5432/database or, for a socket, postgres://user@/database?host=/var/run/postgresql');
  if (!/^postgres(ql)?:\/\//.test(url)) throw refused();
  try {
    const { host, port, user = '', database = '' } = new pg.Client({ connectionString: url });
    return { server: host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`, user, database };
  } catch {
    // Its own error would quote the URL.
    throw refused();
  }
}

function explained(error: unknown, { server, user, database }: Place): Error {
  const { message, code } = (error instanceof DatabaseUnavailable ? error.cause : error) as Error & { code?: string };
  const say = (what: string, advice: string) => new Error(`the database of DATABASE_URL: ${what}; ${advice}`);
  switch (code) {
    case '28P01': case '28000':
      return say(`PostgreSQL at ${server} refuses the user ${user} (${message})`, 'correct user and password, or pg_hba.conf');
    case '3D000':
      return say(`PostgreSQL at ${server} has no database ${database}`, `make it (createdb ${database}), or name another`);
    case '42501':
      return say(`the user ${user} may not make the tables (${message})`, `GRANT CREATE on the schema, or make ${user} the database's owner`);
    case '53300':
      return say(`PostgreSQL at ${server} has no connection left (${message})`, 'raise max_connections, or run fewer processes');
    case '57P03':
      return say(`PostgreSQL at ${server} is not ready yet (${message})`, 'start again in a moment');
  }
  if (error instanceof DatabaseUnavailable && !/^[0-9A-Z]{5}$/.test(code ?? '')) {
    return say(`no PostgreSQL answers at ${server} (${code ?? message})`, 'start it, or correct host and port');
  }
  return say(message, `look at ${database} on ${server}`);
}
