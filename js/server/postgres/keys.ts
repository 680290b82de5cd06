import type { KeyStorage } from '../keys.js';
import { databaseOf, quoted, type AnySql, type SqlClient } from './database.js';

interface KeyRow { fingerprint: string; status: number; headers: string; body: Uint8Array }

/**
 * Idempotency keys in PostgreSQL 13 or newer, or PGlite. Casts are written out, and documents read as text, since drivers
 * differ in what they guess.
 * @param sql a pool of `pg`, a PGlite, or whatever runs SQL in transactions
 * @param options.table for who makes it in migrations of his own: `holdfast_keys` in postgresMigrations is what it has to be
 */
export function postgresKeys<Tx = SqlClient>(sql: AnySql<Tx>, { table = 'holdfast_keys' }: { table?: string } = {}): KeyStorage<Tx> {
  const { transaction, run } = databaseOf(sql);
  const keys = quoted(table);
  return {
    transaction,

    async claim(tx, { subject, key }, notBefore) {
      // Let go only after the commit is visible, so whoever has it sees the first answer (at READ COMMITTED, where each
      // statement looks anew). Two keys with one hash merely cost a 409 and a second. If it were ever broken, the primary
      // key would fail the second transaction as a whole.
      const [lock] = await run<{ taken: boolean }>(tx,
        'SELECT pg_try_advisory_xact_lock(hashtextextended($1::text, 0)) AS taken', [JSON.stringify([subject, key])]);
      if (!lock?.taken) return 'running';
      const [row] = await run<KeyRow>(tx,
        `SELECT fingerprint, status, headers::text AS headers, body FROM ${keys}
         WHERE subject = $1::text AND key = $2::text AND created_at > $3::timestamptz`, [subject, key, notBefore.toISOString()]);
      if (!row) return 'free';
      const { fingerprint, status, headers, body } = row;
      return { fingerprint, answer: { status, headers: JSON.parse(headers) as Record<string, string>, body } };
    },

    async keep(tx, { subject, key }, { fingerprint, answer: { status, headers, body } }, { at, notBefore }) {
      await run(tx, `DELETE FROM ${keys} WHERE subject = $1::text AND key = $2::text AND created_at <= $3::timestamptz`,
        [subject, key, notBefore.toISOString()]);
      await run(tx,
        `INSERT INTO ${keys} (subject, key, fingerprint, status, headers, body, created_at)
         VALUES ($1::text, $2::text, $3::text, $4::integer, $5::jsonb, $6::bytea, $7::timestamptz)`,
        [subject, key, fingerprint, status, JSON.stringify(headers), Buffer.from(body), at.toISOString()]);
    },

    async forget(before) {
      await run(null, `DELETE FROM ${keys} WHERE created_at <= $1::timestamptz`, [before.toISOString()]);
    },
  };
}
