// One ride: a server with faults, a tunnel that plays a trace before it, a browser, a person who acts.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readTrace, TracePlayer } from '../../web/tunnel/trace.js';
import { Tunnel } from '../../web/tunnel/tunnel.js';
import type { Sight, Sights } from './app/ride.js';
import { buildRideApp } from './build-app.js';
import type { LedgerEntry } from './faults.js';
import { staleness, type Begun, type Looked } from './looks.js';
import { kDefaults, type RideOptions, type RideSurroundings } from './options.js';
import { kLists, Person, type Act } from './person.js';
import { Rider } from './rider.js';
import { schedule } from './schedule.js';
import { score, type ActRecord, type RideResult } from './score.js';
import { startServer, type RideServer } from './server.js';

const kDrainMs = 60_000;
/** There is signal when the ride is over: a read that isn't answered by then never is. */
const kLastLookMs = 15_000;
const kProgressMs = 3_000;
/** More than this over the oracle is worth a line for whoever looks at details. */
const kTellExcessMs = 300;

export type { RideResult } from './score.js';

/** Rides to the end, lets the client empty its outbox, and reads the ledger. Leaves nothing behind. */
export async function runRide(
  wanted: Partial<RideOptions> & { trace: string },
  surroundings: RideSurroundings = {},
): Promise<RideResult> {
  const options: RideOptions = { ...kDefaults, ...wanted };
  const player = new TracePlayer(await readTrace(options.trace), options);
  const cleanups: (() => unknown)[] = [];
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-ride-'));
    cleanups.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const site = path.join(folder, 'site');
    await buildRideApp(site, options.client);
    const server = await startServer(site, options, surroundings.idempotency ?? true);
    cleanups.push(() => server.close());
    const tunnel = new Tunnel({ target: { host: '127.0.0.1', port: server.port } });
    cleanups.push(() => tunnel.close());
    const port = await tunnel.listen(0);
    surroundings.signal?.throwIfAborted();
    const rider = await Rider.board(`http://localhost:${port}/`, path.join(folder, 'profile'), surroundings.onDetail);
    cleanups.push(() => rider.close());
    if (options.looks) await rider.visit(kLists);
    player.follow(tunnel);
    cleanups.push(() => player.stop());
    return await new Journey(options, surroundings, player, server, tunnel, rider).run();
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

class Journey {
  readonly #records: ActRecord[] = [];
  /** Acts without an answer so far, by number. */
  readonly #open = new Map<number, { order: string; at: number; done: Promise<void> }>();
  readonly #begun: Begun[] = [];
  /** What was seen after each act; null where nobody looked. */
  readonly #looks: { act: Act; sights: Promise<Sights | null> }[] = [];
  #acted = 0;

  constructor(
    private readonly options: RideOptions,
    private readonly surroundings: RideSurroundings,
    private readonly player: TracePlayer,
    private readonly server: RideServer,
    private readonly tunnel: Tunnel,
    private readonly rider: Rider,
  ) {}

  async run(): Promise<RideResult> {
    const { player, rider, tunnel, server, options } = this;
    const progress = setInterval(() => this.#tell(), kProgressMs);
    try {
      const moments = schedule(player, options);
      const person = new Person(options.seed);
      const kills: Promise<void>[] = [];
      const attemptsBefore = tunnel.writeAttempts;
      player.start();
      for (const { at, act, blow } of moments) {
        await this.#at(at);
        if (act) this.#act(person);
        if (!blow) continue;
        if (act) await sleep(blow.afterMs);
        // A kill is only ordered, so that the next acts meet a worker that is dying or being born.
        if (blow.kind === 'kill') {
          kills.push(rider.kill(() => {
            for (const { order } of this.#open.values()) person.rest(order);
          }));
        } else await rider.reload();
      }
      await Promise.all(kills);
      await this.#at(player.durationMs);
      const pending = await this.#drain();
      for (const [number, { order, at }] of this.#open) {
        this.#records.push({ number, order, at, fate: 'answered' }); // the person still sits there and waits
      }
      await rider.tellAside();
      const ledger = await server.ledger.entries();
      this.#tellLate(ledger);
      const { reads, stale } = await this.#seen();
      return score(options, this.#records, ledger, player, {
        pending_at_end: pending,
        reads,
        stale_reads: stale,
        write_attempts: tunnel.writeAttempts - attemptsBefore,
        kills: rider.kills,
        reloads: rider.reloads,
        page_errors: rider.pageErrors.length,
      });
    } finally {
      clearInterval(progress);
    }
  }

  #act(person: Person): void {
    const act = person.next();
    if (this.rider.killing) person.rest(act.order);
    this.#acted += 1;
    const begun = { act, at: Date.now() };
    this.#begun.push(begun);
    const done = this.rider.act(act, this.options.looks).then((record) => {
      this.#records.push(record);
      begun.at = record.at;
      if (this.options.looks && record.fate === 'answered') {
        this.#looks.push({ act, sights: this.rider.seen(act) });
      }
      this.#open.delete(act.number);
      if (record.fate === 'unanswered') person.leave(act.order);
      if (![...this.#open.values()].some(({ order }) => order === act.order)) person.resume(act.order);
    });
    this.#open.set(act.number, { order: act.order, at: Date.now(), done });
  }

  /** Waits until this wall time of the ride. */
  async #at(ms: number): Promise<void> {
    const wait = this.player.startedAt! + ms - Date.now();
    await sleep(Math.max(0, wait), undefined, this.surroundings.signal ? { signal: this.surroundings.signal } : {});
  }

  /** There is signal now. Answers what is still pending when the time is up. */
  async #drain(): Promise<number> {
    const until = Date.now() + (this.surroundings.drainMs ?? kDrainMs);
    for (;;) {
      const pending = await this.rider.pending();
      if ((pending === 0 && this.#open.size === 0) || Date.now() > until) return pending;
      await sleep(100, undefined, this.surroundings.signal ? { signal: this.surroundings.signal } : {});
    }
  }

  /** After how many acts the person saw anything, and after how many of them not what they had done. */
  async #seen(): Promise<{ reads: number; stale: number }> {
    const unanswered: Sight = { began: Infinity, ended: Infinity, status: null, error: 'none when the ride was long over', order: null };
    const late = sleep(kLastLookMs, { item: unanswered, list: unanswered }, { ref: false });
    const looks = await Promise.all(this.#looks.map(async ({ act, sights }) => ({ act, sights: await Promise.race([sights, late]) })));
    const seen = looks.filter((looked): looked is Looked => looked.sights !== null);
    let stale = 0;
    for (const looked of seen) {
      const why = staleness(looked, this.#begun);
      if (why === null) continue;
      stale += 1;
      const since = Math.round(looked.sights.item.began - this.player.startedAt!);
      this.surroundings.onDetail?.(`act ${looked.act.number}: not seen at ${since} ms; ${why}`);
    }
    return { reads: seen.length, stale };
  }

  /** Act by act, what came late and how often the server had seen it: where a figure comes from. */
  #tellLate(ledger: LedgerEntry[]): void {
    for (const { number, at } of this.#records) {
      const applied = ledger.filter(({ act }) => act === number);
      if (applied.length < 2) continue;
      const times = applied.map(({ appliedAt, key }) => `after ${Math.round(appliedAt - at)} ms with key ${key}`);
      this.surroundings.onDetail?.(`act ${number} was applied ${applied.length} times: ${times.join(', ')}`);
    }
    for (const { number, at, order, fate } of this.#records) {
      const appliedAt = ledger.find(({ act }) => act === number)?.appliedAt;
      const since = at - this.player.startedAt!;
      const excess = appliedAt === undefined ? Infinity : appliedAt - at - (this.player.nextSignal(since) - since);
      if (excess < kTellExcessMs) continue;
      this.surroundings.onDetail?.(`act ${number} (order ${order.slice(0, 4)}) at ${Math.round(since)} ms: ` +
        `${Math.round(excess)} ms over the oracle, ${this.server.ledger.attempts(number)} attempts seen, ${fate}`);
    }
  }

  #tell(): void {
    const { player, tunnel, rider, options } = this;
    const since = Date.now() - (player.startedAt ?? Date.now());
    this.surroundings.onProgress?.([
      `${Math.min(since / 1000, player.durationMs / 1000).toFixed(0)} of ${(player.durationMs / 1000).toFixed(0)} s`,
      tunnel.dark ? 'in a tunnel' : 'signal',
      `${this.#acted} of ${options.acts} acts`,
      `${tunnel.writeAttempts} write attempts`,
      `${rider.kills} kills, ${rider.reloads} reloads`,
    ].join(' · '));
  }
}
