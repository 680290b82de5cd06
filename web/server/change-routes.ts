import type { FastifyInstance } from 'fastify';
import { changesAnswer, type Feed } from 'holdfast/server';
import { presentCursor, readChanges } from './changes.js';
import type { Database } from './database.js';
import { send } from './send.js';

/** The change feed, as docs/protocol.md has it. */
export function changeRoutes(app: FastifyInstance, { database }: { database: Database }): void {
  const feed: Feed = {
    present: () => presentCursor(database),
    async read(after, limit) {
      const batch = await readChanges(database, after, limit);
      return batch === 'expired' ? batch : { ...batch, changes: batch.changes.map(change => ({ resource: 'orders', ...change })) };
    },
  };
  app.get('/api/changes', async ({ url, subject }, reply) => send(reply, await changesAnswer(feed, { url, subject })));
}
