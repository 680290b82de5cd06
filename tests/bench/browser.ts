// A Chromium that nobody listens in on. A driver has each request of page and worker told to it, which costs half as
// much again as a small request does, and so hides what is to be measured. This one is given an address and nothing
// else; its page asks the bench's own server what to do next, and tells it what came of that.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const kProgram = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync) ?? 'chromium';
/** As tests/browser/chromium.ts has them. A page that nobody looks at would be slowed down otherwise. */
const kArgs = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-extensions', '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];
const kStopMs = 5_000;

export class Browser {
  /** Rejects when the browser ends before it is asked to. */
  readonly failed: Promise<never>;
  #stopping = false;

  private constructor(private readonly process: ChildProcess, private readonly profile: string) {
    this.failed = new Promise((_resolve, reject) => {
      process.on('error', (error) => reject(new Error(`${kProgram} can't be started: ${error.message}`)));
      process.on('exit', (code, signal) => {
        if (!this.#stopping) reject(new Error(`the browser ended by itself (${signal ?? `exit status ${code}`})`));
      });
    });
    this.failed.catch(() => undefined);  // told to whoever waits for the page
  }

  static async start(address: string): Promise<Browser> {
    const profile = await mkdtemp(path.join(tmpdir(), 'holdfast-bench-'));
    // A group of its own: a Ctrl-C is the bench's to answer, in its own order.
    return new Browser(spawn(kProgram, [...kArgs, `--user-data-dir=${profile}`, address], { stdio: 'ignore', detached: true }), profile);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const { process } = this;
    if (process.pid !== undefined && process.exitCode === null && process.signalCode === null) {
      const gone = new Promise((resolve) => process.once('exit', resolve));
      process.kill('SIGTERM');
      const kill = setTimeout(() => process.kill('SIGKILL'), kStopMs);
      await gone;
      clearTimeout(kill);
    }
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
