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
  app.post('/api/notes', write((tx, request, writer) => notes.create(tx, request.body, writer)));
  app.patch<ById>('/api/notes/:id', write((tx, { params, body, headers }, writer) => notes.patch(tx, params.id, body, headers, writer)));
  app.delete<ById>('/api/notes/:id', write((tx, { params, headers }, writer) => notes.remove(tx, params.id, headers, writer)));
  app.put<ById>('/api/notes/:id/picture', write((tx, { params, body }, writer) => notes.putPicture(tx, params.id, body as Buffer, writer)));
  app.get<ById>('/api/notes/:id', read(({ params }) => notes.read(params.id)));
  app.get('/api/notes', read(() => notes.list()));
  app.get('/api/changes', changes(notes.feed));
  // end
  return app;
}
