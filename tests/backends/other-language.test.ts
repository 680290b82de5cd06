// docs/protocol.md is complete: what was written by it, in another language and upon another database, keeps the contract.

import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { atEnd, sender } from '../server/support.js';
import type { Backend } from './backend.js';
import { contract } from './contract.js';

const kNotes = fileURLToPath(new URL('other-language/notes.py', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'holdfast-notes-'));
atEnd(() => rm(folder, { recursive: true, force: true }));

async function start(): Promise<Backend> {
  const child = spawn('python3', [kNotes, join(folder, 'notes.db')], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  atEnd(async () => { child.kill('SIGKILL'); await ended; });
  const url = await new Promise<string>((done, fail) => {
    let log = '';
    child.stderr.on('data', (chunk) => { log += chunk; });
    child.stdout.once('data', (line) => done(String(line).trim()));
    child.once('error', fail);
    void ended.then(() => fail(new Error(`it ended at once: ${log}`)));
  });
  const send = sender(url);
  const control = async (path: string, body: unknown = null) => {
    const { status } = await send('POST', `/test/${path}`, { body });
    if (status !== 204) throw new Error(`/test/${path} was answered ${status}`);
  };
  return {
    url, send,
    forget: (retentionMs) => control('forget', retentionMs ?? null),
    faults: {
      none: () => control('faults'),
      fail: () => control('faults', 'fail'),
      drop: () => control('faults', 'drop'),
      async hold() {
        await control('faults', 'hold');
        return { reached: control('reached') };
      },
    },
  };
}

describe('Python on SQLite', () => contract(start));
