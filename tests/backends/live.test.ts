// The live link on a backend of one's own.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { migrate } from 'holdfast/server';
import { openLink } from '../server/live-client.js';
import { atEnd } from '../server/support.js';
import { startBackend } from './backend.js';
import { liveNotes } from './examples/live.js';
import { NOTES } from './examples/notes.js';

test('what is written is told over both transports, and its key only to who wrote it', async () => {
  const database = await PGlite.create();
  atEnd(() => database.close());
  await migrate(database);
  await database.query(NOTES);
  const { url, send } = await startBackend(liveNotes, database);
  const [ann, ben] = await Promise.all([
    openLink('websocket', url, { headers: { 'x-user': 'ann' } }), openLink('events', url, { headers: { 'x-user': 'ben' } }),
  ]);
  await Promise.all([ann.live(), ben.live()]);
  const key = randomUUID();
  const made = await send('POST', '/api/notes', { body: { id: '7', text: 'milk' }, headers: { 'idempotency-key': key, 'x-user': 'ann' } });
  assert.equal(made.status, 201);
  const change = { resource: 'notes', id: '7', version: 1, kind: 'upsert', document: { id: '7', text: 'milk', version: 1 } };
  assert.deepEqual(await ann.has(1), [{ ...change, key }]);
  assert.deepEqual(await ben.has(1), [change]);
});
