// Promises 5 and 6: each answer is classified once, and a retry is patient.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chromium } from './chromium.js';
import { kRetry, kTimeoutMs, openApp, orders, type App, test } from './harness.js';
import type { Answer, Recorded } from './scripted-server.js';
import { until } from './until.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

interface Case {
  answer: Answer;
  /** What the waiting page is answered, and what finally becomes of the write. */
  page: number;
  outcome: 'confirmed' | 'rejected' | 'conflict';
  inbox?: 'rejected' | 'conflict';
  attempts: number;
}

const later = { page: 202, outcome: 'confirmed', attempts: 2 } as const;
const kWaiting: Case[] = [
  ...[200, 201, 204, 208].map((status): Case => ({ answer: { status }, page: status, outcome: 'confirmed', attempts: 1 })),
  ...[400, 403, 404, 405, 410, 413, 415, 422, 451].map((status): Case => (
    { answer: { status, body: { title: 'no' } }, page: status, outcome: 'rejected', attempts: 1 })),
  ...[409, 412].map((status): Case => (
    { answer: { status, body: { title: 'stale' } }, page: status, outcome: 'conflict', inbox: 'conflict', attempts: 1 })),
  ...[408, 425, 429, 500, 502, 503, 504].map((status): Case => ({ answer: { status }, ...later })),
  { answer: { status: 409, headers: { 'Retry-After': '0' } }, ...later },
  { answer: { reset: true }, ...later },
];

/** Tries each case on a fresh order of one page. */
async function tryAll(app: App, cases: Case[], start: (url: string, one: Case) => Promise<string>): Promise<void> {
  for (const [index, one] of cases.entries()) {
    const url = `/api/orders/c${index}`;
    const what = `${JSON.stringify(one.answer)}`;
    const id = await start(url, one);
    const outcome = await app.settled(id);
    assert.equal(outcome.state, one.outcome, what);
    assert.equal(app.server.writes.filter((write) => write.url === url).length, one.attempts, what);
    const entry = (await app.inbox()).find((entry) => entry.id === id);
    assert.equal(entry?.reason, one.inbox, what);
  }
  assert.equal((await app.status()).pending, 0);
}

describe('while the page waits', () => {
  test('each answer means what the table says', async (t) => {
    const app = await openApp(t, browser.context);
    await tryAll(app, kWaiting, async (url, { answer, page }) => {
      app.server.next.push(answer);
      const got = await app.write('PATCH', url, { tip: 1 });
      assert.equal(got.status, page, JSON.stringify(answer));
      if (page !== 202) assert.equal(got.headers['x-server'], 'scripted');
      return got.headers['holdfast-id']!;
    });
  });

  test('a resource may see it otherwise', async (t) => {
    const answers = '{ \'409\': \'confirmed\', \'400\': \'retry\', \'503\': \'rejected\', \'404\': \'conflict\' }';
    const app = await openApp(t, browser.context, { config: orders(`answers: ${answers}`) });
    const cases: Case[] = [
      { answer: { status: 409 }, page: 409, outcome: 'confirmed', attempts: 1 },
      { answer: { status: 400 }, ...later },
      { answer: { status: 503 }, page: 503, outcome: 'rejected', attempts: 1 },
      { answer: { status: 404 }, page: 404, outcome: 'conflict', inbox: 'conflict', attempts: 1 },
    ];
    await tryAll(app, cases, async (url, { answer, page }) => {
      app.server.next.push(answer);
      const got = await app.write('PATCH', url, { tip: 1 });
      assert.equal(got.status, page, JSON.stringify(answer));
      return got.headers['holdfast-id']!;
    });
  });
});

describe('when the page was answered 202 before', () => {
  test('a refusal waits in the inbox, with the server\'s own words', async (t) => {
    const app = await openApp(t, browser.context);
    const cases: Case[] = [400, 403, 404, 410, 422].map((status) => (
      { answer: { status, body: { title: 'no such tip' } }, page: 202, outcome: 'rejected', inbox: 'rejected', attempts: 1 }));
    cases.push({ answer: { status: 412 }, page: 202, outcome: 'conflict', inbox: 'conflict', attempts: 1 });
    await tryAll(app, cases, async (url, { answer }) => {
      app.server.next.push({ ...answer, delayMs: kTimeoutMs + 300 });
      const got = await app.write('PATCH', url, { tip: 1 });
      assert.equal(got.status, 202);
      return got.headers['holdfast-id']!;
    });
    const [entry] = await app.inbox();
    assert.deepEqual([entry!.status, entry!.body, entry!.answer], [400, '{"tip":1}', '{"title":"no such tip"}']);
    assert.equal((await app.status()).inbox, cases.length);
  });
});

describe('Retry-After', () => {
  const gap = (writes: Recorded[]) => writes[1]!.at - writes[0]!.at;

  test('in seconds is kept, and holds its lane', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.next.push({ status: 503, headers: { 'Retry-After': '1' } });
    const answer = await app.write('PATCH', '/api/orders/o1', { tip: 1 });
    await app.sync();
    await app.settled(answer);
    assert.ok(gap(app.server.writes) >= 990 && gap(app.server.writes) < 2_500, `sent again after ${gap(app.server.writes)} ms`);
  });

  test('as a date is kept', async (t) => {
    const app = await openApp(t, browser.context);
    const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2_000);
    app.server.next.push({ status: 429, headers: { 'Retry-After': date.toUTCString() } });
    const answer = await app.write('PATCH', '/api/orders/o1', { tip: 1 });
    await app.settled(answer);
    const late = app.server.writes[1]!.at - date.getTime();
    assert.ok(late >= -20 && late < 1_500, `sent ${late} ms after the date`);
  });

  test('beyond what is accepted is cut to what is accepted', async (t) => {
    const app = await openApp(t, browser.context, {
      config: `{ resources: { orders: { path: '/api/orders/:id', timeoutMs: ${kTimeoutMs} } }, ${kRetry.replace('}', ', retryAfterMaxMs: 1000 }')} }` });
    app.server.next.push({ status: 503, headers: { 'Retry-After': '86400' } });
    const answer = await app.write('PATCH', '/api/orders/o1', { tip: 1 });
    await app.settled(answer);
    assert.ok(gap(app.server.writes) < 3_000, `sent again after ${gap(app.server.writes)} ms`);
  });

  test('survives the death of the worker', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.next.push({ status: 503, headers: { 'Retry-After': '2' } });
    const answer = await app.write('PATCH', '/api/orders/o1', { tip: 1 });
    await app.killWorker();
    await app.sync();
    await app.settled(answer);
    assert.ok(gap(app.server.writes) >= 1_990 && gap(app.server.writes) < 3_500, `sent again after ${gap(app.server.writes)} ms`);
  });
});

describe('the breaker', () => {
  const kMany = 200;

  async function queueMany(app: App): Promise<void> {
    await app.page.evaluate((many) => Promise.all(Array.from({ length: many }, (_, n) =>
      fetch('/api/orders', { method: 'POST', body: JSON.stringify({ id: `o${n}` }) }))), kMany);
  }

  for (const [name, answer] of [['is silent', { reset: true }], ['answers 503', { status: 503 }]] as const) {
    test(`a server that ${name} is probed with one request, however much is queued`, async (t) => {
      const app = await openApp(t, browser.context);
      let under = 0;
      let most = 0;
      let broken = true;
      app.server.respond = async () => {
        if (!broken) return undefined;
        under += 1;
        most = Math.max(most, under);
        await sleep(30);
        under -= 1;
        return answer;
      };
      await queueMany(app);
      assert.equal((await app.status()).pending, kMany);
      await sleep(300);
      most = 0;
      const before = app.server.writes.length;
      await sleep(1_500);
      const probes = app.server.writes.length - before;
      assert.ok(before < 30, `${before} sends until the breaker was open`);
      assert.ok(probes >= 1 && probes <= 20, `${probes} probes in 1.5 s`);
      assert.equal(most, 1);
      broken = false;
      await app.drained(20_000);
      assert.equal(app.server.documents.size, kMany);
      assert.equal(app.server.applied.length, kMany);
    });
  }

  test('one person who acts again is worth one try, not two hundred', async (t) => {
    const app = await openApp(t, browser.context);
    app.server.down = 'reset';
    await queueMany(app);
    await sleep(300);
    const before = app.server.writes.length;
    await app.write('POST', '/api/orders', { id: 'one more' });
    await sleep(100);
    assert.ok(app.server.writes.length - before <= 4, `${app.server.writes.length - before} sends`);
    app.server.up();
    await until(() => app.server.documents.size === kMany + 1, 'all to arrive', 20_000);
  });
});
