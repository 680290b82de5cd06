// The two apps without holdfast: what their tests compare with has to be right by itself.

import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { ScriptedServer } from '../browser/scripted-server.js';
import type { Backend } from './backend.js';
import { RealWorldBackend } from './realworld/backend.js';
import * as conduit from './realworld/client.js';
import { TodoBackend } from './todo/backend.js';
import * as todos from './todo/client.js';

/** Starts a backend, and lets this process be the browser: relative URLs and a localStorage. */
async function serve(t: TestContext, backend: Backend): Promise<ScriptedServer> {
  const server = new ScriptedServer(new Map());
  await server.listen();
  backend.serveOn(server);
  const plain = globalThis.fetch;
  globalThis.fetch = (input, init) => plain(new URL(String(input), server.origin), init);
  const kept = new Map<string, string>();
  const storage = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => void kept.set(name, value) };
  Object.defineProperty(globalThis, 'localStorage', { value: storage, configurable: true });
  t.after(async () => {
    globalThis.fetch = plain;
    await server.close();
  });
  return server;
}

describe('the Todo app by itself', () => {
  test('lives its whole life', async (t) => {
    const backend = new TodoBackend();
    const { origin } = await serve(t, backend);
    assert.deepEqual(await todos.list(), []);
    const milk = await todos.create('milk', 1);
    assert.deepEqual(milk, { id: 41, title: 'milk', completed: false, order: 1, url: `${origin}/api/todos/41` });
    const bread = await todos.create('bread', 2);
    assert.deepEqual(await todos.change(milk, { completed: true, order: 3 }), { ...milk, completed: true, order: 3 });
    assert.deepEqual(await todos.open(milk.url), { ...milk, completed: true, order: 3 });
    assert.deepEqual(await todos.list(), backend.list(origin));
    await todos.remove(bread);
    await assert.rejects(todos.open(bread.url), /404/);
    await todos.removeAll();
    assert.deepEqual(await todos.list(), []);
    assert.deepEqual(backend.ledger.map(({ method, about }) => `${method} ${about}`),
      ['POST 41', 'POST 42', 'PATCH 41', 'DELETE 42', 'DELETE all']);
  });

  test('a key means one write, also when its answer was lost', async (t) => {
    const backend = new TodoBackend();
    const { origin } = await serve(t, backend);
    const send = () => fetch('/api/todos', { method: 'POST', headers: { 'Idempotency-Key': 'k1' }, body: '{"title":"milk"}' });
    backend.loseAnswers = 1;
    await assert.rejects(send());
    const [again, third] = [await (await send()).json() as object, await (await send()).json() as object];
    assert.deepEqual(again, third);
    assert.deepEqual(backend.list(origin), [again]);
    assert.equal(backend.ledger.length, 1);
  });
});

describe('the RealWorld app by itself', () => {
  test('lives its whole life', async (t) => {
    const backend = new RealWorldBackend();
    backend.addUser('jake');
    backend.addUser('ana', 'drives trains');
    backend.addArticle('ana', { title: 'Third rail', description: 'd', body: 'b', tagList: ['trains'] });
    await serve(t, backend);
    await assert.rejects(conduit.me(), /401/);
    await assert.rejects(conduit.login('jake@example.com', 'wrong'), /422/);
    assert.equal((await conduit.login('jake@example.com', 'secret')).token, 'jwt.jake');
    assert.equal((await conduit.changeMe({ bio: 'rides' })).bio, 'rides');
    assert.equal((await conduit.me()).bio, 'rides');

    const made = await conduit.publish({ title: 'Night train', description: 'd', body: 'long', tagList: ['trains', 'night'] });
    assert.equal(made.slug, 'night-train');
    const renamed = await conduit.edit(made.slug, { title: 'Night bus' });
    assert.deepEqual([renamed.slug, renamed.body, renamed.tagList], ['night-bus', 'long', ['trains', 'night']]);
    await assert.rejects(conduit.read('night-train'), /404/);
    const liked = await conduit.favorite('third-rail');
    assert.deepEqual([liked.favorited, liked.favoritesCount], [true, 1]);

    const titles = async (query: Record<string, string>) => {
      const { articles, articlesCount } = await conduit.articles(query);
      return [articlesCount, ...articles.map(({ title }) => title)];
    };
    assert.deepEqual(await titles({}), [2, 'Night bus', 'Third rail']);
    assert.deepEqual(await titles({ limit: '1', offset: '1' }), [2, 'Third rail']);
    assert.deepEqual(await titles({ tag: 'night' }), [1, 'Night bus']);
    assert.deepEqual(await titles({ author: 'ana' }), [1, 'Third rail']);
    assert.deepEqual(await titles({ favorited: 'jake' }), [1, 'Third rail']);
    assert.equal('body' in (await conduit.articles()).articles[0]!, false);
    assert.deepEqual((await conduit.feed()).articles, []);
    assert.equal((await conduit.follow('ana')).following, true);
    assert.equal((await conduit.feed()).articles[0]!.author.following, true);
    assert.equal((await conduit.unfollow('ana')).following, false);
    assert.deepEqual((await conduit.tags()).sort(), ['night', 'trains']);

    const said = await conduit.say('night-bus', 'mind the gap');
    assert.deepEqual(await conduit.comments('night-bus'), [said]);
    await conduit.unsay('night-bus', said.id);
    assert.deepEqual(await conduit.comments('night-bus'), []);
    assert.equal((await conduit.unfavorite('third-rail')).favoritesCount, 0);
    await conduit.remove('night-bus');
    await assert.rejects(conduit.remove('third-rail'), /403/);
    assert.deepEqual(backend.refused, ['422 POST /api/users/login', '403 DELETE /api/articles/third-rail']);
    assert.deepEqual(backend.ledger.map(({ method, about }) => `${method} ${about}`), [
      'PUT user jake', 'POST article 2', 'PUT article 2', 'POST article 1', 'POST profile ana', 'DELETE profile ana',
      'POST comment 101 of article 2', 'DELETE comment 101 of article 2', 'DELETE article 1', 'DELETE article 2',
    ]);
  });
});
