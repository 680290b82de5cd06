// The test site's files, bundled once a process: from the package as anybody would use it, by its name.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const kRoot = path.resolve(import.meta.dirname, '../..');
const kSite = path.join(import.meta.dirname, 'site');

export interface SiteFile { type: string; body: string | Buffer }
export type SiteFiles = Map<string, SiteFile>;

/** As an app under a strict policy would send it; with the worker's script too, where it governs WebAssembly. */
export const kPolicy = "default-src 'self'; img-src 'self' data:; script-src 'self' 'wasm-unsafe-eval'";

let bundled: Promise<SiteFiles> | undefined;

export function siteFiles(): Promise<SiteFiles> {
  bundled ??= bundle();
  return bundled;
}

async function bundle(): Promise<SiteFiles> {
  const wasm = path.join(kRoot, 'dist/holdfast.wasm');
  if (!existsSync(wasm)) throw new Error('dist/ is not built yet. Run: npm run build');
  const shared = { bundle: true, write: false, target: 'es2022', absWorkingDir: kRoot, logLevel: 'warning' } as const;
  const define = { 'import.meta.url': 'self.location.href', 'process.env.NODE_ENV': '"production"' };
  const [page, worker, workbox] = await Promise.all([
    build({ ...shared, format: 'esm', entryPoints: [path.join(kSite, 'page.ts')] }),
    build({ ...shared, format: 'iife', entryPoints: [path.join(kSite, 'worker.ts')], define }),
    build({ ...shared, format: 'iife', entryPoints: [path.join(kSite, 'workbox-worker.ts')], define }),
  ]);
  const script = (body: string): SiteFile => ({ type: 'text/javascript', body });
  return new Map<string, SiteFile>([
    ['/', { type: 'text/html', body: await readFile(path.join(kSite, 'index.html')) }],
    ['/other.html', { type: 'text/html', body: '<!doctype html><title>another page</title>' }],
    ['/page.js', script(page.outputFiles[0]!.text)],
    ['/holdfast-worker.js', script(worker.outputFiles[0]!.text)],
    ['/workbox-worker.js', script(workbox.outputFiles[0]!.text)],
    ['/holdfast.wasm', { type: 'application/wasm', body: await readFile(wasm) }],
  ]);
}

/** A service worker file with this configuration, which is JavaScript text so that it can hold functions. */
export function workerScript(config: string): SiteFile {
  return { type: 'text/javascript', body: `importScripts('/holdfast-worker.js');\nholdfast(${config});\n` };
}
