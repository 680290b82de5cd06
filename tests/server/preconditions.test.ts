import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { ifMatchHolds, ifNoneMatchHits } from 'holdfast/server';
import { assertProblem, serve, sharedDatabase, type TestServer } from './support.js';

const database = sharedDatabase();
let server: TestServer;
before(async () => { server = await serve({ database: await database() }); });

for (const [method, body] of [['PATCH', { tip: 5 }], ['DELETE', undefined]] as const) {
  test(`${method} under an old ETag is answered 412 with the current ETag and document, and changes nothing`, async () => {
    const order = await server.order();
    const path = `/api/orders/${order.id}`;
    const { json: current } = await server.send('PATCH', path, { body: { note: 'newer' } });
    const answer = await server.send(method, path, { body, headers: { 'if-match': '"1"' } });
    assertProblem(answer, 412, 'version-mismatch', 'If-Match');
    assert.equal(answer.headers.get('etag'), '"2"');
    assert.deepEqual(answer.json.current, current);
    assert.deepEqual((await server.send('GET', path)).json, current);
    assert.equal((await server.send(method, path, { body, headers: { 'if-match': '"2"' } })).status, body ? 200 : 204);
  });
}

test('the precondition comes before the legality of a status change', async () => {
  const { id } = await server.order();
  const answer = await server.send('PATCH', `/api/orders/${id}`, { body: { status: 'delivered' }, headers: { 'if-match': '"9"' } });
  assert.equal(answer.status, 412);
});

test('of many writers that know one version, exactly one wins', async () => {
  const { id } = await server.order();
  const answers = await Promise.all(Array.from({ length: 8 }, (_, tip) =>
    server.send('PATCH', `/api/orders/${id}`, { body: { tip }, headers: { 'if-match': '"1"' } })));
  assert.deepEqual(answers.map(answer => answer.status).sort(), [200, 412, 412, 412, 412, 412, 412, 412]);
});

test('a reader who has the current version gets 304 with its ETag and no body', async () => {
  const { id } = await server.order();
  for (const tag of ['"1"', 'W/"1"', '"7", "1"', '*']) {
    const answer = await server.send('GET', `/api/orders/${id}`, { headers: { 'if-none-match': tag } });
    assert.deepEqual([answer.status, answer.text, answer.headers.get('etag')], [304, '', '"1"'], tag);
  }
  const fresh = await server.send('GET', `/api/orders/${id}`, { headers: { 'if-none-match': '"2"' } });
  assert.deepEqual([fresh.status, fresh.headers.get('etag')], [200, '"1"']);
});

test('a precondition that is no list of tags is refused, not guessed', async () => {
  const { id } = await server.order();
  for (const bad of ['1', '"1', '"1" "2"', 'w/"1"', ',']) {
    const answer = await server.send('PATCH', `/api/orders/${id}`, { body: { tip: 1 }, headers: { 'if-match': bad } });
    assertProblem(answer, 400, 'bad-precondition', 'If-Match');
  }
});

test('If-Match compares strongly, If-None-Match weakly, and both read lists', () => {
  assert.equal(ifMatchHolds(undefined, '"1"'), true);
  assert.equal(ifMatchHolds('*', '"1"'), true);
  assert.equal(ifMatchHolds('"0", "1"', '"1"'), true);
  assert.equal(ifMatchHolds('"0,1"', '"1"'), false);
  assert.equal(ifMatchHolds('W/"1"', '"1"'), false);
  assert.equal(ifNoneMatchHits('W/"1"', '"1"'), true);
  assert.equal(ifNoneMatchHits(undefined, '"1"'), false);
});
