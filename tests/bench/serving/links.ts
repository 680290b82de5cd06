// What links cost that nobody says anything on, and what it takes from a commit to all who are told of it.

import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockOrder, recordChange } from '../../../web/server/changes.js';
import { openPostgres } from '../../../web/server/database.js';
import { quantile, round } from '../stats.js';
import { Child, now, type Calls } from './child.js';
import type { Clients, Receipts } from './clients.js';
import type { Reference } from './reference.js';

/** Client processes, each from an address of its own: an address has 28,000 ports for one server. */
const kClientProcesses = 2;
/** Files, pipes and connections of a process besides its clients'. */
const kOtherDescriptors = 200;
/** What is said of links is said after each has had a heartbeat, so that one is shorter here than in use. */
const kHeartbeatMs = 5_000;
/** A client that answers no heartbeat has been sent away by then. */
const kHeartbeats = 2.5;
/** Whoever hasn't been told by then has been told nothing. */
const kToldMs = 5_000;
const kEveryMs = 50;

export interface LinkFigures extends Commits {
  sockets_wanted: number;
  sockets_held: number;
  /** Those that have answered a heartbeat and were then told of a change. */
  sockets_alive: number;
  rss_before_mb: number;
  rss_after_mb: number;
  /**
   * Of the server process; what the operating system keeps for a connection is not counted. Memory that the process had
   * already, and not in use, makes it look less; the second is what JavaScript has in use.
   */
  bytes_per_socket: number;
  heap_bytes_per_socket: number;
}

interface Commits {
  /** From just before a COMMIT to the clients: PostgreSQL's commit and notification, the read, and the fan-out. */
  committed_p50_ms: number;
  committed_p99_ms: number;
}

export interface Surroundings { url: string; signal: AbortSignal | undefined; tell(line: string): void }

export async function measureLinks(sockets: number, clients: number, commits: number, { url, signal, tell }: Surroundings): Promise<LinkFigures> {
  const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim(); // Node raises the other one to it by itself
  if (Number(limit) < sockets + kOtherDescriptors) {
    throw new Error(`a process may open ${limit} files, too few for ${sockets} sockets; raise it (ulimit -Hn ${sockets + kOtherDescriptors}) or ask for fewer (--sockets)`);
  }
  const children: { stop(): Promise<void> }[] = [];
  const start = <Answers extends Calls>(script: string, argument: unknown): Child<Answers> => {
    const child = new Child<Answers>(script, argument, signal);
    children.push(child);
    return child;
  };
  const database = await openPostgres(url);
  try {
    const reference = start<Reference>('reference.ts', { url, heartbeatMs: kHeartbeatMs });
    const { server } = await reference.call('listen');
    const site: Site = { url: `${server.replace('http', 'ws')}/api/live`, database };
    const idle = Array.from({ length: kClientProcesses }, () => start<Clients>('clients.ts', null));
    tell(`opening ${sockets} links`);
    const held = await idleLinks(reference, idle, site, sockets, tell);
    for (const child of idle) await child.stop();
    tell(`committing ${commits} changes for ${clients} links`);
    return { ...held, ...(await fromCommit(start<Clients>('clients.ts', null), site, clients, commits, signal)) };
  } finally {
    for (const child of children) await child.stop();
    await database.close();
  }
}

interface Site { url: string; database: Awaited<ReturnType<typeof openPostgres>> }

async function idleLinks(
  reference: Child<Reference>, idle: Child<Clients>[], site: Site, sockets: number, tell: (line: string) => void,
): Promise<Omit<LinkFigures, keyof Commits>> {
  const before = await reference.call('memory');
  const opened = await Promise.all(idle.map((child, i) => child.call('open', {
    name: 'idle', url: site.url, link: true, from: `127.0.0.${2 + i}`,
    count: Math.floor((sockets + i) / kClientProcesses),
  })));
  const held = opened.reduce((sum, { open }) => sum + open, 0);
  for (const { trouble } of opened) if (trouble !== null) tell(`no more links: ${trouble}`);
  tell(`${held} links, and their heartbeats`);
  await sleep(kHeartbeats * kHeartbeatMs);
  const after = await reference.call('memory');
  const beaten = await Promise.all(idle.map((child) => child.call('beaten', 'idle')));
  await commit(site, randomUUID(), 1);
  const told = await Promise.all(idle.map((child, i) => toldOf(child, opened[i]!.open)));
  return {
    sockets_wanted: sockets,
    sockets_held: held,
    sockets_alive: beaten.reduce((sum, count, i) => sum + Math.min(count, told[i]!), 0),
    rss_before_mb: megabytes(before.rss),
    rss_after_mb: megabytes(after.rss),
    bytes_per_socket: Math.round((after.rss - before.rss) / held),
    heap_bytes_per_socket: Math.round((after.heap - before.heap) / held),
  };
}

/** How many have been told of the one change. */
async function toldOf(child: Child<Clients>, count: number): Promise<number> {
  const nothing = { numbers: new Float64Array() } satisfies Partial<Receipts>;
  const all = child.call('collect', { name: 'idle', count }).catch(() => nothing);
  const { numbers } = await Promise.race([all, sleep(kToldMs, nothing, { ref: false })]);
  return numbers.length > 0 ? numbers.length : (await child.call('taken', 'idle')).numbers.length;
}

/** Gives the moment just before its COMMIT. */
async function commit({ database }: Site, id: string, version: number): Promise<number> {
  return database.transaction(async (tx) => {
    await lockOrder(tx, id);
    await recordChange(tx, { id, version, document: { id, note: 'Ring twice, please.' } });
    return now();
  });
}

async function fromCommit(
  child: Child<Clients>, site: Site, clients: number, commits: number, signal: AbortSignal | undefined,
): Promise<Commits> {
  const { open, trouble } = await child.call('open', { name: 'told', url: site.url, link: true, from: '127.0.0.1', count: clients });
  if (open < clients) throw new Error(`only ${open} of ${clients} links could be opened: ${trouble}`);
  const id = randomUUID();
  const begun: number[] = [];
  for (let version = 1; version <= commits; version += 1) {
    signal?.throwIfAborted();
    begun.push(await commit(site, id, version));
    await sleep(kEveryMs);
  }
  const { numbers, times } = await child.call('collect', { name: 'told', count: clients * commits });
  const took = Array.from(times, (at, i) => at - begun[numbers[i]! - 1]!);
  return { committed_p50_ms: round(quantile(took, 0.5)), committed_p99_ms: round(quantile(took, 0.99)) };
}

const megabytes = (bytes: number): number => round(bytes / 1e6);
