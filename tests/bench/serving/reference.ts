// The reference server (web/server) as a process of its own, with a twin on the same database that knows no idempotency keys.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createServer } from '../../../web/server/app.js';
import { openPglite, openPostgres } from '../../../web/server/database.js';
import { answer, argumentOf } from './child.js';

export interface ReferenceOptions {
  /** A folder of PGlite's, or the URL of a PostgreSQL. */
  folder?: string;
  url?: string;
  heartbeatMs?: number;
}

const { folder, url, heartbeatMs } = argumentOf<ReferenceOptions>();
const database = await (url === undefined ? openPglite(folder) : openPostgres(url));
const live = heartbeatMs === undefined ? {} : { heartbeatMs };
// Where nobody signs in, no limit of links per user holds.
const apps = {
  server: await createServer({ database, live }),
  keyless: await createServer({ database, idempotency: false }),
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const calls = {
  async listen(): Promise<Record<keyof typeof apps, string>> {
    const at = { port: 0, host: '127.0.0.1' };
    return { server: await apps.server.listen(at), keyless: await apps.keyless.listen(at) };
  },
  /** Bytes that the process has, and those of them that JavaScript has in use, without the garbage. */
  memory(): { rss: number; heap: number } {
    collectGarbage();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heap: heapUsed + external };
  },
};

export type Reference = typeof calls;

answer(calls);
