import { createServer, type Server } from 'node:http';
import { jsonOf, nodeBackend, problemAnswer, type KeyStorage, type NodeListener, type SqlClient } from 'holdfast/server';
import { userOf, type Notes } from './notes.js';

export function nodeNotes(keys: KeyStorage<SqlClient>, notes: Notes): Server {
  // docs: node
  const { read, write, changes } = nodeBackend(keys, { subject: userOf, onError: () => {} });

  const routes: [method: string, path: RegExp, listener: (id: string) => NodeListener][] = [
    ['POST', /^\/api\/notes$/, () => write((tx, { body }, writer) => notes.create(tx, jsonOf(body), writer))],
    ['PATCH', /^\/api\/notes\/([\w-]+)$/, (id) => write((tx, { body, headers }, writer) => notes.patch(tx, id, jsonOf(body), headers, writer))],
    ['DELETE', /^\/api\/notes\/([\w-]+)$/, (id) => write((tx, { headers }, writer) => notes.remove(tx, id, headers, writer))],
    ['PUT', /^\/api\/notes\/([\w-]+)\/picture$/, (id) => write((tx, { body }, writer) => notes.putPicture(tx, id, body ?? Buffer.of(), writer))],
    ['GET', /^\/api\/notes\/([\w-]+)$/, (id) => read(() => notes.read(id))],
    ['GET', /^\/api\/notes$/, () => read(() => notes.list())],
    ['GET', /^\/api\/changes$/, () => changes(notes.feed)],
    ['', /()/, () => read(() => problemAnswer(404, 'not-found', 'There is nothing here.'))],
  ];
  return createServer((request, response) => {
    const path = request.url!.split('?')[0]!;
    const [, matches, listener] = routes.find(([method, pattern]) => (method === request.method || method === '') && pattern.test(path))!;
    void listener(matches.exec(path)?.[1] ?? '')(request, response);
  });
  // end
}
