// A question to the worker ends with an answer that was looked at, or with an error that says what to do.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Channel } from '../../js/page/channel.js';
import { isStatus, isAnything } from '../../js/page/checks.js';
import { HoldfastError } from '../../js/page/errors.js';
import type { WorkerNotice } from '../../js/protocol/messages.js';
import { controlledBy, FakeContainer, FakeWorker, kOutcome, kStatus } from './fakes.js';

const hasCode = (code: string) => (error: unknown) => error instanceof HoldfastError && error.code === code;
const channelTo = (container: FakeContainer, limits = { answerMs: 250, tries: 3 }) =>
  new Channel(container as unknown as ServiceWorkerContainer, () => null, limits);

describe('a question', () => {
  test('carries the protocol number and is answered', async () => {
    const { worker, container } = controlledBy(() => ({ ok: true, value: kStatus }));
    assert.deepEqual(await channelTo(container).request({ type: 'status' }, isStatus), kStatus);
    assert.deepEqual(worker.asked, [{ type: 'status', holdfast: 1 }]);
  });

  test('is put again when the worker was killed under it', async () => {
    let tries = 0;
    const { worker, container } = controlledBy(() => (++tries < 3 ? undefined : { ok: true, value: kStatus }));
    assert.deepEqual(await channelTo(container).request({ type: 'status' }, isStatus), kStatus);
    assert.equal(worker.asked.length, 3);
  });

  test('ends as worker-silent when there is never an answer', async () => {
    const { worker, container } = controlledBy(() => undefined);
    await assert.rejects(channelTo(container).request({ type: 'status' }, isStatus), hasCode('worker-silent'));
    assert.equal(worker.asked.length, 3);
  });

  test('goes to the new worker at once when one takes over', async () => {
    const { worker, container } = controlledBy(() => undefined);
    const asked = channelTo(container, { answerMs: 60_000, tries: 1 }).request({ type: 'status' }, isStatus);
    const newer = new FakeWorker(() => ({ ok: true, value: kStatus }));
    container.control(newer);
    assert.deepEqual(await asked, kStatus);
    assert.deepEqual([worker.asked.length, newer.asked.length], [1, 1]);
  });

  test('goes to the active worker while none controls the page', async () => {
    const worker = new FakeWorker(() => ({ ok: true, value: null }));
    const channel = new Channel(new FakeContainer() as unknown as ServiceWorkerContainer, () => worker as unknown as ServiceWorker);
    assert.equal(await channel.request({ type: 'claim' }, isAnything), null);
  });

  test('without any worker is refused as unprotected', async () => {
    await assert.rejects(channelTo(new FakeContainer()).request({ type: 'status' }, isStatus), hasCode('unprotected'));
  });

  test('the worker\'s own refusal keeps its code', async () => {
    const { container } = controlledBy(() => ({ ok: false, error: { code: 'pending-writes', message: 'Say what to do.' } }));
    await assert.rejects(channelTo(container).request({ type: 'sign-out', pending: null }, isAnything), hasCode('pending-writes'));
  });

  test('ends as closed when the connection is closed', async () => {
    const { container } = controlledBy(() => undefined);
    const channel = channelTo(container, { answerMs: 60_000, tries: 1 });
    const asked = channel.request({ type: 'status' }, isStatus);
    channel.close();
    await assert.rejects(asked, hasCode('closed'));
    await assert.rejects(channel.request({ type: 'status' }, isStatus), hasCode('closed'));
  });

  const junk: Record<string, unknown> = {
    'null': null, 'a text': 'ok', 'a number': 7, 'an empty object': {}, 'a list': [], 'no value': { ok: true },
    'a wrong ok': { ok: 'true', value: kStatus }, 'an error without a code': { ok: false, error: { message: 'no' } },
    'a status without a field': { ok: true, value: { ...kStatus, user: undefined } },
    'a status with an unknown link': { ok: true, value: { ...kStatus, link: 'carrier-pigeon' } },
    'a status that counts in text': { ok: true, value: { ...kStatus, pending: '3' } },
    'a status that counts to NaN': { ok: true, value: { ...kStatus, pending: NaN } },
    'a problem that is a text': { ok: true, value: { ...kStatus, problem: 'full' } },
  };
  for (const [name, reply] of Object.entries(junk)) {
    test(`a reply that is junk is refused, not believed: ${name}`, async () => {
      const { worker, container } = controlledBy(() => reply);
      const asked = channelTo(container).request({ type: 'status' }, isStatus);
      await assert.rejects(asked, hasCode('bad-reply'));
      assert.equal(worker.asked.length, 1);
    });
  }

  test('a field that a later release adds does no harm', async () => {
    const { container } = controlledBy(() => ({ ok: true, value: { ...kStatus, more: 1 } }));
    assert.equal((await channelTo(container).request({ type: 'status' }, isStatus)).pending, 0);
  });
});

describe('a notice', () => {
  const listening = () => {
    const { container } = controlledBy(() => undefined);
    const channel = channelTo(container);
    const heard: WorkerNotice['type'][] = [];
    channel.listen((notice) => heard.push(notice.type));
    return { container, channel, heard };
  };

  test('is heard', () => {
    const { container, heard } = listening();
    container.notify({ type: 'changed', status: kStatus });
    container.notify({ type: 'outcome', outcome: kOutcome });
    container.notify({ type: 'wake-at', at: 5 });
    assert.deepEqual(heard, ['changed', 'outcome', 'wake-at']);
  });

  test('of another version, of another sender, or of a wrong shape is passed over', () => {
    const { container, heard } = listening();
    container.notify({ type: 'changed', status: kStatus }, 2);
    container.notify({ type: 'changed', status: kStatus }, null);
    container.say('hello from the app');
    container.say(null);
    container.say({ type: 'changed', status: kStatus });
    container.say({ holdfast: 1, type: 'toString' });
    container.say({ holdfast: 1, type: 'changed', status: { ...kStatus, inbox: null } });
    container.say({ holdfast: 1, type: 'wake-at', at: 'soon' });
    assert.deepEqual(heard, []);
  });

  test('reaches the other listeners when one throws', () => {
    const { container, channel, heard } = listening();
    const reported: unknown[] = [];
    Object.assign(globalThis, { reportError: (error: unknown) => reported.push(error) });
    const stop = channel.listen(() => {
      throw new Error('mine');
    });
    channel.listen(() => heard.push('outcome'));
    container.notify({ type: 'wake-at', at: 5 });
    stop();
    assert.deepEqual(heard, ['wake-at', 'outcome']);
    assert.match(String(reported[0]), /mine/);
  });
});
