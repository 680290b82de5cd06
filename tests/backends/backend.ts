// Starts the example apps for the contract, with a hand in their transactions.

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { postgresKeys, type AnySql, type KeyStorage, type SqlClient } from 'holdfast/server';
import { atEnd, sender, type TestServer } from '../server/support.js';
import { notesIn, type Notes } from './examples/notes.js';

export interface Backend {
  url: string;
  send: TestServer['send'];
  /** What goes wrong from now on, in each write. */
  faults: {
    none(): Promise<void>;
    /** Its transaction fails at its end. */
    fail(): Promise<void>;
    /** Its transaction waits at its end; `reached` is fulfilled when the first one does. `none()` lets it go on. */
    hold(): Promise<{ reached: Promise<void> }>;
    /** Its connection is destroyed after the commit, before the answer leaves. */
    drop(): Promise<void>;
  };
  /** Forgets changes that are as old as the retention, or this. */
  forget(retentionMs?: number): Promise<void>;
}

/** A promise, and what fulfils it. It is fulfilled in any case after a while: a test must fail, not hang. */
function gate(): { passed: Promise<void>; pass: () => void } {
  let pass = () => {};
  const passed = new Promise<void>((done) => { pass = done; setTimeout(done, 5_000).unref(); });
  return { passed, pass };
}

export type Database = AnySql<SqlClient> & SqlClient;
export type App = (keys: KeyStorage<SqlClient>, notes: Notes) => Server | Promise<Server>;

export async function startBackend(app: App, database: Database): Promise<Backend> {
  const nothing = async () => {};
  let [inside, committed] = [nothing, nothing];
  let release = () => {};
  const keys = postgresKeys(database);
  const notes = notesIn(database);
  const server = await app({
    ...keys,
    async transaction(work) {
      const result = await keys.transaction(async (tx) => {
        const done = await work(tx);
        await inside();
        return done;
      });
      await committed();
      return result;
    },
  }, notes);
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  atEnd(async () => { server.close(); server.closeAllConnections(); });
  return {
    url, send: sender(url),
    forget: (retentionMs) => notes.feed.forget(retentionMs),
    faults: {
      async none() { [inside, committed] = [nothing, nothing]; release(); },
      async fail() { inside = async () => { throw new Error('the disk is full'); }; },
      async hold() {
        const [reached, released] = [gate(), gate()];
        release = released.pass;
        inside = async () => { reached.pass(); await released.passed; };
        return { reached: reached.passed };
      },
      async drop() { committed = async () => server.closeAllConnections(); },
    },
  };
}
