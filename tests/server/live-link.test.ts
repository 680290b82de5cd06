// One link by itself, over a transport that takes as much as it is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from 'holdfast/server/live';
import { Link, type Transport } from '../../js/server/live/link.js';
import { Changes } from '../../js/server/live/messages.js';

function world(answers: boolean) {
  const ended: string[] = [];
  const transport = {
    name: 'events' as const, answers, untaken: 0,
    send(frame: { event: Buffer }): number { transport.untaken += frame.event.length; return frame.event.length; },
    end: () => {}, cut: () => {},
  };
  const limits = { ...LIMITS, heartbeatMs: 0 };
  const link = new Link(transport as unknown as Transport, { subject: '' }, { limits, windowMs: () => 200, onEnd: (_link, reason) => ended.push(reason) });
  return { ended, transport, link };
}

const batch = (bytes: number): Changes => new Changes('1', [{ cursor: '2', json: `"${'x'.repeat(bytes)}"`, bytes, writer: null }], '2', false);

test('who takes slowly, and takes, is not let go, whatever waits for him at a heartbeat', () => {
  const { ended, transport, link } = world(false);
  link.deliver(batch(200_000));
  link.beat(1);
  for (let beats = 0; beats < 10; beats += 1) {
    for (let batches = 0; batches < 3; batches += 1) {
      transport.untaken -= 60_000;
      link.deliver(batch(65_000));
    }
    link.beat(1);
    assert.deepEqual(ended, [], `after ${beats} heartbeats, with ${transport.untaken} bytes`);
  }
});

test('who has taken nothing for a heartbeat is let go', () => {
  const { ended, link } = world(false);
  link.deliver(batch(200_000));
  link.beat(1);
  link.deliver(batch(1_000));
  link.beat(1);
  assert.deepEqual(ended, ['slow']);
});
