// A RealWorld client that has never heard of holdfast: envelopes, slugs that change with their titles, comments below
// articles that the server hasn't seen yet, favourites, and a token in a header of its own kind.

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext } from 'node:test';
import { Chromium } from '../browser/chromium.js';
import { test } from '../browser/harness.js';
import { until } from '../browser/until.js';
import { RealWorldBackend } from './realworld/backend.js';
import type * as client from './realworld/client.js';
import type { Articles, NewArticle } from './realworld/client.js';
import { backOnline, lines, live, reload, type Life } from './site.js';

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

/** A comment below an article that is just getting another slug may be early or late; it then follows the article. */
const kOvertaken = /^404 (POST|DELETE) \/api\/articles\/(first|night)-train\/comments/;

/**
 * Nothing was turned down, nothing waits, and the page is told what the server would tell it with no worker between.
 * @param overtaken attempts that the server may have turned down all the same
 */
async function assertInStep({ app, backend, client }: ConduitLife, overtaken?: RegExp): Promise<void> {
  assert.deepEqual(backend.refused.filter((line) => !overtaken?.test(line)), []);
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
  test('it writes, edits, comments, favours, and all of it arrives once, at what it was meant for', async (t) => {
    const life = await start(t);
    const { app, backend, client } = life;
    app.server.down = 'reset';

    const made = await client.publish(draft('Night train', 'trains', 'night'));
    assert.deepEqual([made.title, made.favorited, made.favoritesCount, made.tagList], ['Night train', false, 0, ['trains', 'night']]);
    const edited = await client.edit(made.slug, { title: 'Night bus' });
    assert.deepEqual([edited.title, edited.body], ['Night bus', 'Night train, at length'], 'a PUT that changes what it names');
    assert.equal((await client.say(made.slug, 'mind the gap')).body, 'mind the gap');
    const favored = await client.favorite(made.slug);
    assert.deepEqual([favored.title, favored.favorited, favored.favoritesCount], ['Night bus', true, 1]);
    assert.deepEqual(await client.read(made.slug), favored);
    assert.equal((await client.favorite('third-rail')).favoritesCount, 1);
    assert.equal((await client.edit('first-train', { title: 'Last train' })).title, 'Last train');
    await client.say('first-train', 'third');
    await client.unsay('first-train', 101);
    const slip = await client.say('first-train', 'a slip');
    await client.unsay('first-train', slip.id);
    await client.changeMe({ bio: 'rides at night' });
    assert.equal((await client.follow('ana')).following, true);

    assert.deepEqual(titles(await client.articles()), [3, 'Night bus', 'Last train', 'Third rail']);
    assert.deepEqual(titles(await client.articles({ tag: 'trains' })), [3, 'Night bus', 'Last train', 'Third rail']);
    assert.deepEqual(titles(await client.articles({ tag: 'night' })), [1, 'Night bus']);
    const last = await client.read('first-train');
    assert.deepEqual([last.title, last.body], ['Last train', 'First train, at length'], 'a row without a body takes none away');
    assert.deepEqual((await client.comments('first-train')).map(({ body }) => body), ['second', 'third']);
    const me = await client.me();
    assert.deepEqual([me.bio, me.username], ['rides at night', 'jake']);
    assert.equal((await client.see('ana')).following, true);

    await backOnline(life);
    assert.deepEqual(backend.ledger.filter((entry) => entry.about === 'article 3').map(({ method, body }) => [method, Object.keys(body)]),
      [['POST', ['article']], ['PUT', ['article']], ['POST', []]]);
    assert.deepEqual(['article 1', 'article 2', 'profile ana', 'user jake'].map((what) => done(life, what)), [['POST'], ['PUT'], ['POST'], ['PUT']]);
    assert.deepEqual([doneBelow(life, 3), doneBelow(life, 2)], [['POST'], ['DELETE', 'DELETE', 'POST', 'POST']]);
    assert.deepEqual(done(life, 'comment 101 of article 2'), ['DELETE']);
    assert.deepEqual((await client.comments('last-train')).map(({ body }) => body), ['second', 'third']);
    assert.equal(backend.ledger.length, 12);
    await assertInStep(life, kOvertaken);
    assert.deepEqual((await client.articles()).articles.map(({ slug }) => slug), ['night-bus', 'last-train', 'third-rail']);
  });

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

  test('an article that was written there names its author, and is found by him', async (t) => {
    const life = await start(t);
    const { app, client } = life;
    app.server.down = 'reset';
    const made = await client.publish(draft('Night train'));
    assert.deepEqual(made.author, { username: 'jake', bio: 'rides', image: null, following: false });
    assert.deepEqual((await client.say('first-train', 'third')).author, made.author);
    assert.deepEqual(titles(await client.articles({ author: 'jake' })), [2, 'Night train', 'First train']);
    await backOnline(life);
    await assertInStep(life);
  });

  test('a favourite enters the reader\'s own list of them, and leaves it', async (t) => {
    const life = await start(t);
    const { app, client } = life;
    await client.articles({ favorited: 'ana' });
    app.server.down = 'reset';
    await client.favorite('third-rail');
    assert.deepEqual(titles(await client.articles({ favorited: 'jake' })), [1, 'Third rail']);
    assert.deepEqual(titles(await client.articles({ favorited: 'ana' })), [0], 'of another\'s only the server can tell');
    await client.unfavorite('third-rail');
    assert.deepEqual(titles(await client.articles({ favorited: 'jake' })), [0]);
    await backOnline(life);
    assert.deepEqual(done(life, 'article 1'), ['POST', 'DELETE']);
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

test('the token that the user\'s document carries is in none of the stores', async (t) => {
  const { app, client } = await start(t);
  await client.changeMe({ bio: 'rides at night' });
  app.server.down = 'reset';
  assert.equal((await client.me()).bio, 'rides at night');
  await client.changeMe({ bio: 'rides by day' });
  const kept = await Promise.all(['reads', 'documents', 'mutations', 'outcomes'].map(async (store) => JSON.stringify(await app.rows(store))));
  assert.ok(kept.some((text) => text.includes('rides by day')), 'the search finds what was stored');
  assert.deepEqual(kept.map((text) => text.includes('jwt.jake')), [false, false, false, false]);
});

test('with every answer lost, each write is still one', async (t) => {
  const life = await start(t);
  const { backend, client } = life;
  const losing = async <R>(act: () => Promise<R>): Promise<R> => {
    backend.loseAnswers += 1;
    return act();
  };
  const made = await losing(() => client.publish(draft('Night train', 'night')));
  await losing(() => client.edit(made.slug, { title: 'Night bus' }));
  await losing(() => client.say(made.slug, 'mind the gap'));
  await losing(() => client.favorite(made.slug));
  await losing(() => client.edit('first-train', { title: 'Last train' }));
  await losing(() => client.say('first-train', 'third'));
  await losing(() => client.unsay('first-train', 101));
  await backOnline(life, 60_000);  // seven waits with full jitter, most of them one behind the other: 2 to 14 s alone
  assert.deepEqual([done(life, 'article 3'), done(life, 'article 2')], [['POST', 'PUT', 'POST'], ['PUT']]);
  assert.deepEqual([doneBelow(life, 3), doneBelow(life, 2)], [['POST'], ['DELETE', 'POST']]);
  assert.equal(backend.ledger.length, 7);
  await assertInStep(life, kOvertaken);
});

test('with the worker killed in the middle, it goes on with the token that the page uses next', async (t) => {
  const life = await start(t);
  const { app, backend, client } = life;
  app.server.down = 'hang';
  const before = app.server.writes.length;
  const late = client.publish(draft('Night train', 'night'));
  await until(() => app.server.writes.length > before, 'the write to be under way');
  await app.killWorker();
  const made = await late;
  await client.edit(made.slug, { title: 'Night bus' });
  await client.say(made.slug, 'mind the gap');
  await app.killWorker();
  await reload(life);
  backend.loseAnswers = 2;
  app.server.up();
  // The worker's memory is gone, and with it the token; an app that has never heard of holdfast just reads on.
  await client.articles();
  await backOnline(life);
  assert.deepEqual([done(life, 'article 3'), doneBelow(life, 3)], [['POST', 'PUT'], ['POST']]);
  assert.equal(backend.ledger.length, 3);
  await assertInStep(life, kOvertaken);
});
