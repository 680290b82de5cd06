// Promise 7: credentials are never stored, and nobody's write is ever sent as another's.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chromium } from './chromium.js';
import { App, kConfig, openApp, ready, serveSite, test } from './harness.js';
import type { ScriptedServer } from './scripted-server.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const authorizations = ({ writes }: ScriptedServer) => writes.map(({ headers }) => headers.authorization);

/** A server that accepts one token only. */
function accept(server: ScriptedServer, token: () => string): void {
  server.respond = ({ method, headers }) =>
    (method !== 'GET' && !server.down && headers.authorization !== `Bearer ${token()}` ? { status: 401 } : undefined);
}

describe('credentials', () => {
  test('of the page\'s own request are used, and are in no file of the profile', async (t) => {
    const own = await Chromium.start();
    t.after(() => own.close());
    const server = await serveSite();
    t.after(() => server.close());
    const page = await own.context.newPage();
    await page.goto(server.origin);
    await ready(page);
    const app = new App(own.context, server, page);
    const secret = (name: string) => `${name}${crypto.randomUUID().replaceAll('-', '')}`;
    const [token, csrf, marker] = [secret('tk'), secret('cs'), secret('mk')];

    const headers = { ...bearer(token), 'X-CSRF-Token': csrf };
    const online = await app.write('POST', '/api/orders', { id: 'o1', note: marker }, headers);
    assert.equal(online.status, 201);
    server.next.push({ status: 503, headers: { 'Retry-After': '60' } });
    const queued = await app.write('POST', '/api/orders', { id: 'o2', note: marker }, headers);
    server.down = 'hang';
    await app.write('POST', '/api/orders', { id: 'o3', note: marker }, headers);
    assert.equal(queued.status, 202);
    assert.deepEqual(authorizations(server).slice(0, 2), [`Bearer ${token}`, `Bearer ${token}`]);
    assert.equal(server.writes[0]!.headers['x-csrf-token'], csrf);
    await app.rows('mutations');
    await own.close({ keepProfile: true });

    const found = await grep(own.profile, [token, csrf, marker]);
    assert.ok(found.get(marker)! > 0, 'the search finds what was stored');
    assert.deepEqual([found.get(token), found.get(csrf)], [0, 0]);
  });

  test('of a later attempt are the newest that the page used', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.next.push({ status: 503, headers: { 'Retry-After': '1' } });
    const answer = await app.write('POST', '/api/orders', { id: 'o1' }, bearer('old'));
    await app.write('POST', '/api/orders', { id: 'o2' }, bearer('new'));
    await app.settled(answer);
    assert.deepEqual(authorizations(app.server), ['Bearer old', 'Bearer new', 'Bearer new']);
  });

  test('come from the authorize hook at send time', async (t) => {
    const hook = ', authorize: async (request) => { const headers = new Headers(request.headers); headers.set(\'Authorization\', \'Bearer hook\'); return headers; }, credentialHeaders: [\'X-Own\'] }';
    const app = await openApp(t, browser.context, { config: kConfig.replace(/\}$/, hook) });
    app.server.next.push({ status: 503 });
    const answer = await app.write('POST', '/api/orders', { id: 'o1' }, { ...bearer('page'), 'X-Own': 'secret' });
    await app.settled(answer);
    assert.deepEqual(authorizations(app.server), ['Bearer page', 'Bearer hook']);
  });

  test('may be waited for without end: the attempt ends all the same, and the next one asks again', async (t) => {
    const hook = ', authorize: (() => { let calls = 0; return (request) => (calls++ === 0 ? new Promise(() => {}) : request); })() }';
    const app = await openApp(t, browser.context, { config: kConfig.replace(/\}$/, hook) });
    app.server.next.push({ status: 503 });
    const answer = await app.write('POST', '/api/orders', { id: 'o1' });
    assert.equal((await app.settled(answer)).state, 'confirmed');
    assert.equal(app.server.writes.length, 2);
  });

  test('are asked of an open page when the worker has died', async (t) => {
    const app = await openApp(t, browser.context, { query: '?token=fresh' });
    app.server.next.push({ status: 503, headers: { 'Retry-After': '1' } });
    const answer = await app.write('POST', '/api/orders', { id: 'o1' }, bearer('old'));
    await app.killWorker();
    await app.settled(answer);
    assert.deepEqual(authorizations(app.server), ['Bearer old', 'Bearer fresh']);
    assert.ok(await app.page.evaluate(() => window.asked) >= 1);
  });

  test('that nobody has make the write wait, and say so', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.next.push({ status: 503, headers: { 'Retry-After': '1' } });
    const answer = await app.write('POST', '/api/orders', { id: 'o1' }, bearer('old'));
    await app.killWorker();
    await until(async () => (await app.status()).link === 'needs-auth', 'needs-auth');
    await sleep(600);
    assert.equal(app.server.writes.length, 1);
    await app.write('POST', '/api/orders', { id: 'o2' }, bearer('new'));
    assert.equal((await app.settled(answer)).state, 'confirmed');
    await app.drained();
    assert.equal(app.server.applied.length, 2);
    assert.equal((await app.status()).link, 'online');
  });
});

describe('of reads', () => {
  const read = (app: App, token: string) => app.fetch('/api/orders', { headers: bearer(token) });

  test('let the writes go on that wait for some', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.next.push({ status: 503, headers: { 'Retry-After': '1' } });
    await app.write('POST', '/api/orders', { id: 'o1' }, bearer('good'));
    await app.killWorker();
    await until(async () => (await app.status()).link === 'needs-auth', 'needs-auth');
    await read(app, 'good');
    await app.drained();
    assert.equal(app.server.applied.length, 1);
  });

  test('that writes were refused with send nothing against the same wall', async (t) => {
    const app = await openApp(t, browser.context);
    accept(app.server, () => 'good');
    await app.write('POST', '/api/orders', { id: 'o1' }, bearer('stale'));
    await until(async () => (await app.status()).link === 'needs-auth', 'needs-auth');
    const tries = app.server.writes.length;
    for (let i = 0; i < 3; i += 1) assert.equal((await read(app, 'stale')).status, 200);
    await sleep(400);
    assert.equal(app.server.writes.length, tries);
    await read(app, 'good');
    await app.drained();
  });

  test('that come when their user has signed out are not remembered', async (t) => {
    const app = await openApp(t, browser.context, { query: '?user=ana' });
    app.server.down = 'reset';
    await app.write('POST', '/api/orders', { id: 'o1' }, bearer('ana'));
    app.server.down = null;
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      app.server.respond = ({ method }) => {
        if (method !== 'GET') return { reset: true };
        resolve();
        return new Promise((answered) => { answer = () => answered({ body: [] }); });
      };
    });
    const late = app.page.evaluate((headers) => fetch('/api/orders', { headers }).then(({ status }) => status), bearer('ana'));
    await asked;
    await app.page.evaluate(() => window.hf.signOut({ pending: 'keep' }));
    const before = app.server.writes.length;
    app.server.respond = () => undefined;
    answer();
    assert.equal(await late, 200);
    // However long the resets made it back off.
    await app.page.evaluate(() => window.hf.signIn('ana').then(() => window.hf.sync()));
    await until(async () => (await app.status()).link === 'needs-auth', 'needs-auth');
    assert.equal(app.server.writes.length, before);
  });
});

describe('a 401', () => {
  test('is answered with fresh credentials, once', async (t) => {
    const app = await openApp(t, browser.context, { query: '?token=good' });
    accept(app.server, () => 'good');
    const answer = await app.write('POST', '/api/orders', { id: 'o1' }, bearer('stale'));
    assert.equal((await app.settled(answer)).state, 'confirmed');
    assert.deepEqual(authorizations(app.server), ['Bearer stale', 'Bearer good']);
  });

  test('that stays pauses all sending, until the person has signed in', async (t) => {
    const app = await openApp(t, browser.context, { query: '?token=bad' });
    let good = 'nobody has it';
    accept(app.server, () => good);
    const answer = await app.write('POST', '/api/orders', { id: 'o1' }, bearer('stale'));
    assert.equal(answer.status, 202);
    await until(async () => (await app.status()).link === 'needs-auth', 'needs-auth');
    await app.write('POST', '/api/orders', { id: 'o2' }, bearer('bad'));
    await sleep(800);
    const tries = app.server.writes.length;
    assert.ok(tries <= 4, `${tries} sends`);
    await sleep(800);
    assert.equal(app.server.writes.length, tries, 'nothing is sent while it waits');
    assert.equal((await app.status()).pending, 2);

    good = 'signed-in';
    await app.page.evaluate(() => {
      window.token = 'signed-in';
    });
    await app.page.evaluate(() => window.hf.signIn(''));
    await app.drained();
    assert.equal(app.server.applied.length, 2);
    assert.equal((await app.status()).link, 'online');
  });

  test('a redirect to a sign-in page is one too, and never a confirmation', async (t) => {
    const app = await openApp(t, browser.context);
    let signedIn = false;
    app.server.site.set('/sign-in', { type: 'text/html', body: '<!doctype html><title>Sign in</title>' });
    app.server.respond = ({ method }) => (method !== 'GET' && !signedIn ? { status: 302, headers: { Location: '/sign-in' } } : undefined);
    const answer = await app.write('POST', '/api/orders', { id: 'o1' });
    assert.equal(answer.status, 202);
    await until(async () => (await app.status()).link === 'needs-auth', 'needs-auth');
    assert.equal((await app.status()).pending, 1);
    assert.equal(app.server.applied.length, 0);
    signedIn = true;
    await app.page.reload();
    await ready(app.page);
    await app.page.evaluate(() => window.hf.signIn(''));
    assert.equal((await app.settled(answer)).state, 'confirmed');
    assert.equal(app.server.applied.length, 1);
  });

  test('HTML where JSON was expected is one too', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.next.push({ status: 200, body: '<!doctype html><title>Sign in</title>', headers: { 'Content-Type': 'text/html' } });
    const answer = await app.write('POST', '/api/orders', { id: 'o1' });
    assert.equal(answer.status, 202);
    assert.equal((await app.status()).pending, 1);
  });
});

describe('users', () => {
  test('one user\'s writes are never sent as another\'s, and wait for their own', async (t) => {
    const app = await openApp(t, browser.context, { query: '?user=ana' });
    app.server.down = 'reset';
    const anas = await app.write('POST', '/api/orders', { id: 'a1' }, bearer('ana'));
    await app.page.evaluate(() => window.hf.signIn('bob'));
    const bobs = await app.write('POST', '/api/orders', { id: 'b1' }, bearer('bob'));
    const { user, pending, pendingOfOthers } = await app.status();
    assert.deepEqual([user, pending, pendingOfOthers], ['bob', 1, 1]);
    assert.deepEqual((await app.pending()).map(({ id }) => id), [bobs.headers['holdfast-id']]);
    app.server.up();
    const before = app.server.writes.length;
    await app.drained();
    await sleep(600);
    assert.deepEqual(app.server.writes.slice(before).map(({ body }) => body.toString()), ['{"id":"b1"}']);

    await app.page.evaluate(() => window.hf.signIn('ana'));
    await app.write('PATCH', '/api/orders/a1', { tip: 1 }, bearer('ana'));
    assert.equal((await app.settled(anas)).state, 'confirmed');
    assert.deepEqual(app.server.applied.map(({ headers }) => headers.authorization), ['Bearer bob', 'Bearer ana', 'Bearer ana']);
  });

  const signOut = (app: App, pending?: 'keep' | 'discard' | 'send') => app.page.evaluate((pending) =>
    window.hf.signOut(pending && { pending }).then(() => 'done', (error: { code: string }) => error.code), pending);

  test('signing out never drops a write silently', async (t) => {
    const app = await openApp(t, browser.context, { query: '?user=ana' });
    app.server.down = 'reset';
    const answer = await app.write('POST', '/api/orders', { id: 'o1' });
    assert.equal(await signOut(app), 'pending-writes');
    assert.equal((await app.status()).user, 'ana');
    assert.equal(await signOut(app, 'keep'), 'done');
    assert.deepEqual([(await app.status()).user, (await app.status()).pendingOfOthers], ['', 1]);
    app.server.up();
    await sleep(500);
    assert.equal(app.server.applied.length, 0);
    await app.page.evaluate(() => window.hf.signIn('ana'));
    assert.equal((await app.settled(answer)).state, 'confirmed');
  });

  test('signing out with discard: the writes are gone, and that is their outcome', async (t) => {
    const app = await openApp(t, browser.context, { query: '?user=ana' });
    app.server.down = 'reset';
    const answers = [await app.write('POST', '/api/orders', { id: 'o1' }), await app.write('POST', '/api/orders', { id: 'o2' })];
    assert.equal(await signOut(app, 'discard'), 'done');
    app.server.up();
    for (const answer of answers) assert.equal((await app.settled(answer)).state, 'discarded');
    assert.deepEqual(await app.rows('mutations'), []);
    await sleep(300);
    assert.equal(app.server.applied.length, 0);
  });

  test('signing out with send waits until all is sent', async (t) => {
    const app = await openApp(t, browser.context, { query: '?user=ana' });
    app.server.next.push({ status: 503, headers: { 'Retry-After': '1' } });
    await app.write('POST', '/api/orders', { id: 'o1' });
    assert.equal(await signOut(app, 'send'), 'done');
    assert.equal(app.server.applied.length, 1);
    assert.equal((await app.status()).user, '');
  });
});

/** In how many files of a folder each text occurs, as bytes or as the wide characters of a database. */
async function grep(folder: string, texts: string[]): Promise<Map<string, number>> {
  const counts = new Map(texts.map((text) => [text, 0]));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(path.join(entry.parentPath ?? entry.path, entry.name));
    for (const text of texts) {
      if (bytes.includes(text, 0, 'latin1') || bytes.includes(text, 0, 'utf16le')) counts.set(text, counts.get(text)! + 1);
    }
  }
  return counts;
}
