import { createServer, type Server } from 'node:http';
import express from 'express';
import { expressBackend, keepBytes, type KeyStorage, type SqlClient } from 'holdfast/server';
import { openLive } from 'holdfast/server/live';
import { userOf, type Notes } from './notes.js';

export function liveNotes(keys: KeyStorage<SqlClient>, notes: Notes): Server {
  const { write } = expressBackend(keys, { subject: userOf });
  const app = express();
  app.use(express.json({ verify: keepBytes }));
  // docs: live
  const live = openLive({ feed: notes.feed, identify: (request) => ({ subject: userOf(request) }) });

  app.use((request, response, next) => {  // before the routes
    if (request.method !== 'GET') response.on('finish', live.wake);   // what this process has changed is told at once
    next();
  });
  app.get('/api/live', live.events);
  const server = createServer(app).on('upgrade', live.upgrade);
  // end
  app.post('/api/notes', write((tx, request, writer) => notes.create(tx, request.body, writer)));
  return server;
}
