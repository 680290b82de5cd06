// Credentials are asked of a page that may think for seconds, while others come in by requests of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Credentials } from '../../js/host/credentials.js';

const kOrigin = 'https://api.example';
const token = (value: string) => new Headers({ Authorization: value });
const later = { id: 'write', user: 'jake', url: `${kOrigin}/orders`, attempt: 2, names: ['authorization'], make: () => new Request(kOrigin) };

/** A page that is asked and says nothing until it is made to. */
function asking(): { credentials: Credentials; say: (answer: Record<string, string> | null) => void } {
  let say!: (answer: Record<string, string> | null) => void;
  const page = new Promise<Record<string, string> | null>((resolve) => { say = resolve; });
  return { credentials: new Credentials(undefined, () => page), say };
}

test('a read that is let in while a silent page is asked has brought what the write needs', async () => {
  const { credentials, say } = asking();
  const headers = new Headers();
  const applied = credentials.apply(headers, later);
  assert.ok(credentials.accept('jake', kOrigin, token('new')));
  say(null);
  assert.equal(await applied, true);
  assert.equal(headers.get('authorization'), 'new');
});

/** The answer to an attempt that carried `old` is 401. */
async function refused(): Promise<ReturnType<typeof asking>> {
  const life = asking();
  life.credentials.remember('jake', kOrigin, [['authorization', 'old']]);
  const headers = new Headers();
  assert.equal(await life.credentials.apply(headers, later), true);
  assert.equal(headers.get('authorization'), 'old');
  return life;
}

test('so has one that is let in while those that were refused are being replaced', async () => {
  const { credentials, say } = await refused();
  const refreshed = credentials.refresh(later.url, 'jake', later.id);
  assert.equal(credentials.accept('jake', kOrigin, token('old')), false, 'the refused ones are none');
  assert.ok(credentials.accept('jake', kOrigin, token('new')));
  say(null);
  assert.equal(await refreshed, true);
});

test('one that is let in before the answer to an attempt with the old ones isn\'t refused with them', async () => {
  const { credentials } = await refused();
  credentials.accept('jake', kOrigin, token('new'));
  assert.equal(await credentials.refresh(later.url, 'jake', later.id), true, 'and no page has to be asked');
  const headers = new Headers();
  await credentials.apply(headers, later);
  assert.equal(headers.get('authorization'), 'new');
});

test('nor when it is let in while the attempt that had none is being noted', async () => {
  const { credentials, say } = asking();
  const applied = credentials.apply(new Headers(), later);
  say(null);
  assert.equal(await applied, false);
  assert.ok(credentials.accept('jake', kOrigin, token('new')));
  assert.equal(credentials.forget('jake', kOrigin, later.id), true);
  await credentials.apply(new Headers(), later);
  assert.equal(credentials.forget('jake', kOrigin, later.id), false, 'and refused in its turn, it is no reason to go on');
});

test('a write with cookies alone doesn\'t go on for the headers that reads carry', async () => {
  const { credentials } = asking();
  credentials.accept('jake', kOrigin, token('a read\'s'));
  await credentials.apply(new Headers(), { ...later, names: [] });
  assert.equal(credentials.forget('jake', kOrigin, later.id), false);
});

test('nor does one that the app\'s hook has given its own', async () => {
  const credentials = new Credentials(() => ({ Authorization: 'hook' }), () => Promise.resolve(null));
  credentials.accept('jake', kOrigin, token('a read\'s'));
  await credentials.apply(new Headers(), later);
  assert.equal(credentials.forget('jake', kOrigin, later.id), false);
});

test('what the page says in the end is what is sent', async () => {
  const { credentials, say } = asking();
  const headers = new Headers();
  const applied = credentials.apply(headers, later);
  say({ Authorization: 'told' });
  assert.equal(await applied, true);
  assert.equal(headers.get('authorization'), 'told');
});

test('nothing but another user\'s, or what was refused: nothing is sent', async () => {
  const { credentials, say } = await refused();
  const refreshed = credentials.refresh(later.url, 'jake', later.id);
  credentials.accept('jake', kOrigin, token('old'));
  credentials.accept('ana', kOrigin, token('hers'));
  const applied = credentials.apply(new Headers(), later);
  say(null);
  assert.deepEqual([await refreshed, await applied], [false, false]);
});
