import { createServer, type Server } from 'node:http';
import express5 from 'express';
import { expressBackend, keepBytes, type KeyStorage, type SqlClient } from 'holdfast/server';
import { userOf, type Notes } from './notes.js';

export function expressNotes(keys: KeyStorage<SqlClient>, notes: Notes, express = express5): Server {
  // docs: express
  const { read, write, changes } = expressBackend(keys, { subject: userOf });

  const app = express();
  app.use(express.json({ verify: keepBytes }));
  app.post('/api/notes', write((tx, request, writer) => notes.create(tx, request.body, writer)));
  app.patch('/api/notes/:id', write((tx, { params, body, headers }, writer) => notes.patch(tx, params.id, body, headers, writer)));
  app.delete('/api/notes/:id', write((tx, { params, headers }, writer) => notes.remove(tx, params.id, headers, writer)));
  app.put('/api/notes/:id/picture', write((tx, { params, body }, writer) => notes.putPicture(tx, params.id, body, writer)));
  app.get('/api/notes/:id', read(({ params }) => notes.read(params.id)));
  app.get('/api/notes', read(() => notes.list()));
  app.get('/api/changes', changes(notes.feed));
  // end
  app.set('env', 'test');  // or it writes what a handler throws to the console
  return createServer(app);
}
