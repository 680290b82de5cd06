import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { assertProblem, EMPTY_DATABASE, ORDER, serve, type TestServer } from './support.js';

let bearer: TestServer;
let redirecting: TestServer;
before(async () => {
  bearer = await serve({ database: EMPTY_DATABASE, requireAuth: true });
  redirecting = await serve({ database: EMPTY_DATABASE, signInRedirect: true });
});

test('without a token every order request is answered 401 with the way to sign in', async () => {
  for (const [method, path] of [['GET', '/api/orders'], ['POST', '/api/orders'], ['DELETE', '/api/orders/x'], ['PUT', '/api/orders/x']] as const) {
    const answer = await bearer.send(method, path);
    assertProblem(answer, 401, 'unauthorized', 'Authorization');
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
  }
  assert.equal((await bearer.send('GET', '/api/health')).status, 200);
});

test('a token opens the API until it is given back; an unknown one is told so', async () => {
  const login = await bearer.send('POST', '/api/login', { body: { user: 'ada' } });
  assert.deepEqual([login.status, login.json.user], [200, 'ada']);
  const headers = { authorization: `Bearer ${login.json.token}` };
  assert.equal((await bearer.send('GET', '/api/orders', { headers })).status, 200);
  assert.equal((await bearer.send('POST', '/api/logout', { headers })).status, 204);
  const after = await bearer.send('GET', '/api/orders', { headers });
  assertProblem(after, 401, 'unauthorized');
  assert.match(after.headers.get('www-authenticate') ?? '', /invalid_token/);
  assertProblem(await bearer.send('POST', '/api/login', { body: {} }), 400, 'invalid', 'user');
});

test('a server that redirects sends API requests to its sign-in page, which is HTML with status 200', async () => {
  for (const [method, body] of [['GET', undefined], ['POST', ORDER]] as const) {
    const answer = await redirecting.send(method, '/api/orders', { body });
    assert.deepEqual([answer.status, answer.headers.get('location')], [302, '/sign-in']);
  }
  for (const method of ['POST', 'PATCH', 'DELETE']) {
    const followed = await fetch(`${redirecting.url}/api/orders${method === 'POST' ? '' : '/x'}`, {
      method, body: '{}', headers: { 'content-type': 'application/json' },
    });
    assert.deepEqual([followed.status, followed.redirected, new URL(followed.url).pathname], [200, true, '/sign-in'], method);
    assert.match(followed.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(await followed.text(), /<form method="post" action="\/sign-in">/);
  }
});

test('the sign-in form gives a session cookie that scripts and other sites cannot use', async () => {
  const signed = await redirecting.send('POST', '/sign-in', {
    raw: 'user=ada+l', headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  assert.deepEqual([signed.status, signed.headers.get('location')], [303, '/']);
  const cookie = signed.headers.get('set-cookie') ?? '';
  assert.match(cookie, /; HttpOnly/);
  assert.match(cookie, /; SameSite=Lax/);
  const headers = { cookie: `theme=dark; ${cookie.split(';')[0]}` };
  assert.equal((await redirecting.send('GET', '/api/orders', { headers })).status, 200);
  assert.equal((await redirecting.send('GET', '/api/orders', { headers: { cookie: 'session=guess' } })).status, 302);
});
