import type { FastifyInstance } from 'fastify';
import type { Database } from './database.js';

/** Remembers the transactions under way, so that closing the server doesn't pull the database from under them. */
export function trackTransactions(database: Database): { database: Database; settled(): Promise<void> } {
  const running = new Set<Promise<unknown>>();
  return {
    database: {
      query: (sql, params) => database.query(sql, params),
      transaction(work) {
        const transaction = database.transaction(work);
        running.add(transaction);
        const done = () => { running.delete(transaction); };
        transaction.then(done, done);
        return transaction;
      },
      close: () => database.close(),
      ...(database.listen ? { listen: (channel, wake) => database.listen!(channel, wake) } : {}),
    },
    async settled() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

/** Requests that have come and are not answered yet. */
export function trackRequests(app: FastifyInstance): { answered(limitMs: number): Promise<void> } {
  let running = 0;
  let onLast = () => {};
  app.addHook('onRequest', async (_request, reply) => {
    running += 1;
    // Of an answer that was sent as of a connection that broke.
    reply.raw.once('close', () => {
      running -= 1;
      if (running === 0) onLast();
    });
  });
  return {
    async answered(limitMs) {
      if (running === 0) return;
      await new Promise<void>(done => {
        const limit = setTimeout(done, limitMs);
        onLast = () => { clearTimeout(limit); done(); };
      });
    },
  };
}
