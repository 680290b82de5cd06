// Builds the demo's three sites: the app with holdfast, the same app without it, and the shell whose
// pages frame them. They consume the package as anybody would: through its name, from dist/.

import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const demo = path.join(root, 'web/demo');
const shell = path.join(root, 'web/shell');

const shared = { bundle: true, minify: true, target: 'es2022', logLevel: 'warning', legalComments: 'none', absWorkingDir: root };

/** What the app shell is: everything a page needs that isn't data. */
const shellFiles = ['**/*.{html,js,css,svg,webmanifest,wasm}'];

async function manifestOf(folder) {
  // Imported late: it is the slowest import here, and a start with nothing to do doesn't need it.
  const { getManifest } = (await import('workbox-build')).default;
  const { manifestEntries, warnings } = await getManifest({ globDirectory: folder, globPatterns: shellFiles, globIgnores: ['**/sw.js'] });
  if (warnings.length > 0) throw new Error(`The list of the app's files is not complete: ${warnings.join(' ')}`);
  return manifestEntries;
}

async function buildApp(folder, { page, worker, extra = [] }) {
  cpSync(path.join(demo, 'files'), folder, { recursive: true });
  cpSync(path.join(demo, 'index.html'), path.join(folder, 'index.html'));
  for (const file of extra) cpSync(file, path.join(folder, path.basename(file)));
  await build({
    ...shared, format: 'esm',
    entryPoints: { app: path.join(demo, page), 'app-style': path.join(demo, 'css/app.css') },
    entryNames: '[name]', outdir: folder,
  });
  cpSync(path.join(folder, 'app-style.css'), path.join(folder, 'app.css'));
  rmSync(path.join(folder, 'app-style.css'));
  await build({
    ...shared, format: 'iife', entryPoints: [path.join(demo, worker)], outfile: path.join(folder, 'sw.js'),
    // A classic worker has no import.meta; its own address serves instead.
    define: { 'import.meta.url': 'self.location.href', 'self.__WB_MANIFEST': JSON.stringify(await manifestOf(folder)), 'process.env.NODE_ENV': '"production"' },
  });
}

async function buildShell(folder) {
  for (const page of ['index.html', 'conflicts.html']) cpSync(path.join(shell, page), path.join(folder, page));
  cpSync(path.join(demo, 'files/icon.svg'), path.join(folder, 'icon.svg'));
  cpSync(path.join(root, 'node_modules/uplot/dist/uPlot.min.css'), path.join(folder, 'uplot.css'));
  await build({ ...shared, format: 'esm', entryPoints: { shell: path.join(shell, 'page/shell.ts'), conflicts: path.join(shell, 'page/conflicts.ts') }, entryNames: '[name]', outdir: folder });
  await build({ ...shared, entryPoints: { shell: path.join(shell, 'css/shell.css'), conflicts: path.join(shell, 'css/conflicts.css') }, entryNames: '[name]', outdir: folder });
}

function* filesIn(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(file);
    else yield file;
  }
}

/** One hash over all that goes in, so that a build with nothing new to do costs a few milliseconds. */
function inputsHash() {
  const hash = createHash('sha256');
  const folders = [demo, shell, path.join(root, 'dist')].filter((folder) => existsSync(folder));
  const rules = ['web/order-rules.ts', 'web/people.ts'].map((file) => path.join(root, file));
  for (const file of [...folders.flatMap((folder) => [...filesIn(folder)]), ...rules, fileURLToPath(import.meta.url), path.join(root, 'package-lock.json')]) {
    hash.update(`${path.relative(root, file)}\0${statSync(file).size}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** Fills `<outDir>/{holdfast,naive,shell}`; answers false where everything was there already. */
export async function buildDemo(outDir = path.join(root, 'build/demo')) {
  const stamp = path.join(outDir, '.inputs');
  const inputs = inputsHash();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return false;

  const wasm = path.join(root, 'dist/holdfast.wasm');
  if (!existsSync(wasm)) throw new Error('dist/ is not built yet. Run: npm run build');
  rmSync(outDir, { recursive: true, force: true });
  for (const site of ['holdfast', 'naive', 'shell']) mkdirSync(path.join(outDir, site), { recursive: true });
  await Promise.all([
    buildApp(path.join(outDir, 'holdfast'), { page: 'holdfast.ts', worker: 'sw.ts', extra: [wasm] }),
    buildApp(path.join(outDir, 'naive'), { page: 'naive.ts', worker: 'naive-sw.ts' }),
    buildShell(path.join(outDir, 'shell')),
  ]);
  writeFileSync(stamp, inputs);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildDemo(process.argv[2] && path.resolve(process.argv[2]));
