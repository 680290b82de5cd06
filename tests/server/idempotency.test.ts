import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { postgresKeys, Writes, type SqlDatabase } from 'holdfast/server';
import { assertProblem, ORDER, serve, sharedDatabase, type Answered, type TestServer } from './support.js';

const database = sharedDatabase();
let server: TestServer;
before(async () => { server = await serve({ database: await database() }); });

const keyed = (key: string = randomUUID()) => ({ 'idempotency-key': key });

function assertReplay(again: Answered, first: Answered): void {
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.deepEqual([again.status, again.text], [first.status, first.text]);
  for (const name of ['etag', 'location', 'content-type']) assert.equal(again.headers.get(name), first.headers.get(name), name);
}

test('a POST sent again is answered as the first time, and there is one order', async () => {
  const customer = randomUUID();
  const sending = { body: { ...ORDER, customer }, headers: keyed() };
  const first = await server.send('POST', '/api/orders', sending);
  assert.equal(first.status, 201);
  assertReplay(await server.send('POST', '/api/orders', sending), first);
  assert.equal((await server.send('GET', `/api/orders?customer=${customer}`)).json.length, 1);
});

test('a PATCH and a DELETE sent again are answered as the first time, whatever happened since', async () => {
  const { id } = await server.order();
  const patch = { body: { tip: 5 }, headers: keyed() };
  const first = await server.send('PATCH', `/api/orders/${id}`, patch);
  await server.send('PATCH', `/api/orders/${id}`, { body: { tip: 6 } });
  assertReplay(await server.send('PATCH', `/api/orders/${id}`, patch), first);
  assert.equal((await server.send('GET', `/api/orders/${id}`)).json.tip, 6);
  const remove = { headers: keyed() };
  const gone = await server.send('DELETE', `/api/orders/${id}`, remove);
  assert.equal(gone.status, 204);
  assertReplay(await server.send('DELETE', `/api/orders/${id}`, remove), gone);
  assertReplay(await server.send('PATCH', `/api/orders/${id}`, patch), first);
});

test('the key is looked up before the precondition: a conditional write whose answer was lost is not a conflict', async () => {
  const { id } = await server.order();
  const sending = { body: { tip: 5 }, headers: { ...keyed(), 'if-match': '"1"' } };
  const first = await server.send('PATCH', `/api/orders/${id}`, sending);
  assert.equal(first.status, 200);
  assertReplay(await server.send('PATCH', `/api/orders/${id}`, sending), first);
});

test('a refusal keeps its answer too: the same bytes never have two outcomes', async () => {
  const { id } = await server.order();
  const illegal = { body: { status: 'delivered' }, headers: keyed() };
  const refused = await server.send('PATCH', `/api/orders/${id}`, illegal);
  assert.equal(refused.status, 409);
  for (const status of ['accepted', 'picked_up']) await server.send('PATCH', `/api/orders/${id}`, { body: { status } });
  assertReplay(await server.send('PATCH', `/api/orders/${id}`, illegal), refused);
});

test('a key is kept for no answer from before the application', async () => {
  const headers = keyed();
  assert.equal((await server.send('POST', '/api/orders', { body: { ...ORDER, tip: -1 }, headers })).status, 400);
  assert.equal((await server.send('POST', '/api/orders', { body: ORDER, headers })).status, 201);
});

test('a key with another payload is answered 422: body, method, path, query and If-Match all belong to it', async () => {
  const [one, two] = [await server.order(), await server.order()];
  const key = keyed();
  const send = (method: string, path: string, tip: number, headers = {}) =>
    server.send(method, path, { body: { tip }, headers: { ...key, ...headers } });
  assert.equal((await send('PATCH', `/api/orders/${one.id}`, 5)).status, 200);
  for (const other of [
    await send('PATCH', `/api/orders/${one.id}`, 6),
    await send('DELETE', `/api/orders/${one.id}`, 5),
    await send('PATCH', `/api/orders/${two.id}`, 5),
    await send('PATCH', `/api/orders/${one.id}?x=1`, 5),
    await send('PATCH', `/api/orders/${one.id}`, 5, { 'if-match': '"2"' }),
  ]) {
    assertProblem(other, 422, 'key-reused', 'Idempotency-Key');
  }
  assert.equal((await server.send('GET', `/api/orders/${one.id}`)).json.version, 2);
  assert.equal((await server.send('GET', `/api/orders/${two.id}`)).json.version, 1);
});

test('a key that is still running is answered 409 with Retry-After: 1, and then with the first answer', async () => {
  let release = () => {};
  let reached = () => {};
  // Let go in any case after a while: a server that waits instead of answering 409 must fail here, not hang.
  const held = new Promise<void>(resolve => { release = resolve; setTimeout(resolve, 5_000).unref(); });
  const applying = new Promise<void>(resolve => { reached = resolve; });
  const slow = await serve({
    database: await database(),
    faults: { async onApplied() { reached(); await held; } },
  });
  const sending = { body: ORDER, headers: keyed() };
  const first = slow.send('POST', '/api/orders', sending);
  await applying;
  const second = await slow.send('POST', '/api/orders', sending);
  assertProblem(second, 409, 'still-running', 'Idempotency-Key');
  assert.equal(second.headers.get('retry-after'), '1');
  const other = await slow.send('POST', '/api/orders', { ...sending, body: { ...ORDER, tip: 1 } });
  assertProblem(other, 422, 'key-reused');
  release();
  const answer = await first;
  assertReplay(await slow.send('POST', '/api/orders', sending), answer);
});

test('a key that another connection holds is answered 409 with Retry-After: 1, and nothing is applied', async () => {
  const busy: SqlDatabase<object> = {
    transaction: work => work({}),
    async run(tx, sql) {
      assert.ok(tx, 'outside of the transaction');
      assert.match(sql, /pg_try_advisory_xact_lock/);
      return [{ taken: false }];
    },
  };
  const asked = { method: 'POST', url: '/api/orders', headers: keyed('k'), body: null, subject: '' };
  const answer = await new Writes(postgresKeys(busy)).once(asked, async () => assert.fail('applied'));
  assert.deepEqual([answer.status, JSON.parse(String(answer.body)).code, answer.headers['retry-after']], [409, 'still-running', '1']);
});

test('however many sends of one key arrive at once, at one server or at two on one database, it is applied once', async () => {
  const applied: string[] = [];
  const faults = { async onApplied(_tx: unknown, _request: unknown, id: string) { applied.push(id); } };
  const servers = [await serve({ database: await database(), faults }), await serve({ database: await database(), faults })];
  await fc.assert(fc.asyncProperty(fc.array(fc.boolean(), { minLength: 2, maxLength: 12 }), async targets => {
    applied.length = 0;
    const customer = randomUUID();
    const sending = { body: { ...ORDER, customer }, headers: keyed() };
    const answers = await Promise.all(targets.map(target => servers[Number(target)]!.send('POST', '/api/orders', sending)));
    const done = answers.filter(answer => answer.status === 201);
    assert.equal(new Set(done.map(answer => answer.text)).size, 1);
    assert.equal(done.filter(answer => answer.headers.get('idempotency-replayed') === null).length, 1);
    for (const answer of answers) if (answer.status !== 201) assertProblem(answer, 409, 'still-running');
    assert.equal(applied.length, 1);
    assert.equal((await server.send('GET', `/api/orders?customer=${customer}`)).json.length, 1);
  }), { numRuns: 20 });
});

test('a key is remembered for its retention and not longer', async () => {
  let now = Date.parse('2030-01-01T00:00:00Z');
  const clocked = await serve({ database: await database(), keyRetentionMs: 1000, now: () => new Date(now) });
  const sending = { body: ORDER, headers: keyed() };
  const first = await clocked.send('POST', '/api/orders', sending);
  now += 999;
  assertReplay(await clocked.send('POST', '/api/orders', sending), first);
  now += 1;
  const anew = await clocked.send('POST', '/api/orders', sending);
  assert.deepEqual([anew.status, anew.headers.get('idempotency-replayed')], [201, null]);
  assert.notEqual(anew.json.id, first.json.id);
});

test('expired keys are swept away when a server starts', async () => {
  const db = await database();
  const key = randomUUID();
  await server.send('POST', '/api/orders', { body: ORDER, headers: keyed(key) });
  const count = async () => (await db.query('SELECT 1 FROM idempotency_keys WHERE key = $1', [key])).length;
  assert.equal(await count(), 1);
  await serve({ database: db, now: () => new Date(Date.now() + 86_400_000 + 60_000) });
  assert.equal(await count(), 0);
});

test('a key that is no key is refused by name', async () => {
  for (const bad of ['', 'two words', 'a, b', 'x'.repeat(256), 'caf\u00e9']) {
    const answer = await server.send('POST', '/api/orders', { body: ORDER, headers: keyed(bad) });
    assertProblem(answer, 400, 'bad-idempotency-key', 'Idempotency-Key');
  }
  assert.equal((await server.send('POST', '/api/orders', { body: ORDER, headers: keyed('x'.repeat(255)) })).status, 201);
});

test('a server without idempotency applies twice: the tests above can fail', async () => {
  const naive = await serve({ database: await database(), idempotency: false });
  const customer = randomUUID();
  const sending = { body: { ...ORDER, customer }, headers: keyed() };
  for (const _ of [1, 2]) assert.equal((await naive.send('POST', '/api/orders', sending)).status, 201);
  assert.equal((await naive.send('GET', `/api/orders?customer=${customer}`)).json.length, 2);
});

test('users have keys of their own: nobody is given the answer to another one\'s request', async () => {
  const signed = await serve({ database: await database(), requireAuth: true });
  const bearer = async (user: string) =>
    ({ authorization: `Bearer ${(await signed.send('POST', '/api/login', { body: { user } })).json.token}` });
  const key = keyed();
  const first = await signed.send('POST', '/api/orders', { body: ORDER, headers: { ...key, ...await bearer('ada') } });
  const eve = await signed.send('POST', '/api/orders', { body: ORDER, headers: { ...key, ...await bearer('eve') } });
  assert.deepEqual([eve.status, eve.headers.get('idempotency-replayed')], [201, null]);
  assert.notEqual(eve.json.id, first.json.id);
  // The key belongs to the user, not to the token: signing in anew between two sends must not apply it twice.
  assertReplay(await signed.send('POST', '/api/orders', { body: ORDER, headers: { ...key, ...await bearer('ada') } }), first);
});
