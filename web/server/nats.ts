import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { FeedChange, Relay, Relayed } from 'holdfast/server/live';

/** What several processes tell each other past the database; it may lose, repeat and reorder all of it. */
export interface Bus extends Relay {
  /** Something was committed. */
  wake(): void;
  /** Calls back after each `wake()` here or elsewhere, and whenever one may have been missed. */
  onWake(wake: () => void): () => Promise<void>;
  close(): Promise<void>;
}

/** So much is sent between two looks for a dead connection; two without an answer, and another server is taken. */
const PING_MS = 5_000;
const REOPEN_MS = 250;
/** NATS refuses more than 1 MiB by default; whoever doesn't get a batch reads it. */
const BATCH_BYTES_MAX = 512 * 1024;

/**
 * NATS, by its servers' addresses: `nats://one:4222,nats://two:4222`. Nothing waits for it: as long as no server answers,
 * changes are found by looking for them.
 * @param feed the feed's name, so that those of several databases are kept apart
 * @param onError is told why there is no connection
 */
export function openNats(servers: string, feed: string, onError: (error: Error) => void): Bus {
  const [wakes, batches] = [`holdfast.${feed}.wake`, `holdfast.${feed}.batch`];
  const woken = new Set<() => void>();
  const takers = new Set<(batch: Relayed) => void>();
  const wakeAll = (): void => { for (const wake of woken) wake(); };
  let connection: NatsConnection | null = null;
  /** What is published without a connection would wait in memory for one. */
  let connected = false;
  let closed = false;

  connect({
    servers: servers.split(',').map(server => server.trim()),
    name: 'holdfast-server', noEcho: true, waitOnFirstConnect: true,
    maxReconnectAttempts: -1, reconnectTimeWait: REOPEN_MS, reconnectJitter: REOPEN_MS, pingInterval: PING_MS, maxPingOut: 2,
  }).then(opened => {
    if (closed) return void opened.close();
    connection = opened;
    connected = true;
    opened.subscribe(wakes, { callback: error => { if (!error) wakeAll(); } });
    opened.subscribe(batches, { callback(error, message) {
      const batch = error ? null : readBatch(message.string());
      if (batch) for (const take of takers) take(batch);
    } });
    wakeAll();
    void watch(opened);
  }, onError);

  async function watch(opened: NatsConnection): Promise<void> {
    // What was said while there was no connection was said to others; and what was to be said, to nobody.
    for await (const { type } of opened.status()) {
      if (type === 'disconnect') connected = false;
      if (type !== 'reconnect') continue;
      connected = true;
      wakeAll();
      send(wakes, '');
    }
  }

  function send(subject: string, text: string): void {
    if (connected && !connection?.isClosed()) connection?.publish(subject, text);
  }

  function listener<T>(all: Set<T>, one: T): () => Promise<void> {
    all.add(one);
    return async () => { all.delete(one); };
  }

  return {
    wake() {
      wakeAll();
      send(wakes, '');
    },
    onWake: wake => listener(woken, wake),
    publish(batch) {
      const text = JSON.stringify(batch);
      if (Buffer.byteLength(text) <= BATCH_BYTES_MAX) send(batches, text);
    },
    listen: take => listener(takers, take),
    async close() {
      closed = true;
      await connection?.close();
    },
  };
}

/** What another process says, if it is a batch. */
function readBatch(text: string): Relayed | null {
  try {
    const said = JSON.parse(text) as Partial<Relayed> | null;
    if (typeof said?.after !== 'string' || typeof said.cursor !== 'string' || !Array.isArray(said.changes)) return null;
    return said.changes.every(isChange) ? { after: said.after, cursor: said.cursor, changes: said.changes } : null;
  } catch {
    return null;
  }
}

function isChange(change: Partial<FeedChange> | null): change is FeedChange {
  const writer = change?.writer;
  return typeof change?.cursor === 'string' && typeof change.change === 'object' && change.change !== null
    && (writer === null || (typeof writer?.subject === 'string' && typeof writer.key === 'string'));
}
