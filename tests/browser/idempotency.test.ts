// Promise 12: a server that knows no Idempotency-Key is declared as such, and is doubled all the same never.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Chromium } from './chromium.js';
import { openApp, orders, ready, test } from './harness.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

test('Promise 12, verify: a creation whose answer was lost is found, and settled with the server\'s document', async (t) => {
  const app = await openApp(t, browser.context, { config: orders('idempotency: \'verify\'') });
  app.server.next.push({ reset: true, applied: true });
  const answer = await app.write('POST', '/api/orders', { id: 'o1', note: 'warm' });
  assert.equal(answer.status, 202);
  const outcome = await app.settled(answer);
  assert.deepEqual([outcome.state, outcome.document], ['confirmed', { id: 'o1', note: 'warm', version: 1 }]);
  assert.equal(app.server.writes.length, 1);
  assert.equal(app.server.writes[0]!.headers['idempotency-key'], undefined);
});

test('Promise 12, verify: a creation that never arrived is sent once more', async (t) => {
  const app = await openApp(t, browser.context, { config: orders('idempotency: \'verify\'') });
  app.server.next.push({ reset: true });
  const answer = await app.write('POST', '/api/orders', { id: 'o1' });
  assert.equal((await app.settled(answer)).state, 'confirmed');
  assert.equal(app.server.applied.length, 1);
  assert.deepEqual(app.server.requests.map(({ method, url }) => `${method} ${url}`),
    ['POST /api/orders', 'GET /api/orders/o1', 'POST /api/orders']);
});

test('Promise 12, verify: an entity under the server\'s own id is found by the declared field, with the user\'s credentials', async (t) => {
  const app = await openApp(t, browser.context, { config: orders('idempotency: { verify: \'/clientId\' }') });
  app.server.next.push({ reset: true, applied: true });
  const answer = await app.write('POST', '/api/orders', { clientId: 'c1', note: 'warm' }, { Authorization: 'Bearer 1' });
  const outcome = await app.settled(answer);
  assert.equal(outcome.state, 'confirmed');
  assert.equal((outcome.document as { clientId: string }).clientId, 'c1');
  assert.equal(app.server.applied.length, 1);
  const lookup = app.server.requests.at(-1)!;
  assert.deepEqual([lookup.method, lookup.url, lookup.headers.authorization], ['GET', '/api/orders', 'Bearer 1']);
});

test('Promise 12, verify: a worker killed under the creation, and again under its lookup, doubles nothing', async (t) => {
  const app = await openApp(t, browser.context, { config: orders('idempotency: \'verify\'') });
  const seen: string[] = [];
  app.server.respond = ({ method }) => {
    seen.push(method);
    return seen.length === 1 ? { hang: true, applied: true } : seen.length === 2 ? { hang: true } : undefined;
  };
  const answer = await app.write('POST', '/api/orders', { id: 'o1' });
  assert.equal(answer.status, 202);
  await app.killWorker();
  await app.sync();
  await until(() => seen.length >= 2, 'the lookup to arrive');
  await app.killWorker();
  await app.sync();
  assert.equal((await app.settled(answer)).state, 'confirmed');
  assert.deepEqual(seen, ['POST', 'GET', 'GET']);
  assert.equal(app.server.applied.length, 1);
});

test('Promise 12, none: a creation whose answer was lost waits in the inbox, and a person sends it again', async (t) => {
  const app = await openApp(t, browser.context, { config: orders('idempotency: \'none\'') });
  app.server.next.push({ status: 502, body: 'bad gateway', applied: false });
  const answer = await app.write('POST', '/api/orders', { id: 'o1' });
  assert.equal(answer.status, 202);
  assert.equal((await app.settled(answer)).state, 'unknown');
  const [entry] = await app.inbox();
  assert.deepEqual([entry?.reason, entry?.status, entry?.answer], ['unknown-outcome', 502, 'bad gateway']);
  await app.page.reload();
  await ready(app.page);
  await app.sync();
  assert.equal(app.server.writes.length, 1);
  await app.page.evaluate((id) => window.hf.inbox.retry(id), entry!.id);
  await app.drained();
  assert.equal(app.server.applied.length, 1);
  assert.deepEqual(await app.inbox(), []);
});

test('Promise 12, none: in the tunnel only what was under way is unsure; the rest waits for a read to get through', async (t) => {
  const app = await openApp(t, browser.context, { config: orders('idempotency: \'none\'') });
  app.server.down = 'reset';
  for (const id of ['o1', 'o2', 'o3']) assert.equal((await app.write('POST', '/api/orders', { id })).status, 202);
  await until(() => app.server.requests.filter(({ method }) => method === 'HEAD').length >= 2, 'two probes');
  assert.equal(app.server.writes.length, 1);
  app.server.up();
  await app.drained();
  assert.deepEqual(app.server.applied.map(({ body }) => (JSON.parse(body.toString()) as { id: string }).id).sort(), ['o2', 'o3']);
  assert.deepEqual((await app.inbox()).map(({ reason }) => reason), ['unknown-outcome']);
});
