import type { FastifyInstance } from 'fastify';
import { changesAnswer, type Feed } from 'holdfast/server';
import { send } from './send.js';

/** The change feed, as docs/protocol.md has it. */
export function changeRoutes(app: FastifyInstance, { feed }: { feed: Feed }): void {
  app.get('/api/changes', async ({ url, subject }, reply) => send(reply, await changesAnswer(feed, { url, subject })));
}
