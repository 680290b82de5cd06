// Promise 13: an API on another origin works like one on the same; a CORS mistake is told apart from being offline.

import assert from 'node:assert/strict';
import { after, before, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chromium } from './chromium.js';
import { App, kRetry, kTimeoutMs, openApp, test } from './harness.js';
import { ScriptedServer } from './scripted-server.js';
import { kPolicy } from './site.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

const kAllowed = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE',
  'Access-Control-Allow-Headers': 'Content-Type, Idempotency-Key, Authorization',
  'Access-Control-Expose-Headers': 'ETag, Retry-After, Location',
};

/** An app, and its API on an origin of its own. */
async function openElsewhere(t: TestContext, settings = ''): Promise<{ app: App; api: ScriptedServer; orders: string }> {
  const api = new ScriptedServer(new Map());
  await api.listen();
  api.cors = { ...kAllowed };
  t.after(() => api.close());
  const config = `{ resources: { orders: { path: '${api.origin}/api/orders/:id', timeoutMs: ${kTimeoutMs}, ${settings} } }, ${kRetry} }`;
  const app = await openApp(t, browser.context, { config, policy: `${kPolicy}; connect-src 'self' ${api.origin}` });
  return { app, api, orders: `${api.origin}/api/orders` };
}

test('Promise 13: with the documented CORS headers everything works, in a tunnel too', async (t) => {
  const { app, api, orders } = await openElsewhere(t);
  const answer = await app.write('POST', orders, { id: 'o1', note: 'warm' }, { Authorization: 'Bearer 1' });
  assert.equal(answer.status, 201);
  assert.equal(JSON.parse((await app.fetch(`${orders}/o1`)).text).note, 'warm');
  api.down = 'reset';
  assert.equal((await app.write('PATCH', `${orders}/o1`, { note: 'cold' }, { Authorization: 'Bearer 1' })).status, 202);
  assert.equal(JSON.parse((await app.fetch(`${orders}/o1`)).text).note, 'cold');
  api.up();
  await app.drained();
  assert.equal(api.documents.get('/api/orders/o1')?.note, 'cold');
  assert.equal(api.applied.length, 2);
});

test('Promise 13: a server that does not allow Idempotency-Key: blocked-cors names it, nothing is lost, and it heals by itself', async (t) => {
  const { app, api, orders } = await openElsewhere(t);
  api.documents.set('/api/orders/o1', { id: 'o1', note: 'warm' });
  api.cors!['Access-Control-Allow-Headers'] = 'Content-Type';
  assert.equal((await app.write('PATCH', `${orders}/o1`, { note: 'cold' })).status, 202);
  await until(async () => (await app.status()).link === 'blocked-cors', 'blocked-cors');
  const { problem, pending } = await app.status();
  assert.equal(pending, 1);
  assert.equal(problem?.code, 'blocked-cors');
  assert.ok(problem.message.includes(api.origin), problem.message);
  assert.ok(problem.message.includes(`Access-Control-Allow-Origin: ${app.origin}`), problem.message);
  assert.ok(problem.message.includes('Access-Control-Allow-Headers: Content-Type, Idempotency-Key'), problem.message);
  assert.ok(problem.message.includes('Access-Control-Allow-Methods: PATCH'), problem.message);
  assert.ok(problem.message.includes('Access-Control-Expose-Headers: ETag, Retry-After, Location'), problem.message);
  // Reads are asked of the server as ever, and show the write that waits.
  const reads = api.requests.filter(({ method }) => method === 'GET').length;
  const read = await app.fetch(`${orders}/o1`);
  assert.equal(JSON.parse(read.text).note, 'cold');
  assert.equal(api.requests.filter(({ method }) => method === 'GET').length, reads + 1);
  assert.deepEqual(api.writes, []);

  api.cors = { ...kAllowed };
  await app.drained();
  const status = await app.status();
  assert.deepEqual([status.link, status.problem], ['online', null]);
  assert.equal(api.applied.length, 1);
  assert.equal(api.writes.length, 1);
});

test('Promise 13: a server declared to know no key is not asked to allow it', async (t) => {
  const { app, api, orders } = await openElsewhere(t, 'idempotency: \'none\'');
  api.cors!['Access-Control-Allow-Headers'] = 'Content-Type';
  assert.equal((await app.write('POST', orders, { id: 'o1' })).status, 201);
  assert.equal(api.writes[0]!.headers['idempotency-key'], undefined);
});

for (const down of ['reset', 'hang'] as const) {
  test(`Promise 13: a tunnel is never taken for it: ${down}`, async (t) => {
    const { app, api, orders } = await openElsewhere(t);
    api.down = down;
    assert.equal((await app.write('POST', orders, { id: 'o1' })).status, 202);
    // A light now and then, too short for anything but a sign of life.
    for (let i = 0; i < 4; i += 1) {
      await sleep(1_200);
      api.up();
      await app.sync();
      api.down = down;
    }
    assert.ok(api.requests.length >= 3);
    assert.deepEqual(await app.page.evaluate(() => window.statuses.filter(({ link }) => link === 'blocked-cors')), []);
    api.up();
    await app.drained();
    assert.equal(api.applied.length, 1);
  });
}
