import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createServer } from '../../web/server/app.js';
import { assertProblem, EMPTY_DATABASE, serve, type TestServer } from './support.js';

let server: TestServer;
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-pages-'));
  await mkdir(join(folder, 'lib'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>hi</title>');
  await writeFile(join(folder, 'sw.js'), '// worker');
  await writeFile(join(folder, '.secret'), 'no');
  await writeFile(join(folder, 'lib', 'engine.wasm'), new Uint8Array([0, 0x61, 0x73, 0x6d]));
  server = await serve({ database: EMPTY_DATABASE, sites: [{ root: folder, prefix: '/' }, { root: join(folder, 'lib'), prefix: '/dist/' }] });
});
after(() => rm(folder, { recursive: true, force: true }));

test('each page, script and answer carries the content security policy, nosniff and no-cache', async () => {
  for (const path of ['/', '/sw.js', '/dist/engine.wasm', '/nothing-here', '/api/orders', '/api/nothing', '/api/orders/%zz']) {
    const { headers } = await server.send('GET', path);
    assert.equal(headers.get('content-security-policy'), "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'", path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
    assert.equal(headers.get('cache-control'), 'no-cache', path);
  }
});

test('files have the types that browsers insist on, and an ETag to ask again with', async () => {
  for (const [path, type] of [['/', 'text/html'], ['/sw.js', 'javascript'], ['/lib/engine.wasm', 'application/wasm'], ['/dist/engine.wasm', 'application/wasm']] as const) {
    const answer = await server.send('GET', path);
    assert.equal(answer.status, 200, path);
    assert.ok(answer.headers.get('content-type')?.includes(type), path);
    const again = await statusOf(server.url + path, { 'if-none-match': answer.headers.get('etag') ?? '' });
    assert.equal(again, 304, path);
  }
});

test('an unknown path under /api is a problem also beside a site, and nothing outside a site is served', async () => {
  assertProblem(await server.send('GET', '/api/nothing'), 404, 'not-found');
  for (const path of ['/.secret', '/..%2f..%2fetc/passwd', '/%2e%2e/package.json', '/missing.js']) {
    const { status } = await server.send('GET', path);
    assert.ok(status === 404 || status === 403, `${path} ${status}`);
  }
});

test('a site folder that is not there is an error at the start', async () => {
  await assert.rejects(createServer({ database: EMPTY_DATABASE, sites: [{ root: '/no/such/folder', prefix: '/' }] }),
    /site folder \/no\/such\/folder is not there/);
});

/** Without fetch, which sets Host itself, and adds Cache-Control: no-cache to an If-None-Match. */
function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((done, fail) => {
    request(url, { headers }, answer => { answer.resume(); done(answer.statusCode); }).on('error', fail).end();
  });
}

const statusFor = ({ url }: TestServer, host: string) => statusOf(`${url}/api/orders`, { host });

test('a request under a foreign Host is refused, so that no other site can rebind its name to this server', async () => {
  for (const host of ['localhost', 'LOCALHOST:4173', '127.0.0.1:80', '[::1]:4173']) assert.equal(await statusFor(server, host), 200, host);
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:4173', '192.168.1.1']) {
    assert.equal(await statusFor(server, host), 421, host);
  }
  const open = await serve({ database: EMPTY_DATABASE, hosts: 'any' });
  assert.equal(await statusFor(open, 'shop.example'), 200);
});
