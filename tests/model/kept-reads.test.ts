// Which answers are written to the store of kept reads, by when they were asked for and what they say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DatabaseSource, KeptRead, ReadTransaction } from '../../js/host/database.js';
import { HeldAnswers } from '../../js/host/kept.js';
import { KeptReads } from '../../js/host/kept-reads.js';
import { kReadDefaults } from '../../js/host/read-rules.js';
import type { Secrets } from '../../js/host/secrets.js';

const kMinute = 60_000;

// Node has none, and where nothing is over its budget nobody looks at it.
Object.assign(globalThis, { IDBKeyRange: { bound: () => null } });

function read(name: string, at: number, more: Partial<KeptRead> = {}): KeptRead {
  const url = `https://app.example/api/orders/${name}`;
  return {
    user: 'ana', url, accept: '*/*', resource: 'orders', path: url, status: 200, headers: [['date', String(at)], ['etag', '"1"']],
    text: `"${name}"`, bytes: 3, used: at, at, ...more,
  };
}

function world() {
  const rows = new Map<string, KeptRead>();
  const written: [url: string, at: number][] = [];
  const reads = {
    get: async (key: string[]) => rows.get(JSON.stringify(key)),
    put: async (row: KeptRead) => {
      rows.set(JSON.stringify([row.user, row.url, row.accept]), row);
      written.push([row.url.slice(-1), row.at]);
    },
    index: () => ({ openKeyCursor: async () => null }),
  };
  const drop = async (_store: string, key: string[]) => rows.delete(JSON.stringify(key));
  const meta = { get: async () => ({ user: 'ana' }) };
  const transaction = () => ({ objectStore: (name: string) => (name === 'meta' ? meta : reads), done: Promise.resolve() });
  const source = { use: (work: (db: unknown) => unknown) => work({ transaction, delete: drop }) };
  const secrets = { without: (_url: string, text: string) => text };
  const kept = new KeptReads(source as unknown as DatabaseSource, () => kReadDefaults, secrets as unknown as Secrets, new HeldAnswers());
  /** Keeps these, one after the other; returns which of them were written. */
  const keep = async (...answers: KeptRead[]) => {
    written.length = 0;
    for (const answer of answers) await kept.keep(answer);
    return [...written];
  };
  return { keep, kept, rows };
}

test('an answer that is too big to be kept leaves no older one behind that says otherwise', async () => {
  const { keep, rows } = world();
  const big = { bytes: kReadDefaults.bytes + 1 };
  await keep(read('a', 5), read('a', 4, big));
  assert.equal(rows.size, 1, 'one that was overtaken says nothing');
  await keep(read('a', 6, big));
  assert.equal(rows.size, 0);
});

test('a repeat is written again after a minute', async () => {
  const { keep } = world();
  assert.deepEqual(await keep(read('a', 0), read('a', 1), read('a', kMinute - 1)), [['a', 0]]);
  assert.deepEqual(await keep(read('a', kMinute), read('a', kMinute + 1)), [['a', kMinute]]);
});

for (const [what, more] of Object.entries({
  text: { text: '"another"' }, status: { status: 404 }, header: { headers: [['etag', '"2"']] },
} satisfies Record<string, Partial<KeptRead>>)) {
  test(`an answer with another ${what} is no repeat`, async () => {
    const { keep } = world();
    assert.deepEqual(await keep(read('a', 0), read('a', 1, more)), [['a', 0], ['a', 1]]);
  });
}

test('answers of one resource that are asked for by turns are written by turns, those of two are not', async () => {
  const { keep } = world();
  assert.deepEqual(await keep(read('a', 0), read('b', 1), read('a', 2), read('b', 3)), [['a', 0], ['b', 1], ['a', 2], ['b', 3]]);
  const other = { resource: 'riders' };
  assert.deepEqual(await keep(read('c', 4, other), read('b', 5), read('c', 6, other), read('b', 7)), [['c', 4]]);
});

test('one that was asked for before the newest and comes after it does not take its place', async () => {
  const { keep } = world();
  assert.deepEqual(await keep(read('a', 10), read('b', 5), read('a', 11)), [['a', 10], ['b', 5]]);
});

test('what was asked for before a step told something is written again, and is no newest word', async () => {
  const { keep, kept } = world();
  const now = Date.now();
  await keep(read('a', now - 10));
  kept.told();
  assert.equal((await keep(read('a', now - 5))).length, 1);
  assert.equal((await keep(read('a', now - 4))).length, 1);
  const after = Date.now() + 1;
  assert.equal((await keep(read('a', after), read('a', after + 1))).length, 1);
});

test('a row that was being read when its answer was told again does not take its place in memory', async () => {
  const answers = new HeldAnswers();
  const found: ((row: KeptRead) => void)[] = [];
  const get = () => new Promise<KeptRead>((resolve) => { found.push(resolve); });
  const tx = { objectStore: () => ({ get }) } as unknown as ReadTransaction;
  const { user, url, accept } = read('a', 1);
  const looks = [answers.get(tx, [user, url, accept]), answers.get(tx, [user, url, accept])];
  found[0]!(read('a', 1));
  await looks[0];
  answers.renew([user, url, accept], read('a', 3));
  found[1]!(read('a', 1));
  await looks[1];
  assert.equal(answers.held([user, url, accept])?.read.at, 3);
});
