// A database that an earlier release has written opens, and nothing that it promised is forgotten.

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { migrate } from 'holdfast/server';
import { openPglite } from '../../web/server/database.js';
import { MIGRATIONS } from '../../web/server/migrations.js';
import { atEnd, serve } from './support.js';

test('keys and changes from before they were those of the library still answer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-migrations-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const [key, id] = [randomUUID(), randomUUID()];
  const old = await PGlite.create(folder);
  await migrate(old, { migrations: MIGRATIONS.filter(({ number }) => number <= 5), table: 'schema_migrations' });
  // As a DELETE left it.
  const fingerprint = createHash('sha256').update(JSON.stringify(['DELETE', `/api/orders/${id}`, null])).digest('hex');
  await old.query(`INSERT INTO idempotency_keys (subject, key, fingerprint, status, headers, body, created_at)
    VALUES ('', $1, $2, 404, '{"x-old": "yes"}', 'grün', now())`, [key, fingerprint]);
  const { rows: [feed] } = await old.query<{ id: string; cursor: string }>('SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS cursor FROM feed');
  await old.query(`INSERT INTO changes (order_id, version, kind, document, subject, key) VALUES ($1, 1, 'upsert', '{"tip": 5}', '', 'k'), ($1, 2, 'delete', NULL, NULL, NULL)`, [id]);
  await old.close();

  const database = await openPglite(folder);
  atEnd(() => database.close());
  const { send } = await serve({ database });
  const again = await send('DELETE', `/api/orders/${id}`, { headers: { 'idempotency-key': key } });
  assert.deepEqual([again.status, again.text, again.headers.get('x-old'), again.headers.get('idempotency-replayed')], [404, 'grün', 'yes', 'true']);
  const { json: { cursor } } = await send('GET', '/api/changes');
  const { json: { changes } } = await send('GET', `/api/changes?after=${cursor.split('.')[0]}.${feed!.cursor}.0`);
  assert.deepEqual(changes, [
    { resource: 'orders', id, version: 1, kind: 'upsert', document: { tip: 5 }, key: 'k' },
    { resource: 'orders', id, version: 2, kind: 'delete', document: null },
  ]);
});
