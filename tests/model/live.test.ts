// What the live link does with the machine that decides for it, where that fails.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Live } from '../../js/host/live.js';

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

test('a machine that stops in the middle of its work is started anew, and its memory with it', async () => {
  const given: unknown[] = [];
  let rebuilt = 0;
  let trapping = false;
  const engine = {
    stepLink({ state }: { state: unknown }) {
      if (trapping) throw new WebAssembly.RuntimeError('unreachable');
      given.push(state);
      return { state: { name: 'waiting', wakeAt: null }, effects: [] };
    },
    async rebuild() { rebuilt += 1; trapping = false; },
  };
  const source = { use: () => Promise.resolve(undefined) };
  const live = new Live({ url: '/api/live' }, 'life', source as never, null!, () => Promise.resolve(engine as never), null!, null!, null!, null!, null!);
  const reported = console.error;
  console.error = () => undefined;
  try {
    void live.wanted();
    await turn();
    trapping = true;
    live.nudge('online');
    await turn();
    assert.equal(rebuilt, 1);
    assert.equal(live.state, 'suspended');
    live.nudge('online');
    await turn();
    assert.deepEqual(given, [null, null], 'what it remembered may be what it failed on');
  } finally {
    console.error = reported;
  }
});
