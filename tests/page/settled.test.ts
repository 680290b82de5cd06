// settled() answers once there is an outcome, however that becomes known.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Channel } from '../../js/page/channel.js';
import { HoldfastError } from '../../js/page/errors.js';
import { mutationId, settled } from '../../js/page/settled.js';
import { controlledBy, kOutcome, type Answer } from './fakes.js';

const hasCode = (code: string) => (error: unknown) => error instanceof HoldfastError && error.code === code;
const pending = { ok: true, value: null };
const done = { ok: true, value: kOutcome };

function start(answer: Answer) {
  const fakes = controlledBy(answer);
  const channel = new Channel(fakes.container as unknown as ServiceWorkerContainer, () => null, { answerMs: 200, tries: 2 });
  return { ...fakes, channel, nudges: new Set<() => void>() };
}

describe('settled', () => {
  test('answers what is known already', async () => {
    const { channel, nudges } = start(() => done);
    assert.deepEqual(await settled('m1', channel, nudges), kOutcome);
    assert.equal(nudges.size, 0);
  });

  test('waits for the notice, and for its own only', async () => {
    const { channel, nudges, container } = start(() => pending);
    const outcome = settled('m1', channel, nudges);
    await sleep(10);
    container.notify({ type: 'outcome', outcome: { ...kOutcome, id: 'm2', state: 'rejected' } });
    container.notify({ type: 'outcome', outcome: kOutcome });
    assert.deepEqual(await outcome, kOutcome);
  });

  test('asks again, since a notice can be lost', async () => {
    let asked = 0;
    const { channel, nudges } = start(() => (++asked < 3 ? pending : done));
    assert.deepEqual(await settled('m1', channel, nudges, undefined, 5), kOutcome);
    assert.equal(asked, 3);
  });

  test('asks at once when nudged', async () => {
    let answer: unknown = pending;
    const { channel, nudges } = start(() => answer);
    const outcome = settled('m1', channel, nudges, undefined, 60_000);
    await sleep(10);
    answer = done;
    for (const look of nudges) look();
    assert.deepEqual(await outcome, kOutcome);
  });

  test('outlives a worker that stays silent for a while', async () => {
    let asked = 0;
    const { channel, nudges } = start(() => (++asked < 5 ? undefined : done));
    assert.deepEqual(await settled('m1', channel, nudges, undefined, 5), kOutcome);
  });

  test('ends with the reason of its signal', async () => {
    const { channel, nudges } = start(() => pending);
    const control = new AbortController();
    const outcome = settled('m1', channel, nudges, control.signal);
    control.abort(new Error('enough'));
    await assert.rejects(outcome, /enough/);
    await assert.rejects(settled('m1', channel, nudges, control.signal), /enough/);
    assert.equal(nudges.size, 0);
  });

  test('ends when the connection is closed', async () => {
    const { channel, nudges } = start(() => pending);
    const outcome = settled('m1', channel, nudges);
    await sleep(10);
    channel.close();
    for (const look of [...nudges]) look();
    await assert.rejects(outcome, hasCode('closed'));
  });

  test('passes on that the worker knows no such write', async () => {
    const { channel, nudges } = start(() => ({ ok: false, error: { code: 'unknown-write', message: 'No such write.' } }));
    await assert.rejects(settled('m1', channel, nudges), hasCode('unknown-write'));
  });

  test('refuses a Response that is no answer to a captured write', () => {
    assert.throws(() => mutationId(new Response('{}')), hasCode('not-a-captured-write'));
    assert.throws(() => mutationId(''), hasCode('not-a-captured-write'));
    assert.equal(mutationId(new Response('{}', { headers: { 'Holdfast-Id': 'm1' } })), 'm1');
    assert.equal(mutationId('m1'), 'm1');
  });
});
