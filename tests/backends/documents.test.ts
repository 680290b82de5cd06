// What the documents show is what the tests run.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { migrate } from 'holdfast/server';
import { atEnd } from '../server/support.js';
import { startBackend } from './backend.js';
import { nodeNotes } from './examples/node.js';
import { NOTES } from './examples/notes.js';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the examples of docs/servers.md are the code that keeps the contract', () => {
  const servers = read('../../docs/servers.md');
  for (const [file, name] of [['setup', 'setup'], ['notes', 'patch'], ['node', 'node'], ['express', 'express'], ['fastify', 'fastify'], ['live', 'live']]) {
    const [, indent, shown] = new RegExp(`^( *)// docs: ${name}\\n(.*?)^ *// end$`, 'ms').exec(read(`examples/${file}.ts`)) ?? [];
    assert.ok(shown, `${file}.ts shows nothing as ${name}`);
    const block = shown.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trimEnd();
    assert.ok(servers.includes(`\`\`\`ts\n${block}\n\`\`\`\n`), `docs/servers.md doesn't show this, from examples/${file}.ts:\n\n${block}`);
  }
});

interface Message { first: string; headers: [string, string][]; body: string }

function messageOf(block: string): Message {
  const [head = '', body = ''] = block.split('\n\n');
  const [first = '', ...lines] = head.split('\n');
  return { first, body: body.trim(), headers: lines.map((line) => line.split(': ') as [string, string]) };
}

test('the requests of docs/protocol.md are answered as it says', async () => {
  const database = await PGlite.create();
  atEnd(() => database.close());
  await migrate(database);
  await database.query(NOTES);
  const { send } = await startBackend(nodeNotes, database);
  await send('POST', '/api/notes', { body: { id: '7', text: 'milk' } });

  const section = /^## Writes$(.*?)^## /ms.exec(read('../../docs/protocol.md'))?.[1] ?? '';
  const blocks = [...section.matchAll(/^```http\n(.*?)^```$/gms)].map(([, block]) => messageOf(block!));
  assert.equal(blocks.length, 5);
  let request: Message | undefined;
  for (const message of blocks) {
    if (!/^\d+$/.test(message.first)) { request = message; continue; }
    const [method = '', path = ''] = request!.first.split(' ');
    const answer = await send(method, path, { raw: request!.body, headers: Object.fromEntries(request!.headers) });
    assert.equal(answer.status, Number(message.first), answer.text);
    for (const [name, value] of message.headers) assert.equal(answer.headers.get(name), value, name);
    const detail = answer.json.detail === undefined ? {} : { detail: answer.json.detail };
    assert.deepEqual(answer.json, { ...JSON.parse(message.body), ...detail });
  }
});
