// Bundles the ride's page and its worker for one client into a folder that can be served as it is.

import { build, type BuildOptions } from 'esbuild';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from './options.js';

const kApp = path.join(import.meta.dirname, 'app');
const kDist = path.resolve(import.meta.dirname, '../../dist');

/** Workers on holdfast; the others' has the app shell and nothing else. */
const kWorkers: Partial<Record<Client | 'live', string>> = { holdfast: 'holdfast-sw.js', live: 'live-sw.js' };

/** @param client as it is named to users, or the one of a live ride */
export async function buildRideApp(outDir: string, client: Client | 'live'): Promise<void> {
  await mkdir(outDir, { recursive: true });
  const shared: BuildOptions = {
    bundle: true,
    minify: true,
    target: 'es2022',
    logLevel: 'silent',
    // The package as it is published, not its sources: what users get is what rides.
    alias: { 'holdfast/service-worker': path.join(kDist, 'service-worker.js'), holdfast: path.join(kDist, 'index.js') },
  };
  await copyFile(path.join(kApp, 'index.html'), path.join(outDir, 'index.html'));
  await build({ ...shared, entryPoints: [path.join(kApp, `${client}.ts`)], outfile: path.join(outDir, 'app.js'), format: 'esm' });
  const manifest = await Promise.all(['index.html', 'app.js'].map(async (name) => {
    const revision = createHash('sha256').update(await readFile(path.join(outDir, name))).digest('hex').slice(0, 16);
    return { url: `/${name}`, revision };
  }));
  await build({
    ...shared,
    entryPoints: [path.join(kApp, kWorkers[client] ?? 'shell-sw.js')],
    outfile: path.join(outDir, 'sw.js'),
    format: 'iife',
    // A classic worker has no import.meta; its own address says the same.
    define: { 'import.meta.url': 'self.location.href', 'self.__WB_MANIFEST': JSON.stringify(manifest), 'process.env.NODE_ENV': '"production"' },
  });
  if (kWorkers[client] !== undefined) await copyFile(path.join(kDist, 'holdfast.wasm'), path.join(outDir, 'holdfast.wasm'));
}
