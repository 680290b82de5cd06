// The server's own merge: a PATCH upon a former version, with `Prefer: merge`.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { prefers } from 'holdfast/server';
import { VERSIONS_KEPT } from '../../web/server/orders.js';
import { assertProblem, serve, sharedDatabase, type Answered, type TestServer } from './support.js';

const kExplained = { accept: 'application/vnd.holdfast.merge+json' };

const database = sharedDatabase();
let server: TestServer;
before(async () => { server = await serve({ database: await database() }); });

const patch = (id: string, body: object, headers = {}): Promise<Answered> => server.send('PATCH', `/api/orders/${id}`, { body, headers });
const upon = (version: number, more = {}) => ({ 'if-match': `"${version}"`, prefer: 'merge', ...more });
const truth = async (id: string) => (await server.send('GET', `/api/orders/${id}`)).json;

test('a patch upon a former version is merged with what others have changed, and answered with the document', async () => {
  const { id } = await server.order({ tip: 100, note: 'ring twice' });
  await patch(id, { tip: 200, courier: 'Bo' });
  const answer = await patch(id, { tip: 350, note: 'ring once' }, upon(1));
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual([answer.headers.get('etag'), answer.headers.get('preference-applied')], ['"3"', 'merge']);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  assert.deepEqual([answer.json.tip, answer.json.note, answer.json.courier], [450, 'ring once', 'Bo']);
  assert.deepEqual(await truth(id), answer.json);
});

test('who accepts it is told what was decided, beside the document', async () => {
  const { id } = await server.order();
  for (const status of ['accepted', 'picked_up', 'cancelled']) await patch(id, { status });
  const answer = await patch(id, { status: 'delivered', courier: 'Bo' }, upon(3, { accept: `application/json;q=0.5, ${kExplained.accept}` }));
  assert.match(answer.headers.get('content-type') ?? '', /^application\/vnd\.holdfast\.merge\+json/);
  assert.deepEqual([answer.json.document.status, answer.json.document.courier, answer.json.document.version], ['cancelled', 'Bo', 5]);
  assert.deepEqual(answer.json.decisions, [{ path: '/status', policy: 'transitions', verdict: 'theirs', reason: 'unreachable',
    base: 'picked_up', mine: 'delivered', theirs: 'cancelled', result: 'cancelled' }]);
});

test('without the preference, or one version, a failed precondition stays one', async () => {
  const { id } = await server.order();
  await patch(id, { tip: 1 });
  for (const headers of [
    { 'if-match': '"1"' }, upon(1, { prefer: 'respond-async, merge=no' }), upon(1, { 'if-match': 'W/"1"' }),
    upon(1, { 'if-match': '"0", "1"' }), upon(7), upon(2 ** 31), upon(1, { 'if-match': '"one"' }),
  ]) {
    const answer = await patch(id, { note: 'late' }, headers);
    assertProblem(answer, 412, 'version-mismatch', 'If-Match');
    assert.equal(answer.headers.get('preference-applied'), null);
  }
  assertProblem(await patch(id, {}, upon(1, { 'if-match': '1' })), 400, 'bad-precondition', 'If-Match');
  const bare = await patch(id, { note: 'no version' }, { prefer: 'merge' });
  assert.deepEqual([bare.status, bare.headers.get('preference-applied')], [200, null]);
});

test('a merge upon the present version is a patch like any other, and one that changes nothing is no new version', async () => {
  const { id } = await server.order();
  const answer = await patch(id, { tip: 5 }, upon(1, kExplained));
  assert.deepEqual([answer.json.document.tip, answer.json.document.version, answer.json.decisions], [5, 2, []]);
  const same = await patch(id, { status: 'placed' }, upon(1));
  assert.deepEqual([same.status, same.headers.get('etag'), same.json.tip], [200, '"2"', 5]);
});

test('what no rule settles is answered 409 with all that a person needs, and changes nothing', async () => {
  const { id } = await server.order({ courier: 'Bo' });
  await patch(id, { courier: 'Cy' });
  const answer = await patch(id, { courier: 'Di', tip: 5 }, upon(1));
  assertProblem(answer, 409, 'merge-asks', 'courier');
  assert.match(answer.json.detail, /changed courier, too.*If-Match: "2"/);
  assert.deepEqual([answer.headers.get('etag'), answer.headers.get('preference-applied')], ['"2"', 'merge']);
  const { base, current, suggested, decisions } = answer.json;
  assert.deepEqual([base.courier, base.version, current.courier, suggested.courier, suggested.tip], ['Bo', 1, 'Cy', 'Cy', 5]);
  assert.deepEqual(decisions.map(({ path, verdict }: { path: string; verdict: string }) => [path, verdict]), [['/courier', 'ask']]);
  assert.deepEqual(await truth(id), current);
  assert.equal((await patch(id, { courier: 'Di', tip: 5 }, { 'if-match': '"2"' })).status, 200);
});

test('a merged order obeys the schema, or a person has to look', async () => {
  const { id } = await server.order({ items: [{ name: 'Soup', quantity: 1 }, { name: 'Rice', quantity: 1 }], tip: 0 });
  await patch(id, { items: [{ name: 'Soup', quantity: 1 }], tip: 600_000 });
  const none = await patch(id, { items: [{ name: 'Rice', quantity: 1 }] }, upon(1));
  assertProblem(none, 409, 'merge-invalid', 'items');
  assert.deepEqual(none.json.suggested.items, []);
  assertProblem(await patch(id, { tip: 600_000 }, upon(1)), 409, 'merge-invalid', 'tip');
  assert.equal((await truth(id)).version, 2);
});

test('a status that was illegal from the start is as illegal after a merge', async () => {
  const { id } = await server.order();
  await patch(id, { status: 'accepted' });
  const answer = await patch(id, { status: 'delivered' }, upon(1));
  assertProblem(answer, 409, 'illegal-transition', 'status');
  assert.deepEqual(answer.json.allowed, ['picked_up', 'cancelled']);
});

test('former versions are kept up to a number, and go with their order', async () => {
  const { id } = await server.order();
  for (let n = 1; n <= VERSIONS_KEPT + 1; n += 1) await patch(id, { tip: n });
  assertProblem(await patch(id, { note: 'too late' }, upon(1)), 412, 'version-mismatch');
  assert.equal((await patch(id, { note: 'just in time' }, upon(2))).status, 200);
  const kept = async () => (await (await database()).query('SELECT 1 FROM order_versions WHERE id = $1', [id])).length;
  assert.equal(await kept(), VERSIONS_KEPT);
  await server.send('DELETE', `/api/orders/${id}`);
  assert.equal(await kept(), 0);
  assertProblem(await patch(id, { note: 'gone' }, upon(2)), 404, 'not-found', 'id');
  const { version } = await server.order({ id });
  assertProblem(await patch(id, { note: 'of another life' }, upon(version - 1)), 412, 'version-mismatch');
});

test('a merge sent again is answered as the first time and counts once; its preference belongs to the key', async () => {
  const { id } = await server.order({ tip: 100 });
  await patch(id, { tip: 200 });
  const headers = upon(1, { ...kExplained, 'idempotency-key': randomUUID() });
  const first = await patch(id, { tip: 150 }, headers);
  await patch(id, { tip: 0 });
  const again = await patch(id, { tip: 150 }, headers);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  for (const name of ['etag', 'content-type', 'preference-applied']) assert.equal(again.headers.get(name), first.headers.get(name), name);
  assert.deepEqual([again.status, again.text], [first.status, first.text]);
  assert.deepEqual([first.json.document.tip, (await truth(id)).tip], [250, 0]);
  for (const other of [{ ...headers, prefer: 'wait=5' }, { ...headers, accept: 'application/json' }]) {
    assertProblem(await patch(id, { tip: 150 }, other), 422, 'key-reused', 'Idempotency-Key');
  }
});

test('of many who merge upon one version, every tip is in the sum', async () => {
  const { id } = await server.order({ tip: 100 });
  const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(n => patch(id, { tip: 100 + n }, upon(1))));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.deepEqual([(await truth(id)).tip, (await truth(id)).version], [121, 7]);
});

test('a declared exception is accepted of whoever names the version that it overrules, and of a merge', async () => {
  const lenient = await serve({ database: await database(), exceptions: [['cancelled', 'delivered']] });
  const send = (id: string, status: string, headers = {}) => lenient.send('PATCH', `/api/orders/${id}`, { body: { status }, headers });
  const cancelled = async () => {
    const { id } = await lenient.order();
    for (const status of ['accepted', 'picked_up', 'cancelled']) await send(id, status);
    return id;
  };
  const id = await cancelled();
  for (const headers of [{}, { 'if-match': '*' }]) {
    const unseen = await send(id, 'delivered', headers);
    assertProblem(unseen, 409, 'illegal-transition', 'status');
    assert.match(unseen.json.detail, /As a declared exception it can, with If-Match: "4"\.$/);
  }
  assertProblem(await send(id, 'accepted', { 'if-match': '"4"' }), 409, 'illegal-transition', 'status');
  assertProblem(await send(id, 'delivered', { 'if-match': '"3"' }), 412, 'version-mismatch', 'If-Match');
  // The other server on this database has declared nothing.
  const strict = await patch(id, { status: 'delivered' }, { 'if-match': '"4"' });
  assertProblem(strict, 409, 'illegal-transition', 'status');
  assert.match(strict.json.detail, /it is final\.$/);
  assert.equal((await send(id, 'delivered', { 'if-match': '"4"' })).json.status, 'delivered');

  const merged = await send(await cancelled(), 'delivered', upon(3, kExplained));
  assert.equal(merged.json.document.status, 'delivered');
  assert.deepEqual([merged.json.decisions[0].verdict, merged.json.decisions[0].reason], ['mine', 'exception']);
});

test('an exception for a status that there isn\'t is refused when the server starts', async () => {
  const exceptions = [['cancelled', 'eaten']] as unknown as [['cancelled', 'delivered']];
  await assert.rejects(serve({ database: await database(), exceptions }), /conflicts\.fields\.status\.exceptions: must be pairs of states/);
});

test('preferences are read as RFC 7240 has them', () => {
  for (const yes of ['merge', 'MERGE', ' respond-async , merge ; x=1', 'merge=""', 'foo="a\\",", merge', ['wait=5', 'merge']]) {
    assert.ok(prefers(yes, 'merge'), String(yes));
  }
  for (const no of [undefined, '', 'merger', 'merge=1', 'foo="a, merge, b"', 'foo=", merge', 'foo; merge', ',;="']) {
    assert.ok(!prefers(no, 'merge'), no);
  }
});
