import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { jsonAnswer, problemAnswer, sendAnswer as send } from 'holdfast/server';
import type { Identify } from 'holdfast/server/live';
import { NAME } from './order-schema.js';
import { Sessions } from './sessions.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** An API route that needs no signing in. */
    open?: boolean;
  }
}

interface SignIn { Body: { user: string } }

const signInSchema = {
  type: 'object', additionalProperties: false, required: ['user'], properties: { user: NAME },
} as const;

const BEARER = /^Bearer +([\w-]+) *$/i;
const COOKIE = /(?:^|;\s*)session=([\w-]+)/;

const SIGN_IN_PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head>
<body><h1>Sign in</h1>
<form method="post" action="/sign-in"><label>Name <input name="user" required></label> <button>Sign in</button></form>
</body></html>
`;

/**
 * Signing in without a password, for tests of what a client does when it isn't signed in. Bearer tokens and
 * cookies both count. `redirect` is the server that sends everybody to its sign-in page, API requests too.
 * Gives the function that says who asks for a live link.
 */
export function requireSignIn(app: FastifyInstance, { redirect, sessionMs }: { redirect: boolean; sessionMs?: number | undefined }): Identify {
  const sessions = new Sessions(sessionMs);

  app.addHook('onRequest', async (request, reply) => {
    const route = request.routeOptions;
    if (!route.url?.startsWith('/api/') || route.config.open) return;
    const token = tokenOf(request.headers);
    const user = sessions.userOf(token);
    if (user !== undefined) request.subject = user;
    else return redirect ? reply.redirect('/sign-in', 302) : unauthorized(reply, token !== undefined);
  });

  const openRoute = { schema: { body: signInSchema }, config: { open: true } };
  app.post<SignIn>('/api/login', openRoute, (request, reply) =>
    send(reply, jsonAnswer(200, { user: request.body.user, token: sessions.open(request.body.user) })));

  app.post('/api/logout', (request, reply) => {
    sessions.close(tokenOf(request.headers));
    return reply.code(204).send();
  });

  if (redirect) void app.register(async scope => signInPage(scope, sessions));
  return ({ headers }, authorization) => sessions.identify(tokenOf({ authorization, cookie: headers.cookie }));
}

function signInPage(scope: FastifyInstance, sessions: Sessions): void {
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' },
    async (_request: FastifyRequest, body: string) => Object.fromEntries(new URLSearchParams(body)));

  // fetch repeats PATCH and DELETE as they are when it follows a 302 (only POST becomes GET): the page is for them too.
  scope.route({
    method: ['GET', 'PATCH', 'PUT', 'DELETE'], url: '/sign-in',
    handler: (_request, reply) => reply.type('text/html; charset=utf-8').send(SIGN_IN_PAGE),
  });

  scope.post<SignIn>('/sign-in', { schema: { body: signInSchema } }, (request, reply) => reply
    .header('set-cookie', `session=${sessions.open(request.body.user)}; Path=/; HttpOnly; SameSite=Lax`)
    .redirect('/', 303));
}

function tokenOf({ authorization, cookie }: Pick<IncomingHttpHeaders, 'authorization' | 'cookie'>): string | undefined {
  return BEARER.exec(authorization ?? '')?.[1] ?? COOKIE.exec(cookie ?? '')?.[1];
}

function unauthorized(reply: FastifyReply, hadToken: boolean): FastifyReply {
  return send(reply, problemAnswer(401, 'unauthorized',
    hadToken ? 'The token is not known here, or no longer; get a new one from POST /api/login.'
      : 'Send Authorization: Bearer TOKEN; POST /api/login with {"user": NAME} gives a token.',
    { field: 'Authorization' }, { 'www-authenticate': hadToken ? 'Bearer error="invalid_token"' : 'Bearer' }));
}
