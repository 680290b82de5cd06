import type { FastifyInstance } from 'fastify';
import { jsonAnswer, ProblemError, sendAnswer as send } from 'holdfast/server';
import type { Database } from './database.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** From now on the server says that it isn't ready, and otherwise goes on: a balancer in front sends nobody new. */
    leave(): void;
  }
}

/**
 * Two questions of whoever runs the server. `health`: is this process alive, or to be started anew? A database that is away
 * would not come back by that, and isn't asked. `ready`: should it be sent requests?
 */
export function healthRoutes(app: FastifyInstance, { database }: { database: Database }): void {
  let leaving = false;
  app.decorate('leave', () => { leaving = true; });
  app.addHook('preClose', async () => app.leave());

  app.get('/api/health', { config: { open: true } }, async (_request, reply) => send(reply, jsonAnswer(200, { status: 'ok' })));
  app.get('/api/ready', { config: { open: true } }, async (_request, reply) => {
    if (leaving) throw new ProblemError(503, 'leaving', 'This server is about to stop; ask another.', {}, { 'retry-after': '1' });
    await database.query('SELECT 1');
    return send(reply, jsonAnswer(200, { status: 'ready' }));
  });
}
