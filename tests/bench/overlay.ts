// What holdfast's reads cost: composing the user's own changes into a large list, a read with nothing pending, and a
// request that isn't holdfast's. Each is a ratio to the same thing done in another way in the same run, by turns.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Browser } from './browser.js';
import { kPending, orders, riders, view, writes } from './data.js';
import type { BenchOptions, BenchSurroundings } from './options.js';
import { BenchServer } from './server.js';
import { benchFiles } from './site.js';
import type { Bench, Read } from './site/bench.js';
import { measure, type Measure } from './stats.js';

/** Reads before the first that counts, each way. */
const kWarmUp = 40;
/** A hung read has been given up, and the page reads from what is known. */
const kDarkMs = 3_000;

export interface OverlayResult {
  bench: 'overlay';
  rows: number;
  pending: number;
  chromium: string;
  measures: Record<string, Measure>;
}

export async function benchOverlay({ pairs }: BenchOptions, { signal, onProgress = () => {} }: BenchSurroundings = {}): Promise<OverlayResult> {
  const cleanups: (() => unknown)[] = [];
  try {
    signal?.throwIfAborted();
    const server = await BenchServer.start(await benchFiles());
    cleanups.push(() => server.close());
    const browser = await Browser.start(`${server.origin}/`);
    cleanups.push(() => browser.stop());
    const aborted = new Promise<never>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const unless = Promise.race([browser.failed, aborted]);
    unless.catch(() => undefined);  // told by the call that it ends
    const page: InPage = (name, ...args) => server.calls.do(unless, name, ...args);
    const bench = new Overlay(page, server, pairs, onProgress);
    return {
      bench: 'overlay', rows: orders().length, pending: kPending, chromium: await page('version'),
      measures: { ...(await bench.online()), ...(await bench.offline()) },
    };
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

type InPage = <Name extends keyof Bench>(name: Name, ...args: Parameters<Bench[Name]>) => Promise<Awaited<ReturnType<Bench[Name]>>>;

class Overlay {
  constructor(
    private readonly page: InPage,
    private readonly server: BenchServer,
    private readonly pairs: number,
    private readonly tell: (line: string) => void,
  ) {}

  async online(): Promise<Record<string, Measure>> {
    for (const scope of ['holdfast', 'workbox', 'pass-through', 'pass-through-twin', 'skipped']) await this.#open(scope);
    const item = `/api/riders/${riders()[0]!.id}`;
    const through = (scope: string, url: string): Read => ({ scope, url });
    const small = (what: string, url: string, ours: string, theirs: string, limit: number | null) =>
      this.#race(what, through(ours, url), through(theirs, url), this.pairs, limit);
    return {
      kept_item: await small('a kept item, through Workbox\'s NetworkFirst', item, 'holdfast', 'workbox', 1.0),
      kept_list: await small('a kept list of a hundred, through Workbox\'s NetworkFirst', '/api/riders', 'holdfast', 'workbox', 1.0),
      undeclared: await small('an undeclared request, through a worker that lets it pass', '/api/menu', 'holdfast', 'pass-through', 1.05),
      undeclared_skipped: await small('the same, where the browser needs not ask the worker', '/api/menu', 'holdfast', 'skipped', null),
      noise: await small('such a worker, and another just like it', '/api/menu', 'pass-through', 'pass-through-twin', null),
    };
  }

  async offline(): Promise<Record<string, Measure>> {
    const { page, server } = this;
    const url = `${server.origin}/api/orders`;
    const pending = writes(orders());
    for (const scope of ['pending', 'nothing-pending']) {
      await this.#open(scope);
      await page('read', { scope, url });
    }
    await sleep(kDarkMs / 2);  // an answer is kept beside being given
    this.tell(`${kPending} writes, in the tunnel`);
    server.dark = true;
    const statuses = await page('write', 'pending', pending);
    assert.ok(statuses.every((status) => status === 202), `the writes were answered ${[...new Set(statuses)].join(', ')}`);
    assert.equal(await page('pending', 'pending'), kPending);
    const [changed, plain] = [await this.#dark('pending'), await this.#dark('nothing-pending')];
    assert.deepEqual([changed.source, changed.pending], ['both', String(kPending)]);
    assert.deepEqual([plain.source, plain.pending], ['store', '0']);

    const { text } = plain;
    const asked = { text, view: view(orders(), pending) };
    // The engine's documents have their members in another order, so the texts differ.
    assert.deepEqual(JSON.parse(await page('composed', asked)), JSON.parse(changed.text), 'what is timed must be what the page is answered');

    const pairs = Math.ceil(this.pairs / 4);
    const bytes = Buffer.byteLength(text);
    const inWorker = async (what: string, whole: string | null, limit: number | null): Promise<Measure> => {
      this.tell(what);
      const times = await page('timed', { ...asked, url: whole, pairs });
      return measure(what, times, bytes, limit);
    };
    return {
      compose: await inWorker('composing 50 changes into 5,000 rows, to JSON.parse and JSON.stringify of them', null, 1.3),
      worker_read: await inWorker('a whole such read in the worker, with database and engine, to the same', url, null),
      page_read: await this.#race('a whole such read as the page sees it, to the same read with nothing pending',
        { scope: 'pending', url }, { scope: 'nothing-pending', url }, pairs, null),
    };
  }

  async #open(scope: string): Promise<void> {
    this.tell(`a frame under ${scope}`);
    await this.page('open', scope);
  }

  /** The first read in the tunnel waits for the network in vain; the next ones don't. */
  async #dark(scope: string) {
    const read = () => this.page('read', { scope, url: '/api/orders' });
    await read();
    return read();
  }

  async #race(what: string, ours: Read, theirs: Read, pairs: number, limit: number | null): Promise<Measure> {
    this.tell(what);
    await this.page('race', ours, theirs, kWarmUp);
    return measure(what, await this.page('race', ours, theirs, pairs), this.server.bytes(new URL(ours.url, this.server.origin).pathname), limit);
  }
}
