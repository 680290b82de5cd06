import { createServer, type Server } from 'node:http';
import express5 from 'express';
import { expressBackend, keepBytes, type KeyStorage, type SqlClient } from 'holdfast/server';
import { userOf, type Notes } from './notes.js';

export function expressNotes(keys: KeyStorage<SqlClient>, notes: Notes, express = express5): Server {
  // docs: express
  const { read, write, changes } = expressBackend(keys, { subject: userOf });

  const app = express();
  app.use(express.json({ verify: keepBytes }));
  app.post('/api/notes', write((tx, request, by) => notes.create(tx, request.body, by)));
  app.patch('/api/notes/:id', write((tx, { params, body, headers }, by) => notes.patch(tx, params.id, body, headers, by)));
  app.delete('/api/notes/:id', write((tx, { params, headers }, by) => notes.remove(tx, params.id, headers, by)));
  app.put('/api/notes/:id/picture', write((tx, { params, body }, by) => notes.putPicture(tx, params.id, body, by)));
  app.get('/api/notes/:id', read(({ params }) => notes.read(params.id)));
  app.get('/api/notes', read(() => notes.list()));
  app.get('/api/changes', changes(notes.feed));
  // end
  return createServer(app);
}
