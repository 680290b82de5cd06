import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EMPTY_DATABASE, serve } from './support.js';

test('a server that is closed finishes the answers under way, and refuses what comes meanwhile', async () => {
  let asked = () => {};
  const reading = new Promise<void>(done => { asked = done; });
  let slow = false;
  const server = await serve({
    database: { ...EMPTY_DATABASE, async query() {
      if (slow) {
        asked();
        await sleep(500);
      }
      return [];
    } },
  });
  slow = true;
  const answer = server.send('GET', '/api/orders');
  await reading;
  const closed = server.close();
  await sleep(50);
  const late = await server.send('GET', '/api/orders').then(({ status }) => status, () => 'refused');
  assert.ok(late === 503 || late === 'refused', String(late));
  assert.equal((await answer).status, 200);
  await closed;
});

test('an upload that stalls holds a server up that is closed, but not for long', async () => {
  const server = await serve({ database: EMPTY_DATABASE, drainMs: 200 });
  const upload = request(`${server.url}/api/orders`, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': '1000' } });
  const cut = new Promise(done => upload.once('error', done));
  upload.write('{"customer":');
  await sleep(100);
  const begun = Date.now();
  await server.close();
  await cut;
  const took = Date.now() - begun;
  assert.ok(took >= 150 && took < 3_000, `${took} ms`);
});
