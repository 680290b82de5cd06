// Promise 17: what an app has in its worker beside holdfast goes on working, and what nobody declared is never touched.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { Chromium } from './chromium.js';
import { kRetry, openApp, orders, ready, test, type App, type AppOptions, type Got } from './harness.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

const json = ({ text }: Got): unknown => JSON.parse(text);
const came = (app: App, url: string) => app.server.requests.filter((request) => request.url === url).length;

describe('routes of Workbox in the same worker', () => {
  const kShops = `{ resources: { orders: { path: '/api/orders/:id', lists: { '/api/shops/:shop/orders': { where: { shop: 'shop' } } } } }, ${kRetry} }`;
  const worker = (holdfastFirst: boolean): AppOptions => {
    const call = `holdfast(${kShops});`;
    return { worker: `importScripts('/workbox-worker.js');
${holdfastFirst ? call : ''}
registerRoute(({ url }) => url.pathname === '/api/menu', new CacheFirst({ cacheName: 'menu' }));
registerRoute(({ url }) => url.pathname === '/api/shops/7/menu', new NetworkFirst({ cacheName: 'shops' }));
registerRoute(({ url }) => url.pathname.startsWith('/api/riders'), async ({ request }) => new Response('by the app: ' + await request.text()), 'POST');
${holdfastFirst ? "setDefaultHandler(new NetworkOnly(), 'GET'); setDefaultHandler(new NetworkOnly(), 'POST');" : call}` };
  };

  for (const holdfastFirst of [true, false]) {
    test(`work ${holdfastFirst ? 'after' : 'before'} the call of holdfast, and the outbox with them`, async (t) => {
      const app = await openApp(t, browser.context, worker(holdfastFirst));
      app.server.respond = ({ method, url }) => (method === 'GET' && !app.server.down ? { body: { url, note: 'warm' } } : undefined);
      for (const url of ['/api/menu', '/api/shops/7/menu', '/api/orders/o1', '/api/notes']) {
        assert.equal((json(await app.fetch(url)) as { url: string }).url, url);
      }
      for (const url of ['/api/menu', '/api/shops/7/menu']) {
        await until(() => app.page.evaluate(async (url) => Boolean(await caches.match(url)), url), `${url} to be in its cache`);
      }
      assert.equal((json(await app.fetch('/api/menu')) as { url: string }).url, '/api/menu');
      assert.equal(came(app, '/api/menu'), 1, 'the cache came first');
      assert.equal((await app.write('POST', '/api/riders', { id: 'r1' })).text, 'by the app: {"id":"r1"}');

      app.server.down = 'reset';
      const menu = await app.fetch('/api/shops/7/menu');
      assert.deepEqual(json(menu), { url: '/api/shops/7/menu', note: 'warm' });
      assert.equal(menu.headers['holdfast-source'], undefined);
      await assert.rejects(app.fetch('/api/notes'), /Failed to fetch/);
      assert.equal((await app.write('POST', '/api/orders', { id: 'o2' })).status, 202);
      assert.equal((await app.fetch('/api/orders/o1')).headers['holdfast-source'], 'store');
      assert.deepEqual((await app.rows<{ url: string }>('reads')).map(({ url }) => url), [`${app.origin}/api/orders/o1`]);
      app.server.up();
      await app.drained();
      assert.equal(app.server.applied.length, 1);
    });
  }
});

describe('bypass', () => {
  /** A worker that remembers what it was asked, and tells it at /seen. */
  const spy = (bypass: string, before = ''): AppOptions => ({ worker: `${before}
const seen = [];
self.addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url);
  if (pathname === '/seen') event.respondWith(Response.json(seen));
  else seen.push(pathname);
});
importScripts('/holdfast-worker.js');
holdfast(${orders('').replace(/\}$/, `${bypass} }`)});` });
  const kStatic = ", bypass: ['/static/*']";

  const seen = async (app: App): Promise<string[]> => {
    for (const path of ['/static/app.js', '/static/deep/app.css']) app.server.site.set(path, { type: 'text/plain', body: 'by the server' });
    for (const url of ['/static/app.js?v=1', '/static/deep/app.css', '/api/orders/o1', '/other.html']) await app.fetch(url);
    return json(await app.fetch('/seen')) as string[];
  };
  const kAll = ['/static/app.js', '/static/deep/app.css', '/api/orders/o1', '/other.html'];

  test('the worker is not asked for what the app lists, and for all else it is', async (t) => {
    const app = await openApp(t, browser.context, spy(kStatic));
    assert.deepEqual(await seen(app), ['/api/orders/o1', '/other.html']);
    assert.equal((await app.fetch('/static/app.js')).text, 'by the server');
  });

  test('without a list it is asked for everything', async (t) => {
    assert.deepEqual(await seen(await openApp(t, browser.context, spy(''))), kAll);
  });

  test('changes nothing where the browser can\'t', async (t) => {
    assert.deepEqual(await seen(await openApp(t, browser.context, spy(kStatic, 'delete InstallEvent.prototype.addRoutes;'))), kAll);
  });

  for (const [pattern, why] of [['/api/*', 'a declared resource'], ['/api/orders/:id', 'its items'], ['/(static', 'no pattern']] as const) {
    test(`is refused for ${why}: '${pattern}'`, async (t) => {
      const app = await openApp(t, browser.context, { ...spy(`, bypass: ['${pattern}']`), query: '?manual' });
      await ready(app.page);
      const told = await app.page.evaluate(() => window.connect('/sw.js').then(() => 'connected', (error: { code: string }) => error.code));
      assert.equal(told, 'registration-failed');
    });
  }
});
