// A live ride: three people with a browser each, on three traces at once, and what one does is on the others' screens. The
// server is two processes, one of which is killed and replaced every while; sockets are cut, workers die.

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPostgres, type Database } from '../../../web/server/database.js';
import { readTrace, TracePlayer } from '../../../web/tunnel/trace.js';
import { Tunnel } from '../../../web/tunnel/tunnel.js';
import { startCluster } from '../../server/cluster.js';
import { buildRideApp } from '../build-app.js';
import { Ledger, type FaultRates } from '../faults.js';
import type { Act } from '../person.js';
import { Random } from '../random.js';
import { Rider } from '../rider.js';
import type { RideSurroundings } from '../options.js';
import type { ActRecord } from '../score.js';
import { kRoles, Worker, type Shown } from './people.js';
import { Processes } from './processes.js';
import { differences, doneAndLost, missedAndDoubled, type LiveResult, type Taken } from './score.js';

export interface LiveOptions extends FaultRates {
  /** One for each person. */
  traces: string[];
  speed: number;
  /** Of each person. */
  acts: number;
  kills: number;
  cuts: number;
  /** Between two kills of a server process, in wall milliseconds. */
  processLifeMs: number;
}

export const kLiveDefaults: Omit<LiveOptions, 'traces'> = {
  speed: 20, acts: 100, kills: 5, cuts: 5, processLifeMs: 30_000, seed: 1, errorRate: 0.05, retryAfterShare: 0.5, lostRate: 0.03,
};

const kProcesses = 2;
const kDrainMs = 60_000;
const kBoardMs = 30_000;

/** Rides to the end, waits until nothing is left to be sent or told, and compares. Leaves nothing behind. */
export async function runLiveRide(options: LiveOptions, surroundings: RideSurroundings = {}): Promise<LiveResult> {
  const cleanups: (() => unknown)[] = [];
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-ride-'));
    cleanups.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const site = path.join(folder, 'site');
    await buildRideApp(site, 'live');
    const { url, schema, database } = await openDatabase(cleanups);
    const ledger = await Ledger.open(database);
    const processes = await Processes.start({ url, schema, site, rates: options, seed: options.seed }, kProcesses);
    cleanups.push(() => processes.close());
    const seats: Seat[] = [];
    for (const [index, role] of kRoles.entries()) {
      const player = new TracePlayer(await readTrace(options.traces[index % options.traces.length]!), options);
      const tunnel = new Tunnel({ target: { host: '127.0.0.1', port: processes.port } });
      cleanups.push(() => tunnel.close());
      const origin = `http://localhost:${await tunnel.listen(0)}/`;
      const tell = (line: string): void => surroundings.onDetail?.(`${role}: ${line}`);
      const rider = await Rider.board(origin, path.join(folder, role), tell);
      cleanups.push(() => rider.close());
      player.follow(tunnel);
      cleanups.push(() => player.stop());
      seats.push(new Seat(options, index, new Worker(role, options.seed), player, tunnel, rider, tell));
      surroundings.signal?.throwIfAborted();
    }
    return await new Journey(options, surroundings, seats, processes, database, ledger).run();
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

/** Where DATABASE_URL says, in a schema of the ride's own; else on a PostgreSQL of its own. */
async function openDatabase(cleanups: (() => unknown)[]): Promise<{ url: string; schema: string; database: Database }> {
  let url = process.env['DATABASE_URL'];
  if (!url) {
    const cluster = await startCluster();
    cleanups.push(() => cluster.stop());
    url = cluster.url;
  }
  const schema = `ride_${randomUUID().replaceAll('-', '')}`;
  const database = await openPostgres(url, { schema });
  cleanups.push(async () => {
    await database.query(`DROP SCHEMA ${schema} CASCADE`);
    await database.close();
  });
  return { url, schema, database };
}

/** One person, with their browser and their line. */
class Seat {
  readonly records: ActRecord[] = [];
  /** The orders of the acts without an answer, by their numbers. */
  readonly #open = new Map<number, string>();
  #looking: Promise<void> = Promise.resolve();
  /** Where the feed began for this browser. */
  #began = { cursor: '', changes: 0 };

  constructor(
    private readonly options: LiveOptions,
    private readonly index: number,
    private readonly worker: Worker,
    private readonly player: TracePlayer,
    readonly tunnel: Tunnel,
    readonly rider: Rider,
    private readonly tell: (line: string) => void,
  ) {}

  /** Until the page is live, and has seen the list of all orders once. */
  async board(): Promise<void> {
    const limit = Date.now() + kBoardMs;
    while ((await this.rider.feed()).state !== 'live') {
      if (Date.now() > limit) throw new Error('a page was not live before the ride');
      await sleep(50);
    }
    await this.rider.orders();
    this.#began = await this.rider.feed();
  }

  /** Acts, kills and cuts at random moments of the ride. */
  async ride(signal: AbortSignal | undefined): Promise<{ cuts: number }> {
    const { acts, kills, cuts, seed } = this.options;
    const random = new Random(seed, 20 + this.index);
    const moments = (['act', 'kill', 'cut'] as const).flatMap((kind) =>
      Array.from({ length: { act: acts, kill: kills, cut: cuts }[kind] }, () => ({ kind, at: random.unit() * this.player.durationMs })));
    const doing: Promise<unknown>[] = [];
    this.player.start();
    for (const { kind, at } of moments.sort((a, b) => a.at - b.at)) {
      await sleep(Math.max(0, this.player.startedAt! + at - Date.now()), undefined, signal ? { signal } : {});
      if (kind === 'cut') this.tunnel.cut();
      else if (kind === 'act') doing.push(this.#act());
      else doing.push(this.rider.kill(() => { for (const order of this.#open.values()) this.worker.rest(order); }));
    }
    await sleep(Math.max(0, this.player.startedAt! + this.player.durationMs - Date.now()), undefined, signal ? { signal } : {});
    await Promise.all(doing);
    return { cuts };
  }

  async #act(): Promise<void> {
    // What is seen before an act must have the one before it in it.
    const seen = this.#looking.then(() => this.#look());
    this.#looking = seen.then(() => undefined);
    const begun = await seen;
    if (!begun) return;
    const { act } = begun;
    const record = await begun.done;
    this.records.push(record);
    this.#open.delete(act.number);
    // What was never kept must not be built upon.
    if (record.fate === 'unanswered') this.worker.rest(act.order);
    else if (![...this.#open.values()].some((order) => order === act.order)) this.worker.resume(act.order);
  }

  async #look(): Promise<{ act: Act; done: Promise<ActRecord> } | null> {
    const shown = this.worker.role === 'customer' ? null : await this.rider.orders();
    const act = this.worker.next(shown?.orders ?? null);
    if (!act) return null;
    if (this.rider.killing) this.worker.rest(act.order);
    this.#open.set(act.number, act.order);
    return { act, done: this.rider.act(act, false) };
  }

  /** There is signal now. Until nothing is left to be sent, and everything up to there has been told; answers what is pending. */
  async drained(signal: AbortSignal | undefined, newest: () => Promise<string>): Promise<number> {
    const limit = Date.now() + kDrainMs;
    for (;;) {
      const [pending, { state, cursor }] = [await this.rider.pending(), await this.rider.feed()];
      if (pending === 0 && state === 'live' && cursor === await newest()) return 0;
      if (Date.now() > limit) {
        this.tell(`after ${kDrainMs / 1000} s: ${pending} pending, ${state}`);
        return pending;
      }
      await sleep(100, undefined, signal ? { signal } : {});
    }
  }

  /** What the page shows with the line down, so that nothing but the browser itself can say it. */
  async shown(): Promise<Shown[]> {
    this.tunnel.setSignal(0);
    this.tunnel.cut();
    const seen = await this.rider.orders();
    if (!seen || seen.source === null) throw new Error('the page showed no orders in the dark');
    return seen.orders;
  }

  async taken(rowsBetween: (from: string, to: string) => Promise<number>): Promise<Taken> {
    const { cursor, changes } = await this.rider.feed();
    return { rows: await rowsBetween(this.#began.cursor, cursor), changes: changes - this.#began.changes };
  }
}

class Journey {
  constructor(
    private readonly options: LiveOptions,
    private readonly surroundings: RideSurroundings,
    private readonly seats: readonly Seat[],
    private readonly processes: Processes,
    private readonly database: Database,
    private readonly ledger: Ledger,
  ) {}

  async run(): Promise<LiveResult> {
    const { options, seats, processes, surroundings: { signal, onDetail } } = this;
    await Promise.all(seats.map((seat) => seat.board()));
    const began = Date.now();
    const progress = setInterval(() => this.surroundings.onProgress?.(
      `${((Date.now() - began) / 1000).toFixed(0)} s · ${seats.reduce((sum, { records }) => sum + records.length, 0)} acts · ${processes.kills} processes killed`), 3_000);
    let replacing: Promise<void> = Promise.resolve();
    const killing = setInterval(() => { replacing = replacing.then(() => processes.replaceOne()); }, options.processLifeMs);
    try {
      const rides = await Promise.all(seats.map((seat) => seat.ride(signal)));
      clearInterval(killing);
      await replacing;
      const pending: number[] = [];
      // One after the other: who is the last to send gives the others something to be told.
      for (const seat of seats) pending.push(await seat.drained(signal, async () => (await seat.rider.feed()).cursor));
      for (const seat of seats) await seat.drained(signal, () => this.#newestCursor());
      for (const seat of seats) await seat.rider.tellAside();
      const taken = await Promise.all(seats.map((seat) => seat.taken((from, to) => this.#rowsBetween(from, to))));
      const truth = await this.#orders();
      const different = (await Promise.all(seats.map(async (seat) => differences(await seat.shown(), truth)))).flat();
      for (const pair of different) onDetail?.(`different: ${JSON.stringify(pair)}`);
      return {
        traces: options.traces.map((trace) => path.basename(trace)), seed: options.seed,
        ...doneAndLost(seats.flatMap(({ records }) => records), await this.ledger.entries()),
        pending_at_end: pending.reduce((sum, count) => sum + count, 0),
        page_errors: seats.reduce((sum, { rider }) => sum + rider.pageErrors.length, 0),
        different_documents: different.length,
        ...missedAndDoubled(taken),
        process_kills: processes.kills,
        worker_kills: seats.reduce((sum, { rider }) => sum + rider.kills, 0),
        cuts: rides.reduce((sum, { cuts }) => sum + cuts, 0),
      };
    } finally {
      clearInterval(progress);
      clearInterval(killing);
    }
  }

  /** That of the last change that there is. */
  async #newestCursor(): Promise<string> {
    const [row] = await this.database.query<{ xid: string; position: string }>(
      'SELECT xid::text, position::text FROM changes ORDER BY changes.xid DESC, changes.position DESC LIMIT 1');
    const { cursor } = await this.seats[0]!.rider.feed();
    return row ? `${cursor.split('.')[0]}.${row.xid}.${row.position}` : cursor;
  }

  async #rowsBetween(from: string, to: string): Promise<number> {
    const [[, fromXid, fromPosition], [, toXid, toPosition]] = [from.split('.'), to.split('.')];
    const [row] = await this.database.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM changes
       WHERE (xid, position) > ($1::xid8, $2::bigint) AND (xid, position) <= ($3::xid8, $4::bigint)`, [fromXid, fromPosition, toXid, toPosition]);
    return row?.count ?? 0;
  }

  /** As the API gives them. */
  async #orders(): Promise<Shown[]> {
    const answer = await fetch(`http://127.0.0.1:${this.processes.port}/api/orders`);
    if (!answer.ok) throw new Error(`the orders could not be read: ${answer.status}`);
    return await answer.json() as Shown[];
  }
}
