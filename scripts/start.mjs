// npm start: whatever is missing is installed and built, then the demo runs. Says nothing of all that
// unless something fails.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);

setup();
// These import what setup() may just have installed, so not before it.
if (!args.includes('--help') && !args.includes('-h')) {
  try {
    const { build } = await import('./build.mjs');
    await build();
    const { buildDemo } = await import('./build-demo.mjs');
    await buildDemo();
  } catch (error) {
    console.error(`holdfast: the build failed. ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}

const demo = spawn(process.execPath, ['--import', 'tsx', path.join(root, 'web/main.ts'), ...args], { cwd: root, stdio: 'inherit' });
// Ctrl-C reaches the demo by itself (it is in the same group); this process only waits for its end.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => demo.kill('SIGTERM'));
demo.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
