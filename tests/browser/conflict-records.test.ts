// What an app learns of conflicts: the record, its export, the report of what was overruled, and its own resolvers.

import assert from 'node:assert/strict';
import { after, before, type TestContext } from 'node:test';
import { Chromium } from './chromium.js';
import { kTimeoutMs, openApp, ready, test, type App } from './harness.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

const config = (note: string, more = '') => `{
  resources: {
    orders: { path: '/api/orders/:id', timeoutMs: ${kTimeoutMs}, conflicts: {
      fields: { status: { transitions: { placed: ['delivered', 'cancelled'], delivered: [], cancelled: [] } }, tip: 'counter', note: ${note} },
      changedAt: 'changedAt', overruled: '/api/exceptions',
    } },
    exceptions: { path: '/api/exceptions/:id' },
  },
  retry: { baseMs: 60, capMs: 200, silentBaseMs: 60, sendTimeoutMs: 2500 }, ${more}
}`;

const kBefore = { id: '1', status: 'placed', tip: 1, note: 'ring', changedAt: '2026-01-01T10:00:00Z' };

interface Versioned { document: typeof kBefore; version: number }

/** An app that has read order 1 and is in a tunnel now, and a server that compares versions. */
async function story(t: TestContext, settings: string): Promise<{ app: App; server: Versioned }> {
  const app = await openApp(t, browser.context, { config: settings });
  const server: Versioned = { document: kBefore, version: 1 };
  const shown = (status: number) => ({ status, headers: { ETag: `"${server.version}"` }, body: server.document });
  app.server.respond = ({ method, url, headers, body }) => {
    if (url !== '/api/orders/1' || app.server.down) return undefined;
    if (method === 'GET') return shown(200);
    if (headers['if-match'] !== `"${server.version}"`) return shown(412);
    server.document = { ...server.document, ...JSON.parse(String(body)) as object };
    server.version += 1;
    return shown(200);
  };
  await app.fetch('/api/orders/1');
  app.server.down = 'reset';
  return { app, server };
}

function others(server: Versioned, change: Partial<typeof kBefore>): void {
  server.document = { ...server.document, ...change, changedAt: '2026-01-01T11:00:00Z' };
  server.version += 1;
}

async function out(app: App): Promise<void> {
  app.server.up();
  await app.sync();
}

test('Promise 21: a conflict leaves a record with both sides and both times; it outlives a reload, and can be exported', async (t) => {
  const { app, server } = await story(t, config("'text'"));
  const began = Date.now();
  const write = await app.write('PATCH', '/api/orders/1', { status: 'delivered', tip: 3 });
  others(server, { status: 'cancelled', tip: 2 });
  await out(app);
  const outcome = await app.settled(write);
  assert.equal(outcome.state, 'overruled');
  const mine = { ...kBefore, status: 'delivered', tip: 3 };
  const theirs = { ...kBefore, status: 'cancelled', tip: 2, changedAt: '2026-01-01T11:00:00Z' };
  assert.deepEqual({ ...outcome.sides, theirsAt: 0 }, { base: kBefore, mine, theirs, theirsAt: 0 });
  assert.ok(Math.abs(outcome.sides!.theirsAt! - Date.parse('2026-01-01T11:00:00Z')) <= 2_000, 'by this clock, to a second or so');
  assert.ok(outcome.occurredAt >= began && outcome.occurredAt <= Date.now());
  await app.page.reload();
  await ready(app.page);
  assert.deepEqual((await app.settled(outcome.id)).sides, outcome.sides, 'asked later, it says the same');
  const [record, ...more] = await app.page.evaluate(() => window.hf.conflicts.list());
  assert.deepEqual(more, []);
  assert.deepEqual([record?.id, record?.state, record?.url.endsWith('/api/orders/1'), record?.method], [outcome.id, 'overruled', true, 'PATCH']);
  assert.deepEqual(record?.sides, outcome.sides);
  assert.deepEqual(record?.decisions.map(({ path, verdict }) => [path, verdict]), [['/status', 'theirs'], ['/tip', 'merged']]);
  assert.equal((record?.document as typeof kBefore).tip, 4);
  const file = JSON.parse(await app.page.evaluate(async () => (await window.hf.conflicts.export()).text())) as { format: string; conflicts: { occurredAt: string }[] };
  assert.equal(file.format, 'holdfast-conflicts');
  assert.equal(file.conflicts[0]?.occurredAt, new Date(outcome.occurredAt).toISOString());
});

test('what was overruled is reported through the outbox, once, though the worker is killed and the answer lost', async (t) => {
  const { app, server } = await story(t, config("'text'"));
  const write = await app.write('PATCH', '/api/orders/1', { status: 'delivered' });
  others(server, { status: 'cancelled' });
  const reports = () => app.server.writes.filter(({ url }) => url === '/api/exceptions');
  const respond = app.server.respond;
  app.server.respond = (request) => (request.url === '/api/exceptions' && reports().length === 1 ? { reset: true, applied: true } : respond(request));
  await out(app);
  await until(() => reports().length >= 1, 'the first report');
  await app.killWorker();
  await app.sync();
  await app.drained();
  const applied = app.server.applied.filter(({ url }) => url === '/api/exceptions');
  assert.equal(applied.length, 1);
  const report = JSON.parse(String(applied[0]!.body)) as { write: string; mine: object; theirs: object; occurredAt: string };
  assert.equal(report.write, write.headers['holdfast-id']);
  assert.deepEqual([report.mine, report.theirs], [{ ...kBefore, status: 'delivered' }, server.document]);
  assert.equal(report.occurredAt, new Date((await app.settled(write)).occurredAt).toISOString());
});

test('the record goes with the user', async (t) => {
  const { app, server } = await story(t, config("'text'"));
  await app.page.evaluate(() => window.hf.signIn('ana'));
  app.server.down = null;
  await app.fetch('/api/orders/1');
  app.server.down = 'reset';
  const write = await app.write('PATCH', '/api/orders/1', { tip: 3 });
  others(server, { tip: 2 });
  await out(app);
  assert.equal((await app.settled(write)).state, 'merged');
  assert.equal((await app.rows('conflicts')).length, 1);
  await app.page.evaluate(() => window.hf.signOut());
  assert.equal((await app.rows('conflicts')).length, 0);
});

test('a resolver of the app\'s own settles what its rule names it for', async (t) => {
  const { app, server } = await story(t, config("{ resolver: 'notes' }", `resolvers: {
    notes: async ({ base, mine, theirs, document }) => mine + ' / ' + theirs + ' / ' + base + ' / ' + document.tip,
  }`));
  const write = await app.write('PATCH', '/api/orders/1', { note: 'knock', tip: 3 });
  others(server, { note: 'call', tip: 2 });
  await out(app);
  const outcome = await app.settled(write);
  assert.equal(outcome.state, 'merged');
  assert.equal(server.document.note, 'knock / call / ring / 4');
  assert.deepEqual(outcome.decisions.map(({ path, policy }) => [path, policy]), [['/note', 'resolver'], ['/tip', 'counter']]);
});

for (const [what, code] of [['throws', "() => { throw new Error('no'); }"], ['says nothing', '() => undefined'], ['gives what is no JSON', '() => 1n']] as const) {
  test(`a resolver that ${what} leaves the decision to a person`, async (t) => {
    const { app, server } = await story(t, config("{ resolver: 'notes' }", `resolvers: { notes: ${code} }`));
    const write = await app.write('PATCH', '/api/orders/1', { note: 'knock' });
    others(server, { note: 'call' });
    await out(app);
    assert.equal((await app.settled(write)).state, 'conflict');
    const [entry] = await app.inbox();
    assert.deepEqual([(entry?.conflict?.mine as typeof kBefore).note, (entry?.conflict?.theirs as typeof kBefore).note], ['knock', 'call']);
    await app.page.evaluate((id) => window.hf.inbox.retry(id), entry!.id);
    assert.equal((await app.settled(entry!.id)).state, 'merged');
    assert.equal(server.document.note, 'knock');
  });
}

test('a rule that names a resolver which isn\'t there is a mistake in the configuration', async (t) => {
  const app = await openApp(t, browser.context, { config: config("{ resolver: 'notes' }"), wait: false });
  await until(async () => (await app.page.evaluate(() => window.ready ?? '')).includes('resolvers.notes'), 'the mistake to be named');
});
