// A mark on each write to a declared resource, and nothing else changed about the call.

import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { installStamp, matchesPrefix, type StampScope } from '../../js/page/stamp.js';

interface Seen { method: string; url: string; headers: IncomingHttpHeaders; body: string }

let server: Server;
let origin: string;
const seen: Seen[] = [];

before(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body: Buffer.concat(parts).toString() });
      response.end('{}');
    });
    request.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

function stampedScope(original: typeof fetch = fetch): StampScope & { control: { on: boolean }; remove(): void } {
  const scope: StampScope = { fetch: original };
  const control = { on: true };
  const stamper = installStamp(scope, () => control.on, () => `${origin}/app/`);
  stamper.setPrefixes([`${origin}/api/orders`]);
  return Object.assign(scope, { control, remove: () => stamper.remove() });
}

async function sent(call: (scope: StampScope) => Promise<Response>): Promise<Seen> {
  seen.length = 0;
  await (await call(stampedScope())).text();
  return seen[0]!;
}
const stampOf = ({ headers }: Seen) => headers['holdfast-request'] as string | undefined;
const kStamp = /^[0-9a-f-]{36}\.1$/;

describe('which requests are marked', () => {
  test('each write to a prefix, counted up', async () => {
    const { fetch } = stampedScope();
    seen.length = 0;
    for (const method of ['POST', 'PATCH', 'PUT', 'DELETE', 'post']) await fetch(`${origin}/api/orders/1?x=1`, { method });
    const stamps = seen.map((one) => stampOf(one)!.split('.'));
    assert.deepEqual(stamps.map(([, n]) => n), ['1', '2', '3', '4', '5']);
    assert.equal(new Set(stamps.map(([page]) => page)).size, 1);
  });

  test('two pages never have the same marks', async () => {
    seen.length = 0;
    for (const { fetch } of [stampedScope(), stampedScope()]) await fetch(`${origin}/api/orders`, { method: 'POST' });
    const [one, other] = seen.map((each) => stampOf(each)!);
    assert.match(one!, kStamp);
    assert.match(other!, kStamp);
    assert.notEqual(one, other);
  });

  test('also where the address is relative, a URL or a Request', async () => {
    const fake: Seen[] = [];
    const scope = stampedScope(async (_input, init) => {
      fake.push({ headers: Object.fromEntries(new Headers(init?.headers)) } as Seen);
      return new Response();
    });
    await scope.fetch('../api/orders', { method: 'POST' });
    await scope.fetch(new URL(`${origin}/api/orders`), { method: 'POST' });
    await scope.fetch(new Request(`${origin}/api/orders`, { method: 'POST' }));
    assert.deepEqual(fake.map((one) => stampOf(one)!.split('.')[1]), ['1', '2', '3']);
  });

  test('no read, no other address, no no-cors request', async () => {
    const { fetch } = stampedScope();
    seen.length = 0;
    await fetch(`${origin}/api/orders/1`);
    await fetch(`${origin}/api/orders/1`, { method: 'HEAD' });
    await fetch(`${origin}/api/orders-archive`, { method: 'POST' });
    await fetch(`${origin}/api/riders`, { method: 'POST' });
    await fetch(`${origin}/api/orders`, { method: 'POST', mode: 'no-cors' });
    await fetch(new Request(`${origin}/api/orders`, { method: 'POST', mode: 'no-cors' }));
    assert.deepEqual(seen.map(stampOf), [undefined, undefined, undefined, undefined, undefined, undefined]);
    assert.equal(seen.length, 6);
  });

  test('none while no worker controls the page: nobody would take the mark off', async () => {
    const scope = stampedScope();
    scope.control.on = false;
    seen.length = 0;
    await scope.fetch(`${origin}/api/orders`, { method: 'POST' });
    assert.equal(stampOf(seen[0]!), undefined);
  });

  test('a prefix ends at a boundary of the address', () => {
    assert.ok(matchesPrefix('https://a/api/orders', 'https://a/api/orders'));
    assert.ok(matchesPrefix('https://a/api/orders/1', 'https://a/api/orders'));
    assert.ok(matchesPrefix('https://a/api/orders?x', 'https://a/api/orders'));
    assert.ok(matchesPrefix('https://a/api/t1/orders', 'https://a/api/'));
    assert.ok(!matchesPrefix('https://a/api/orders2', 'https://a/api/orders'));
    assert.ok(!matchesPrefix('https://b/api/orders', 'https://a/api/orders'));
  });
});

describe('what stays as it was', () => {
  test('the app\'s own headers, of every kind', async () => {
    for (const headers of [{ 'X-A': '1' }, [['X-A', '1']] as [string, string][], new Headers({ 'X-A': '1' })]) {
      const one = await sent(({ fetch }) => fetch(`${origin}/api/orders`, { method: 'POST', headers, body: '{"a":1}' }));
      assert.equal(one.headers['x-a'], '1');
      assert.equal(one.headers['content-type'], 'text/plain;charset=UTF-8');
      assert.equal(one.body, '{"a":1}');
      assert.match(stampOf(one)!, kStamp);
    }
  });

  test('the caller\'s objects: they are not written to', async () => {
    const headers = new Headers({ 'X-A': '1' });
    const init = Object.freeze({ method: 'POST', headers });
    const request = new Request(`${origin}/api/orders`, { method: 'POST', headers });
    await sent(({ fetch }) => fetch(`${origin}/api/orders`, init));
    await sent(({ fetch }) => fetch(request));
    assert.deepEqual([...headers], [['x-a', '1']]);
    assert.deepEqual([...request.headers], [['x-a', '1']]);
  });

  test('a Request with a body: sent once, and used up', async () => {
    const request = new Request(`${origin}/api/orders`, { method: 'PUT', body: 'from the request', headers: { 'Content-Type': 'text/x-own' } });
    const one = await sent(({ fetch }) => fetch(request));
    assert.equal(one.body, 'from the request');
    assert.equal(one.headers['content-type'], 'text/x-own');
    assert.equal(one.method, 'PUT');
    assert.match(stampOf(one)!, kStamp);
    assert.equal(request.bodyUsed, true);
    await assert.rejects(stampedScope().fetch(request), TypeError);
  });

  test('an init beside a Request overrides it, as ever', async () => {
    const request = new Request(`${origin}/api/orders`, { method: 'PUT', body: 'old', headers: { 'X-A': '1' } });
    const one = await sent(({ fetch }) => fetch(request, { method: 'PATCH', body: 'new', headers: { 'X-B': '2' } }));
    assert.deepEqual([one.method, one.body, one.headers['x-a'], one.headers['x-b']], ['PATCH', 'new', undefined, '2']);
    assert.match(stampOf(one)!, kStamp);
  });

  test('a Request used as an init', async () => {
    const other = new Request('http://elsewhere.test/', { method: 'PUT', headers: { 'X-A': '1' } });
    const one = await sent(({ fetch }) => fetch(`${origin}/api/orders`, other));
    assert.deepEqual([one.method, one.headers['x-a']], ['PUT', '1']);
    assert.match(stampOf(one)!, kStamp);
  });

  test('a streamed body with duplex', async () => {
    const body = new Blob(['a stream']).stream();
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    const one = await sent(({ fetch }) => fetch(`${origin}/api/orders`, init));
    assert.equal(one.body, 'a stream');
    assert.match(stampOf(one)!, kStamp);
  });

  test('form data with its own boundary', async () => {
    const body = new FormData();
    body.set('a', '1');
    const one = await sent(({ fetch }) => fetch(`${origin}/api/orders`, { method: 'POST', body }));
    assert.match(one.headers['content-type']!, /^multipart\/form-data; boundary=/);
    assert.match(one.body, /name="a"/);
  });

  test('an abort, of init and of Request', async () => {
    const { fetch } = stampedScope();
    const control = new AbortController();
    control.abort(new Error('enough'));
    await assert.rejects(fetch(`${origin}/api/orders`, { method: 'POST', signal: control.signal }), /enough/);
    await assert.rejects(fetch(new Request(`${origin}/api/orders`, { method: 'POST', signal: control.signal })), /enough|abort/i);
  });

  test('every other member of the init', async () => {
    const passed: (RequestInit | undefined)[] = [];
    const scope = stampedScope(async (_input, init) => {
      passed.push(init);
      return new Response();
    });
    const init: RequestInit = { method: 'POST', keepalive: true, credentials: 'include', cache: 'no-store', redirect: 'manual' };
    await scope.fetch(`${origin}/api/orders`, init);
    const { keepalive, credentials, cache, redirect, method } = passed[0]!;
    assert.deepEqual({ keepalive, credentials, cache, redirect, method }, { ...init });
  });

  test('a Request\'s referrer, which any init would reset', async () => {
    const passed: (RequestInit | undefined)[] = [];
    const scope = stampedScope(async (_input, init) => {
      passed.push(init);
      return new Response();
    });
    const request = new Request(`${origin}/api/orders`, { method: 'POST', referrer: '', referrerPolicy: 'origin' });
    await scope.fetch(request, {});
    assert.deepEqual([passed[0]!.referrer, passed[0]!.referrerPolicy], ['', 'origin']);
  });

  test('the errors of a call that is wrong, as rejections', async () => {
    const { fetch } = stampedScope();
    await assert.rejects(fetch('http://[bad', { method: 'POST' }), TypeError);
    await assert.rejects(fetch(`${origin}/api/orders`, { method: 'POST', headers: { 'bad name': '1' } }), TypeError);
    await assert.rejects((fetch as unknown as () => Promise<unknown>)(), TypeError);
  });
});

describe('taking it back', () => {
  test('restores the original', () => {
    const scope = stampedScope();
    assert.notEqual(scope.fetch, fetch);
    scope.remove();
    assert.equal(scope.fetch, fetch);
  });

  test('leaves a later wrapper in place, and marks no more', async () => {
    const scope = stampedScope();
    const ours = scope.fetch;
    const wrapper: typeof fetch = (input, init) => ours(input, init);
    scope.fetch = wrapper;
    scope.remove();
    assert.equal(scope.fetch, wrapper);
    seen.length = 0;
    await scope.fetch(`${origin}/api/orders`, { method: 'POST' });
    assert.equal(stampOf(seen[0]!), undefined);
  });
});

describe('XMLHttpRequest', () => {
  class FakeXhr {
    calls: unknown[][] = [];
    open(...args: unknown[]): void {
      this.calls.push(['open', ...args]);
    }
    setRequestHeader(name: string, value: string): void {
      this.calls.push([name, value]);
    }
    send(body?: unknown): void {
      this.calls.push(['send', body]);
    }
  }
  const install = () => {
    class Xhr extends FakeXhr {
      override open(...args: unknown[]): void {
        super.open(...args);
      }
      override send(body?: unknown): void {
        super.send(body);
      }
    }
    const { open, send } = Xhr.prototype;
    const scope = { fetch, XMLHttpRequest: Xhr as unknown as typeof XMLHttpRequest };
    const stamper = installStamp(scope, () => true, () => `${origin}/app/`);
    stamper.setPrefixes([`${origin}/api/orders`]);
    return { Xhr, stamper, open, send };
  };

  test('a write is marked between open and send; the arguments stay as many as they were', () => {
    const { Xhr } = install();
    const xhr = new Xhr();
    xhr.open('PATCH', '../api/orders/1');
    xhr.send('{}');
    assert.deepEqual(xhr.calls[0], ['open', 'PATCH', '../api/orders/1']);
    assert.equal(xhr.calls[1]![0], 'Holdfast-Request');
    assert.match(String(xhr.calls[1]![1]), kStamp);
    assert.deepEqual(xhr.calls[2], ['send', '{}']);
  });

  test('a read is not', () => {
    const { Xhr } = install();
    const xhr = new Xhr();
    xhr.open('GET', `${origin}/api/orders/1`, true);
    xhr.send();
    assert.deepEqual(xhr.calls.map(([name]) => name), ['open', 'send']);
  });

  test('is restored', () => {
    const { Xhr, stamper, open, send } = install();
    assert.notEqual(Xhr.prototype.open, open);
    stamper.remove();
    assert.equal(Xhr.prototype.open, open);
    assert.equal(Xhr.prototype.send, send);
  });
});
