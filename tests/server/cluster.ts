// A PostgreSQL server of the tests' own: made from nothing in a temporary folder, reached over a socket there and by no
// network, gone with the process that started it.

import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const kVersions = '/usr/lib/postgresql';
const kUser = 'holdfast';
const kStartMs = 60_000;

export interface Cluster {
  /** For DATABASE_URL. */
  url: string;
  stop(): Promise<void>;
}

export async function startCluster(settings: Record<string, string | number> = {}): Promise<Cluster> {
  const bin = newestBin();
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-pg-'));
  const data = join(folder, 'data');
  const become = otherUser(folder);
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };

  // As the tests have nothing to lose, nothing here waits for a disk.
  const [setpriv = '', ...asOther] = ['setpriv', ...become];
  const made = spawnSync(setpriv, [...asOther, join(bin, 'initdb'), '-D', data, '-U', kUser, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { cwd: folder, env, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);

  const set = { listen_addresses: '', unix_socket_directories: folder, max_connections: 200, fsync: 'off', full_page_writes: 'off', ...settings };
  // A test that is killed takes its server along.
  const server = spawn(setpriv, ['--pdeathsig', 'QUIT', ...asOther, join(bin, 'postgres'), '-D', data,
    ...Object.entries(set).flatMap(([name, value]) => ['-c', `${name}=${value}`])], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>(done => server.once('close', () => done()));
  await new Promise<void>((done, fail) => {
    let log = '';
    const late = setTimeout(() => fail(new Error(`PostgreSQL did not start within ${kStartMs} ms: ${log}`)), kStartMs);
    server.stderr.setEncoding('utf8').on('data', chunk => {
      log += chunk;
      if (!log.includes('ready to accept connections')) return;
      clearTimeout(late);
      server.stderr.removeAllListeners('data').resume();
      done();
    });
    void ended.then(() => fail(new Error(`PostgreSQL ended at once: ${log}`)));
  });
  return {
    url: `postgres://${kUser}@/postgres?host=${encodeURIComponent(folder)}`,
    async stop() {
      server.kill('SIGINT'); // "fast": whoever is connected is not waited for
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function newestBin(): string {
  const versions = existsSync(kVersions) ? readdirSync(kVersions).sort((a, b) => Number(b) - Number(a)) : [];
  const bin = versions.map(version => join(kVersions, version, 'bin')).find(folder => existsSync(join(folder, 'initdb')));
  if (!bin) throw new Error(`there is no PostgreSQL under ${kVersions}; run npm run setup`);
  return bin;
}

/** PostgreSQL refuses to run as root; Debian's package has made a user for it. */
function otherUser(folder: string): string[] {
  if (process.getuid?.() !== 0) return [];
  const [, , uid, gid] = readFileSync('/etc/passwd', 'utf8').split('\n').map(line => line.split(':')).find(([name]) => name === 'postgres') ?? [];
  if (!uid || !gid) throw new Error('there is no user postgres; run npm run setup');
  chownSync(folder, Number(uid), Number(gid));
  chmodSync(folder, 0o755);
  return ['--reuid', uid, '--regid', gid, '--clear-groups'];
}
