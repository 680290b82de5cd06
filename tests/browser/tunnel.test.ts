// The reference server behind the tunnel: what was done in the dark is applied once and in order, by a ledger
// of what the server really did.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer } from '../../web/server/app.js';
import { openPglite } from '../../web/server/database.js';
import { Tunnel } from '../../web/tunnel/tunnel.js';
import { Chromium } from './chromium.js';
import { kConfig, ready, test } from './harness.js';
import { siteFiles, workerScript } from './site.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

test('every act of a ride arrives once and in order, answers lost after applying included', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-site-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, { body }] of await siteFiles()) await writeFile(path.join(folder, name === '/' ? 'index.html' : name), body);
  await writeFile(path.join(folder, 'sw.js'), workerScript(kConfig).body);

  const ledger: string[] = [];
  let drops = 4;
  const database = await openPglite();
  t.after(() => database.close());
  const server = await createServer({
    database, sites: [{ root: folder, prefix: '/' }],
    faults: {
      async onApplied(_tx, { method }, orderId) {
        ledger.push(`${method} ${orderId}`);
      },
      async afterApply() {
        if (drops-- > 0) return 'drop';
      },
    },
  });
  t.after(() => server.close());
  await server.listen({ port: 0, host: '127.0.0.1' });
  const tunnel = new Tunnel({ target: { host: '127.0.0.1', port: (server.server.address() as AddressInfo).port }, resetAfterMs: 800 });
  t.after(() => tunnel.close());
  const port = await tunnel.listen(0);

  const page = await browser.context.newPage();
  await page.goto(`http://localhost:${port}/`);
  await ready(page);

  const ids = Array.from({ length: 6 }, () => crypto.randomUUID());
  const act = (method: string, url: string, body: unknown) => page.evaluate(async ([method, url, body]) =>
    (await fetch(url, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).status, [method, url, body] as const);
  const statuses: number[] = [];
  for (const [n, id] of ids.entries()) {
    if (n === 2) tunnel.setSignal(0);
    if (n === 5) tunnel.setSignal(50);
    statuses.push(await act('POST', '/api/orders', {
      id, customer: 'Ana', restaurant: 'Bar', items: [{ name: 'Tea', quantity: 1 }], note: '', tip: 0,
    }));
    for (const status of ['accepted', 'picked_up']) statuses.push(await act('PATCH', `/api/orders/${id}`, { status }));
  }
  assert.ok(statuses.every((status) => [200, 201, 202].includes(status)), statuses.join(' '));
  assert.ok(statuses.includes(202));
  await until(async () => (await page.evaluate(() => window.hf.status())).pending === 0, 'the outbox to be empty', 20_000);
  await sleep(300);
  assert.equal(ledger.length, ids.length * 3);
  for (const id of ids) assert.deepEqual(ledger.filter((line) => line.endsWith(id)), [`POST ${id}`, `PATCH ${id}`, `PATCH ${id}`]);
  const rows = await database.query<{ status: string }>('SELECT status FROM orders');
  assert.deepEqual(rows.map(({ status }) => status), ids.map(() => 'picked_up'));
  assert.equal((await page.evaluate(() => window.hf.inbox.list())).length, 0);
  await page.close();
});
