// A RealWorld client that has never heard of holdfast: envelopes, slugs that change with their titles, comments below
// articles that the server hasn't seen yet, favourites, and a token in a header of its own kind.

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext } from 'node:test';
import { Chromium } from '../browser/chromium.js';
import { test } from '../browser/harness.js';
import { RealWorldBackend } from './realworld/backend.js';
import type * as client from './realworld/client.js';
import type { Articles, NewArticle } from './realworld/client.js';
import { backOnline, lines, live, type Life } from './site.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

type ConduitLife = Life<typeof client, RealWorldBackend>;

const kQueries: Record<string, string>[] = [{}, { tag: 'trains' }, { tag: 'night' }, { author: 'jake' }, { favorited: 'jake' }, { limit: '2', offset: '0' }];
const draft = (title: string, ...tagList: string[]): NewArticle => ({ title, tagList, description: `about ${title}`, body: `${title}, at length` });

/** Two articles with two comments (101 is the reader's own), a reader who is signed in, and everything looked at once. */
async function start(t: TestContext): Promise<ConduitLife> {
  const backend = new RealWorldBackend();
  backend.addUser('jake', 'rides');
  backend.addUser('ana', 'drives');
  backend.addArticle('ana', { ...draft('Third rail', 'trains') });
  backend.addArticle('jake', { ...draft('First train', 'trains') });
  backend.addComment('first-train', 'jake', 'first');
  backend.addComment('first-train', 'ana', 'second');
  const life = await live<typeof client, RealWorldBackend>(t, browser.context, 'realworld', backend);
  await life.client.login('jake@example.com', 'secret');
  await look(life);
  return life;
}

/** Reads all there is. The lists come last, since they leave the articles' bodies out. */
async function look({ client }: ConduitLife): Promise<void> {
  await client.me();
  for (const slug of ['third-rail', 'first-train']) {
    await client.read(slug);
    await client.comments(slug);
  }
  await client.see('ana');
  for (const query of kQueries) await client.articles(query);
  await client.feed();
}

const titles = ({ articles, articlesCount }: Articles) => [articlesCount, ...articles.map(({ title }) => title)];

/** Nothing was turned down, nothing waits, and the page is told what the server would tell it with no worker between. */
async function assertInStep({ app, backend, client }: ConduitLife): Promise<void> {
  assert.deepEqual(backend.refused, []);
  assert.deepEqual(await app.inbox(), []);
  const truth = async (path: string): Promise<unknown> =>
    (await fetch(`${app.origin}/api${path}`, { headers: { Authorization: 'Token jwt.jake' } })).json();
  for (const query of kQueries) assert.deepEqual(await client.articles(query), await truth(`/articles?${new URLSearchParams(query).toString()}`));
  assert.deepEqual(await client.feed(), await truth('/articles/feed'));
  for (const { slug } of (await client.articles()).articles) {
    assert.deepEqual({ article: await client.read(slug) }, await truth(`/articles/${slug}`));
    assert.deepEqual({ comments: await client.comments(slug) }, await truth(`/articles/${slug}/comments`));
  }
  assert.deepEqual({ user: await client.me() }, await truth('/user'));
}

/** What was done to one entity, in order. */
const done = ({ backend }: ConduitLife, what: string) => backend.ledger.filter(({ about }) => about === what).map(({ method }) => method);

/** What was done to the comments below one article: each has a lane of its own, so they have no order among them. */
const doneBelow = ({ backend }: ConduitLife, article: number) =>
  backend.ledger.filter(({ about }) => about.endsWith(` of article ${article}`)).map(({ method }) => method).sort();

test('online it works as it does without', async (t) => {
  const life = await start(t);
  const { client } = life;
  const made = await client.publish(draft('Night train', 'night'));
  const edited = await client.edit(made.slug, { title: 'Night bus' });
  assert.equal(edited.slug, 'night-bus');
  assert.equal((await client.favorite('night-bus')).favoritesCount, 1);
  const said = await client.say('night-bus', 'mind the gap');
  await client.unsay('night-bus', said.id);
  await client.follow('ana');
  await client.remove('first-train');
  assert.deepEqual(titles(await client.articles()), [2, 'Night bus', 'Third rail']);
  assert.deepEqual(lines(life.backend), [
    'POST article 3', 'PUT article 3', 'POST article 3', 'POST comment 103 of article 3', 'DELETE comment 103 of article 3',
    'POST profile ana', 'DELETE article 2',
  ]);
  await assertInStep(life);
});

describe('in the tunnel', () => {
  test('a slug that the page still holds leads to the article, whatever it is called by now', async (t) => {
    const life = await start(t);
    const { app, client } = life;
    app.server.down = 'reset';
    const made = await client.publish(draft('Night train'));
    await client.edit('first-train', { title: 'Last train' });
    await backOnline(life);
    assert.equal((await client.read(made.slug)).slug, 'night-train');
    assert.equal((await client.read('first-train')).slug, 'last-train');
    await client.say(made.slug, 'mind the gap');
    await client.say('first-train', 'third');
    await client.edit('first-train', { description: 'the last one' });
    await app.killWorker();
    await client.favorite(made.slug);
    assert.deepEqual([doneBelow(life, 3), doneBelow(life, 2)], [['POST'], ['POST']]);
    assert.deepEqual([done(life, 'article 2'), done(life, 'article 3')], [['PUT', 'PUT'], ['POST', 'POST']]);
    await assertInStep(life);
  });

  test('a slug that another article has now leads to that one', async (t) => {
    const life = await start(t);
    const { app, client } = life;
    app.server.down = 'reset';
    await client.edit('first-train', { title: 'Last train' });
    await backOnline(life);
    const second = await client.publish(draft('First train'));
    assert.equal(second.slug, 'first-train');
    assert.deepEqual(await client.read('first-train'), second);
    await client.edit('first-train', { description: 'anew' });
    assert.deepEqual([done(life, 'article 2'), done(life, 'article 3')], [['PUT'], ['POST', 'PUT']]);
    await assertInStep(life);
  });

  test('below an article that was written there are the comments that were made there', async (t) => {
    const life = await start(t);
    const { app, client } = life;
    app.server.down = 'reset';
    const made = await client.publish(draft('Night train'));
    assert.deepEqual(await client.comments(made.slug), []);
    await client.say(made.slug, 'mind the gap');
    const slip = await client.say(made.slug, 'a slip');
    await client.unsay(made.slug, slip.id);
    assert.deepEqual((await client.comments(made.slug)).map(({ body }) => body), ['mind the gap']);
    await backOnline(life);
    assert.deepEqual(doneBelow(life, 3), ['DELETE', 'POST', 'POST']);
    await assertInStep(life);
  });
});

