// Credentials, the inbox and the errors of the page library.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerCredentials } from '../../js/page/credentials.js';
import { Channel } from '../../js/page/channel.js';
import { HoldfastError } from '../../js/page/errors.js';
import { openInbox } from '../../js/page/inbox.js';
import type { InboxEntry } from '../../js/protocol/messages.js';
import { controlledBy } from './fakes.js';

describe('fresh credentials', () => {
  const ask = async (hook: ((url: string) => Promise<Record<string, string>>) | undefined, user = 'ana') => {
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<unknown>((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<unknown>) => resolve(data);
    });
    await answerCredentials({ type: 'credentials', url: 'https://a/api', user: 'ana' }, port2, hook, user);
    const data = await answer;
    port1.close();
    return data as { ok: boolean; value?: unknown; error?: { code: string } };
  };

  test('come from the hook', async () => {
    const reply = await ask(async (url) => ({ Authorization: `Bearer for ${url}` }));
    assert.deepEqual(reply, { ok: true, value: { Authorization: 'Bearer for https://a/api' } });
  });

  test('are refused at once where there is no hook', async () => {
    assert.equal((await ask(undefined)).error?.code, 'no-credentials');
  });

  test('are never another user\'s', async () => {
    assert.equal((await ask(async () => ({ Authorization: 'x' }), 'bob')).error?.code, 'other-user');
  });

  test('a hook that fails, or answers something else, is a refusal', async () => {
    assert.equal((await ask(async () => Promise.reject(new Error('no')))).error?.code, 'credentials-failed');
    assert.equal((await ask(async () => ({ Authorization: 7 }) as never)).error?.code, 'bad-credentials');
    assert.equal((await ask(async () => null as never)).error?.code, 'bad-credentials');
  });
});

describe('the inbox', () => {
  const entry: InboxEntry = {
    id: 'm1', method: 'PATCH', url: 'https://a/api/orders/1', resource: 'orders', entity: '1', reason: 'rejected',
    status: 422, body: '{"tip":-1}', answer: '{"detail":"no"}', createdAt: 0, decidedAt: 1_000, conflict: null,
  };
  const open = (value: unknown) => {
    const { worker, container } = controlledBy(() => ({ ok: true, value }));
    return { worker, inbox: openInbox(new Channel(container as unknown as ServiceWorkerContainer, () => null), () => 'ana') };
  };

  test('sends decisions: an object as JSON, a text as it is', async () => {
    const { worker, inbox } = open(null);
    await inbox.retry('m1');
    await inbox.merge('m1');
    await inbox.edit('m1', { tip: 1 });
    await inbox.edit('m1', 'tip=1');
    await inbox.discard('m1');
    assert.deepEqual(worker.asked.map((one) => one.type === 'decide' && [one.action, one.body]),
      [['retry', null], ['merge', null], ['edit', '{"tip":1}'], ['edit', 'tip=1'], ['discard', null]]);
  });

  test('a decision whose answer was lost with the worker is done, not gone', async () => {
    let asked = 0;
    const gone = { ok: false, error: { code: 'not-in-inbox', message: 'No such entry.' } };
    const { container } = controlledBy(() => (++asked === 1 ? undefined : gone));
    const inbox = openInbox(new Channel(container as unknown as ServiceWorkerContainer, () => null, { answerMs: 200 }), () => 'ana');
    await inbox.discard('m1');
    await assert.rejects(inbox.discard('m1'), (error) => error instanceof HoldfastError && error.code === 'not-in-inbox');
  });

  test('refuses a body that is no JSON', async () => {
    const { inbox } = open(null);
    const loop: { self?: unknown } = {};
    loop.self = loop;
    for (const body of [undefined, () => 1, 1n, loop]) {
      await assert.rejects(inbox.edit('m1', body), (error) => error instanceof HoldfastError && error.code === 'not-json');
    }
  });

  test('export is a JSON file with all that is needed to enter the writes again', async () => {
    const file = await open([entry]).inbox.export();
    assert.equal(file.type, 'application/json');
    const { user, writes } = JSON.parse(await file.text()) as { user: string; writes: InboxEntry[] };
    assert.equal(user, 'ana');
    assert.deepEqual(writes, [{ ...entry, createdAt: '1970-01-01T00:00:00.000Z', decidedAt: '1970-01-01T00:00:01.000Z' }]);
  });

  test('a list with one bad entry is refused', async () => {
    await assert.rejects(open([{ ...entry, reason: 'mood' }]).inbox.list(), (error) => error instanceof HoldfastError && error.code === 'bad-reply');
  });
});

test('an error is an Error with a stable code', () => {
  const error = new HoldfastError('closed', 'Call connect().', { cause: 1 });
  assert.ok(error instanceof Error);
  assert.deepEqual([error.name, error.code, error.message, error.cause], ['HoldfastError', 'closed', 'Call connect().', 1]);
});
