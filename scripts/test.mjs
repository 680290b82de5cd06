// npm test: sets up, builds, runs every test, and closes with the counts. Quiet unless something fails.

import { spawn } from 'node:child_process';
import { readdirSync, existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { setup } from './setup.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' }, verbose: { type: 'boolean', short: 'v' } },
});

/** Suites in the order in which a failure is cheapest to find. */
const suites = [
  { name: 'types', what: 'TypeScript, strict', run: typecheck },
  { name: 'native', what: 'the engine, natively (doctest)', run: native },
  { name: 'laws', what: 'what conflicts are settled by, over two thousand random cases a law', run: laws },
  { name: 'module', what: 'the same scenarios over the compiled module, byte for byte', run: () => nodeTests('tests/module') },
  { name: 'model', what: 'ten thousand random histories of reads against an ideal client', run: () => nodeTests('tests/model') },
  { name: 'page', what: 'the page library in Node', run: () => nodeTests('tests/page') },
  { name: 'server', what: 'the reference server over HTTP', run: () => nodeTests('tests/server') },
  { name: 'backends', what: 'holdfast/server under node:http, Express and Fastify, on PGlite and PostgreSQL', run: () => nodeTests('tests/backends') },
  { name: 'browser', what: 'the promises in a real Chromium', run: () => nodeTests('tests/browser') },
  { name: 'apps', what: 'unmodified apps, with nothing but a declaration added', run: () => nodeTests('tests/apps') },
  { name: 'bench', what: 'the arithmetic of the bench, and a short one of the server', run: () => nodeTests('tests/bench') },
  { name: 'ride', what: 'the tunnel, the rig, and short rides', run: () => nodeTests('tests/ride') },
];

if (values.help) {
  console.log('usage: npm test -- [--verbose] [suite …]\n\nSuites:');
  for (const { name, what } of suites) console.log(`  ${name.padEnd(9)}${what}`);
  process.exit(0);
}

/** Runs a command; its output is kept back unless it fails. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (chunk) => {
      output += chunk;
      if (values.verbose) process.stdout.write(chunk);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('close', (status) => resolve({ ok: status === 0, output }));
    child.on('error', (error) => resolve({ ok: false, output: `${output}\n${error.message}` }));
  });
}

async function typecheck() {
  const projects = ['js/tsconfig.json', 'js/merge/tsconfig.json', 'js/server/tsconfig.json', 'service-worker/tsconfig.json', 'web/tsconfig.json', 'tests/ride/app/tsconfig.json', 'tests/backends/examples/tsconfig.json']
    .filter((file) => existsSync(path.join(root, file)));
  const results = [];
  for (const project of projects) results.push(await run('npx', ['--no-install', 'tsc', '-p', project]));
  const failed = results.filter(({ ok }) => !ok);
  return { passed: results.length - failed.length, failed: failed.length, output: failed.map(({ output }) => output).join('\n') };
}

async function buildNative() {
  const configured = await run('cmake', ['--preset', 'native']);
  return configured.ok ? run('cmake', ['--build', '--preset', 'native']) : configured;
}

async function native() {
  const built = await buildNative();
  if (!built.ok) return { passed: 0, failed: 1, output: built.output };
  const { ok, output } = await run(path.join(root, 'build/native/native_tests'), []);
  const counts = /test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed/.exec(output);
  return { passed: Number(counts?.[2] ?? 0), failed: Number(counts?.[3] ?? 0) || (ok ? 0 : 1), output };
}

async function laws() {
  const built = await buildNative();
  if (!built.ok) return { passed: 0, failed: 1, output: built.output };
  const { ok, output } = await run('cmake', ['-E', 'env', 'RC_PARAMS=max_success=2000 max_size=30', 'build/native/laws_tests']);
  const count = (verdict) => [...output.matchAll(verdict)].length;
  const failed = count(/^(Falsifiable|Gave up)/gm);
  return { passed: count(/^OK, passed/gm), failed: failed || (ok ? 0 : 1), output };
}

async function nodeTests(folder) {
  const files = readdirSync(path.join(root, folder)).filter((name) => name.endsWith('.test.ts')).sort()
    .map((name) => path.join(folder, name));
  // One file at a time: browsers and timings on two cores don't get better by running side by side.
  const { ok, output } = await run(process.execPath,
    ['--import', 'tsx', '--test', '--test-concurrency=1', '--test-reporter=tap', '--test-timeout=300000', ...files]);
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  const failed = count('fail') + count('cancelled');
  return { passed: count('pass'), failed: failed || (ok ? 0 : 1), skipped: count('skipped') + count('todo'), output };
}

setup();
const { build } = await import('./build.mjs');
await build();

const chosen = positionals.length > 0 ? suites.filter(({ name }) => positionals.includes(name)) : suites;
if (chosen.length < positionals.length) {
  console.error(`No such suite; there are: ${suites.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const total = { passed: 0, failed: 0, skipped: 0 };
for (const suite of chosen) {
  const started = Date.now();
  const { passed, failed, skipped = 0, output } = await suite.run();
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  if (failed > 0 && !values.verbose) console.log(output);
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  console.log(`${failed > 0 ? 'FAILED' : 'ok    '} ${suite.name.padEnd(8)} ${String(passed).padStart(4)} passed` +
    `${failed > 0 ? `, ${failed} failed` : ''}${skipped > 0 ? `, ${skipped} skipped` : ''}  (${seconds} s)  ${suite.what}`);
}
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
