// What the library promises apart from any framework, and what each adapter says of its own.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import express from 'express';
import Fastify from 'fastify';
import {
  expressBackend, fastifyBackend, jsonAnswer, migrate, nodeBackend, postgresKeys, postgresMigrations, problemAnswer, ProblemError, Writes,
  type Answer, type Asked, type KeyStorage, type SqlClient, type SqlDatabase, type SqlPool,
} from 'holdfast/server';
import pg from 'pg';
import { startCluster } from '../server/cluster.js';
import { assertProblem, atEnd, sender } from '../server/support.js';

let embedded: PGlite;
let pool: pg.Pool;
before(async () => {
  embedded = await PGlite.create();
  atEnd(() => embedded.close());
  const cluster = await startCluster();
  atEnd(() => cluster.stop());
  pool = new pg.Pool({ connectionString: cluster.url });
  pool.on('error', () => {});
  atEnd(() => pool.end());
  for (const database of [embedded, pool] as (PGlite | SqlPool)[]) {
    await migrate(database);
    await database.query('CREATE TABLE rows (id text)');
  }
});

const asked = (more: Partial<Asked> = {}): Asked =>
  ({ method: 'POST', url: '/rows', headers: { 'idempotency-key': randomUUID() }, body: 'x', subject: '', ...more });
const textOf = ({ body }: Answer) => String(Buffer.from(body));
const codeOf = (answer: Answer) => [answer.status, JSON.parse(textOf(answer)).code];
const count = async (database: SqlClient, id: string) => (await database.query('SELECT 1 FROM rows WHERE id = $1', [id])).rows.length;
const insert = (id: string, answer: () => Answer) => async (tx: SqlClient) => {
  await tx.query('INSERT INTO rows VALUES ($1)', [id]);
  return answer();
};

for (const [status, headers] of [[401, {}], [408, {}], [419, {}], [425, {}], [429, {}], [500, {}], [503, {}], [409, { 'Retry-After': '1' }]] as const) {
  test(`an answer that asks for the same bytes again undoes the write and keeps no key: ${status}`, async () => {
    const writes = new Writes(postgresKeys(embedded));
    const [id, write] = [randomUUID(), asked()];
    const answer = { status, headers: { ...headers }, body: '' };
    assert.equal(await writes.once(write, insert(id, () => answer)), answer);
    assert.equal(await count(embedded, id), 0);
    assert.equal((await writes.once(write, insert(id, () => jsonAnswer(201, {})))).headers['idempotency-replayed'], undefined);
    assert.equal(await count(embedded, id), 1);
  });
}

for (const status of [200, 204, 303, 400, 403, 404, 409, 410, 412, 422]) {
  test(`an answer that is the last word is kept with its write: ${status}`, async () => {
    const writes = new Writes(postgresKeys(embedded));
    const [id, write] = [randomUUID(), asked()];
    await writes.once(write, insert(id, () => ({ status, headers: { 'x-first': 'yes' }, body: '\0' })));
    const again = await writes.once(write, () => assert.fail('applied twice'));
    assert.deepEqual({ ...again, body: textOf(again) },
      { status, headers: { 'x-first': 'yes', 'idempotency-replayed': 'true' }, body: '\0' });
    assert.equal(await count(embedded, id), 1);
  });
}

test('a refusal that is thrown undoes the write, without a key too; an error does and is passed on', async () => {
  const writes = new Writes(postgresKeys(embedded));
  const id = randomUUID();
  for (const headers of [{}, asked().headers]) {
    assert.deepEqual(codeOf(await writes.once(asked({ headers }), insert(id, () => { throw new ProblemError(400, 'no', 'No.'); }))), [400, 'no']);
    await assert.rejects(writes.once(asked({ headers }), insert(id, () => { throw new TypeError('oops'); })), TypeError);
  }
  assert.equal(await count(embedded, id), 0);
});

test('what else changes the meaning of a request can be made a part of what its key belongs to', async () => {
  const writes = new Writes(postgresKeys(embedded), { payload: ({ headers }) => [String(headers['prefer'])] });
  const write = asked();
  const preferring = { ...write, headers: { ...write.headers, prefer: 'merge' } };
  await writes.once(write, () => jsonAnswer(200, {}));
  assert.deepEqual(codeOf(await writes.once(preferring, () => jsonAnswer(200, {}))), [422, 'key-reused']);
});

test('a storage may try a transaction again: what counts is the last time', async () => {
  const keys = postgresKeys(embedded);
  const twice: KeyStorage<SqlClient> = { ...keys, transaction: (work) => keys.transaction(work).catch(() => keys.transaction(work)) };
  const answers = [problemAnswer(503, 'busy', 'Busy.'), jsonAnswer(201, { id: 1 })];
  const write = asked();
  assert.equal((await new Writes(twice).once(write, () => answers.shift()!)).status, 201);
  assert.equal((await new Writes(twice).once(write, () => assert.fail('applied twice'))).status, 201);
  const ends = [() => problemAnswer(503, 'busy', 'Busy.'), () => { throw new TypeError('oops'); }];
  await assert.rejects(new Writes(twice).once(asked(), () => ends.shift()!()), TypeError);
});

test('a key is remembered for its retention and not longer, and then swept away', async () => {
  let now = Date.parse('2030-01-01T00:00:00Z');
  const writes = new Writes(postgresKeys(embedded), { retentionMs: 1000, now: () => new Date(now) });
  const write = asked();
  const once = async () => textOf(await writes.once(write, () => jsonAnswer(200, now)));
  const kept = async () => (await embedded.query('SELECT 1 FROM holdfast_keys WHERE key = $1', [write.headers['idempotency-key']])).rows.length;
  const first = await once();
  now += 999;
  assert.equal(await once(), first);
  now += 1;
  assert.notEqual(await once(), first);
  await writes.forgetExpired();
  assert.equal(await kept(), 1);
  now += 1000;
  await writes.forgetExpired();
  assert.equal(await kept(), 0);
});

test('should two ever hold one key at once, the second is undone', async () => {
  const keys = postgresKeys(embedded);
  const broken = { ...keys, claim: async () => 'free' as const };
  const [id, write] = [randomUUID(), asked()];
  const once = () => new Writes(broken).once(write, insert(id, () => jsonAnswer(201, {})));
  await once();
  await assert.rejects(once(), /duplicate key|holdfast_keys_pkey/);
  assert.equal(await count(embedded, id), 1);
});

test('a transaction in which a statement has failed is never taken for a committed one', async () => {
  for (const database of [embedded, pool] as (PGlite | SqlPool)[]) {
    const id = randomUUID();
    const work = async (tx: SqlClient) => {
      await tx.query('INSERT INTO rows VALUES ($1)', [id]);
      await tx.query('SELECT 1 / 0').catch(() => {});
      return jsonAnswer(201, {});
    };
    for (const headers of [{}, asked().headers]) {
      await assert.rejects(new Writes(postgresKeys(database)).once(asked({ headers }), work), /rolled back|aborted/);
    }
    assert.equal(await count(database, id), 0);
  }
});

test('a connection that breaks inside a transaction goes back to no one', async () => {
  const writes = new Writes(postgresKeys(pool as SqlPool));
  const write = asked();
  await assert.rejects(writes.once(write, async (tx) => {
    await tx.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => {});
    throw new Error('cut');
  }), /cut/);
  for (let times = 0; times < 3; times += 1) assert.equal((await writes.once(write, () => jsonAnswer(200, {}))).status, 200);
});

test('any way to run SQL in a transaction will do', async () => {
  // As an ORM has it: a transaction of its own kind, and arguments one by one.
  const orm: SqlDatabase<{ raw: (sql: string, ...params: unknown[]) => Promise<unknown[]> }> = {
    transaction: (work) => embedded.transaction((tx) => work({ raw: async (sql, ...params) => (await tx.query(sql, params)).rows })),
    run: async (tx, sql, params) => (tx ? tx.raw(sql, ...params) : (await embedded.query(sql, [...params])).rows),
  };
  const writes = new Writes(postgresKeys(orm));
  const write = asked();
  assert.equal((await writes.once(write, async (tx) => jsonAnswer(200, await tx.raw('SELECT $1::text AS it', 'is here')))).body, '[{"it":"is here"}]');
  assert.equal((await writes.once(write, () => assert.fail('applied twice'))).headers['idempotency-replayed'], 'true');
});

test('migrations run once, by however many at once, and refuse what a newer release has made', async () => {
  await pool.query('CREATE SCHEMA other');
  const others = Array.from({ length: 4 }, () => new pg.Pool({ ...pool.options, max: 1, options: '-c search_path=other' }));
  await Promise.all(others.map((other) => migrate(other)));
  const { rows } = await pool.query<{ number: number }>('SELECT number FROM other.holdfast_migrations ORDER BY number');
  assert.deepEqual(rows.map(({ number }) => number), postgresMigrations.map(({ number }) => number));
  await pool.query("INSERT INTO other.holdfast_migrations VALUES (999, 'from the future')");
  await assert.rejects(migrate(others[0]!), /migration 999.*start a newer server/);
  await Promise.all(others.map((other) => other.end()));
});

test('the package brings nothing along: whatever it imports is Node', () => {
  const code = readFileSync(new URL(import.meta.resolve('holdfast/server')), 'utf8');
  const imported = [...code.matchAll(/\bfrom\s*"([^"]+)"|\bimport\s*\(?"([^"]+)"|\brequire\("([^"]+)"/g)].map(([, ...names]) => names.find(Boolean));
  assert.ok(imported.length > 0);
  for (const name of imported) assert.match(name!, /^node:/);
});

async function listen(listener: RequestListener): Promise<{ port: number; send: ReturnType<typeof sender> }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  atEnd(async () => { server.close(); server.closeAllConnections(); });
  const { port } = server.address() as AddressInfo;
  return { port, send: sender(`http://127.0.0.1:${port}`) };
}

test('node:http: a body that is too large is answered 413, one that is cut is applied by nobody, and an error is told', async () => {
  const errors: unknown[] = [];
  let applied = 0;
  const { write } = nodeBackend(postgresKeys(embedded), { bodyBytesMax: 1000, onError: (error) => errors.push(error) });
  const listener = write((_tx, { body }) => {
    applied += 1;
    if (String(body) === 'fail') throw new Error('oops');
    return jsonAnswer(200, body?.length ?? null);
  });
  const { port, send } = await listen((request, response) => {
    response.once('finish', () => assert.ok(request.socket, 'a logger has nothing to name'));
    void listener(request, response);
  });
  assert.equal((await send('POST', '/', { raw: 'x'.repeat(1000) })).json, 1000);
  assert.equal((await send('DELETE', '/')).json, null);
  assertProblem(await send('POST', '/', { raw: 'x'.repeat(1001) }), 413, 'body-too-large', 'body');
  // Nobody waits for the rest, which may be long or never come.
  const endless = connect(port, '127.0.0.1', () => endless.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n${'x'.repeat(2000)}`));
  const first = await new Promise<string>((done) => {
    endless.once('data', (chunk) => done(String(chunk))).once('close', () => done('nothing'));
    setTimeout(() => done('nothing'), 5_000).unref();
  });
  assert.match(first, /^HTTP\/1\.1 413 /);
  endless.destroy();
  assert.deepEqual(errors, []);
  assertProblem(await send('POST', '/', { raw: 'fail' }), 500, 'internal');
  assert.match(String(errors), /oops/);

  const before = applied;
  const cut = connect(port, '127.0.0.1', () => cut.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n1234', () => cut.destroy()));
  await new Promise((done) => cut.once('close', done));
  await sleep(200);
  assert.equal((await send('POST', '/', { raw: '12345' })).json, 5);
  assert.equal(applied, before + 1);
});

test('Express: a parser that keeps no bytes is refused loudly, and the error says what to do', async () => {
  const { write } = expressBackend(postgresKeys(embedded));
  const app = express().use(express.json()).post('/', write(() => assert.fail('applied')));
  let told: unknown;
  app.use((error: unknown, _request: unknown, response: express.Response, _next: unknown) => { told = error; response.sendStatus(500); });
  const { send } = await listen(app);
  assert.equal((await send('POST', '/', { body: { text: 'milk' } })).status, 500);
  assert.match(String(told), /express\.json\(\{ verify: keepBytes \}\)/);
});

test('Express: below a mounted router a key belongs to the whole URL', async () => {
  const { write } = expressBackend(postgresKeys(embedded));
  const router = express.Router().post('/notes', write(() => jsonAnswer(200, {})));
  const { send } = await listen(express().use('/one', router).use('/two', router));
  const headers = { 'idempotency-key': randomUUID() };
  assert.equal((await send('POST', '/one/notes', { headers })).status, 200);
  assertProblem(await send('POST', '/two/notes', { headers }), 422, 'key-reused');
});

test('Fastify: without its plugin, or with a parser that leaves the body alone, a write is refused loudly', async () => {
  const { plugin, write } = fastifyBackend(postgresKeys(embedded));
  const body = { method: 'POST', url: '/', headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() }, payload: '{}' } as const;
  const bare = Fastify();
  bare.post('/', write(() => assert.fail('applied')));
  assert.match((await bare.inject(body)).json().message, /Register the plugin/);
  const lazy = Fastify();
  await lazy.register(plugin);
  lazy.removeAllContentTypeParsers();
  lazy.addContentTypeParser('application/json', (_request, _payload, done) => done(null, {}));
  lazy.post('/', write(() => assert.fail('applied')));
  assert.match((await lazy.inject(body)).json().message, /let a content type parser read the whole body/);
});

test('an answer that can\'t be sent is kept under no key, and ends no process', async () => {
  const id = randomUUID();
  let location = '/rows/日';
  const { write } = nodeBackend(postgresKeys(embedded), { onError: () => {} });
  const listener = write(insert(id, () => jsonAnswer(201, {}, { location })));
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  atEnd(async () => { server.close(); });
  const send = sender(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const sending = { body: {}, headers: { 'idempotency-key': randomUUID() } };
  assert.equal((await send('POST', '/rows', sending)).status, 500);
  assert.equal(await count(embedded, id), 0);
  location = `/rows/${encodeURIComponent('日')}`;
  assert.equal((await send('POST', '/rows', sending)).status, 201);
  assert.equal(await count(embedded, id), 1);
});

test('whoever has to sign in first is told so before the body is read', async () => {
  const { write } = nodeBackend(postgresKeys(embedded), {
    bodyBytesMax: 10, subject: () => { throw new ProblemError(401, 'unauthorized', 'Sign in.'); },
  });
  const listener = write(() => jsonAnswer(200, {}));
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  atEnd(async () => { server.close(); server.closeAllConnections(); });
  const answer = await sender(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)('POST', '/rows', { body: { long: 'x'.repeat(100) } });
  assert.equal(answer.status, 401);
});

test('Fastify: of a stream that a parser hands on, no more is kept than the route may have', async () => {
  const { plugin, write } = fastifyBackend(postgresKeys(embedded));
  const app = Fastify({ bodyLimit: 100_000 });
  atEnd(() => app.close());
  await app.register(plugin);
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  let read = 0;
  app.post('/upload', async (request) => {
    for await (const chunk of request.body as AsyncIterable<Buffer>) read += chunk.length;
    return { read };
  });
  app.post('/write', async (request, reply) => {
    for await (const chunk of request.body as AsyncIterable<Buffer>) read += chunk.length;
    return write(() => jsonAnswer(200, {})).call(app, request, reply);
  });
  const post = (url: string, size: number) =>
    app.inject({ method: 'POST', url, headers: { 'content-type': 'application/octet-stream' }, payload: Buffer.alloc(size) });
  assert.deepEqual((await post('/upload', 1_000_000)).json(), { read: 1_000_000 });
  assert.equal((await post('/write', 1_000)).statusCode, 200);
  assert.equal((await post('/write', 1_000_000)).statusCode, 500);
});
