// Builds the package into dist/: the engine by CMake and Emscripten, everything else by one bundler. A part whose
// sources haven't changed since the last build is left alone.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => path.join(root, ...parts);

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.error || done.status !== 0) {
    process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
    throw new Error(`"${command} ${args.join(' ')}" failed (${done.error?.message ?? `exit status ${done.status}`})`);
  }
}

/** All files below the given places, sorted. */
function filesBelow(places) {
  return places.flatMap((place) => {
    if (!existsSync(at(place))) return [];
    const entries = readdirSync(at(place), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
  }).sort();
}

/** Does the work unless its inputs are what they were the last time and its outputs are there. */
export async function ifChanged(name, { places, files = [], outputs }, work) {
  const hash = createHash('sha256');
  for (const file of [...filesBelow(places), ...files.map((file) => at(file))]) {
    hash.update(path.relative(root, file)).update(readFileSync(file));
  }
  const wanted = hash.digest('hex');
  const note = at('build', `.built-${name}`);
  const fresh = existsSync(note) && readFileSync(note, 'utf8') === wanted && outputs.every((file) => existsSync(at(file)));
  if (fresh) return false;
  rmSync(note, { force: true });  // what fails half-way has left outputs that belong to nothing
  await work();
  mkdirSync(at('build'), { recursive: true });
  writeFileSync(note, wanted);
  return true;
}

function buildEngine() {
  console.log('holdfast build: the engine (C++ to WebAssembly)');
  run('cmake', ['--preset', 'wasm']);
  run('cmake', ['--build', '--preset', 'wasm']);
  mkdirSync(at('dist'), { recursive: true });
  copyFileSync(at('build/wasm/holdfast.wasm'), at('dist/holdfast.wasm'));
}

async function buildPackage() {
  console.log('holdfast build: the package');
  const { build } = await import('esbuild');
  const common = {
    absWorkingDir: root, bundle: true, minify: true, sourcemap: true, target: 'es2022', logLevel: 'warning',
    legalComments: 'none', alias: { 'holdfast-glue': at('build/wasm/holdfast.js') },
  };
  const define = {
    'process.env.NODE_ENV': '"production"',
    HOLDFAST_MODULE_SHA256: JSON.stringify(createHash('sha256').update(readFileSync(at('dist/holdfast.wasm'))).digest('hex')),
  };
  // The glue asks for its own address, which a classic worker's import.meta doesn't have; the worker's own serves.
  const worker = { ...common, define: { ...define, 'import.meta.url': 'self.location.href' } };
  await Promise.all([
    build({ ...common, define, entryPoints: ['js/page/index.ts'], outfile: 'dist/index.js', format: 'esm' }),
    build({ ...common, define, entryPoints: ['js/merge/index.ts'], outfile: 'dist/merge.js', format: 'esm', external: ['node:*'] }),
    build({ ...common, entryPoints: ['js/server/index.ts'], outfile: 'dist/server.js', format: 'esm', platform: 'node' }),
    build({ ...common, entryPoints: ['js/server/live/index.ts'], outfile: 'dist/server-live.js', format: 'esm', platform: 'node', external: ['ws'] }),
    build({ ...worker, entryPoints: ['service-worker/index.ts'], outfile: 'dist/service-worker.js', format: 'esm' }),
    build({ ...worker, entryPoints: ['service-worker/classic.ts'], outfile: 'dist/holdfast-sw.js', format: 'iife' }),
  ]);
  rmSync(at('dist/types'), { recursive: true, force: true });
  for (const project of ['js/tsconfig.package.json', 'js/merge/tsconfig.json', 'js/server/tsconfig.json', 'service-worker/tsconfig.json']) {
    run('npx', ['--no-install', 'tsc', '-p', project, '--noEmit', 'false', '--declaration', '--emitDeclarationOnly',
      '--rootDir', '.', '--outDir', 'dist/types']);
  }
}

export async function build() {
  await ifChanged('engine', {
    places: ['wasm'], files: ['CMakeLists.txt', 'CMakePresets.json'], outputs: ['dist/holdfast.wasm', 'build/wasm/holdfast.js'],
  }, buildEngine);
  await ifChanged('package', {
    places: ['js', 'service-worker', 'wasm'], files: ['package-lock.json', 'scripts/build.mjs', 'dist/holdfast.wasm'],
    outputs: ['dist/index.js', 'dist/merge.js', 'dist/server.js', 'dist/server-live.js', 'dist/service-worker.js', 'dist/holdfast-sw.js'],
  }, buildPackage);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
