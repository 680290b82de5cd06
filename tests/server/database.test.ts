import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Database } from '../../web/server/database.js';
import { migrate, MIGRATIONS } from '../../web/server/migrations.js';
import { sharedDatabase } from './support.js';

// What the server relies on, of each implementation of the interface.
const database = sharedDatabase();
let db: Database;
before(async () => {
  db = await database();
  await db.query('CREATE TABLE notes (id integer PRIMARY KEY, body jsonb, at timestamptz)');
});

test('values go in and come out as plain JavaScript', async () => {
  const at = '2030-01-02T03:04:05.678Z';
  await db.query('INSERT INTO notes VALUES ($1, $2::jsonb, $3::timestamptz)', [1, JSON.stringify({ a: ['ü', null] }), at]);
  assert.deepEqual(await db.query('SELECT * FROM notes WHERE id = $1', [1]), [{ id: 1, body: { a: ['ü', null] }, at: new Date(at) }]);
});

test('a transaction that throws leaves nothing and passes the error on; the next one works', async () => {
  const failure = new Error('no');
  await assert.rejects(db.transaction(async tx => {
    await tx.query('INSERT INTO notes VALUES (2)');
    throw failure;
  }), failure);
  assert.deepEqual(await db.query('SELECT id FROM notes WHERE id = 2'), []);
  assert.equal(await db.transaction(async tx => (await tx.query('INSERT INTO notes VALUES (2) RETURNING id')).length), 1);
});

test("transactions started at once do not see each other's halves", async () => {
  await db.query('INSERT INTO notes VALUES (3, $1::jsonb)', ['0']);
  await Promise.all(Array.from({ length: 10 }, () => db.transaction(async tx => {
    const [row] = await tx.query<{ body: number }>('SELECT body FROM notes WHERE id = 3 FOR UPDATE');
    await tx.query('UPDATE notes SET body = $1::jsonb WHERE id = 3', [String(row!.body + 1)]);
  })));
  assert.deepEqual(await db.query('SELECT body FROM notes WHERE id = 3'), [{ body: 10 }]);
});

test('migrations are numbered upwards, run once, and refuse a newer database', async () => {
  const numbers = MIGRATIONS.map(migration => migration.number);
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
  await migrate(db);
  assert.deepEqual((await db.query<{ number: number }>('SELECT number FROM schema_migrations ORDER BY number')).map(row => row.number), numbers);
  await db.query("INSERT INTO schema_migrations VALUES (999, 'from the future')");
  await assert.rejects(migrate(db), /migration 999.*start a newer server/);
  await db.query('DELETE FROM schema_migrations WHERE number = 999');
});
