// Brings a bare Debian 12 with Node 20 to where holdfast can be built and tested.
// It needs Node alone, says what it is about to install, and does nothing when nothing is missing.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const is = (file) => () => existsSync(file);

/** The Debian packages, and whether what each brings is there, wherever it came from. */
const needed = [
  { package: 'cmake', there: is('/usr/bin/cmake') },
  { package: 'ninja-build', there: is('/usr/bin/ninja') },
  { package: 'clang', there: is('/usr/bin/clang++') },
  // The sanitizers' runtime. Its folder is named after clang's exact version.
  { package: 'libclang-rt-14-dev', there: () => installed('libclang-rt-14-dev') },
  { package: 'emscripten', there: is('/usr/bin/emcc') },
  { package: 'nlohmann-json3-dev', there: is('/usr/include/nlohmann/json.hpp') },
  { package: 'doctest-dev', there: is('/usr/include/doctest/doctest.h') },
  { package: 'librapidcheck-dev', there: is('/usr/include/rapidcheck.h') },
  { package: 'chromium', there: is('/usr/bin/chromium') },
  // For the tests, which start one of their own. Its folder is named after the version.
  { package: 'postgresql', there: () => folders('/usr/lib/postgresql').some((version) => existsSync(`/usr/lib/postgresql/${version}/bin/initdb`)) },
  // For the tests, too.
  { package: 'nats-server', there: is('/usr/sbin/nats-server') },
];

function folders(parent) {
  return existsSync(parent) ? readdirSync(parent) : [];
}

/** Where there is no dpkg, the package can't be told from one that is there. */
function installed(name) {
  const asked = spawnSync('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name], { encoding: 'utf8' });
  return asked.error !== undefined || asked.stdout === 'installed';
}

function fail(message) {
  console.error(`holdfast setup: ${message}`);
  process.exit(1);
}

function run(command, args, options = {}) {
  // Everything a package manager prints is kept back unless it fails: a quiet run is a good run.
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (done.error || done.status !== 0) {
    process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
    return { ok: false, reason: done.error?.message ?? `exit status ${done.status}` };
  }
  return { ok: true };
}

function missingPackages() {
  return needed.filter(({ there }) => !there()).map((entry) => entry.package);
}

function installSystemPackages() {
  const missing = missingPackages();
  if (missing.length === 0) return;

  if (!existsSync('/usr/bin/apt-get')) {
    fail(`this machine has no apt-get. Please install by hand what Debian calls: ${missing.join(' ')}`);
  }
  const install = ['apt-get', 'install', '--no-install-recommends', '-y', ...missing];
  const isRoot = process.getuid?.() === 0;
  const hasSudo = !isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  if (!isRoot && !hasSudo) {
    fail(`Debian packages are missing and this user may not install them. Please run, then try again:\n\n` +
      `  sudo apt-get update && sudo ${install.join(' ')}\n`);
  }
  console.log(`holdfast setup: installing Debian packages: ${missing.join(' ')}`);
  console.log('holdfast setup: (emscripten alone takes about 800 MB of disk; this happens once)');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const as = (command) => (isRoot ? command : ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND', ...command]);
  for (const command of [['apt-get', 'update', '-q'], install]) {
    const [program, ...args] = as(command);
    const done = run(program, args, { env });
    if (!done.ok) fail(`"${command.join(' ')}" failed (${done.reason}); its output is above.`);
  }
  const still = missingPackages();
  if (still.length > 0) fail(`installed, but still not there: ${still.join(', ')}. Is this Debian 12?`);
}

function installNodePackages() {
  // The lock file's hash is noted beside the installed tree, so that a second run costs nothing.
  const lock = readFileSync(path.join(root, 'package-lock.json'));
  const wanted = createHash('sha256').update(lock).digest('hex');
  const note = path.join(root, 'node_modules', '.holdfast-lock');
  if (existsSync(note) && readFileSync(note, 'utf8') === wanted) return;

  console.log('holdfast setup: installing npm packages (npm ci)');
  const done = run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']);
  if (!done.ok) fail(`"npm ci" failed (${done.reason}); its output is above.`);
  mkdirSync(path.dirname(note), { recursive: true });
  writeFileSync(note, wanted);
}

export function setup() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) fail(`Node ${process.versions.node} is too old; holdfast needs Node 20 or newer.`);
  installSystemPackages();
  installNodePackages();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup();
