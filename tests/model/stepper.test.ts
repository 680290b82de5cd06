// Which of a worker's looks and steps share a transaction, and what a read waits for: with transactions that end when the
// test says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../js/host/clock.js';
import type { DatabaseSource } from '../../js/host/database.js';
import { HeldAnswers } from '../../js/host/kept.js';
import { Stepper } from '../../js/host/stepper.js';

interface Transaction {
  end(result: unknown): void;
  fail(error: Error): void;
}

function world() {
  const transactions: Transaction[] = [];
  const source = { use: () => new Promise((end, fail) => { transactions.push({ end, fail }); }) };
  const stepper = new Stepper(source as unknown as DatabaseSource, () => Promise.resolve({} as never), () => {}, 'life', null!,
    () => {}, () => Promise.resolve(), new HeldAnswers(), { check: () => Promise.resolve(false) } as Clock);
  return { transactions, stepper };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const kCommitted = { results: [[]], pumped: [], standing: null };

async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => { done = true; });
  await turn();
  return done;
}

for (const type of ['capture', 'session', 'decided']) {
  test(`a read waits for what a page has done: ${type}`, async () => {
    const { transactions, stepper } = world();
    void stepper.submit({ type });
    await turn();
    const read = stepper.caughtUp();
    assert.equal(await isDone(read), false);
    transactions[0]!.end(kCommitted);
    assert.equal(await isDone(read), true);
  });
}

test('also for what is still in the queue, and for what fails', async () => {
  const { transactions, stepper } = world();
  void stepper.submit({ type: 'answered' });
  await turn();
  stepper.submit({ type: 'capture' }).catch(() => undefined);  // told to the page
  const read = stepper.caughtUp();
  transactions[0]!.end(kCommitted);
  assert.equal(await isDone(read), false);
  transactions[1]!.fail(new Error('no disk'));
  assert.equal(await isDone(read), true);
});

test('but not for what no page has heard of', async () => {
  const { stepper } = world();
  void stepper.submit({ type: 'answered' });
  void stepper.submit({ type: 'pump' });
  await turn();
  assert.equal(await isDone(stepper.caughtUp()), true);
});

test('peeks of one turn share a transaction, and those that come meanwhile the next', async () => {
  const { transactions, stepper } = world();
  const first = [1, 2].map((n) => stepper.peek({ type: 'read', n }));
  await turn();
  assert.equal(transactions.length, 1);
  const next = [3, 4, 5].map((n) => stepper.peek({ type: 'read', n }));
  await turn();
  assert.equal(transactions.length, 1);
  transactions[0]!.end([[{ do: 'a' }], [{ do: 'b' }]]);
  assert.deepEqual(await Promise.all(first), [[{ do: 'a' }], [{ do: 'b' }]]);
  await turn();
  assert.equal(transactions.length, 2);
  transactions[1]!.end([[{ do: 'c' }], [{ do: 'd' }], [{ do: 'e' }]]);
  assert.deepEqual(await Promise.all(next), [[{ do: 'c' }], [{ do: 'd' }], [{ do: 'e' }]]);
});

test('a peek that fails costs only itself', async () => {
  const { transactions, stepper } = world();
  const [good, bad] = [1, 2].map((n) => stepper.peek({ type: 'read', n }));
  const failed = assert.rejects(bad!, /poison/);
  await turn();
  transactions[0]!.fail(new Error('poison'));
  await turn();
  transactions[1]!.end([[{ do: 'a' }]]);
  assert.deepEqual(await good, [{ do: 'a' }]);
  await turn();
  transactions[2]!.fail(new Error('poison'));
  await failed;
});
