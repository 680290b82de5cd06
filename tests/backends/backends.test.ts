// The contract, for each framework and database. The apps are the examples of docs/servers.md.

import { describe } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import express4 from 'express4';
import { migrate } from 'holdfast/server';
import pg from 'pg';
import { startCluster } from '../server/cluster.js';
import { atEnd } from '../server/support.js';
import { startBackend, type App, type Database } from './backend.js';
import { contract } from './contract.js';
import { expressNotes } from './examples/express.js';
import { fastifyNotes } from './examples/fastify.js';
import { nodeNotes } from './examples/node.js';
import { NOTES } from './examples/notes.js';
import { setUp } from './examples/setup.js';

const kApps: Record<string, App> = {
  'node:http': nodeNotes,
  'Express 5': (keys, notes) => expressNotes(keys, notes),
  'Express 4': (keys, notes) => expressNotes(keys, notes, express4),
  Fastify: async (keys, notes) => {
    const app = await fastifyNotes(keys, notes);
    await app.ready();
    return app.server;
  },
};

/** Each is opened by whoever comes first. */
const kDatabases: Record<string, () => Promise<Database>> = {
  PGlite: once(async () => {
    const database = await PGlite.create();
    atEnd(() => database.close());
    return database;
  }),
  PostgreSQL: once(async () => {
    const cluster = await startCluster();
    atEnd(() => cluster.stop());
    const { host, user, database } = new pg.Client({ connectionString: cluster.url });
    Object.assign(process.env, { PGHOST: host, PGUSER: user, PGDATABASE: database });
    const { pool } = await setUp();
    atEnd(() => pool.end());
    return pool;
  }),
};

function once(open: () => Promise<Database>): () => Promise<Database> {
  let opening: Promise<Database> | undefined;
  return () => opening ??= open().then(async (database) => {
    await migrate(database);
    await database.query(NOTES);
    return database;
  });
}

for (const [database, open] of Object.entries(kDatabases)) {
  for (const [framework, app] of Object.entries(kApps)) {
    describe(`${framework} on ${database}`, () => contract(async () => startBackend(app, await open())));
  }
}
