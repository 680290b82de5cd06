// The bench's files: one page, with a frame for each worker that is measured, all of one origin and one process.

import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { SiteFile, SiteFiles } from '../browser/site.js';
import { kOrders } from './data.js';

const kRoot = path.resolve(import.meta.dirname, '../..');
const kSite = path.join(import.meta.dirname, 'site');

/** Long sends, so that the outbox is quiet while the reads of a page in the tunnel are timed. */
const kQuietOutbox = 'retry: { silentBaseMs: 10000, sendTimeoutMs: 30000 }';

/** As holdfast does it: the page that registers the worker is its own from then on. */
const kClaim = `self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));`;

/** Each frame is a scope of its own, with its own worker and its own storage. */
const kWorkers: Record<string, string> = {
  holdfast: `importScripts('/holdfast-sw.js');
holdfast({ wasm: '/holdfast.wasm', resources: { riders: { path: '/api/riders/:id' } } });`,
  workbox: `importScripts('/workbox-worker.js');\n${kClaim}`,
  // Chromium sees of a listener with nothing in it that it needn't be asked, and goes past the worker. This one is asked.
  'pass-through': `self.addEventListener('fetch', (event) => { self.seen = event.request.url; });\n${kClaim}`,
  'pass-through-twin': `self.addEventListener('fetch', (event) => { self.seen = event.request.url; });\n${kClaim}`,
  skipped: `self.addEventListener('fetch', () => {});\n${kClaim}`,
  ...Object.fromEntries(['pending', 'nothing-pending'].map((scope) => [scope, `importScripts('/overlay-worker.js');
holdfast({ wasm: '/holdfast.wasm', ${kQuietOutbox}, resources: { orders: ${kOrders.replace('{', '{ timeoutMs: 100,')} } });`])),
};

export async function benchFiles(): Promise<SiteFiles> {
  const dist = (name: string) => path.join(kRoot, 'dist', name);
  if (!existsSync(dist('holdfast.wasm'))) throw new Error('dist/ is not built yet. Run: npm run build');
  const shared = {
    bundle: true, minify: true, write: false, target: 'es2022', absWorkingDir: kRoot, logLevel: 'warning',
    // The package as it is published, and Workbox as an app would ship it.
    alias: { 'holdfast/service-worker': dist('service-worker.js'), holdfast: dist('index.js') },
    define: { 'import.meta.url': 'self.location.href', 'process.env.NODE_ENV': '"production"' },
  } as const;
  const bundle = async (name: string, format: 'esm' | 'iife'): Promise<SiteFile> => {
    const built = await build({ ...shared, entryPoints: [path.join(kSite, `${name}.ts`)], format });
    return { type: 'text/javascript', body: built.outputFiles[0]!.text };
  };
  const html = (script: string): SiteFile => ({
    type: 'text/html', body: `<!doctype html><title>bench</title><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`,
  });
  const files: SiteFiles = new Map([
    ['/', html('/bench.js')],
    ['/bench.js', await bundle('bench', 'esm')],
    ['/frame.js', await bundle('frame', 'esm')],
    ['/overlay-worker.js', await bundle('overlay-worker', 'iife')],
    ['/workbox-worker.js', await bundle('workbox-worker', 'iife')],
    ['/holdfast-sw.js', { type: 'text/javascript', body: await readFile(dist('holdfast-sw.js')) }],
    ['/holdfast.wasm', { type: 'application/wasm', body: await readFile(dist('holdfast.wasm')) }],
  ]);
  for (const [scope, script] of Object.entries(kWorkers)) {
    files.set(`/${scope}/`, html('/frame.js'));
    files.set(`/${scope}/sw.js`, { type: 'text/javascript', body: script });
  }
  return files;
}
