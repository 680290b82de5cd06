// A Todo-Backend client that has never heard of holdfast: with nothing but its declaration it lives on in the tunnel,
// on ids and URLs that the server has yet to make.

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext } from 'node:test';
import { Chromium } from '../browser/chromium.js';
import { test } from '../browser/harness.js';
import { until } from '../browser/until.js';
import { backOnline, lines, live, reload, type Life } from './site.js';
import { TodoBackend } from './todo/backend.js';
import type * as client from './todo/client.js';
import type { Todo } from './todo/client.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

type TodoLife = Life<typeof client, TodoBackend>;

const start = (t: TestContext): Promise<TodoLife> => live<typeof client, TodoBackend>(t, browser.context, 'todo', new TodoBackend());

/** Two todos, and the list read: what a page has seen before the tunnel. */
async function startWithTwo(t: TestContext): Promise<TodoLife & { milk: Todo; bread: Todo }> {
  const life = await start(t);
  const [milk, bread] = [await life.client.create('milk', 1), await life.client.create('bread', 2)];
  await life.client.list();
  return { ...life, milk, bread };
}

const shown = (todos: Todo[]) => todos.map(({ title, completed }) => `${title}${completed ? ' (done)' : ''}`);

/** Nothing was turned down, nothing waits, and the page is told what the server would tell anybody. */
async function assertInStep({ app, backend, client }: TodoLife): Promise<void> {
  assert.deepEqual(backend.refused, []);
  assert.deepEqual(await app.inbox(), []);
  assert.deepEqual(await client.list(), backend.list(app.origin));
  const read = await app.fetch('/api/todos');
  assert.equal(read.headers['holdfast-source'], undefined, 'the network\'s own answer, untouched');
  const added = backend.ledger.flatMap(({ body }) => Object.keys(body)).filter((name) => !['title', 'order', 'completed'].includes(name));
  assert.deepEqual(added, [], 'nothing is sent but what the app said');
}

test('online it works as it does without', async (t) => {
  const life = await startWithTwo(t);
  const { app, backend, client, milk, bread } = life;
  assert.deepEqual(milk, { id: 41, title: 'milk', completed: false, order: 1, url: `${app.origin}/api/todos/41` });
  assert.deepEqual(await client.change(milk, { completed: true }), { ...milk, completed: true });
  assert.deepEqual(await client.open(milk.url), { ...milk, completed: true });
  await client.remove(bread);
  await assert.rejects(client.open(bread.url), /404/);
  await assertInStep(life);
  assert.deepEqual(lines(backend), ['POST 41', 'POST 42', 'PATCH 41', 'DELETE 42']);
});

describe('in the tunnel', () => {
  test('it creates, edits, completes, lists and deletes, and all of it arrives once and in order', async (t) => {
    const life = await startWithTwo(t);
    const { app, backend, client, milk, bread } = life;
    app.server.down = 'reset';

    const eggs = await client.create('eggs', 3);
    assert.deepEqual([eggs.title, eggs.completed, eggs.order], ['eggs', false, 3]);
    assert.ok(eggs.url.startsWith(`${app.origin}/api/todos/`), `a URL to follow: ${eggs.url}`);
    assert.deepEqual(await client.open(eggs.url), eggs);
    assert.deepEqual(await client.change(eggs, { title: 'six eggs' }), { ...eggs, title: 'six eggs' });
    assert.equal((await client.change(milk, { completed: true })).completed, true);
    await client.remove(bread);
    const tea = await client.create('tea', 4);
    await client.change(tea, { completed: true });
    const jam = await client.create('jam', 5);
    await client.remove(jam);
    await assert.rejects(client.open(jam.url), /404/);
    assert.deepEqual(shown(await client.list()), ['milk (done)', 'six eggs', 'tea (done)']);
    for (const todo of await client.list()) assert.deepEqual(await client.open(todo.url), todo, 'from the list to the item');

    await backOnline(life);
    assert.deepEqual(lines(backend), [
      'POST 41', 'POST 42', 'POST 43', 'PATCH 43', 'PATCH 41', 'DELETE 42', 'POST 44', 'PATCH 44', 'POST 45', 'DELETE 45',
    ]);
    await assertInStep(life);
    assert.deepEqual((await client.list()).map(({ id, url }) => [id, url]), [41, 43, 44].map((id) => [id, `${app.origin}/api/todos/${id}`]));
  });

  test('a URL that was given there is good for ever: after it, in the next tunnel, and for a fresh worker', async (t) => {
    const life = await startWithTwo(t);
    const { app, backend, client } = life;
    app.server.down = 'reset';
    const eggs = await client.create('eggs', 3);
    await backOnline(life);

    assert.deepEqual(await client.open(eggs.url), { ...eggs, id: 43, url: `${app.origin}/api/todos/43` });
    await client.change(eggs, { title: 'six eggs' });
    await app.killWorker();
    await client.change(eggs, { title: 'ten eggs' });
    await client.list();
    app.server.down = 'reset';
    await client.change(eggs, { completed: true });
    assert.deepEqual(shown(await client.list()), ['milk', 'bread', 'ten eggs (done)'], 'one todo, whatever it is called by');
    await backOnline(life);
    await client.remove(eggs);
    assert.deepEqual(lines(backend).slice(2), ['POST 43', 'PATCH 43', 'PATCH 43', 'PATCH 43', 'DELETE 43']);
    await assertInStep(life);
  });

  test('it deletes all, and goes on from there', async (t) => {
    const life = await startWithTwo(t);
    const { app, backend, client, milk } = life;
    app.server.down = 'reset';
    await client.change(milk, { completed: true });
    await client.create('eggs', 3);
    await client.removeAll();
    assert.deepEqual(shown(await client.list()), []);
    await assert.rejects(client.open(milk.url), /404/);
    const tea = await client.create('tea', 1);
    assert.deepEqual(shown(await client.list()), ['tea']);
    await client.change(tea, { completed: true });
    await backOnline(life);
    assert.deepEqual(lines(backend).slice(2), ['PATCH 41', 'POST 43', 'DELETE all', 'POST 44', 'PATCH 44']);
    await assertInStep(life);
    assert.deepEqual(shown(await client.list()), ['tea (done)']);
  });
});

test('with every answer lost, each write is still one', async (t) => {
  const life = await startWithTwo(t);
  const { backend, client, milk, bread } = life;
  const losing = async <R>(act: () => Promise<R>): Promise<R> => {
    backend.loseAnswers += 1;
    return act();
  };
  const eggs = await losing(() => client.create('eggs', 3));
  await losing(() => client.change(eggs, { title: 'six eggs' }));
  await losing(() => client.change(milk, { completed: true }));
  await losing(() => client.remove(bread));
  const tea = await losing(() => client.create('tea', 4));
  await losing(() => client.remove(tea));
  await backOnline(life);
  assert.equal(backend.loseAnswers, 0);
  assert.deepEqual(lines(backend).slice(2), ['POST 43', 'PATCH 43', 'PATCH 41', 'DELETE 42', 'POST 44', 'DELETE 44']);
  await assertInStep(life);
});

test('with the worker killed and the page reloaded in the middle, nothing is lost or done twice', async (t) => {
  const life = await startWithTwo(t);
  const { app, backend, client, milk } = life;
  app.server.down = 'hang';
  const before = app.server.writes.length;
  const late = client.create('eggs', 3);
  await until(() => app.server.writes.length > before, 'the write to be under way');
  await app.killWorker();
  const eggs = await late;
  await client.change(eggs, { title: 'six eggs' });
  await app.killWorker();
  await reload(life);
  const again = (await client.list()).find(({ title }) => title === 'six eggs')!;
  await client.change(again, { completed: true });
  await client.change(milk, { completed: true });
  backend.loseAnswers = 2;
  app.server.up();
  await app.killWorker();
  await backOnline(life);
  assert.deepEqual(lines(backend).slice(2), ['POST 43', 'PATCH 43', 'PATCH 43', 'PATCH 41']);
  await assertInStep(life);
  assert.deepEqual(shown(await client.list()), ['milk (done)', 'bread', 'six eggs (done)']);
});
