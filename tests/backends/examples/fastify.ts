import Fastify, { type FastifyInstance } from 'fastify';
import { fastifyBackend, type KeyStorage, type SqlClient } from 'holdfast/server';
import { userOf, type Notes } from './notes.js';

interface ById { Params: { id: string } }

export async function fastifyNotes(keys: KeyStorage<SqlClient>, notes: Notes): Promise<FastifyInstance> {
  // docs: fastify
  const { plugin, read, write, changes } = fastifyBackend(keys, { subject: userOf });

  const app = Fastify({ bodyLimit: 16 * 1024 * 1024 });
  await app.register(plugin);
  app.addContentTypeParser('image/png', { parseAs: 'buffer' }, async (_request: unknown, bytes: Buffer) => bytes);
  app.post('/api/notes', write((tx, request, by) => notes.create(tx, request.body, by)));
  app.patch<ById>('/api/notes/:id', write((tx, { params, body, headers }, by) => notes.patch(tx, params.id, body, headers, by)));
  app.delete<ById>('/api/notes/:id', write((tx, { params, headers }, by) => notes.remove(tx, params.id, headers, by)));
  app.put<ById>('/api/notes/:id/picture', write((tx, { params, body }, by) => notes.putPicture(tx, params.id, body as Buffer, by)));
  app.get<ById>('/api/notes/:id', read(({ params }) => notes.read(params.id)));
  app.get('/api/notes', read(() => notes.list()));
  app.get('/api/changes', changes(notes.feed));
  // end
  return app;
}
