// `npm run simulate`: sets up, builds the worlds, optimised, and lives through them.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runBuilt } from './run-built.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

await runBuilt('tests/simulate/main.ts', () => {
  for (const args of [['--preset', 'release'], ['--build', '--preset', 'release', '--target', 'simulate']]) {
    const { status, stdout, stderr } = spawnSync('cmake', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`"cmake ${args.join(' ')}" failed\n${stdout}${stderr}`);
  }
});
