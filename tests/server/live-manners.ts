// How links begin and end, over either transport, whatever is behind them.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused, type LiveClient, type Transport } from './live-client.js';
import { assertSame, nameOf, type OpenSite, type Site } from './live-site.js';
import { TRANSPORTS } from './live-contract.js';
import { ORDER } from './support.js';

/** What a link ends with: its last words and, where there is such a thing, the code. */
async function lastWords(client: LiveClient): Promise<unknown[]> {
  const code = await client.finished();
  const { type, reason } = client.said.at(-1);
  return [type, reason, code];
}

const goodbye = (transport: Transport, reason: string, code: number) => ['bye', reason, transport === 'websocket' ? code : 0];

export function mannersContract(name: string, open: OpenSite): void {
  describe(`${name}: how links begin and end`, () => {
    let site: Site;
    /** Short of everything. */
    let strict: Site;
    let signedIn: Site;
    before(async () => {
      [site, strict, signedIn] = await Promise.all([
        open({ origins: ['https://app.example.com'] }),
        open({ live: { heartbeatMs: 1500, helloMs: 500, messagesPerHeartbeatMax: 20, closeGraceMs: 300, acceptsPerSecond: 1 } }),
        open({ requireAuth: true, sessionMs: 4000, live: { linksPerUserMax: 2 } }),
      ]);
    });

    for (const transport of TRANSPORTS) {
      test(`${transport}: a page of another origin is refused, one of the same or of a declared origin is not`, async () => {
        for (const origin of ['https://evil.example.com', 'null', 'http://127.0.0.1:1']) {
          await assert.rejects(site.link(transport, { headers: { origin } }), (error: Refused) => error.status === 403 && error.json.code === 'foreign-origin');
        }
        const { host } = new URL(site.urls[0]!);
        for (const origin of [`http://${host}`, `https://${host}`, 'https://app.example.com']) {
          const client = await site.link(transport, { headers: { origin, host } });
          await client.live();
          client.cut();
        }
      });

      test(`${transport}: a foreign Host is refused as with any other request`, async () => {
        await assert.rejects(site.link(transport, { headers: { host: 'evil.example.com' } }), (error: Refused) => error.status === 421 && error.json.code === 'foreign-host');
      });

      test(`${transport}: who says nothing is pinged at each heartbeat, and told how long it would take to have all back`, async () => {
        const held = await Promise.all([1, 2, 3].map(() => strict.link(transport)));
        const [client] = held;
        await client!.until((message, index) => message.type === 'ping' && index > client!.said.findIndex(({ type }) => type === 'ping'), 'two pings');
        // One link a second: three, or as many as there are at this process.
        const { reconnectWindowMs } = client!.said.at(-1);
        assert.ok([1000, 2000, 3000].includes(reconnectWindowMs), String(reconnectWindowMs));
        assert.equal(client!.welcome.heartbeatMs, 1500);
        for (const one of held) one.cut();
      });

      test(`${transport}: credentials that end while the link is open end the link`, async () => {
        const short = await signedIn.link(transport, {}, await signedIn.signIn('ada'));
        await short.live();
        // Later, so that what ends before the other's has not ended by itself.
        await sleep(1500);
        const bob = await signedIn.signIn('bob');
        const left = await signedIn.link(transport, {}, bob);
        await left.live();
        // At all of them: it isn't known here where bob's link is.
        await Promise.all(signedIn.sends.map((send, at) => send('POST', '/api/logout', { headers: { authorization: bob.at[at]! } })));
        assert.deepEqual(await lastWords(left), goodbye(transport, 'auth', 4401));
        assert.equal(short.ended, null);
        assert.deepEqual(await lastWords(short), goodbye(transport, 'auth', 4401));
      });

      test(`${transport}: a cookie says who it is, too`, async () => {
        const [bearer] = (await signedIn.signIn('cyd')).at;
        const client = await signedIn.linkAt(0, transport, { headers: { cookie: bearer!.replace('Bearer ', 'session=') } });
        await client.live();
        client.cut();
      });

      test(`${transport}: one user has so many links and no more, and others have theirs`, async () => {
        const user = await signedIn.signIn(randomUUID());
        const opened: LiveClient[] = [];
        let refused: { retryAfterMs: number } | null = null;
        for (let tries = 0; !refused && tries <= 2 * signedIn.urls.length; tries += 1) {
          try {
            const client = await signedIn.link(transport, {}, user);
            await client.until(() => true, 'a word');
            if (client.said[0].type === 'welcome') opened.push(client);
            else {
              assert.deepEqual(await lastWords(client), goodbye(transport, 'limit', 4429));
              refused = client.said[0];
            }
          } catch (error) {
            assert.ok(error instanceof Refused && error.status === 429 && error.json.code === 'too-many-links', String(error));
            refused = { retryAfterMs: Number(error.headers['retry-after']) * 1000 };
          }
        }
        assert.ok(refused && refused.retryAfterMs > 0);
        assert.equal(opened.length, 2 * signedIn.urls.length);
        const other = await signedIn.link(transport, {}, await signedIn.signIn(randomUUID()));
        await other.live();
        for (const client of [...opened, other]) client.cut();
      });

      test(`${transport}: who doesn't take what it is sent is let go, and misses nothing by it`, async () => {
        const healthy = await site.link(transport);
        const start = (await healthy.live()).cursor;
        const slow = await site.link(transport, { after: start });
        await slow.live();
        slow.stall();
        let sent = 0;
        for (; await slowOnes(site, transport) === 0; sent += 1) {
          assert.ok(sent < 400, 'it was sent everything without taking it');
          await site.record(1, 200_000);
          await healthy.has(sent + 1);
        }
        assert.equal(healthy.ended, null);
        const again = await site.link(transport, { after: start });
        await again.has(sent);
        await assertSame(again, site, start);
        for (const one of [healthy, slow, again]) one.cut();
      });
    }

    test('websocket: who stops answering is let go after two heartbeats, who answers is not', async () => {
      const [silent, well] = await Promise.all([strict.link('websocket', { answers: false }), strict.link('websocket')]);
      const welcomed = Date.now();
      assert.deepEqual(await lastWords(silent), ['bye', 'silent', 4408]);
      assert.ok(Date.now() - welcomed > 2 * 1500 * 0.9, 'it was given two heartbeats');
      assert.equal(well.ended, null);
      well.cut();
    });

    test('websocket: changes all the time are no heartbeat: who takes them and answers nothing is let go, who answers is not', async () => {
      const well = await strict.link('websocket');
      await well.live();
      const silent = await strict.link('websocket', { answers: false });
      const telling = setInterval(() => void strict.record(1), 100);
      try {
        assert.deepEqual(await lastWords(silent), ['bye', 'silent', 4408]);
        // For two more heartbeats, and then some.
        await well.has(well.changes.length + 40);
        assert.equal(well.ended, null);
      } finally {
        clearInterval(telling);
      }
      well.cut();
    });

    test('websocket: a ping is answered', async () => {
      const client = await site.link('websocket');
      await client.live();
      client.send({ type: 'ping' });
      assert.deepEqual(await client.type('pong'), { type: 'pong' });
      client.send({ type: 'of a later version', with: ['what', 'ever'] });
      client.send({ type: 'ping', and: 'more' });
      await client.until((message, index) => message.type === 'pong' && index > client.said.findIndex(({ type }) => type === 'pong'), 'another pong');
      client.cut();
    });

    test('websocket: what makes no sense ends the link', async () => {
      for (const nonsense of ['no JSON', '[]', 'null', '{"type":7}', '{"type":"hello","after":7}', Buffer.from('{"type":"ping"}'), { type: 'hello', after: null }]) {
        const client = await site.link('websocket');
        await client.live();
        client.send(nonsense);
        assert.deepEqual(await lastWords(client), ['bye', 'policy', 4400], String(nonsense));
      }
      for (const first of ['no JSON', { type: 'ping' }, { type: 'hello', after: {} }]) {
        const client = await site.link('websocket', { hello: false });
        client.send(first);
        assert.deepEqual(await lastWords(client), ['bye', 'policy', 4400], JSON.stringify(first));
      }
      const long = await site.link('websocket');
      await long.live();
      long.send(JSON.stringify({ type: 'hello', after: 'x'.repeat(17_000) }));
      assert.equal(await long.finished(), 1009);
      const much = await strict.link('websocket');
      await much.live();
      for (let sent = 0; sent < 30; sent += 1) much.send({ type: 'ping' });
      assert.deepEqual(await lastWords(much), ['bye', 'policy', 4400]);
    });

    test('websocket: who says no hello is not waited for', async () => {
      const client = await strict.link('websocket', { hello: false });
      assert.deepEqual(await lastWords(client), ['bye', 'silent', 4408]);
    });

    test('without credentials, or with such as nobody knows, there is no link', async () => {
      for (const authorization of [undefined, 'Bearer of-nobody']) {
        const told = authorization === undefined ? {} : { authorization };
        assert.deepEqual(await lastWords(await signedIn.link('websocket', told)), ['bye', 'auth', 4401]);
        await assert.rejects(signedIn.link('events', told), (error: Refused) => error.status === 401 && error.headers['www-authenticate'] === 'Bearer');
      }
    });

    test('events: each that has a cursor has it as its id, and Last-Event-ID counts where the URL has none', async () => {
      const first = await site.link('events');
      await first.live();
      await site.record(2);
      await first.has(2);
      assert.deepEqual(first.ids, first.said.map(({ cursor }) => cursor));
      const again = await site.link('events', { headers: { 'last-event-id': first.welcome.cursor } });
      assert.deepEqual((await again.has(2)).map(nameOf), first.changes.map(nameOf));
      const both = await site.link('events', { after: first.cursor, headers: { 'last-event-id': first.welcome.cursor } });
      await both.live();
      assert.deepEqual(both.changes, []);
    });

    test('what asks for neither transport is told which there are', async () => {
      const answer = await site.send('GET', '/api/live');
      assert.deepEqual([answer.status, answer.json.code], [406, 'not-acceptable']);
      await assert.rejects(site.link('websocket', { subprotocol: 'other' }), (error: Refused) => error.status === 400 && error.json.code === 'subprotocol');
    });

    test('a process that stops sends its links away, each for another while, and another takes them back', async () => {
      const processes = strict.urls.length;
      const clients = await Promise.all(Array.from({ length: 12 * processes }, (_, index) =>
        strict.linkAt(index % processes, TRANSPORTS[Math.floor(index / processes) % 2]!)));
      const stranger = await strict.linkAt(0, 'websocket', { hello: false });
      await Promise.all(clients.map(client => client.live()));
      const ended = strict.leave(0);
      const mine = clients.filter((_, index) => index % processes === 0);
      const codes = await Promise.all(mine.map(client => client.finished()));
      const byes = mine.map(client => client.said.at(-1));
      assert.deepEqual(byes.map(({ type, reason }) => `${type} ${reason}`), byes.map(() => 'bye going-away'));
      assert.deepEqual(codes, mine.map(({ transport }) => (transport === 'websocket' ? 1001 : 0)));
      const waits = byes.map(({ retryAfterMs }) => retryAfterMs as number);
      assert.ok(waits.every(ms => ms >= 0 && ms <= 10_000 + 2_000) && new Set(waits).size > 6 && Math.max(...waits) > 3_000, waits.join());
      await ended;
      await stranger.finished();
      if (processes === 1) return;
      // The others hold theirs, and take these back where they were.
      assert.ok(clients.filter(client => !mine.includes(client)).every(client => client.ended === null));
      await strict.sends[1]!('POST', '/api/orders', { body: ORDER });
      const back = await strict.linkAt(1, 'websocket', { after: mine[0]!.cursor });
      await back.has(1);
      assert.deepEqual(back.changes.map(nameOf), (await strict.sends[1]!('GET', `/api/changes?after=${mine[0]!.cursor}`)).json.changes.map(nameOf));
    });
  });
}

/** How many were let go for being slow. */
async function slowOnes(site: Site, transport: Transport): Promise<number> {
  const texts = await Promise.all(site.sends.map(async send => (await send('GET', '/metrics')).text));
  const count = new RegExp(`^holdfast_links_closed_total\\{transport="${transport}",reason="slow"\\} (\\d+)$`, 'm');
  return texts.reduce((sum, text) => sum + Number(count.exec(text)?.[1] ?? 0), 0);
}
