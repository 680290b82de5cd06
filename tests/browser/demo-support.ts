// Starts the demo as `npm start` does, on ports that are free, and a browser to look at it with.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';

const kRoot = path.resolve(import.meta.dirname, '../..');

export interface Demo {
  port: number;
  app: string;
  shell: string;
  naive: string;
  ask(method: string, url: string, body?: object): Promise<unknown>;
  close(): Promise<void>;
}

export interface Browser {
  context: BrowserContext;
  /** What the Content-Security-Policy forbade, in any page, frame or worker. */
  violations: string[];
  close(): Promise<void>;
}

export function buildDemo(): void {
  const built = spawnSync(process.execPath, ['scripts/build-demo.mjs'], { cwd: kRoot, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(built.stderr);
}

export async function freePorts(): Promise<number> {
  for (let port = 20_000 + Math.floor(Math.random() * 20_000); ; port += 6) {
    const taken = await Promise.all([0, 1, 2, 3, 4, 5].map((step) => new Promise<boolean>((resolve) => {
      const socket = createServer().once('error', () => resolve(true));
      socket.listen(port + step, '127.0.0.1', () => socket.close(() => resolve(false)));
    })));
    if (!taken.includes(true)) return port;
  }
}

export function spawnDemo(port: number): ChildProcess {
  const args = ['--import', 'tsx', 'web/main.ts', '--memory', '--port', String(port)];
  return spawn(process.execPath, args, { cwd: kRoot, stdio: ['ignore', 'pipe', 'pipe'] });
}

export async function startDemo(): Promise<Demo> {
  const port = await freePorts();
  const demo = spawnDemo(port);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (text: Buffer): void => {
      said += String(text);
      if (said.includes('Ctrl-C')) resolve();
    };
    demo.stdout!.on('data', hear);
    demo.stderr!.on('data', hear);
    demo.once('exit', (code) => reject(new Error(`the demo ended with ${code}: ${said}`)));
  });
  const shell = `http://localhost:${port + 1}`;
  return {
    port, shell, app: `http://localhost:${port}`, naive: `http://localhost:${port + 2}`,
    async ask(method, url, body) {
      const answer = await fetch(shell + url, {
        method, ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
      });
      if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    },
    async close() {
      if (demo.exitCode !== null) return;
      demo.kill('SIGINT');
      await once(demo, 'exit');
      if (demo.exitCode !== 0) throw new Error(`the demo did not stop cleanly: ${demo.exitCode}. ${said}`);
    },
  };
}

export async function openBrowser(): Promise<Browser> {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'holdfast-demo-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium', headless: true, viewport: { width: 1280, height: 900 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const violations: string[] = [];
  await context.exposeBinding('tellViolation', (_source, text: string) => { violations.push(text); });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      void (globalThis as unknown as { tellViolation(text: string): void })
        .tellViolation(`${event.documentURI}: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  // A worker has no page that could listen; what it may not do it says in the console.
  context.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) violations.push(message.text());
  });
  return {
    context, violations,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
