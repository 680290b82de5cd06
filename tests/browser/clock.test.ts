// A device's clock that was set back: nothing older is shown because it was told at a later hour.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Chromium } from './chromium.js';
import { kConfig, openApp, test, type App } from './harness.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

const kHour = 3_600_000;

/** What was told so far was told by a clock that was an hour ahead of the one that there is now. */
async function setBack(app: App): Promise<void> {
  await app.page.evaluate((hour) => window.meddle(['documents', 'reads', 'meta'], (tx) => {
    tx.objectStore('meta').put({ name: 'feed ', cursor: 'c', changes: 0, gapAt: 0, anewAt: Date.now() + hour, counted: [], v: 1 });
    for (const store of ['documents', 'reads']) {
      const cursor = tx.objectStore(store).openCursor();
      cursor.onsuccess = () => {
        const at = cursor.result;
        if (!at) return;
        at.update({ ...at.value, at: at.value.at + hour, ...('used' in at.value && { used: at.value.used + hour }) });
        at.continue();
      };
    }
  }), kHour);
}

const noteOf = (text: string): string => (JSON.parse(text) as { note: string }).note;

test('what others change from then on shows, online and in the tunnel', async (t) => {
  const app = await openApp(t, browser.context, { config: kConfig });
  app.server.documents.set('/api/orders/1', { id: '1', note: 'first' });
  await app.fetch('/api/orders/1');
  assert.equal((await app.settled(await app.write('PATCH', '/api/orders/1', { note: 'mine' }))).state, 'confirmed');
  await setBack(app);
  await app.killWorker();
  app.server.documents.set('/api/orders/1', { id: '1', note: 'theirs' });
  assert.equal(noteOf((await app.fetch('/api/orders/1')).text), 'theirs', 'online');
  app.server.down = 'reset';
  assert.equal(noteOf((await app.fetch('/api/orders/1')).text), 'theirs', 'in the tunnel');
  const now = Date.now();
  const feed = (await app.rows<{ name: string; gapAt: number; anewAt: number }>('meta')).find(({ name }) => name === 'feed ')!;
  assert.ok(feed.anewAt > 0 && feed.anewAt <= now, `the feed's last gap lies ahead by ${feed.anewAt - now} ms`);
  assert.equal(feed.gapAt, 0, 'what has no time gets none');
  for (const store of ['documents', 'reads']) {
    for (const row of await app.rows<{ at: number }>(store)) assert.ok(row.at <= now + 1_000, `a row of ${store} lies ahead by ${row.at - now} ms`);
  }
});

test('and what was told before keeps its order', async (t) => {
  const app = await openApp(t, browser.context, { config: kConfig });
  app.server.documents.set('/api/orders/1', { id: '1', note: 'first' });
  await app.fetch('/api/orders/1');
  await app.settled(await app.write('PATCH', '/api/orders/1', { note: 'mine' }));
  await setBack(app);
  await app.killWorker();
  app.server.down = 'reset';
  assert.equal(noteOf((await app.fetch('/api/orders/1')).text), 'mine', 'the confirmed change is newer than the read before it');
  await app.write('PATCH', '/api/orders/1', { tip: 1 });
  app.server.up();
  await app.sync();
  await until(async () => (await app.status()).pending === 0, 'the write to arrive');
  const { note, tip } = app.server.documents.get('/api/orders/1')!;
  assert.deepEqual([note, tip], ['mine', 1]);
});
