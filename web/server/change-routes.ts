import type { FastifyInstance } from 'fastify';
import { changesAnswer, type Feed, sendAnswer as send } from 'holdfast/server';

/** The change feed, as docs/protocol.md has it. */
export function changeRoutes(app: FastifyInstance, { feed }: { feed: Feed }): void {
  app.get('/api/changes', async ({ url, subject }, reply) => send(reply, await changesAnswer(feed, { url, subject })));
}
