// One real Chromium with a profile of its own, and the ways to be unkind to it.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type CDPSession, type Page } from 'playwright-core';
import { until } from './until.js';

const kProgram = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync) ?? 'chromium';
const kArgs = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export interface ChromiumOptions {
  /** A profile left by an earlier browser; a fresh one by default. */
  profile?: string;
  args?: string[];
  /** The back/forward cache, which the driver switches off by default. */
  bfcache?: boolean;
}

export class Chromium {
  private constructor(readonly context: BrowserContext, readonly profile: string) {
    context.setDefaultTimeout(15_000);
  }

  static async start({ profile, args = [], bfcache = false }: ChromiumOptions = {}): Promise<Chromium> {
    const folder = profile ?? await mkdtemp(path.join(tmpdir(), 'holdfast-profile-'));
    const context = await chromium.launchPersistentContext(folder, {
      executablePath: kProgram, headless: true, args: [...kArgs, ...args],
      ...(bfcache && { ignoreDefaultArgs: ['--disable-back-forward-cache'] }),
    });
    return new Chromium(context, folder);
  }

  /** Ends it in good order. The profile stays if it is to be looked at. */
  async close({ keepProfile = false } = {}): Promise<void> {
    await this.context.close().catch(() => undefined);
    if (!keepProfile) await rm(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** SIGKILL, as a phone does it: nothing is flushed or said goodbye to. */
  async crash(): Promise<void> {
    const pids = this.#pids();
    if (pids.length === 0) throw new Error('the browser process was not found, so it could not be killed');
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await until(() => this.#pids().length === 0, 'the killed browser to be gone');
    await this.context.close().catch(() => undefined);
    await rm(path.join(this.profile, 'SingletonLock'), { force: true });
  }

  /** The processes of this very profile. */
  #pids(): number[] {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(`--user-data-dir=${this.profile}`);
      } catch {
        return false;
      }
    });
  }
}

/** A DevTools session that knows of service workers. */
export async function workerSession(page: Page): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page);
  await session.send('ServiceWorker.enable');
  return session;
}

/** Kills every running worker, and waits until they are dead. */
export async function killWorker(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const running = new Map<string, boolean>();
  session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
    for (const { versionId, runningStatus } of versions) running.set(versionId, runningStatus !== 'stopped');
  });
  await session.send('ServiceWorker.enable');
  let stopped = false;
  const wasRunning = [...running].filter(([, runs]) => runs).map(([id]) => id);
  await session.send('ServiceWorker.stopAllWorkers');
  // A redelivered request may start the worker anew before anybody looks: having been stopped is what counts.
  session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
    if (versions.some(({ runningStatus }) => runningStatus === 'stopped')) stopped = true;
  });
  await until(() => stopped || wasRunning.every((id) => !running.get(id)), 'the worker to be dead');
  await session.detach();
}
