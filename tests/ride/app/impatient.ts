// As prompt as an app can be, and no good neighbour: a strict outbox in the page, one lane an order, one key
// a write, sent again every 200 ms for ever. It obeys no Retry-After and knows no backoff. It is the measure
// for how soon a write can arrive.

import { openDB, type DBSchema } from 'idb';
import { board, controlled, requestOf, type RideCall } from './ride.js';

const kRetryMs = 200;
/** A hung attempt is waited for, but not for ever. */
const kAttemptMsMax = 10_000;

interface Write extends RideCall {
  sequence?: number;
  lane: string;
  key: string;
}

interface Outbox extends DBSchema {
  writes: { key: number; value: Write };
}

await controlled();
const database = await openDB<Outbox>('impatient', 1, {
  upgrade: (fresh) => fresh.createObjectStore('writes', { keyPath: 'sequence', autoIncrement: true }),
});
const lanes = new Map<string, Write[]>();
const strict = { durability: 'strict' } as const;

/** The order a write belongs to: named in the path, or by the client-made id of a new one. */
function laneOf({ url, body }: RideCall): string {
  return url.split('/')[3] ?? (body as { id: string }).id;
}

async function sent(write: Write): Promise<boolean> {
  const [url, init] = requestOf(write);
  try {
    const answer = await fetch(url, {
      ...init,
      headers: { ...init.headers, 'Idempotency-Key': write.key },
      signal: AbortSignal.timeout(kAttemptMsMax),
    });
    const stillRunning = answer.status === 409 && answer.headers.has('Retry-After');
    return answer.status < 500 && !stillRunning;
  } catch {
    return false;
  }
}

async function drain(lane: string, writes: Write[]): Promise<void> {
  for (let head = writes[0]; head; head = writes[0]) {
    while (!(await sent(head))) await new Promise((resolve) => setTimeout(resolve, kRetryMs));
    await database.delete('writes', head.sequence!);
    writes.shift();
  }
  lanes.delete(lane);
}

function enqueue(write: Write): void {
  const waiting = lanes.get(write.lane);
  if (waiting) {
    waiting.push(write);
    return;
  }
  const writes = [write];
  lanes.set(write.lane, writes);
  void drain(write.lane, writes);
}

for (const write of await database.getAll('writes')) enqueue(write);

board({
  async act(call) {
    const at = Date.now();
    const write: Write = { ...call, lane: laneOf(call), key: crypto.randomUUID() };
    const kept = database.transaction('writes', 'readwrite', strict);
    const [sequence] = await Promise.all([kept.store.add(write), kept.done]);
    enqueue({ ...write, sequence });
    return { at, status: 202, holdfastStatus: null, error: null };
  },
  pending: () => database.count('writes'),
});
