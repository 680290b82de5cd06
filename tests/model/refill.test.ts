// What is read again, because of a gap or since a server only says that something has changed: when, and how often.
import assert from 'node:assert/strict';
import { mock, test, type TestContext } from 'node:test';
import { Refill } from '../../js/host/refill.js';

interface Kept { user: string; url: string; resource: string; accept: string; at: number }

const turn = async (): Promise<void> => { for (let i = 0; i < 60; i += 1) await Promise.resolve(); };

function world(t: TestContext, { present = 'ana' } = {}) {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
  t.after(() => mock.timers.reset());
  Object.assign(globalThis, { IDBKeyRange: { bound: () => null } });
  const kept: Kept[] = ['/api/orders', '/api/orders/a', '/api/orders/b', '/api/notes/n'].map((url) =>
    ({ user: 'ana', url, resource: url.split('/')[2]!, accept: '*/*', at: 999_000 }));
  const world = { kept, asked: [] as string[], down: new Set<string>(), told: [] as { resource: string; ids: string[] }[], closed: [] as unknown[] };
  const db = { getAll: () => Promise.resolve([...kept]), get: () => Promise.resolve({ user: present }) };
  const reads = { again: (read: Kept) => {
    world.asked.push(read.url);
    if (!world.down.has(read.url)) read.at = Date.now();
    return Promise.resolve();
  } };
  const route = (url: string) => ({ declared: true, kind: url.split('/').length > 3 ? 'item' : 'collection', entity: url.split('/')[3] ?? '' });
  const refill = new Refill({ use: (work: (database: typeof db) => unknown) => work(db) } as never,
    { submit: (event: { since: number }) => { world.closed.push(event.since); return Promise.resolve([]); } } as never, reads as never,
    () => true, () => Promise.resolve({}), () => Promise.resolve({ route } as never), { urlOf: () => '' } as never, (change) => world.told.push(change));
  const asked = (): string[] => world.asked.splice(0).sort();
  return { ...world, asked, refill };
}

const stale = (id: string | null, resource = 'orders') => [{ resource, id }];

test('what has changed is read with the lists of its resource, and the pages are told then', async (t) => {
  const { refill, asked, told } = world(t);
  let done = false;
  void refill.again('ana', stale('a')).then(() => { done = true; });
  await turn();
  assert.deepEqual([asked(), told.map(({ ids }) => ids), done], [['/api/orders', '/api/orders/a'], [['a']], true]);
  void refill.again('ana', stale(null, 'notes'));
  mock.timers.tick(500);
  await turn();
  assert.deepEqual([asked(), told[1]?.ids], [['/api/notes/n'], []]);
});

test('where answers don\'t come, what is told meanwhile shares their next round, and nothing is done before it is', async (t) => {
  const { refill, asked, down, told } = world(t);
  down.add('/api/orders');
  const done: string[] = [];
  void refill.again('ana', stale('a')).then(() => done.push('a'));
  await turn();
  assert.deepEqual([asked(), done], [['/api/orders', '/api/orders/a'], []]);
  for (let second = 1; second < 15; second += 1) {
    mock.timers.tick(1_000);
    void refill.again('ana', stale('b')).then(() => done.push('b'));
    await turn();
  }
  assert.deepEqual([asked(), told], [[], []]);
  down.clear();
  mock.timers.tick(1_000);
  await turn();
  assert.deepEqual([asked(), done.sort()], [['/api/orders', '/api/orders/b'], ['a', ...Array.from({ length: 14 }, () => 'b')]]);
});

test('a round that nobody asks for comes ever more rarely, and a word of the server brings it forward', async (t) => {
  const { refill, asked, down } = world(t);
  down.add('/api/orders/a');
  void refill.fill('ana', 999_500);
  await turn();
  assert.equal(asked().length, 4);
  for (const wait of [15_000, 30_000, 60_000]) {
    mock.timers.tick(wait - 1);
    await turn();
    assert.deepEqual(asked(), []);
    mock.timers.tick(1);
    await turn();
    assert.deepEqual(asked(), ['/api/orders/a']);
  }
  void refill.again('ana', stale('b'));
  mock.timers.tick(15_000);
  await turn();
  assert.deepEqual(asked(), ['/api/orders', '/api/orders/a', '/api/orders/b']);
});

test('a gap is closed once all from before it was read, whatever else is owed', async (t) => {
  const { refill, down, closed } = world(t);
  down.add('/api/notes/n');
  void refill.fill('ana', 999_500);
  await turn();
  assert.deepEqual(closed, []);
  down.clear();
  mock.timers.tick(15_000);
  await turn();
  assert.deepEqual(closed, [999_500]);
});

test('for a user who has gone nothing is told, and nothing is tried again', async (t) => {
  const { refill, asked, told, closed } = world(t, { present: 'bob' });
  void refill.fill('ana', 999_500);
  void refill.again('ana', stale('a'));
  await turn();
  asked();
  mock.timers.tick(500);
  await turn();
  asked();
  mock.timers.tick(600_000);
  await turn();
  assert.deepEqual([asked(), told, closed], [[], [], []]);
});
