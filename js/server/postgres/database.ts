/** What both `pg` and PGlite offer in a transaction. */
export interface SqlClient {
  query<Row = any>(sql: string, params?: any[]): Promise<{ rows: Row[] }>;
}

/** A pool of `pg`. */
export interface SqlPool extends SqlClient {
  connect(): Promise<PoolClient>;
}

interface PoolClient extends SqlClient {
  query<Row = any>(sql: string, params?: any[]): Promise<{ rows: Row[]; command: string }>;
  release(broken?: Error): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** A PGlite. */
export interface SqlEmbedded extends SqlClient {
  transaction<T>(work: (tx: SqlClient) => Promise<T>): Promise<T>;
}

/** PostgreSQL by whatever else: an ORM, a query builder. `Tx` is what it hands to a transaction. */
export interface SqlDatabase<Tx> {
  /** At READ COMMITTED; committed once the promise is fulfilled, rolled back if `work` throws. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** The rows of one statement with `$1` placeholders, in a transaction, or by itself with null. */
  run(tx: Tx | null, sql: string, params: readonly unknown[]): Promise<unknown[]>;
}

export type AnySql<Tx> = SqlPool | SqlEmbedded | SqlDatabase<Tx>;

export type Run<Tx> = <Row>(tx: Tx | null, sql: string, params?: readonly unknown[]) => Promise<Row[]>;

/** One way to talk to all of them. */
export function databaseOf<Tx>(sql: AnySql<Tx>): { transaction: SqlDatabase<Tx>['transaction']; run: Run<Tx> } {
  if ('run' in sql) {
    return {
      transaction: (work) => sql.transaction(work),
      run: async <Row>(tx: Tx | null, text: string, params: readonly unknown[] = []) => await sql.run(tx, text, params) as Row[],
    };
  }
  return {
    // Both hand a client to the transaction, which is what Tx is then.
    transaction: <T>(work: (tx: Tx) => Promise<T>) => ('connect' in sql
      ? inPool(sql, (client) => work(client as Tx)) : sql.transaction((client) => work(client as Tx))),
    run: async <Row>(tx: Tx | null, text: string, params: readonly unknown[] = []) =>
      (await ((tx ?? sql) as SqlClient).query<Row>(text, [...params])).rows,
  };
}

async function inPool<T>(pool: SqlPool, work: (tx: SqlClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  /** Set once the connection is in no state to be used again. */
  let broken: Error | undefined;
  // Unheard, the error of a connection that breaks between two statements would end the process.
  const onError = (error: Error) => { broken = error; };
  client.on('error', onError);
  try {
    // Said, since a database may have another default.
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    const result = await work(client);
    // After a statement that failed, COMMIT is answered ROLLBACK, and no error.
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT') throw new Error('the transaction was rolled back, since a statement in it had failed');
    return result;
  } catch (error) {
    if (!broken) await client.query('ROLLBACK').catch((failure: Error) => { broken ??= failure; });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** A table's name as SQL; `schema.table` is two names. */
export function quoted(table: string): string {
  return table.split('.').map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
}
