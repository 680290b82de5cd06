// Promises 24, 26 and 27: everything that means "try now" leads to one drain, tabs agree, and whatever happens
// to the worker, its database and its disk, nothing that was kept is lost.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chromium, workerSession } from './chromium.js';
import { kConfig, kTimeoutMs, openApp, ready, type App, test } from './harness.js';
import { workerScript } from './site.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

/** Retries so late that only a trigger can be what sends. */
const kPatient = `{ resources: { orders: { path: '/api/orders/:id', timeoutMs: ${kTimeoutMs} } }, `
  + 'retry: { baseMs: 60000, capMs: 120000, silentBaseMs: 60000, sendTimeoutMs: 2500 } }';

async function queueOne(app: App): Promise<void> {
  app.server.down = 'reset';
  assert.equal((await app.write('POST', '/api/orders', { id: 'o1' })).status, 202);
}

describe('a request that is delivered twice', () => {
  for (const [name, query] of [['with our mark', ''], ['without it', '?bare']] as const) {
    test(`because the worker was killed under it is one write: ${name}`, async (t) => {
      const app = await openApp(t, browser.context, {
        query, config: `{ resources: { orders: { path: '/api/orders/:id', timeoutMs: 6000 } }, retry: { baseMs: 60, sendTimeoutMs: 8000 } }` });
      app.server.next.push({ hang: true });
      const late = await app.begin('POST', '/api/orders', { note: 'no id of its own' });
      await until(() => app.server.writes.length === 1, 'the first send');
      await app.killWorker();
      const answer = await late();
      assert.ok(typeof answer === 'object', String(answer));
      assert.ok([201, 202].includes(answer.status), `the page got ${answer.status}`);
      await until(async () => app.server.applied.length > 0 && (await app.rows('mutations')).length === 0, 'the write to arrive');
      await sleep(300);
      assert.equal(app.server.applied.length, 1);
      assert.equal(new Set(app.server.writes.map(({ headers }) => headers['idempotency-key'])).size, 1);
    });
  }

  test('two equal taps around the death of the worker stay two', async (t) => {
    const app = await openApp(t, browser.context, {
      config: `{ resources: { orders: { path: '/api/orders/:id', timeoutMs: 6000 } }, retry: { baseMs: 60, sendTimeoutMs: 8000 } }` });
    app.server.next.push({ hang: true }, { hang: true });
    const taps = [await app.begin('POST', '/api/orders', { note: 'tea' }), await app.begin('POST', '/api/orders', { note: 'tea' })];
    await until(() => app.server.writes.length === 2, 'both sends');
    await app.killWorker();
    for (const tap of taps) await tap();
    await app.drained();
    assert.equal(app.server.applied.length, 2);
  });
});

describe('what means "try now"', () => {
  test('hf.sync()', async (t) => {
    const app = await openApp(t, browser.context, { config: kPatient });
    await queueOne(app);
    app.server.up();
    await app.sync();
    await app.drained();
  });

  test('the browser comes online', async (t) => {
    // A browser of its own: the driver can't change the network while a killed worker is still attached to it.
    const own = await Chromium.start();
    t.after(() => own.close());
    const app = await openApp(t, own.context, { config: kPatient });
    await own.context.setOffline(true);
    assert.equal((await app.write('POST', '/api/orders', { id: 'o1' })).status, 202);
    await own.context.setOffline(false);
    await app.drained();
    assert.equal(app.server.applied.length, 1);
  });

  test('a page is shown', async (t) => {
    const app = await openApp(t, browser.context, { config: kPatient });
    await queueOne(app);
    app.server.up();
    await app.page.evaluate(() => window.dispatchEvent(new Event('pageshow')));
    await app.drained();
  });

  test('a page is opened, after the worker has died', async (t) => {
    const app = await openApp(t, browser.context, { config: kPatient });
    await queueOne(app);
    await app.page.goto(`${app.origin}/other.html`);
    await app.killWorker();
    app.server.up();
    await app.page.goto(app.origin);
    await ready(app.page);
    await app.drained();
  });

  test('any request that succeeds', async (t) => {
    const app = await openApp(t, browser.context, { config: kPatient });
    await queueOne(app);
    app.server.up();
    await app.fetch('/api/orders');
    await app.drained();
  });

  test('a timer: of the worker, and of the page when the worker has died', async (t) => {
    const app = await openApp(t, browser.context);
    await queueOne(app);
    app.server.up();
    await until(() => app.server.applied.length === 1, 'the worker\'s timer');
    app.server.next.push({ status: 503, headers: { 'Retry-After': '1' } });
    await app.write('POST', '/api/orders', { id: 'o2' });
    await app.killWorker();
    await until(() => app.server.applied.length === 2, 'the page\'s timer');
  });

  test('a Background Sync event, with every tab closed', async (t) => {
    const app = await openApp(t, browser.context, { config: kPatient });
    await queueOne(app);
    const blank = await browser.context.newPage();
    t.after(() => blank.close());
    const session = await workerSession(blank);
    const registrations: { registrationId: string; scopeURL: string }[] = [];
    session.on('ServiceWorker.workerRegistrationUpdated', (event) => registrations.push(...event.registrations));
    await session.send('ServiceWorker.disable');
    await session.send('ServiceWorker.enable');
    await until(() => registrations.some(({ scopeURL }) => scopeURL.startsWith(app.origin)), 'the registration');
    await app.killWorker();
    await app.page.close();
    app.server.up();
    const { registrationId } = registrations.find(({ scopeURL }) => scopeURL.startsWith(app.origin))!;
    await session.send('ServiceWorker.dispatchSyncEvent', { origin: app.origin, registrationId, tag: 'holdfast', lastChance: false });
    await until(() => app.server.applied.length === 1, 'the write to arrive');
  });
});

describe('tabs', () => {
  test('agree on what is pending and on what became of it', async (t) => {
    const app = await openApp(t, browser.context);
    const other = await app.tab();
    app.server.down = 'reset';
    const answers = [];
    for (const id of ['o1', 'o2', 'o3']) answers.push(await app.write('POST', '/api/orders', { id }));
    await other.waitForFunction(() => window.statuses.at(-1)?.pending === 3);
    assert.deepEqual(await app.pending(other).then((all) => all.map(({ id }) => id)), await app.pending().then((all) => all.map(({ id }) => id)));
    const outcome = app.settled(answers[2]!, other);
    app.server.up();
    assert.equal((await outcome).state, 'confirmed');
    for (const page of [app.page, other]) await page.waitForFunction(() => window.statuses.at(-1)?.pending === 0);
  });

  test('one sends at a time: nothing is sent twice however many there are', async (t) => {
    const app = await openApp(t, browser.context);
    const others = [await app.tab(), await app.tab()];
    app.server.down = 'reset';
    await Promise.all([app.page, ...others].map((page, n) => page.evaluate((n) => Promise.all([1, 2, 3, 4].map((m) =>
      fetch('/api/orders', { method: 'POST', body: JSON.stringify({ id: `o${n}-${m}` }) }))), n)));
    const before = app.server.writes.length;
    app.server.up();
    await Promise.all([app.page, ...others].map((page) => page.evaluate(() => window.hf.sync())));
    await app.drained();
    assert.equal(app.server.applied.length, 12);
    assert.equal(app.server.writes.length - before, 12);
  });
});

describe('the worker', () => {
  test('is replaced by a newer one with writes waiting, and loses none', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.down = 'hang';
    const answer = await app.write('POST', '/api/orders', { id: 'o1' });
    app.server.site.set('/sw.js', workerScript(`(0, ${kConfig})`));
    await app.page.evaluate(async () => {
      Object.assign(window, { changed: false });
      navigator.serviceWorker.addEventListener('controllerchange', () => Object.assign(window, { changed: true }));
      await (await navigator.serviceWorker.ready).update();
    });
    // The browser lets the old one finish the attempts that it has under way.
    app.server.up();
    await app.page.waitForFunction(() => (window as unknown as { changed: boolean }).changed);
    assert.equal((await app.settled(answer)).state, 'confirmed');
    assert.equal(app.server.applied.length, 1);
    assert.equal((await app.write('POST', '/api/orders', { id: 'o2' })).status, 201);
  });

  test('answers settled() again after it was killed', async (t) => {
    const app = await openApp(t, browser.context);
    await queueOne(app);
    const { id } = (await app.pending())[0]!;
    const outcome = app.settled(id);
    await app.killWorker();
    app.server.up();
    assert.equal((await outcome).state, 'confirmed');
  });

  test('sends what a killed one left, whatever question woke it', async (t) => {
    const app = await openApp(t, browser.context);
    await queueOne(app);
    await app.page.evaluate(() => window.hf.close());  // With it go the page's own timers.
    await app.killWorker();
    app.server.up();
    await app.page.evaluate(() => new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = resolve;
      navigator.serviceWorker.controller!.postMessage({ type: 'outcome', id: 'of another write', holdfast: 1 }, [port2]);
    }));
    await until(() => app.server.applied.length === 1, 'the write to arrive');
  });

  test('claims a page that was force-reloaded past it', async (t) => {
    const app = await openApp(t, browser.context);
    const session = await browser.context.newCDPSession(app.page);
    const loaded = app.page.waitForEvent('load');
    await session.send('Page.reload', { ignoreCache: true });
    await loaded;
    await ready(app.page);
    assert.equal(await app.page.evaluate(() => window.hf.protected), true);
    app.server.down = 'reset';
    assert.equal((await app.write('POST', '/api/orders', { id: 'o1' })).status, 202);
  });
});

describe('the database', () => {
  test('of a newer release makes an old worker refuse writes loudly', async (t) => {
    const app = await openApp(t, browser.context);
    await app.write('POST', '/api/orders', { id: 'o0' });
    await app.page.evaluate(async () => {
      const name = (await indexedDB.databases()).find((one) => one.name?.startsWith('holdfast'))!.name!;
      await new Promise((resolve, reject) => {
        const request = indexedDB.open(name, 99);
        request.onerror = reject;
        request.onsuccess = () => resolve(request.result.close());
      });
    });
    const answer = await app.write('POST', '/api/orders', { id: 'o1' });
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['holdfast-status'], 'refused');
    assert.match(answer.text, /newer/i);
    assert.equal(app.server.applied.length, 1);
    const code = await app.page.evaluate(() => window.hf.status().then(({ problem }) => problem?.code, (error: { code: string }) => error.code));
    assert.equal(code, 'database-newer');
  });

  test('may hold rows of another release: they are kept and reported, and hold up nobody else', async (t) => {
    const app = await openApp(t, browser.context);
    await queueOne(app);
    await app.write('POST', '/api/orders', { id: 'o2' });
    const [strange] = await app.rows<{ id: string; v?: number; lane: string }>('mutations');
    await app.page.evaluate((id) => window.meddle(['mutations'], (transaction) => {
      const store = transaction.objectStore('mutations');
      const request = store.get(id);
      request.onsuccess = () => store.put({ ...request.result as object, v: 99, shape: 'of another time' });
    }), strange!.id);
    await app.killWorker();
    app.server.up();
    await app.sync();
    await until(() => app.server.applied.length === 1, 'the other write to arrive');
    await sleep(500);
    const rows = await app.rows<{ id: string; shape: string }>('mutations');
    assert.deepEqual(rows.map(({ id, shape }) => [id, shape]), [[strange!.id, 'of another time']]);
    assert.notEqual((await app.status()).problem, null);
    assert.equal((await app.status()).pending, 1);
  });

  test('a lost handle is opened again', async (t) => {
    const app = await openApp(t, browser.context);
    await app.write('POST', '/api/orders', { id: 'o1' });
    // What a page asks for with a higher version closes the worker's handle; here nothing is upgraded.
    await app.page.evaluate(() => new Promise((resolve) => {
      void indexedDB.databases().then((all) => {
        const { name, version } = all.find((one) => one.name?.startsWith('holdfast'))!;
        const request = indexedDB.open(name!, version! + 1);
        request.onupgradeneeded = () => request.transaction!.abort();
        request.onerror = resolve;
      });
    }));
    assert.equal((await app.write('POST', '/api/orders', { id: 'o2' })).status, 201);
  });

  test('a full disk refuses the write with a clear error, and what was kept is sent', async (t) => {
    // The quota is set before anything is stored: the browser remembers the room that it saw for a while.
    const app = await openApp(t, browser.context, { query: '?manual' });
    const session = await browser.context.newCDPSession(app.page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: app.origin, quotaSize: 2_500_000 });
    await app.page.evaluate(async () => {
      window.hf = await window.connect();
    });
    await queueOne(app);
    const [status, mark] = await app.page.evaluate(async () => {
      // Random, since a database packs what repeats.
      const bytes = new Uint8Array(4_000_000);
      for (let at = 0; at < bytes.length; at += 50_000) crypto.getRandomValues(bytes.subarray(at, at + 50_000));
      const answer = await fetch('/api/orders/o2', { method: 'PUT', body: bytes });
      return [answer.status, answer.headers.get('Holdfast-Status')];
    });
    assert.deepEqual([status, mark], [507, 'refused']);
    assert.equal((await app.status()).pending, 1);
    app.server.up();
    await app.drained();
    assert.deepEqual(app.server.applied.map(({ url }) => url), ['/api/orders']);
  });
});

test('the whole way runs under a strict Content-Security-Policy without one violation', async (t) => {
  const app = await openApp(t, browser.context);
  const complaints: string[] = [];
  const listen = (message: { text(): string }) => {
    if (/Content.Security.Policy|violates/i.test(message.text())) complaints.push(message.text());
  };
  browser.context.on('console', listen);
  t.after(() => browser.context.off('console', listen));
  await queueOne(app);
  await app.fetch('/api/orders').catch(() => undefined);
  await app.killWorker();
  app.server.up();
  await app.sync();
  await app.drained();
  assert.deepEqual(await app.page.evaluate(() => window.violations), []);
  assert.deepEqual(complaints, []);
});
