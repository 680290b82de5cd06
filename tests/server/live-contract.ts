// What the live link promises, over either transport, whatever is behind it.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { feedOf, recordChange } from '../../web/server/changes.js';
import { LIMITS } from 'holdfast/server/live';
import type { Transport } from './live-client.js';
import { assertSame, change, nameOf, type OpenSite, type Site } from './live-site.js';
import { ORDER } from './support.js';

export const TRANSPORTS = ['websocket', 'events'] as const;

/** Makes so many changes, and waits until each process has seen them all. */
async function recordSeen(site: Site, transport: Transport, count: number): Promise<void> {
  const witnesses = await Promise.all(site.urls.map((_, at) => site.linkAt(at, transport)));
  await Promise.all(witnesses.map(witness => witness.live()));
  await site.record(count);
  await Promise.all(witnesses.map(witness => witness.until(({ changes = [] }) => changes.at(-1)?.version === count, 'the last one')));
  for (const witness of witnesses) witness.cut();
}

/** The feed through the link. */
export function feedContract(name: string, open: OpenSite): void {
  describe(`${name}: the feed through a link`, () => {
    let site: Site;
    /** One whose memory of the feed is short: most who come back are caught up from the database. */
    let forgetful: Site;
    let signedIn: Site;
    before(async () => {
      [site, forgetful, signedIn] = await Promise.all([open(), open({ live: { tailChangesMax: 20, batchChangesMax: 10 } }), open({ requireAuth: true })]);
    });

    for (const transport of TRANSPORTS) {
      test(`${transport}: who has no cursor is welcomed at the present one, and told what changes from then on`, async () => {
        await site.record(3);
        const client = await site.link(transport);
        assert.deepEqual(await client.live(), { type: 'changes', after: client.welcome.cursor, changes: [], cursor: client.welcome.cursor, more: false });
        assert.deepEqual(client.welcome, { type: 'welcome', cursor: client.welcome.cursor, expired: false,
          heartbeatMs: LIMITS.heartbeatMs, reconnectWindowMs: LIMITS.reconnectWindowMinMs });
        const { json: made } = await site.send('POST', '/api/orders', { body: ORDER });
        const { json: patched } = await site.send('PATCH', `/api/orders/${made.id}`, { body: { tip: 5 } });
        await site.send('DELETE', `/api/orders/${made.id}`);
        await client.until(message => message.changes?.at(-1)?.kind === 'delete', 'the deletion');
        const of = { resource: 'orders', id: made.id };
        // The present, as this process knows it: what another has only just committed may come, too.
        assert.deepEqual(client.changes.filter(({ id }) => id === made.id), [
          { ...of, version: 1, kind: 'upsert', document: made },
          { ...of, version: 2, kind: 'upsert', document: patched },
          { ...of, version: 3, kind: 'delete', document: null },
        ]);
        await assertSame(client, site, client.welcome.cursor);
      });

      test(`${transport}: who comes back with a cursor is given what it missed, and goes on from there`, async () => {
        const first = await site.link(transport);
        await first.live();
        await site.record(2);
        await first.has(2);
        const { cursor } = first;
        first.cut();
        await site.record(3);
        const again = await site.link(transport, { after: cursor });
        await again.has(3);
        assert.deepEqual([again.welcome.cursor, again.welcome.expired], [cursor, false]);
        await site.record(1);
        await assertSame(again, site, cursor);
      });

      test(`${transport}: the cursors of links, and of the feed, are the same ones`, async () => {
        const start = await site.now();
        await site.record(5);
        const { json } = await site.send('GET', `/api/changes?${new URLSearchParams({ after: start, limit: '2' })}`);
        const client = await site.link(transport, { after: json.cursor });
        await client.has(3);
        assert.deepEqual(client.changes.map(nameOf), (await site.feed(json.cursor)).map(nameOf));
        assert.deepEqual(await site.feed(client.cursor), []);
      });

      for (const [which, of] of [['memory', () => site], ['the database', () => forgetful]] as const) {
        test(`${transport}: who missed much is caught up from ${which} in batches, and told when it is live`, async () => {
          const start = await of().now();
          await recordSeen(of(), transport, 350);
          const client = await of().link(transport, { after: start });
          await client.has(350);
          await client.live();
          const batches = client.said.filter(({ type }) => type === 'changes');
          const limit = which === 'memory' ? LIMITS.batchChangesMax : 10;
          assert.ok(batches.length >= 350 / limit && batches.every(({ changes }) => changes.length <= limit));
          assert.deepEqual(batches.map(({ more }) => more), batches.map((_, index) => index < batches.length - 1));
          await assertSame(client, of(), start);
        });
      }

      test(`${transport}: long documents make short batches`, async () => {
        const start = await site.now();
        await site.record(40, 60_000);
        const client = await site.link(transport, { after: start });
        await client.has(40);
        const sizes = client.said.map(message => JSON.stringify(message).length);
        assert.ok(Math.max(...sizes) < 1024 * 1024 + 70_000, `${Math.max(...sizes)} bytes`);
        assert.ok(client.said.length > 3);
        await assertSame(client, site, start);
      });

      test(`${transport}: a cursor that can't be gone on from is told so, and the present one instead`, async () => {
        const old = await forgetful.now();
        await recordSeen(forgetful, transport, 30);
        await feedOf(forgetful.db).forget(0);
        for (const after of [old, await site.now(), 'no cursor at all', `${old}.1`]) {
          const client = await forgetful.link(transport, { after });
          await client.live();
          assert.equal(client.welcome.expired, true, after);
          assert.notEqual(client.welcome.cursor, after);
          await forgetful.record(1);
          await assertSame(client, forgetful, client.welcome.cursor);
        }
      });

      test(`${transport}: a key is told to nobody but who wrote with it`, async () => {
        const [ada, bob] = await Promise.all(['ada', 'bob'].map(user => signedIn.signIn(user)));
        const clients = await Promise.all([ada!, ada!, bob!].map(user => signedIn.link(transport, {}, user)));
        await Promise.all(clients.map(client => client.live()));
        const [adas, bobs] = [randomUUID(), randomUUID()];
        await signedIn.send('POST', '/api/orders', { body: ORDER, headers: { 'idempotency-key': adas } }, ada);
        await signedIn.send('POST', '/api/orders', { body: ORDER, headers: { 'idempotency-key': bobs } }, bob);
        await signedIn.send('POST', '/api/orders', { body: ORDER }, ada);
        const told = await Promise.all(clients.map(async client => (await client.has(3)).map(({ key }) => key)));
        assert.deepEqual(told, [[adas, undefined, undefined], [adas, undefined, undefined], [undefined, bobs, undefined]]);
        const { cursor: start } = clients[2]!.welcome;
        assert.deepEqual((await signedIn.feed(start, ada)).map(({ key }) => key).slice(-3), told[0]);
        const late = await signedIn.link(transport, { after: start }, bob);
        await late.live();
        assert.deepEqual(late.changes.map(({ key }) => key).slice(-3), told[2]);
      });
    }

    test('whatever is written, and however often links break, each client is given each change once, in the order of the feed', async () => {
      const start = await forgetful.now();
      let writers = 4;
      const write = async () => {
        const id = randomUUID();
        for (let version = 0; version < 60;) {
          await forgetful.db.transaction(async tx => {
            for (let left = Math.ceil(Math.random() * 4); left > 0; left -= 1) await recordChange(tx, change(id, version += 1));
            await tx.query('SELECT pg_sleep($1::double precision)', [Math.random() ** 4 * 0.05]);
          });
        }
        writers -= 1;
      };
      const follow = async (index: number) => {
        const seen: string[] = [];
        for (let cursor = start, last = false; !last;) {
          last = writers === 0;
          const client = await forgetful.link(TRANSPORTS[index % 2]!, { after: cursor });
          if (last) await client.live();
          else await Promise.race([client.has(1), sleep(500)]).then(() => sleep(Math.random() * 100));
          client.cut();
          seen.push(...client.changes.map(nameOf));
          // Cut before the welcome, it is where it was.
          if (client.said.length > 0) cursor = client.cursor;
          await sleep(Math.random() * 30);
        }
        return seen;
      };
      const steady = await Promise.all(TRANSPORTS.map(transport => forgetful.link(transport, { after: start })));
      const followers = Array.from({ length: 6 }, (_, index) => follow(index));
      await Promise.all(Array.from({ length: 4 }, write));
      const wanted = (await forgetful.feed(start)).map(nameOf);
      for (const seen of await Promise.all(followers)) assert.deepEqual(seen, wanted);
      for (const client of steady) await assertSame(client, forgetful, start);
      for (const client of steady) client.cut();
    });
  });
}
