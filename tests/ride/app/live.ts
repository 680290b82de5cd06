// An app on holdfast that shows what others do as it happens.

import { connect } from 'holdfast';
import { actByFetch, board } from './ride.js';

const holdfast = await connect('/sw.js');
if (!holdfast.protected) throw new Error('this ride is not protected: the worker was not installed');

const kDatabase = 'holdfast /';

board({
  act: actByFetch,
  pending: async () => (await holdfast.pending()).length,
  aside: async () => (await holdfast.inbox.list()).map((entry) =>
    `inbox: ${entry.method} ${entry.url} ${entry.body} ${entry.reason} ${entry.status}: ${entry.answer?.slice(0, 200)}`),
  orders: async () => {
    const answer = await fetch('/api/orders').catch(() => null);
    return answer?.ok ? { source: answer.headers.get('Holdfast-Source'), orders: await answer.json() as Record<string, unknown>[] } : null;
  },
  feed: async () => ({ state: (await holdfast.status()).live, ...await feedRow() }),
});

/** How far the feed has got, by the row that the worker keeps: how many changes were taken in, and up to where. */
async function feedRow(): Promise<{ cursor: string; changes: number; gapAt: number }> {
  const database = await done(indexedDB.open(kDatabase));
  try {
    const row = await done(database.transaction('meta').objectStore('meta').get('feed ')) as { cursor: string; changes: number; gapAt: number } | undefined;
    return { cursor: row?.cursor ?? '', changes: row?.changes ?? 0, gapAt: row?.gapAt ?? 0 };
  } finally {
    database.close();
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
  });
}
