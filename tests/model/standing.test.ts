// What is remembered of how things stand is never older than the last step, whenever that came.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DatabaseSource } from '../../js/host/database.js';
import { Standings, type Standing } from '../../js/host/standing.js';

const kNothing: Standing = { user: 'ana', pending: 0, confirmedAt: -Infinity, names: 0, silent: new Set(), needsAuth: new Set() };

/** A database whose looks are answered by hand. */
function world() {
  const looks: ((told: Partial<Standing>) => void)[] = [];
  const source = {
    use: () => new Promise<Standing>((resolve) => {
      looks.push((told) => resolve({ ...kNothing, ...told }));
    }),
  };
  const standings = new Standings(source as unknown as DatabaseSource, { caughtUp: () => Promise.resolve() });
  /** A read's question; `told` is what the database says, if it is asked. */
  const ask = async (told: Partial<Standing>): Promise<Standing> => {
    const answer = standings.now();
    await Promise.resolve();
    looks.shift()?.(told);
    return answer;
  };
  return { ask, looks, standings };
}

test('it is looked up once', async () => {
  const { ask } = world();
  assert.equal((await ask({ pending: 1 })).pending, 1);
  assert.equal((await ask({ pending: 2 })).pending, 1);
});

test('after that, what a step has left is how things stand', async () => {
  const { ask, standings } = world();
  await ask({ pending: 1 });
  standings.take({ ...kNothing, pending: 3, confirmedAt: 9 });
  assert.deepEqual(await ask({}), { ...kNothing, pending: 3, confirmedAt: 9 });
});

test('a look during which a step was committed is not remembered', async () => {
  const { ask, looks, standings } = world();
  const answer = standings.now();
  await Promise.resolve();
  standings.take({ ...kNothing, pending: 3 });
  looks.shift()!({ pending: 1 });
  assert.equal((await answer).pending, 1);
  assert.equal((await ask({ pending: 5 })).pending, 3);
});

test('nobody is told before what pages have done is committed', async () => {
  let commit = () => {};
  const source = { use: () => Promise.resolve(kNothing) };
  const standings = new Standings(source as unknown as DatabaseSource, { caughtUp: () => new Promise<void>((resolve) => { commit = resolve; }) });
  let told = false;
  const answer = standings.now().then(() => { told = true; });
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(told, false);
  commit();
  await answer;
});
