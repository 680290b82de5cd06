// Runs a command of the tests' own, after setting up and building what is missing.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * @param {string} script relative to the repository; it is handed this process's arguments
 * @param {() => void} buildMore what it needs beside the package
 */
export async function runBuilt(script, buildMore = () => {}) {
  // The last line on stdout is the script's own: what setup and build have to say goes to stderr.
  const log = console.log;
  console.log = console.error;
  await setup();
  const builder = path.join(root, 'scripts', 'build.mjs');
  if (existsSync(builder)) await (await import('./build.mjs')).build();
  buildMore();
  console.log = log;

  const child = spawn(process.execPath, ['--import', 'tsx', path.join(root, script), ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the script by itself; it cleans up, and this process waits for it. A signal that was
  // sent to this process alone is passed on.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal ? 1 : 0);
  });
}
