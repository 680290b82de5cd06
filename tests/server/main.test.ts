import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { start } from './process.js';
import { ORDER } from './support.js';

let data = '';
before(async () => { data = await mkdtemp(join(tmpdir(), 'holdfast-main-')); });
after(() => rm(data, { recursive: true, force: true }));

test('what was acknowledged survives a kill, with its key; a folder in use is refused; SIGTERM ends it cleanly', async () => {
  const sending = { method: 'POST', body: JSON.stringify(ORDER), headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() } };
  const first = start('--port', '0', '--data', data);
  const firstUrl = await first.url;
  assert.match(firstUrl, /^http:\/\/127\.0\.0\.1:\d+$/);
  const created = await (await fetch(`${firstUrl}/api/orders`, sending)).text();

  const beside = await start('--port', '0', '--data', data).ended;
  assert.equal(beside.code, 1);
  assert.match(beside.stderr, /^holdfast-server: the data folder .* is in use by process \d+; .*\n$/);

  first.child.kill('SIGKILL');
  await first.ended;
  const second = start('--port', '0', '--data', data);
  const again = await fetch(`${await second.url}/api/orders`, sending);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal(await again.text(), created);
  second.child.kill('SIGTERM');
  assert.deepEqual(await second.ended, { code: 0, stderr: '' });
});

test('a taken port is one clear line and exit 1, never another port', async () => {
  const socket = createServer().listen(0, '127.0.0.1');
  await new Promise(done => socket.once('listening', done));
  const { port } = socket.address() as AddressInfo;
  const { code, stderr } = await start('--port', String(port), '--data', join(data, 'other')).ended;
  socket.close();
  assert.equal(code, 1);
  assert.equal(stderr, `holdfast-server: port ${port} on 127.0.0.1 is taken; stop what listens there, or give another with --port\n`);
});

test('an exception that is declared as a flag is accepted', async () => {
  const url = await start('--port', '0', '--data', join(data, 'lenient'), '--exception', 'delivered:cancelled', '--exception', 'cancelled:delivered').url;
  const send = async (method: string, path: string, body: object, headers = {}) => {
    const answer = await fetch(url + path, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });
    return await answer.json() as { id: string; status: string };
  };
  const { id } = await send('POST', '/api/orders', ORDER);
  await send('PATCH', `/api/orders/${id}`, { status: 'cancelled' });
  assert.equal((await send('PATCH', `/api/orders/${id}`, { status: 'delivered' }, { 'if-match': '"2"' })).status, 'delivered');
});

test('a flag that makes no sense is refused by name', async () => {
  for (const flags of [['--port', 'abc'], ['--port', '70000'], ['--prot', '1'], ['--exception', 'cancelled'], ['--exception', 'cancelled:eaten']]) {
    const { code, stderr } = await start(...flags).ended;
    assert.equal(code, 1);
    assert.match(stderr, /--port|--prot|--exception.* two of placed, accepted/);
  }
});
