// Promise 10: bodies of every kind arrive byte for byte, at once and out of the outbox; what can't be kept
// honestly is never captured.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { Chromium } from './chromium.js';
import { kConfig, openApp, orders, type App, test } from './harness.js';
import type { Recorded } from './scripted-server.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

interface Kind {
  name: string;
  /** Makes the request's init; runs in the page. */
  init: () => RequestInit;
  check(sent: Recorded): void | Promise<void>;
}

const bytesAre = (expected: Buffer, type?: string) => ({ body, headers }: Recorded): void => {
  assert.deepEqual(body, expected);
  assert.equal(headers['content-type'], type);
};
const kAllBytes = Buffer.from(Array.from({ length: 1024 }, (_, n) => n % 256));

const kKinds: Kind[] = [
  {
    name: 'JSON, with spaces and letters of all kinds',
    init: () => ({ headers: { 'Content-Type': 'application/json' }, body: '{ "note" : "żółw 🐢\\u0000 <>" }\n' }),
    check: bytesAre(Buffer.from('{ "note" : "żółw 🐢\\u0000 <>" }\n'), 'application/json'),
  },
  {
    name: 'text that begins with a byte order mark',
    init: () => ({ body: '\ufeffa\r\nb' }),
    check: bytesAre(Buffer.from('\ufeffa\r\nb'), 'text/plain;charset=UTF-8'),
  },
  {
    name: 'urlencoded',
    init: () => ({ body: new URLSearchParams({ a: '1 & 2', b: 'ü' }) }),
    check: bytesAre(Buffer.from('a=1+%26+2&b=%C3%BC'), 'application/x-www-form-urlencoded;charset=UTF-8'),
  },
  {
    name: 'form data with a file',
    init: () => {
      const form = new FormData();
      form.set('note', 'mit Käse\r\n');
      form.set('photo', new File([Uint8Array.from({ length: 1024 }, (_, n) => n % 256)], 'ä"b.png', { type: 'image/png' }));
      return { body: form };
    },
    async check({ body, headers }) {
      const form = await new Response(new Uint8Array(body), { headers: { 'Content-Type': headers['content-type']! } }).formData();
      assert.equal(form.get('note'), 'mit Käse\r\n');
      const file = form.get('photo') as File;
      assert.deepEqual([file.name, file.type], ['ä"b.png', 'image/png']);
      assert.deepEqual(Buffer.from(await file.arrayBuffer()), kAllBytes);
    },
  },
  {
    name: 'a Blob with a type of its own',
    init: () => ({ body: new Blob([Uint8Array.from({ length: 1024 }, (_, n) => n % 256)], { type: 'image/x-own' }) }),
    check: bytesAre(kAllBytes, 'image/x-own'),
  },
  {
    name: 'an ArrayBuffer, and a view of a part',
    init: () => ({ body: Uint8Array.from({ length: 1100 }, (_, n) => n % 256).subarray(0, 1024) }),
    check: bytesAre(kAllBytes),
  },
  {
    name: 'bytes that claim to be JSON and are no text',
    init: () => ({ headers: { 'Content-Type': 'application/json' }, body: new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]) }),
    check: bytesAre(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'application/json'),
  },
  {
    name: 'JSON that is nested beyond all reason',
    init: () => ({ headers: { 'Content-Type': 'application/json' }, body: '['.repeat(5_000) + ']'.repeat(5_000) }),
    check: bytesAre(Buffer.from('['.repeat(5_000) + ']'.repeat(5_000)), 'application/json'),
  },
  {
    name: '3 MB of text',
    init: () => ({ body: 'häß '.repeat(600_000) }),
    check: ({ body }) => assert.ok(body.equals(Buffer.from('häß '.repeat(600_000)))),
  },
  {
    name: 'a stream',
    init: () => ({ body: new Blob(['in ', 'parts']).stream(), duplex: 'half' }) as RequestInit,
    check: bytesAre(Buffer.from('in parts')),
  },
  { name: 'none', init: () => ({}), check: bytesAre(Buffer.alloc(0)) },
  { name: 'an empty text', init: () => ({ body: '' }), check: ({ body }) => assert.equal(body.length, 0) },
];

/** Answers the answer's Holdfast-Id. The page calls the kind's own function. */
function send(app: App, url: string, { init }: Kind): Promise<{ status: number; id: string | null }> {
  return app.page.evaluate(`(async () => {
    const answer = await fetch(${JSON.stringify(url)}, { method: 'PUT', ...(${init.toString()})() });
    return { status: answer.status, id: answer.headers.get('Holdfast-Id') };
  })()`);
}

describe('Promise 10: byte for byte', () => {
  test('at once', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('timeoutMs: 15000') });
    for (const [index, kind] of kKinds.entries()) {
      const { status, id } = await send(app, `/api/orders/k${index}`, kind);
      assert.equal(status, 200, kind.name);
      assert.ok(id, kind.name);
      const sent = app.server.writes.at(-1)!;
      assert.equal(sent.url, `/api/orders/k${index}`);
      await t.test(kind.name, () => kind.check(sent));
    }
  });

  test('out of the outbox, after the worker has died', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.down = 'reset';
    for (const [index, kind] of kKinds.entries()) {
      assert.equal((await send(app, `/api/orders/k${index}`, kind)).status, 202, kind.name);
    }
    await app.killWorker();
    app.server.up();
    const seen = app.server.writes.length;
    await app.sync();
    await app.drained(20_000);
    for (const [index, kind] of kKinds.entries()) {
      await t.test(kind.name, () => kind.check(app.server.writes.slice(seen).find(({ url }) => url.endsWith(`/k${index}`))!));
    }
    assert.deepEqual(await app.rows('bodies'), []);
  });

  test('also when it takes its time to arrive, and is sent then without anybody asking', async (t) => {
    // Background Sync would ask at once.
    const app = await openApp(t, browser.context, {
      config: `(SyncManager.prototype.register = () => Promise.reject(new Error('not here')), ${kConfig})` });
    const status = await app.page.evaluate(() => {
      let parts = 0;
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (parts++ === 5) return controller.close();
          await new Promise((resolve) => setTimeout(resolve, 600));
          controller.enqueue(new TextEncoder().encode('part '));
        },
      });
      return fetch('/api/orders/slow', { method: 'PUT', body, duplex: 'half' } as RequestInit).then(({ status }) => status);
    });
    assert.equal(status, 200);
    assert.equal(app.server.applied.at(-1)!.body.toString(), 'part '.repeat(5));
  });

  test('the same bytes at each attempt, boundary included', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.next.push({ status: 503 }, { reset: true });
    await send(app, '/api/orders/k', kKinds.find(({ name }) => name.startsWith('form'))!);
    await app.drained();
    const [first, ...others] = app.server.writes;
    assert.equal(others.length, 2);
    for (const other of others) {
      assert.deepEqual(other.body, first!.body);
      assert.equal(other.headers['content-type'], first!.headers['content-type']);
    }
  });

  test('an answer of bytes reaches the page as it is', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.next.push({ status: 201, body: 'überall', headers: { 'Content-Type': 'text/x-own', Location: '/api/orders/9', ETag: '"7"' } });
    const answer = await app.write('POST', '/api/orders', { id: '9' });
    assert.equal(answer.text, 'überall');
    const { 'content-type': type, location, etag } = answer.headers;
    assert.deepEqual([type, location, etag], ['text/x-own', '/api/orders/9', '"7"']);
  });
});

describe('Promise 10: what is not captured goes to the network as it is', () => {
  test('a navigation', async (t) => {
    const app = await openApp(t, browser.context);
    // Of a frame, so that the page itself stays for what comes after.
    await app.page.evaluate(() => {
      const frame = document.createElement('iframe');
      frame.name = 'answer';
      document.body.append(frame);
      const form = document.querySelector<HTMLFormElement>('#form')!;
      form.target = frame.name;
      form.submit();
    });
    await until(() => app.server.writes.length === 1, 'the form to arrive');
    const [sent] = app.server.writes;
    assert.equal(sent!.body.toString(), 'note=by+navigation');
    assert.equal(sent!.headers['idempotency-key'], undefined);
  });

  test('a no-cors request', async (t) => {
    const app = await openApp(t, browser.context);
    await app.page.evaluate(() => fetch('/api/orders', { method: 'POST', mode: 'no-cors', body: 'ping' }));
    const [sent] = app.server.writes;
    assert.equal(sent!.body.toString(), 'ping');
    assert.equal(sent!.headers['idempotency-key'], undefined);
    assert.equal(sent!.headers['holdfast-request'], undefined);
    app.server.down = 'reset';
    await assert.rejects(app.page.evaluate(() => fetch('/api/orders', { method: 'POST', mode: 'no-cors', body: 'ping' })), /Failed to fetch/);
  });

  for (const [what, headers, body] of [
    ['JSON', { 'Content-Type': 'application/json' }, '{"user":{"bio":"x","pass\\u0077ord":"hunter2"}}'],
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }, 'bio=x&password=hunter2'],
    ['a form of parts', { 'Content-Type': 'multipart/form-data; boundary=b' }, '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n--b--'],
    ['lines of JSON', { 'Content-Type': 'application/x-ndjson' }, '{"bio":"x"}\n{"password":"hunter2"}'],
  ] as const) {
    test(`what is declared as secret, in ${what}`, async (t) => {
      const app = await openApp(t, browser.context, { config: orders('secrets: [\'password\']') });
      const answer = await app.fetch('/api/orders/o1', { method: 'PUT', headers, body });
      assert.deepEqual([answer.status, answer.headers['holdfast-id']], [200, undefined]);
      assert.equal(app.server.writes[0]!.body.toString(), body);
      app.server.down = 'reset';
      await assert.rejects(app.fetch('/api/orders/o1', { method: 'PUT', headers, body }), /Failed to fetch/);
      assert.equal((await app.write('PUT', '/api/orders/o1', { note: 'password' })).status, 202, 'the word alone is none');
      assert.ok(!JSON.stringify(await app.rows('mutations')).includes('hunter2'));
    });
  }

  test('nor is an inbox entry edited with what is declared as secret', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('secrets: [\'password\']') });
    app.server.next.push({ status: 409 });
    await app.write('PUT', '/api/orders/o1', { note: 'x' });
    const [entry] = await app.inbox();
    const code = await app.page.evaluate((id) => window.hf.inbox.edit(id, '{"password":"hunter2"}').then(() => 'done', (error: { code: string }) => error.code), entry!.id);
    assert.equal(code, 'holds-secret');
    assert.equal((await app.inbox()).length, 1);
    await app.page.evaluate((id) => window.hf.inbox.edit(id, '{"note":"y"}'), entry!.id);
    await app.drained();
    assert.equal(app.server.applied.at(-1)!.body.toString(), '{"note":"y"}');
  });

  test('a body over bodyBytesMax', async (t) => {
    const app = await openApp(t, browser.context, { config: orders('bodyBytesMax: 1000') });
    const text = 'x'.repeat(1_001);
    const answer = await app.fetch('/api/orders/o1', { method: 'PUT', body: text });
    assert.deepEqual([answer.status, answer.headers['holdfast-id']], [200, undefined]);
    const [sent] = app.server.writes;
    assert.equal(sent!.body.toString(), text);
    assert.equal(sent!.headers['holdfast-request'], undefined);
    const fits = await app.fetch('/api/orders/o1', { method: 'PUT', body: text.slice(1) });
    assert.ok(fits.headers['holdfast-id']);
    app.server.down = 'reset';
    await assert.rejects(app.fetch('/api/orders/o1', { method: 'PUT', body: text }), /Failed to fetch/);
    assert.deepEqual(await app.rows('mutations'), []);
  });
});
