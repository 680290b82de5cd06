import type { FastifyInstance } from 'fastify';
import { jsonAnswer, ProblemError } from 'holdfast/server';
import { presentCursor, readChanges } from './changes.js';
import type { Database } from './database.js';
import { listSchema } from './order-schema.js';
import { send } from './send.js';

interface Asked { Querystring: { after?: string; limit?: string } }

const LIMIT = 100;

const changesSchema = {
  type: 'object', additionalProperties: false,
  properties: { after: { type: 'string' }, limit: listSchema.properties.limit },
} as const;

/** The change feed, as docs/protocol.md has it. */
export function changeRoutes(app: FastifyInstance, { database }: { database: Database }): void {
  app.get<Asked>('/api/changes', { schema: { querystring: changesSchema } }, async ({ query }, reply) => {
    if (query.after === undefined) return send(reply, jsonAnswer(200, { changes: [], cursor: await presentCursor(database), more: false }));
    const batch = await readChanges(database, query.after, Number(query.limit ?? LIMIT));
    if (batch === 'expired') throw expired();
    return send(reply, jsonAnswer(200, { ...batch, changes: batch.changes.map(change => ({ resource: 'orders', ...change })) }));
  });
}

function expired(): ProblemError {
  return new ProblemError(410, 'cursor-expired',
    'The changes right after this cursor are not kept any more, or it is not one of this feed. '
    + 'Get a cursor from GET /api/changes, then read the orders anew, and go on from that cursor.', { field: 'after' });
}
