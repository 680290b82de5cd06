// An app that asks "has it changed?" goes on doing so: 304 comes through, and never takes a change back.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Chromium } from './chromium.js';
import { openApp, test, type App, type Got } from './harness.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

const json = ({ text }: Got): unknown => JSON.parse(text);
const noteOf = (answer: Got) => (json(answer) as { note: string }).note;
const kItem = '/api/orders/o1';
const kModified = 'Wed, 21 Oct 2015 07:28:00 GMT';

/** A server with versions: by a strong tag, by a weak one, or by the date alone. */
function serveVersions(app: App, tag: (version: unknown) => string | null = (version) => `"${version}"`): void {
  app.server.documents.set(kItem, { id: 'o1', note: 'warm', version: 1 });
  app.server.respond = ({ method, url, headers }) => {
    if (app.server.down) return undefined;
    const document = app.server.documents.get(kItem)!;
    const etag = tag(document.version);
    if (method !== 'GET') return undefined;
    const validators: Record<string, string> = { 'Last-Modified': kModified, ...(etag !== null && { ETag: etag }) };
    if (etag === null ? headers['if-modified-since'] === kModified : headers['if-none-match'] === etag) return { status: 304, headers: validators };
    return { body: url === kItem ? document : [document], headers: validators };
  };
}

for (const [kind, tag] of [['strong', '"1"'], ['weak', 'W/"1"']] as const) {
  test(`304 to a ${kind} tag comes through, and the kept answer stays`, async (t) => {
    const app = await openApp(t, browser.context);
    serveVersions(app, () => tag);
    const first = await app.fetch(kItem);
    assert.equal(first.headers.etag, tag);
    const second = await app.fetch(kItem, { headers: { 'If-None-Match': tag } });
    assert.deepEqual([second.status, second.text, second.headers.etag], [304, '', tag]);
    app.server.down = 'reset';
    const dark = await app.fetch(kItem, { headers: { 'If-None-Match': tag } });
    assert.deepEqual([dark.status, noteOf(dark), dark.headers.etag], [200, 'warm', tag]);
  });
}

test('304 to a date comes through where there is no tag', async (t) => {
  const app = await openApp(t, browser.context);
  serveVersions(app, () => null);
  await app.fetch(kItem);
  assert.equal((await app.fetch(kItem, { headers: { 'If-Modified-Since': kModified } })).status, 304);
});

for (const url of [kItem, '/api/orders']) {
  test(`with a change pending ${url} is answered whole, with nothing that names the server's bytes`, async (t) => {
    const app = await openApp(t, browser.context);
    serveVersions(app);
    await app.fetch(url);
    app.server.next.push({ status: 503, headers: { 'Retry-After': '60' } });
    await app.write('PATCH', kItem, { note: 'hot' });
    const conditions = { 'If-None-Match': '"1"', 'If-Modified-Since': kModified };
    const composed = await app.fetch(url, { headers: conditions });
    assert.deepEqual([composed.status, composed.headers.etag, composed.headers['last-modified']], [200, undefined, undefined]);
    assert.match(composed.text, /"hot"/);
    app.server.down = 'reset';
    const dark = await app.fetch(url, { headers: conditions });
    assert.deepEqual([dark.status, dark.headers.etag, dark.headers['last-modified']], [200, undefined, undefined]);
    assert.match(dark.text, /"hot"/);
  });

  test(`304 that a write overtakes is no answer to ${url} any more`, async (t) => {
    const app = await openApp(t, browser.context);
    serveVersions(app);
    await app.fetch(url);
    const answer = app.server.respond;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    app.server.respond = async (request) => {
      const told = await answer(request);
      if (told?.status === 304) await held;
      return told;
    };
    const late = app.page.evaluate((url) => fetch(url, { headers: { 'If-None-Match': '"1"' } })
      .then(async (response) => ({ status: response.status, text: await response.text() })), url);
    await until(() => app.server.requests.some(({ headers }) => headers['if-none-match'] !== undefined), 'the question to arrive');
    app.server.next.push({ status: 503, headers: { 'Retry-After': '60' } });
    await app.write('PATCH', kItem, { note: 'hot' });
    release();
    const { status, text } = await late;
    assert.equal(status, 200);
    assert.match(text, /"hot"/);
  });
}

test('once the change is rejected, the tag that the app still has is good again', async (t) => {
  const app = await openApp(t, browser.context);
  serveVersions(app);
  await app.fetch(kItem);
  app.server.next.push({ reset: true }, { status: 422 });
  const write = await app.write('PATCH', kItem, { note: 'hot' });
  await app.settled(write);
  const plain = await app.fetch(kItem);
  assert.deepEqual([noteOf(plain), plain.headers.etag], ['warm', '"1"']);
  assert.equal((await app.fetch(kItem, { headers: { 'If-None-Match': '"1"' } })).status, 304);
});

for (const [what, body] of [['with the document', true], ['without a word', false]] as const) {
  test(`Promise 15: after a write that was confirmed ${what}, the HTTP cache doesn't bring the old state back`, async (t) => {
    const app = await openApp(t, browser.context);
    app.server.documents.set(kItem, { id: 'o1', note: 'warm', version: 1 });
    app.server.respond = ({ method, url }) => {
      if (method === 'GET') return { body: app.server.documents.get(url), headers: { 'Cache-Control': 'max-age=600' } };
      if (body) return undefined;
      app.server.documents.set(kItem, { id: 'o1', note: 'hot', version: 2 });
      return { status: 204 };
    };
    const reads = () => app.server.requests.filter(({ method }) => method === 'GET').length;
    await app.fetch(kItem);
    await app.fetch(kItem);
    assert.equal(reads(), 1, 'the HTTP cache serves');
    await app.settled(await app.write('PATCH', kItem, { note: 'hot' }));
    assert.deepEqual(json(await app.fetch(kItem)), { id: 'o1', note: 'hot', version: 2 });
    assert.equal(reads(), 2);
    await app.fetch(kItem);
    assert.equal(reads(), 2, 'and serves again');
  });
}
