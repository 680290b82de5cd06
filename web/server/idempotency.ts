import { createHash } from 'node:crypto';
import { ProblemError, type Answer } from 'holdfast/server';
import type { Database, Queryable } from './database.js';
import type { Written } from './orders.js';

/** 24 hours: longer than a phone stays in a drawer over night, short enough that the table stays small. */
export const KEY_RETENTION_MS = 24 * 60 * 60 * 1000;

/** Printable, without spaces; a header that was sent twice arrives joined by ", " and so is refused. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** What a key belongs to. `merge`: how the server's own merge is asked for, if it is. */
export interface Payload { method: string; path: string; ifMatch: string | undefined; merge?: string | undefined; body: Buffer | null }

export interface KeyedWrite { subject: string; key: string; fingerprint: string }

export type Outcome = Written & { replayed: boolean };

interface KeyRow { fingerprint: string; status: number; headers: Record<string, string>; body: string }

export function readKey(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && KEY.test(header)) return header;
  throw new ProblemError(400, 'bad-idempotency-key',
    'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces.', { field: 'Idempotency-Key' });
}

export function fingerprintOf({ method, path, ifMatch, merge, body }: Payload): string {
  // JSON keeps the parts apart: no header's end can pass for a path's beginning. A key from before there was a merge
  // keeps its fingerprint.
  const parts = [method, path, ifMatch ?? null, ...(merge === undefined ? [] : [merge])];
  return createHash('sha256').update(JSON.stringify(parts)).update(body ?? '').digest('hex');
}

/**
 * Applies a write once for its key.
 *
 * The key, the write and its answer are one transaction: either all three are there or none is, whenever the
 * server dies. Every answer of the application is kept, refusals (404, 409, 412) too, so that the same bytes
 * always have the same outcome; an answer from before the application (400, 401, 413, 5xx) leaves no trace.
 *
 * Two sends of one key at once are kept apart three times over:
 *  - `running` covers this process, and is what answers 409 here. PGlite has one connection, on which
 *    transactions queue up, so the advisory lock below is always free when a second send comes to it.
 *  - `pg_try_advisory_xact_lock` covers other connections and processes on one PostgreSQL. It is let go only
 *    after the commit is visible, so whoever has it sees the first answer (at READ COMMITTED, where each
 *    statement looks anew). Two keys with one hash merely cost a 409 and a second.
 *  - the table's primary key would fail the second transaction as a whole, if both locks were broken.
 */
export class Idempotency {
  readonly #running = new Map<string, string>();

  constructor(
    private readonly database: Database,
    private readonly now: () => Date,
    private readonly retentionMs: number = KEY_RETENTION_MS,
  ) {}

  async once(write: KeyedWrite, apply: (tx: Queryable) => Promise<Written>): Promise<Outcome> {
    const name = JSON.stringify([write.subject, write.key]);
    const running = this.#running.get(name);
    if (running !== undefined) throw running === write.fingerprint ? stillRunning() : otherPayload();
    this.#running.set(name, write.fingerprint);
    try {
      return await this.database.transaction(tx => this.#lookUpOrApply(tx, name, write, apply));
    } finally {
      this.#running.delete(name);
    }
  }

  async #lookUpOrApply(
    tx: Queryable, name: string, { subject, key, fingerprint }: KeyedWrite, apply: (tx: Queryable) => Promise<Written>,
  ): Promise<Outcome> {
    const [lock] = await tx.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS taken', [name]);
    if (!lock?.taken) throw stillRunning();
    const [row] = await tx.query<KeyRow>(
      `SELECT fingerprint, status, headers, body FROM idempotency_keys
       WHERE subject = $1 AND key = $2 AND created_at > $3::timestamptz`, [subject, key, this.#oldest()]);
    if (row) {
      if (row.fingerprint !== fingerprint) throw otherPayload();
      return { answer: replay(row), applied: null, replayed: true };
    }
    const written = await apply(tx);
    const { status, headers, body } = written.answer;
    // Not before: nothing may be written until the order's lock is held (changes.ts, recordChange).
    await tx.query('DELETE FROM idempotency_keys WHERE subject = $1 AND key = $2', [subject, key]);
    await tx.query(
      `INSERT INTO idempotency_keys (subject, key, fingerprint, status, headers, body, created_at)
       VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7::timestamptz)`,
      [subject, key, fingerprint, status, JSON.stringify(headers), body, this.now().toISOString()]);
    return { ...written, replayed: false };
  }

  /** Keys that nobody sends again would stay for ever otherwise. */
  async forgetExpired(): Promise<void> {
    await this.database.query('DELETE FROM idempotency_keys WHERE created_at <= $1::timestamptz', [this.#oldest()]);
  }

  #oldest(): string {
    return new Date(this.now().getTime() - this.retentionMs).toISOString();
  }
}

function replay({ status, headers, body }: KeyRow): Answer {
  return { status, headers: { ...headers, 'idempotency-replayed': 'true' }, body };
}

function stillRunning(): ProblemError {
  return new ProblemError(409, 'still-running', 'A request with this Idempotency-Key is still running; send it again shortly.',
    { field: 'Idempotency-Key' }, { 'retry-after': '1' });
}

function otherPayload(): ProblemError {
  return new ProblemError(422, 'key-reused',
    'This Idempotency-Key belongs to another request (method, path, If-Match, Prefer: merge and body must be the same); use a new key.',
    { field: 'Idempotency-Key' });
}
