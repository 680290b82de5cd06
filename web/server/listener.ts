import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** A connection that breaks is opened again: soon at first, and every ten seconds at the longest. */
const REOPEN_MS = 250;
const REOPEN_MAX_MS = 10_000;
/** Asked for a sign of life that often: a connection whose other end is gone never says anything, and that is what listening sounds like. */
const PROBE_MS = 10_000;

/**
 * Listens on a connection of its own, which the pool's could not be: a notification comes to the connection that has asked
 * for it. `wake` is called after each notification, and whenever one may have been missed.
 * Gives the function that ends it.
 */
export function listen(config: pg.ClientConfig, channel: string, wake: () => void): () => Promise<void> {
  const ended = new AbortController();
  const done = (async () => {
    for (let failures = 0; !ended.signal.aborted; failures += 1) {
      const heardFrom = await listenOnce(config, channel, wake, ended.signal).catch(() => false);
      if (heardFrom) failures = 0;
      const wait = Math.min(REOPEN_MAX_MS, REOPEN_MS * 2 ** failures) * (0.5 + Math.random() / 2);
      await sleep(wait, undefined, { signal: ended.signal, ref: false }).catch(() => {});
    }
  })();
  return async () => {
    ended.abort();
    await done;
  };
}

/** Until the connection breaks. True if there was one. */
async function listenOnce(config: pg.ClientConfig, channel: string, wake: () => void, ended: AbortSignal): Promise<boolean> {
  const client = new pg.Client({ ...config, keepAlive: true, fallback_application_name: 'holdfast-listener', query_timeout: PROBE_MS });
  const broken = new Promise<void>(done => {
    client.on('error', () => done());
    client.on('end', () => done());
    ended.addEventListener('abort', () => done(), { once: true });
  });
  const probing = setInterval(() => void client.query('SELECT 1').catch(() => client.end()), PROBE_MS).unref();
  try {
    await client.connect();
    client.on('notification', wake);
    await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    // What was committed before this was told to nobody.
    wake();
    await broken;
    return true;
  } finally {
    clearInterval(probing);
    // Unheard, its errors would end the process; its end is not waited for, since there may be nobody there.
    void client.end().catch(() => {});
  }
}
