// What is remembered of how things stand is never older than the last step, whenever that came.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DatabaseSource } from '../../js/host/database.js';
import { Standings, type Standing } from '../../js/host/standing.js';

/** A database whose looks are answered by hand, and a stepper whose state is set by hand. */
function world() {
  const looks: ((pending: number) => void)[] = [];
  const source = {
    use: () => new Promise<Standing>((resolve) => {
      looks.push((pending) => resolve({ user: '', pending, confirmedAt: -Infinity, names: 0, silent: new Set(), needsAuth: new Set() }));
    }),
  };
  const stepper: { state: number | null } = { state: 0 };
  const standings = new Standings(source as unknown as DatabaseSource, stepper);
  /** A read's question; `told` is what the database says, if it is asked. */
  const ask = async (told: number): Promise<number> => {
    const answer = standings.now();
    looks.shift()?.(told);
    return (await answer).pending;
  };
  return { ask, looks, standings, stepper };
}

test('it is looked up once, and again after a step', async () => {
  const { ask, stepper } = world();
  assert.equal(await ask(1), 1);
  assert.equal(await ask(2), 1, 'remembered');
  stepper.state = 1;
  assert.equal(await ask(3), 3, 'a step may have changed it');
  assert.equal(await ask(4), 3, 'remembered');
});

test('nothing is remembered, nor believed, while a step is under way', async () => {
  const { ask, stepper } = world();
  assert.equal(await ask(1), 1);
  stepper.state = null;
  assert.equal(await ask(2), 2);
  assert.equal(await ask(3), 3);
  stepper.state = 1;
  assert.equal(await ask(4), 4, 'what was seen under way may be what was before');
});

for (const [what, before, after] of [['begins', 0, null], ['ends', null, 1], ['begins and ends', 0, 1]] as const) {
  test(`a look during which a step ${what} is not remembered`, async () => {
    const { ask, looks, standings, stepper } = world();
    stepper.state = before;
    const answer = standings.now();
    stepper.state = after;
    looks.shift()!(1);
    assert.equal((await answer).pending, 1);
    assert.equal(await ask(2), 2);
    stepper.state = 1;
    assert.equal(await ask(3), after === 1 ? 2 : 3);
  });
}
