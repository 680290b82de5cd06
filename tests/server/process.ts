// The server as a process of its own, as `web/server/main.ts` starts it.

import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { atEnd } from './support.js';

const MAIN = fileURLToPath(new URL('../../web/server/main.ts', import.meta.url));

/** Longer than any test file takes that means its servers to run. */
const kHangsMs = 240_000;

export interface Running {
  child: ChildProcess;
  url: Promise<string>;
  ended: Promise<{ code: number | null; stderr: string }>;
}

export function start(...flags: string[]): Running {
  return startOn('', ...flags);
}

/** @param databaseUrl its DATABASE_URL; '' for none */
export function startOn(databaseUrl: string, ...flags: string[]): Running {
  return startScript(MAIN, databaseUrl, ...flags);
}

/** @param script says where it listens, as the server itself does */
export function startScript(script: string, databaseUrl: string, ...flags: string[]): Running {
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...flags],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, DATABASE_URL: databaseUrl } });
  let stderr = '';
  child.stderr.on('data', chunk => { stderr += chunk; });
  const ended = new Promise<{ code: number | null; stderr: string }>(done => child.once('close', code => done({ code, stderr })));
  atEnd(async () => { child.kill('SIGKILL'); await ended; });
  // A server that runs on where it should have refused must fail here, not hang.
  setTimeout(() => child.kill('SIGKILL'), kHangsMs).unref();
  const url = new Promise<string>((done, fail) => {
    child.stdout.on('data', chunk => {
      // A log says it, too, in quotes.
      const found = /http:[^\s"]+/.exec(String(chunk));
      if (found) done(found[0]);
    });
    void ended.then(() => fail(new Error(`ended before it listened: ${stderr}`)));
  });
  url.catch(() => {});
  return { child, url, ended };
}
