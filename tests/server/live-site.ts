// What the live link is tested on: one process or several, on one database.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { ServerOptions } from '../../web/server/app.js';
import { recordChange, type OrderChange } from '../../web/server/changes.js';
import { openPglite, openPostgres, type Database } from '../../web/server/database.js';
import { startCluster, type Cluster } from './cluster.js';
import { openLink, type LiveClient, type Opening, type Transport } from './live-client.js';
import { startScript } from './process.js';
import { atEnd, sender, serve, type Answered, type Sending, type TestServer } from './support.js';

const SCRIPT = fileURLToPath(new URL('./live-process.ts', import.meta.url));

export type SiteOptions = Pick<ServerOptions, 'requireAuth' | 'signInRedirect' | 'sessionMs' | 'origins' | 'live' | 'writesPerSecond'>;

/** Somebody who is signed in: the Authorization header for each process. */
export interface User { at: string[] }

/** Processes on one database. */
export class Site {
  readonly sends: TestServer['send'][];

  /** @param ends ends one of them as SIGTERM does */
  constructor(readonly urls: string[], readonly db: Database, private readonly ends: (() => Promise<unknown>)[]) {
    this.sends = urls.map(sender);
  }

  /** One process after the other, so that what is done in two steps is done at two of them where there are two. */
  #next = 0;
  #at(): number {
    return this.#next++ % this.urls.length;
  }

  link(transport: Transport, opening: Opening = {}, user?: User): Promise<LiveClient> {
    return this.linkAt(this.#at(), transport, opening, user);
  }

  linkAt(at: number, transport: Transport, opening: Opening = {}, user?: User): Promise<LiveClient> {
    return openLink(transport, this.urls[at]!, { ...(user ? { authorization: user.at[at]! } : {}), ...opening });
  }

  send(method: string, path: string, sending: Sending = {}, user?: User): Promise<Answered> {
    const at = this.#at();
    return this.sends[at]!(method, path, { ...sending, headers: { ...(user ? { authorization: user.at[at]! } : {}), ...sending.headers } });
  }

  /** At every process: each knows only whom it has signed in itself. */
  async signIn(user: string): Promise<User> {
    return { at: await Promise.all(this.sends.map(async send => `Bearer ${(await send('POST', '/api/login', { body: { user } })).json.token}`)) };
  }

  /** Where the feed is. */
  async now(): Promise<string> {
    return (await this.send('GET', '/api/changes')).json.cursor;
  }

  /** What the feed gives: what a link that went on from there must have given, in this order. */
  async feed(after: string, user?: User): Promise<any[]> {
    const all: any[] = [];
    for (let more = true; more;) {
      const { json } = await this.send('GET', `/api/changes?${new URLSearchParams({ after, limit: '500' })}`, {}, user);
      all.push(...json.changes);
      ({ cursor: after, more } = json);
    }
    return all;
  }

  /** So many changes of one order, in one transaction, each with so many bytes. */
  async record(count: number, bytes = 0): Promise<void> {
    const id = randomUUID();
    await this.db.transaction(async tx => {
      for (let version = 1; version <= count; version += 1) await recordChange(tx, change(id, version, bytes));
    });
  }

  leave(index: number): Promise<unknown> {
    return this.ends[index]!();
  }
}

export function change(id: string, version: number, bytes = 0): OrderChange {
  return { id, version, document: { id, version, note: 'x'.repeat(bytes) } };
}

export const nameOf = ({ id, version }: { id: string; version: number }): string => `${id} ${version}`;

/** Once it has caught up, a client has been given what the feed gives, each change once and in its order. */
export async function assertSame(client: LiveClient, site: Site, after: string): Promise<void> {
  const wanted = await site.feed(after);
  await client.has(wanted.length);
  assert.deepEqual(client.changes.map(nameOf), wanted.map(nameOf));
}

export type OpenSite = (options?: SiteOptions) => Promise<Site>;

/** In this process, on PGlite. */
export const onPglite: OpenSite = async options => {
  const db = await openPglite();
  atEnd(() => db.close());
  const server = await serve({ ...options, database: db });
  return new Site([server.url], db, [server.close]);
};

/** So many processes of their own, on a PostgreSQL of the test file's. */
export function onPostgres(processes: number): OpenSite {
  let starting: Promise<Cluster> | undefined;
  atEnd(async () => (await starting)?.stop());
  return async options => {
    const { url } = await (starting ??= startCluster());
    const schema = `live_${randomUUID().replaceAll('-', '')}`;
    const db = await openPostgres(url, { schema });
    atEnd(() => db.close());
    const running = Array.from({ length: processes }, () => startScript(SCRIPT, url, JSON.stringify({ ...options, schema })));
    const urls = await Promise.all(running.map(one => one.url));
    return new Site(urls, db, running.map(({ child, ended }) => () => { child.kill('SIGTERM'); return ended; }));
  };
}
