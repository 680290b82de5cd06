// Starts the example apps for the contract, with a hand in their transactions.

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { postgresKeys, type AnySql, type KeyStorage, type SqlClient } from 'holdfast/server';
import { atEnd, sender, type TestServer } from '../server/support.js';
import { notesIn, type Notes } from './examples/notes.js';

export interface Backend {
  url: string;
  send: TestServer['send'];
  notes: Notes;
  hooks: {
    /** At the end of each write's transaction. */
    inside(): Promise<void>;
    /** After each commit, before the answer leaves. */
    committed(): Promise<void>;
  };
  /** As a process does that is killed. */
  dropConnections(): void;
}

export type Database = AnySql<SqlClient> & SqlClient;
export type App = (keys: KeyStorage<SqlClient>, notes: Notes) => Server | Promise<Server>;

export async function startBackend(app: App, database: Database): Promise<Backend> {
  const hooks: Backend['hooks'] = { inside: async () => {}, committed: async () => {} };
  const keys = postgresKeys(database);
  const notes = notesIn(database);
  const server = await app({
    ...keys,
    async transaction(work) {
      const result = await keys.transaction(async (tx) => {
        const done = await work(tx);
        await hooks.inside();
        return done;
      });
      await hooks.committed();
      return result;
    },
  }, notes);
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const dropConnections = () => server.closeAllConnections();
  atEnd(async () => { server.close(); dropConnections(); });
  return { url, notes, hooks, dropConnections, send: sender(url) };
}
