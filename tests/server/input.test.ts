import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { assertProblem, ORDER, serve, sharedDatabase, type Answered, type TestServer } from './support.js';

const database = sharedDatabase();
let server: TestServer;
let id = '';
before(async () => {
  server = await serve({ database: await database() });
  ({ id } = await server.order());
});

test('a field that is wrong is named, with what is allowed', async () => {
  const cases: [Record<string, unknown>, string, RegExp][] = [
    [{ colour: 'red' }, 'colour', /not accepted here; allowed: id, customer, restaurant/],
    [{ version: 3 }, 'version', /not accepted/],
    [{ customer: undefined }, 'customer', /missing/],
    [{ customer: 7 }, 'customer', /must be string/],
    [{ customer: '' }, 'customer', /fewer than 1/],
    [{ note: 'a\0b' }, 'note', /U\+0000/],
    [{ note: '\ud800' }, 'note', /surrogates/],
    [{ id: '42' }, 'id', /UUID/],
    [{ tip: '150' }, 'tip', /must be integer/],
    [{ tip: -1 }, 'tip', />= 0/],
    [{ tip: 2 ** 31 }, 'tip', /<= 1000000/],
    [{ items: [] }, 'items', /fewer than 1/],
    [{ items: [{ name: 'x', quantity: 1, size: 2 }] }, 'items.0.size', /allowed: name, quantity/],
    [{ items: [{ name: 'x' }] }, 'items.0.quantity', /missing/],
    [{ status: 'delivered' }, 'status', /must be placed/],
  ];
  for (const [fields, field, detail] of cases) {
    const answer = await server.send('POST', '/api/orders', { body: { ...ORDER, ...fields } });
    assertProblem(answer, 400, 'invalid', field);
    assert.match(answer.json.detail, detail);
  }
  const status = await server.send('PATCH', `/api/orders/${id}`, { body: { status: 'eaten' } });
  assertProblem(status, 400, 'invalid', 'status');
  assert.deepEqual(status.json.allowed, ['placed', 'accepted', 'picked_up', 'delivered', 'cancelled']);
  assertProblem(await server.send('PATCH', `/api/orders/${id}`, { body: { id } }), 400, 'invalid', 'id');
});

test('text of any script is kept as it came', async () => {
  const note = 'Grüße 🍕 日本 \u202e "quotes" \\ \n\t';
  assert.equal((await server.order({ note })).note, note);
});

test('a filter that does not exist is refused, not ignored', async () => {
  assertProblem(await server.send('GET', '/api/orders?statos=placed'), 400, 'invalid', 'statos');
  assertProblem(await server.send('GET', '/api/orders?status=placed&status=accepted'), 400, 'invalid', 'status');
  assertProblem(await server.send('GET', '/api/orders?courier=%00'), 400, 'invalid', 'courier');
});

test('a body of more than 256 KiB is answered 413, one of just 256 KiB is read', async () => {
  const ofSize = (bytes: number) => {
    const body = JSON.stringify(ORDER);
    return body + ' '.repeat(bytes - body.length);
  };
  assertProblem(await server.send('POST', '/api/orders', { raw: ofSize(256 * 1024 + 1) }), 413, 'body-too-large', 'body');
  assert.equal((await server.send('POST', '/api/orders', { raw: ofSize(256 * 1024) })).status, 201);
});

test('what is no JSON, or says it is not, is refused as such', async () => {
  assertProblem(await server.send('POST', '/api/orders', { raw: '{"customer":' }), 400, 'not-json', 'body');
  assertProblem(await server.send('POST', '/api/orders', { raw: new Uint8Array([0x22, 0xff, 0x22]) }), 400, 'not-json', 'body');
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'nonsense']) {
    const answer = await server.send('POST', '/api/orders', { raw: '{}', headers: { 'content-type': type } });
    assertProblem(answer, 415, 'media-type', 'Content-Type');
  }
  for (const method of ['POST', 'PATCH']) {
    const path = method === 'POST' ? '/api/orders' : `/api/orders/${id}`;
    assertProblem(await server.send(method, path, { headers: { 'content-type': 'application/json' } }), 400, 'invalid', 'body');
    assertProblem(await server.send(method, path), 400, 'invalid', 'body');
  }
});

test('paths and methods that do not exist are told apart', async () => {
  assertProblem(await server.send('GET', '/api/ordres'), 404, 'not-found');
  assertProblem(await server.send('GET', '/api/orders/42'), 404, 'not-found', 'id');
  assertProblem(await server.send('GET', '/api/orders/%zz'), 400, 'bad-url');
  const put = await server.send('PUT', `/api/orders/${id}`, { body: ORDER });
  assertProblem(put, 405, 'method-not-allowed');
  assert.equal(put.headers.get('allow'), 'GET, HEAD, PATCH, DELETE');
});

function assertRefused(answer: Answered): void {
  assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${answer.text}`);
  assertProblem(answer, answer.status, answer.json?.code);
}

test('whatever junk is posted or patched is refused with a problem, never with a 5xx', async () => {
  const junk = fc.oneof(fc.json(), fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 200 }), fc.constant('['.repeat(50_000)));
  await fc.assert(fc.asyncProperty(junk, async raw => {
    assertRefused(await server.send('POST', '/api/orders', { raw }));
    const patched = await server.send('PATCH', `/api/orders/${id}`, { raw });
    // The empty patch is the one JSON value that is no junk here.
    if (!(typeof raw === 'string' && /^\s*\{\s*\}\s*$/.test(raw))) assertRefused(patched);
  }), { numRuns: 150 });
});

test('an order with one field turned to junk is taken as it is or refused, never a 5xx', async () => {
  const fields = fc.constantFrom('id', 'customer', 'restaurant', 'items', 'note', 'tip', 'status', 'courier', '__proto__', 'constructor');
  const value = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }), fc.integer(), fc.double());
  await fc.assert(fc.asyncProperty(fields, value, async (field, junk) => {
    const raw = `${JSON.stringify(ORDER).slice(0, -1)},${JSON.stringify(field)}:${JSON.stringify(junk)}}`;
    const answer = await server.send('POST', '/api/orders', { raw });
    if (answer.status !== 201) assertRefused(answer);
    else assert.deepEqual(answer.json[field], JSON.parse(JSON.stringify(junk)));
  }), { numRuns: 200 });
});

test('whatever stands in the path, the query or a header is refused or ignored, never a 5xx', async () => {
  const printable = fc.stringMatching(/^[\x21-\x7e]{1,40}$/);
  await fc.assert(fc.asyncProperty(printable, fc.constantFrom('if-match', 'if-none-match', 'idempotency-key', 'authorization', 'accept', 'prefer'),
    async (text, header) => {
      for (const path of [`/api/orders/${encodeURIComponent(text)}`, `/api/orders?customer=${encodeURIComponent(text)}`, `/api/orders/${id}`]) {
        const answer = await server.send('GET', path, { headers: { [header]: text } });
        assert.ok(answer.status < 500, `${path} ${answer.status} ${answer.text}`);
      }
      const patched = await server.send('PATCH', `/api/orders/${id}`, { body: { tip: 1 }, headers: { [header]: text } });
      assert.ok(patched.status < 500, patched.text);
    }), { numRuns: 60 });
});
