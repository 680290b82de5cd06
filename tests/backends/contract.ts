// What each backend promises, whatever framework and database it stands on.

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { before, beforeEach, test } from 'node:test';
import { assertProblem, type Answered } from '../server/support.js';
import type { Backend } from './backend.js';

const keyed = (key: string = randomUUID(), user?: string) => ({ 'idempotency-key': key, ...(user === undefined ? {} : { 'x-user': user }) });

/** Megabytes that differ are nothing to print. */
const sumOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function assertReplay(again: Answered, first: Answered): void {
  assert.equal(again.headers.get('idempotency-replayed'), 'true', again.text);
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.deepEqual([again.status, again.text], [first.status, first.text]);
  for (const name of ['etag', 'location', 'content-type']) assert.equal(again.headers.get(name), first.headers.get(name), name);
}

export function contract(start: () => Promise<Backend>): void {
  let one: Backend;
  let two: Backend;
  /** Where the feed was when the test began. */
  let cursor = '';
  before(async () => { [one, two] = [await start(), await start()]; });
  beforeEach(async () => {
    await one.faults.none();
    cursor = (await one.send('GET', '/api/changes')).json.cursor;
  });

  const changesSince = async (after = cursor, user = 'ada') =>
    (await one.send('GET', `/api/changes?${new URLSearchParams({ after })}`, { headers: { 'x-user': user } })).json.changes;
  const note = async (text = 'milk') => (await one.send('POST', '/api/notes', { body: { text } })).json;

  test('a write sent again is answered as the first time, and there is one row', async () => {
    const sending = { body: { text: 'milk' }, headers: keyed() };
    const first = await one.send('POST', '/api/notes', sending);
    assert.deepEqual([first.status, first.headers.get('etag'), first.headers.get('location')], [201, '"1"', `/api/notes/${first.json.id}`]);
    assertReplay(await one.send('POST', '/api/notes', sending), first);
    assert.deepEqual((await changesSince()).map((change: any) => change.id), [first.json.id]);

    const remove = { headers: keyed() };
    const gone = await one.send('DELETE', `/api/notes/${first.json.id}`, remove);
    assert.deepEqual([gone.status, gone.text], [204, '']);
    assertReplay(await one.send('DELETE', `/api/notes/${first.json.id}`, remove), gone);
    assertReplay(await one.send('POST', '/api/notes', sending), first);
    assert.equal((await one.send('GET', `/api/notes/${first.json.id}`)).status, 404);
  });

  test('an answer that is lost after the commit is given to whoever sends the write again', async () => {
    const sending = { body: { id: randomUUID(), text: 'milk' }, headers: keyed() };
    await one.faults.drop();
    await assert.rejects(one.send('POST', '/api/notes', sending), TypeError);
    await one.faults.none();
    const again = await one.send('POST', '/api/notes', sending);
    assert.deepEqual([again.status, again.headers.get('idempotency-replayed'), again.json.version], [201, 'true', 1]);
    assert.equal((await changesSince()).length, 1);
  });

  test('a write whose transaction fails has left nothing, and its key is free', async () => {
    const sending = { body: { id: randomUUID(), text: 'milk' }, headers: keyed() };
    await one.faults.fail();
    assert.equal((await one.send('POST', '/api/notes', sending)).status, 500);
    assert.equal((await one.send('GET', `/api/notes/${sending.body.id}`)).status, 404);
    await one.faults.none();
    const again = await one.send('POST', '/api/notes', sending);
    assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [201, null]);
    assert.equal((await changesSince()).length, 1);
  });

  test('a refusal that is thrown leaves no trace of its key', async () => {
    const headers = keyed();
    assertProblem(await one.send('POST', '/api/notes', { body: { text: 7 }, headers }), 400, 'invalid', 'text');
    assert.equal((await one.send('POST', '/api/notes', { body: { text: 'milk' }, headers })).status, 201);
  });

  test('a key that is still running is answered 409 with Retry-After, another payload 422, and then it is answered', async () => {
    const { reached } = await one.faults.hold();
    const sending = { body: { text: 'milk' }, headers: keyed() };
    const running = one.send('POST', '/api/notes', sending);
    await reached;
    const second = await one.send('POST', '/api/notes', sending);
    assertProblem(second, 409, 'still-running', 'Idempotency-Key');
    assert.equal(second.headers.get('retry-after'), '1');
    assertProblem(await one.send('POST', '/api/notes', { ...sending, body: { text: 'bread' } }), 422, 'key-reused');
    await one.faults.none();
    const first = await running;
    assert.equal(first.status, 201);
    assertReplay(await one.send('POST', '/api/notes', sending), first);
  });

  test('however many sends of one key come to two processes at once, it is applied once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = randomUUID();
      const sending = { body: { id, text: 'milk' }, headers: keyed() };
      const answers = await Promise.all([one, two, one, two, two, one].map(({ send }) => send('POST', '/api/notes', sending)));
      const done = answers.filter(({ status }) => status === 201);
      assert.ok(done.length > 0);
      assert.equal(done.filter(({ headers }) => headers.get('idempotency-replayed') === null).length, 1);
      assert.equal(new Set(done.map(({ text }) => text)).size, 1);
      for (const answer of answers) if (answer.status !== 201) assertProblem(answer, 409, 'still-running');
      assert.equal((await changesSince()).filter((change: any) => change.id === id).length, 1);
    }
  });

  test('a key with another payload is answered 422: body, method, URL and preconditions belong to it', async () => {
    const { id } = await note();
    const path = `/api/notes/${id}`;
    const key = keyed();
    const first = { body: { text: 'bread' }, headers: key };
    assert.equal((await one.send('PATCH', path, first)).status, 200);
    for (const other of [
      await one.send('PATCH', path, { ...first, body: { text: 'beer' } }),
      await one.send('PATCH', path, { ...first, body: undefined, raw: '{"text": "bread"}' }),
      await one.send('DELETE', path, first),
      await one.send('PATCH', `${path}?x=1`, first),
      await one.send('PATCH', path, { ...first, headers: { ...key, 'if-match': '"2"' } }),
      await one.send('PATCH', path, { ...first, headers: { ...key, 'if-none-match': '"7"' } }),
    ]) {
      assertProblem(other, 422, 'key-reused', 'Idempotency-Key');
    }
    assert.equal((await one.send('GET', path)).json.version, 2);
  });

  test('a key that is no key is refused by name; without one a write is applied each time', async () => {
    for (const bad of ['', 'two words', 'x'.repeat(256)]) {
      assertProblem(await one.send('POST', '/api/notes', { body: { text: 'milk' }, headers: keyed(bad) }), 400, 'bad-idempotency-key', 'Idempotency-Key');
    }
    assert.notEqual((await note()).id, (await note()).id);
    assert.equal((await changesSince()).length, 2);
  });

  test('users have keys of their own; who is not signed in has none', async () => {
    const key = randomUUID();
    const send = (user: string) => one.send('POST', '/api/notes', { body: { text: 'milk' }, headers: keyed(key, user) });
    assertProblem(await send('nobody'), 401, 'unauthorized');
    const first = await send('ada');
    const eve = await send('eve');
    assert.deepEqual([eve.status, eve.headers.get('idempotency-replayed')], [201, null]);
    assert.notEqual(eve.json.id, first.json.id);
    assertReplay(await send('ada'), first);
  });

  test('under an old ETag a write is answered 412 with the current document, and changes nothing', async () => {
    const { id } = await note();
    const path = `/api/notes/${id}`;
    const { json: current } = await one.send('PATCH', path, { body: { text: 'bread' } });
    for (const method of ['PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? { text: 'beer' } : undefined;
      const answer = await one.send(method, path, { body, headers: { 'if-match': '"1"' } });
      assertProblem(answer, 412, 'version-mismatch', 'If-Match');
      assert.equal(answer.headers.get('etag'), '"2"');
      assert.deepEqual(answer.json.current, current);
    }
    assertProblem(await one.send('PATCH', path, { body: { text: 'beer' }, headers: { 'if-none-match': '*' } }), 412, 'version-mismatch', 'If-None-Match');
    assertProblem(await one.send('PATCH', path, { body: { text: 'beer' }, headers: { 'if-match': '2' } }), 400, 'bad-precondition', 'If-Match');
    assert.deepEqual((await one.send('GET', path)).json, current);
    assert.equal((await one.send('PATCH', path, { body: { text: 'beer' }, headers: { 'if-match': '"1", "2"' } })).status, 200);
  });

  test('the key is looked up before the precondition, and a refusal keeps its answer', async () => {
    const { id } = await note();
    const path = `/api/notes/${id}`;
    const sending = { body: { text: 'bread' }, headers: { ...keyed(), 'if-match': '"1"' } };
    const first = await one.send('PATCH', path, sending);
    assert.equal(first.status, 200);
    assertReplay(await one.send('PATCH', path, sending), first);
    const late = { body: { text: 'beer' }, headers: { ...keyed(), 'if-match': '"3"' } };
    const refused = await one.send('PATCH', path, late);
    assert.equal(refused.status, 412);
    await one.send('PATCH', path, { body: { text: 'wine' } });
    assertReplay(await one.send('PATCH', path, late), refused);
  });

  test('a reader who has the current version is answered 304, without a body', async () => {
    const { id } = await note();
    for (const tag of ['"1"', 'W/"1"', '"0", "1"', '*']) {
      const answer = await one.send('GET', `/api/notes/${id}`, { headers: { 'if-none-match': tag } });
      assert.deepEqual([answer.status, answer.text, answer.headers.get('etag')], [304, '', '"1"'], tag);
    }
    const fresh = await one.send('GET', `/api/notes/${id}`, { headers: { 'if-none-match': '"0"' } });
    assert.deepEqual([fresh.status, fresh.headers.get('etag'), fresh.json.id], [200, '"1"', id]);
  });

  test('big and binary bodies count byte for byte, in the request and in the answer that is kept', async () => {
    const { id } = await note('ü'.repeat(40_000));
    const picture = Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 7 + (at >> 8)) % 256);
    const put = async (bytes: Uint8Array<ArrayBuffer>, headers: Record<string, string>) => {
      const answer = await fetch(`${one.url}/api/notes/${id}/picture`, { method: 'PUT', body: bytes, headers: { 'content-type': 'image/png', ...headers } });
      return { status: answer.status, replayed: answer.headers.get('idempotency-replayed'), type: answer.headers.get('content-type'), sum: sumOf(new Uint8Array(await answer.arrayBuffer())) };
    };
    const key = keyed();
    for (const replayed of [null, 'true']) assert.deepEqual(await put(picture, key), { status: 200, replayed, type: 'image/png', sum: sumOf(picture) });
    const other = picture.slice();
    other[2_999_999]! ^= 1;
    assert.equal((await put(other, key)).status, 422);
    assert.equal((await put(other, keyed())).status, 200);
  });

  test('each change is in the feed once, in order; its key is told to the user who sent it', async () => {
    const key = randomUUID();
    const { json: made } = await one.send('POST', '/api/notes', { body: { text: 'milk' }, headers: keyed(key, 'ada') });
    const { json: patched } = await one.send('PATCH', `/api/notes/${made.id}`, { body: { text: 'bread' } });
    await one.send('PATCH', `/api/notes/${made.id}`, { body: { text: 'beer' }, headers: { 'if-match': '"1"' } });
    await one.send('DELETE', `/api/notes/${made.id}`);
    const { json: again } = await one.send('POST', '/api/notes', { body: made });
    assert.equal(again.version, 4);
    const change = { resource: 'notes', id: made.id };
    const rest = [
      { ...change, version: 2, kind: 'upsert', document: patched },
      { ...change, version: 3, kind: 'delete', document: null },
      { ...change, version: 4, kind: 'upsert', document: again },
    ];
    assert.deepEqual(await changesSince(cursor, 'ada'), [{ ...change, version: 1, kind: 'upsert', document: made, key }, ...rest]);
    assert.deepEqual(await changesSince(cursor, 'eve'), [{ ...change, version: 1, kind: 'upsert', document: made }, ...rest]);
  });

  test('a feed comes in batches, goes on right behind each, and says when there is no more', async () => {
    const ids = [];
    for (let count = 0; count < 5; count += 1) ids.push((await note()).id);
    const seen = [];
    for (let after = cursor, more = true; more;) {
      const { json } = await one.send('GET', `/api/changes?after=${after}&limit=2`);
      assert.ok(json.changes.length <= 2);
      seen.push(...json.changes.map((change: any) => change.id));
      ({ cursor: after, more } = json);
      if (!more) assert.deepEqual((await one.send('GET', `/api/changes?after=${after}`)).json, { changes: [], cursor: after, more: false });
    }
    assert.deepEqual(seen, ids);
  });

  test('a cursor that cannot be gone on from is answered 410, and a parameter that makes no sense 400', async () => {
    await note();
    for (const foreign of ['', 'x', `${'0'.repeat(16)}${cursor.slice(16)}`]) {
      assertProblem(await one.send('GET', `/api/changes?after=${foreign}`), 410, 'cursor-expired', 'after');
    }
    await one.forget();
    assert.equal((await one.send('GET', `/api/changes?after=${cursor}`)).status, 200);
    await one.forget(0);
    assertProblem(await one.send('GET', `/api/changes?after=${cursor}`), 410, 'cursor-expired', 'after');
    for (const [query, field] of [['limit=0', 'limit'], ['limit=501', 'limit'], ['since=1', 'since'], [`after=${cursor}&after=${cursor}`, 'after']]) {
      assertProblem(await one.send('GET', `/api/changes?${query}`), 400, 'invalid', field);
    }
  });
}
