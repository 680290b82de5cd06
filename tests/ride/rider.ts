// The browser on the train: acts in the page, kills its worker, reloads it, and says honestly what happened.

import { chromium, type BrowserContext, type CDPSession, type Page } from 'playwright-core';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ride, RideAnswer, Sight, Sights } from './app/ride.js';
import type { Act } from './person.js';
import type { ActRecord } from './score.js';

declare const window: { ride?: Ride };

const kBrowserArgs = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/** A page that is not back after this long, in the dark too, has failed its user. */
const kReadyMs = 20_000;
/** A worker that is needed starts within this long, and one that is killed stops. */
const kWorkerMs = 5_000;

const kKillsToReject = 2;

interface WorkerVersions {
  versions: { versionId: string; runningStatus: 'stopped' | 'starting' | 'running' | 'stopping' }[];
}

export class Rider {
  kills = 0;
  reloads = 0;
  readonly pageErrors: string[] = [];
  readonly #onDetail: (line: string) => void;
  readonly #context: BrowserContext;
  readonly #page: Page;
  readonly #devtools: CDPSession;
  readonly #running = new Map<string, string>();
  /** Called on each change of a worker's running status. */
  readonly #watchers = new Set<() => void>();
  /** When each kill was over, in milliseconds since the epoch; Infinity while the worker is still dying. */
  readonly #deaths: { at: number }[] = [];
  readonly #waiting = new Set<number>();

  private constructor(context: BrowserContext, page: Page, devtools: CDPSession, onDetail: (line: string) => void) {
    this.#context = context;
    this.#page = page;
    this.#devtools = devtools;
    this.#onDetail = onDetail;
  }

  static async board(origin: string, profile: string, onDetail: (line: string) => void = () => {}): Promise<Rider> {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      headless: true,
      args: kBrowserArgs,
      // The ride cleans up itself, in its own order.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    try {
      const page = context.pages()[0] ?? await context.newPage();
      const rider = new Rider(context, page, await context.newCDPSession(page), onDetail);
      await rider.#listen();
      await page.goto(origin, { waitUntil: 'commit' });
      await rider.#ready();
      return rider;
    } catch (error) {
      await context.close();
      throw error;
    }
  }

  /** A worker has been told to die and isn't dead: what is fetched now may still fall to it. */
  get killing(): boolean {
    return this.#deaths.some(({ at }) => at === Infinity);
  }

  /** Acts whose page still waits for an answer. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Does one act. Resolves once there is an answer, or never can be; it does not reject. */
  async act({ number, order, method, url, body, look }: Act, looks: boolean): Promise<ActRecord> {
    const called = Date.now();
    this.#waiting.add(number);
    let answer: RideAnswer;
    try {
      answer = await this.#page.evaluate((call) => window.ride!.act(call),
        { number, method, url, body, look: looks ? { order, item: look.item, list: look.list } : null });
    } catch (error) {
      // Only a page that is gone ends up here: what its own code throws comes back as an answer.
      this.#onDetail(`act ${number}: page gone (${firstLine(error)})`);
      return { number, order, at: called, fate: 'unanswered' };
    } finally {
      this.#waiting.delete(number);
    }
    const kills = this.#killsSince(answer.at);
    if (answer.status === null) this.#onDetail(`act ${number}: rejected after ${Date.now() - answer.at} ms and ${kills} kills (${answer.error})`);
    else if (answer.status >= 400) this.#onDetail(`act ${number}: ${method} ${url} answered ${answer.status} ${answer.holdfastStatus ?? ''}`);
    // Chromium delivers a fetch once more when its worker is killed, and rejects it when that one is killed too: then
    // nobody knows, as with a dead page. Rejected for any other reason, it is an answer, and the write must be there.
    const excused = answer.status === null && kills >= kKillsToReject;
    return { number, order, at: answer.at, fate: excused ? 'unanswered' : 'answered' };
  }

  /** Reads these once and for all, as an app that has been used for a while has. */
  async visit(urls: readonly string[]): Promise<void> {
    await this.#page.evaluate((urls) => Promise.all(urls.map(async (url) => {
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`${url} was answered ${answer.status}`);
      await answer.text();
    })), urls);
  }

  /** What the page saw after an act; null if it didn't look, is gone, or what hindered it was the rig itself. */
  async seen({ number }: Act): Promise<Sights | null> {
    const sights = await this.#page.evaluate((number) => window.ride!.seen(number), number).catch(() => null);
    // The rest of an answer that had begun dies with its worker; nobody delivers that anew.
    const hindered = ({ began, status, error }: Sight) =>
      error !== null && this.#killsSince(began) >= (status === null ? kKillsToReject : 1);
    return sights && (hindered(sights.item) || hindered(sights.list)) ? null : sights;
  }

  /** Kills every running worker of the page, and counts the kill once one truly stopped. */
  async kill(rightBefore: () => void = () => {}): Promise<void> {
    if (!this.#anyRunning()) {
      // A worker may be between two lives. Only one that ran can be killed.
      await this.#until(() => this.#anyRunning());
    }
    const victims = [...this.#running].filter(([, status]) => status === 'running').map(([version]) => version);
    if (victims.length === 0) {
      this.#onDetail('kill: no worker was running');
      return;
    }
    const gone = (version: string) => !/^(running|stopping)$/.test(this.#running.get(version) ?? '');
    const stopped = this.#until(() => victims.some(gone));
    const death = { at: Infinity };
    this.#deaths.push(death);
    this.#onDetail(`kill, with acts ${[...this.#waiting].join(', ') || 'none'} under way`);
    rightBefore();
    try {
      await this.#devtools.send('ServiceWorker.stopAllWorkers');
      if (await stopped) this.kills += 1;
      else this.#onDetail('kill: the worker went on running');
    } catch (error) {
      this.#onDetail(`kill: ${firstLine(error)}`); // the ride is being ended
    } finally {
      death.at = Date.now();
    }
  }

  async reload(): Promise<void> {
    await this.#page.reload({ waitUntil: 'commit', timeout: kReadyMs });
    await this.#ready();
    this.reloads += 1;
  }

  pending(): Promise<number> {
    return this.#page.evaluate(() => window.ride!.pending());
  }

  /** Of a live ride; null where the page could not say. */
  orders(): Promise<{ source: string | null; orders: Record<string, unknown>[] } | null> {
    return this.#page.evaluate(() => window.ride!.orders!()).catch(() => null);
  }

  feed(): Promise<{ state: string; cursor: string; changes: number; gapAt: number }> {
    return this.#page.evaluate(() => window.ride!.feed!());
  }

  async tellAside(): Promise<void> {
    for (const line of await this.#page.evaluate(() => window.ride?.aside?.() ?? [])) this.#onDetail(line);
  }

  async close(): Promise<void> {
    await this.#context.close();
  }

  async #listen(): Promise<void> {
    this.#page.on('pageerror', (error) => this.#erred(String(error.stack ?? error)));
    this.#page.on('crash', () => this.#erred('the page crashed'));
    this.#page.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && /^Uncaught|Content Security Policy/i.test(text)) this.#erred(text);
      else if (!text.startsWith('Failed to load resource')) this.#onDetail(`page console ${message.type()}: ${text}`);
    });
    this.#context.on('serviceworker', (worker) => {
      worker.on('console', (message) => this.#onDetail(`worker console ${message.type()}: ${message.text()}`));
    });
    this.#devtools.on('ServiceWorker.workerVersionUpdated', ({ versions }: WorkerVersions) => {
      for (const { versionId, runningStatus } of versions) this.#running.set(versionId, runningStatus);
      for (const watcher of [...this.#watchers]) watcher();
    });
    await this.#devtools.send('ServiceWorker.enable');
  }

  #killsSince(since: number): number {
    return this.#deaths.filter(({ at }) => at >= since).length;
  }

  #erred(text: string): void {
    this.pageErrors.push(text);
    this.#onDetail(`page error: ${text}`);
  }

  #anyRunning(): boolean {
    return [...this.#running.values()].includes('running');
  }

  /** Whether it became true in time. */
  #until(what: () => boolean): Promise<boolean> {
    if (what()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (answer: boolean) => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        resolve(answer);
      };
      const watcher = () => {
        if (what()) done(true);
      };
      const timer = setTimeout(() => done(false), kWorkerMs);
      this.#watchers.add(watcher);
    });
  }

  async #ready(): Promise<void> {
    const until = Date.now() + kReadyMs;
    while (Date.now() < until) {
      const ready = await this.#page.evaluate(() => window.ride !== undefined).catch(() => false);
      if (ready) return;
      await sleep(10);
    }
    throw new Error(`The page was not ready within ${kReadyMs / 1000} s. ${this.pageErrors.join('\n')}`);
  }
}

function firstLine(error: unknown): string {
  return String((error as Error).message ?? error).split('\n')[0]!;
}
