// `npm run ride`: sets up and builds what is missing, then rides.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

// The last line on stdout is the ride's own: what setup and build have to say goes to stderr.
const log = console.log;
console.log = console.error;
await setup();
const builder = path.join(root, 'scripts', 'build.mjs');
if (existsSync(builder)) await (await import('./build.mjs')).build();
console.log = log;

const ride = spawn(process.execPath, ['--import', 'tsx', path.join(root, 'tests', 'ride', 'main.ts'), ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' });
// A terminal's Ctrl-C reaches the ride by itself; it cleans up, and this process waits for it. A signal that was
// sent to this process alone is passed on.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => ride.kill(signal));
ride.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal ? 1 : 0);
});
