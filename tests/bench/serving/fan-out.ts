// From the moment when a process has a change in hand to the clients that are told of it: over live links, and by a bare
// loop over WebSockets, by turns, to the same client process.

import assert from 'node:assert/strict';
import { measure, quantile, round, type Measure, type Pair } from '../stats.js';
import type { Broadcaster, Way } from './broadcaster.js';
import { Child } from './child.js';
import type { Clients } from './clients.js';

/** What the slowest of a hundred may wait for, of what they wait for at the bare loop. */
const kLimit = 1.5;
/** Changes at a steady rate, of which a p99 is taken; slow enough that each is out before the next comes. */
const kSteady = { count: 20, everyMs: 40 };
/** At saturation: all of it is far less than what is kept for a client that doesn't take it, so that nobody is sent away. */
const kFlood = { count: 60, everyMs: 0 };
/** Rounds before the first that counts. */
const kWarmUp = 2;
const kWays: readonly Way[] = ['links', 'bare'];

export interface FanOutFigures {
  fanout_p50_ms: number;
  fanout_p99_ms: number;
  bare_p50_ms: number;
  bare_p99_ms: number;
  /** Changes times clients, with more changes waiting than can be sent. */
  fanout_per_second: number;
  bare_per_second: number;
}

type Both<T> = Record<Way, T>;
interface Round { p99: number; took: number[]; perSecond: number; bytes: number }

export async function measureFanOut(
  clients: number, rounds: number, signal: AbortSignal | undefined, tell: (line: string) => void,
): Promise<{ figures: FanOutFigures; measures: { fanout_p99: Measure } }> {
  const receivers = new Child<Clients>('clients.ts', null, signal);
  const senders = { links: new Child<Broadcaster>('broadcaster.ts', 'links', signal), bare: new Child<Broadcaster>('broadcaster.ts', 'bare', signal) };
  try {
    for (const way of kWays) {
      const { open, trouble } = await receivers.call('open', {
        name: way, url: await senders[way].call('url'), link: way === 'links', from: `127.0.0.${2 + kWays.indexOf(way)}`, count: clients,
      });
      if (open < clients) throw new Error(`only ${open} of ${clients} clients could be opened: ${trouble}`);
    }
    const sent: Both<number> = { links: 0, bare: 0 };
    const send = async (way: Way, sending: typeof kSteady): Promise<Round> => {
      const first = sent[way] + 1;
      sent[way] += sending.count;
      const collected = receivers.call('collect', { name: way, count: clients * sending.count });
      const begun = await senders[way].call('send', { first, ...sending });
      const { numbers, times, bytes } = await collected;
      const took = Array.from(times, (at, i) => at - begun[numbers[i]! - first]!);
      const seconds = (times.reduce((one, other) => Math.max(one, other)) - begun[0]!) / 1000;
      return { p99: quantile(took, 0.99), took, perSecond: took.length / seconds, bytes };
    };
    const inTurn = async (sending: typeof kSteady, what: string): Promise<Both<Round>[]> => {
      const all: Both<Round>[] = [];
      for (let i = -kWarmUp; i < rounds; i += 1) {
        signal?.throwIfAborted();
        tell(`${what}, to ${clients} clients: ${i < 0 ? 'warming up' : `round ${i + 1} of ${rounds}`}`);
        const done: Partial<Both<Round>> = {};
        for (const way of i % 2 === 0 ? kWays : [...kWays].reverse()) done[way] = await send(way, sending);
        if (i >= 0) all.push(done as Both<Round>);
      }
      return all;
    };
    const steady = await inTurn(kSteady, 'changes at a steady rate');
    // Else they aren't measured by the same.
    for (const { links, bare } of steady) assert.equal(links.bytes, bare.bytes);
    return summed(steady, await inTurn(kFlood, 'more changes than can be sent'), steady[0]!.bare.bytes / clients / kSteady.count);
  } finally {
    for (const child of [receivers, ...Object.values(senders)]) await child.stop();
  }
}

function summed(steady: Both<Round>[], flood: Both<Round>[], bytes: number): { figures: FanOutFigures; measures: { fanout_p99: Measure } } {
  const of = (way: Way, share: number): number => round(quantile(steady.flatMap((both) => both[way].took), share));
  const perSecond = (way: Way): number => Math.round(quantile(flood.map((both) => both[way].perSecond), 0.5));
  const pairs = steady.map(({ links, bare }): Pair => [links.p99, bare.p99]);
  return {
    figures: {
      fanout_p50_ms: of('links', 0.5), fanout_p99_ms: of('links', 0.99), bare_p50_ms: of('bare', 0.5), bare_p99_ms: of('bare', 0.99),
      fanout_per_second: perSecond('links'), bare_per_second: perSecond('bare'),
    },
    measures: { fanout_p99: measure('p99 from the change in hand to its receipt, over live links, to a bare loop over WebSockets', pairs, Math.round(bytes), kLimit) },
  };
}
