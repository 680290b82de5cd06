// What it costs a write to be kept under its key. The same requests, byte for byte and key for key, go by turns to two
// servers of one process on one database, of which one was told to ignore keys (`idempotency: false`): whatever a request
// without the header would cost less besides (a shorter request, no writer in the feed's row) is no part of keeping it.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { rate, type Pair, type Rate } from '../stats.js';
import { Child } from './child.js';
import type { Reference, ReferenceOptions } from './reference.js';

/** Writes that are timed as one, and how many are under way at once. */
const kWrites = 200;
const kAtOnce = 16;
/** Rounds before the first that counts. */
const kWarmUp = 2;

export async function measureWrites(on: string, options: ReferenceOptions, rounds: number, signal: AbortSignal | undefined, tell: (line: string) => void): Promise<Rate> {
  const reference = new Child<Reference>('reference.ts', options, signal);
  const agent = new Agent({ keepAlive: true, maxSockets: kAtOnce });
  try {
    const { server, keyless } = await reference.call('listen');
    await assertKept(server, keyless, agent);
    const pairs: Pair[] = [];
    for (let i = -kWarmUp; i < rounds; i += 1) {
      signal?.throwIfAborted();
      tell(`writes on ${on}, with keys and without: ${i < 0 ? 'warming up' : `round ${i + 1} of ${rounds}`}`);
      const done = new Map<string, number>();
      for (const url of i % 2 === 0 ? [server, keyless] : [keyless, server]) done.set(url, await perSecond(url, agent));
      if (i >= 0) pairs.push([done.get(server)!, done.get(keyless)!]);
    }
    return rate(`inserts in a second on ${on}, each kept under its key, to those of a server that ignores keys`, pairs);
  } finally {
    agent.destroy();
    await reference.stop();
  }
}

/** Else it isn't keeping keys that is measured: only who keeps them answers the second time as the first. */
async function assertKept(server: string, keyless: string, agent: Agent): Promise<void> {
  for (const [url, second] of [[server, 201], [keyless, 409]] as const) {
    const [id, key] = [randomUUID(), randomUUID()];
    assert.deepEqual([await insert(url, agent, id, key), await insert(url, agent, id, key)], [201, second]);
  }
}

async function perSecond(url: string, agent: Agent): Promise<number> {
  let left = kWrites;
  const begun = performance.now();
  await Promise.all(Array.from({ length: kAtOnce }, async () => {
    while (left > 0) {
      left -= 1;
      assert.equal(await insert(url, agent), 201);
    }
  }));
  return kWrites / (performance.now() - begun) * 1000;
}

/** Gives the answer's status. */
function insert(url: string, agent: Agent, id = randomUUID(), key = randomUUID()): Promise<number | undefined> {
  const body = JSON.stringify({ id, customer: 'Ada', restaurant: 'Mamma Roma', items: [{ name: 'Margherita', quantity: 2 }] });
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/api/orders`, {
      method: 'POST', agent,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'idempotency-key': key },
    }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    });
    sent.on('error', reject).end(body);
  });
}
