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
    },
    async settled() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
