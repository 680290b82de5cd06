// The compiled module gives the same bytes as the native build, for every input of every scenario and of a few
// simulated worlds: what the native tests wrote down is replayed here.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { loadEngine, type RawEngine } from './module';

const folder = new URL('../../build/transcripts/', import.meta.url);
const kFirst = 'Build and run the native tests first: they write the transcripts into build/transcripts.';

let engine: () => RawEngine;
before(async () => {
  engine = await loadEngine();
});

function transcripts(): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith('.txt')).sort();
}

/** Lines come in pairs, input and output. The first input configures, and so does one that is marked. */
function replay(name: string): number {
  const lines = readFileSync(new URL(name, folder), 'utf8').split('\n');
  assert.equal(lines.pop(), '', `${name} ends with a whole line`);
  assert.equal(lines.length % 2, 0, `${name} holds pairs of lines`);
  const instance = engine();
  for (let i = 0; i < lines.length; i += 2) {
    const input = lines[i] ?? '';
    const marked = input.startsWith('configure ');
    const output = i === 0 || marked ? instance.configure(marked ? input.slice(10) : input) : instance.step(input);
    // Comparing first keeps a passing run quick; a message is only built where they differ.
    if (output !== lines[i + 1]) assert.equal(output, lines[i + 1], `${name}, line ${i + 2}, answering ${input}`);
  }
  instance.delete();
  return lines.length / 2;
}

test('there are transcripts of every scenario', () => {
  const names = new Set(transcripts());
  assert.ok(names.size > 0, kFirst);
  for (const file of readdirSync(new URL('../scenarios/', import.meta.url))) {
    assert.ok(names.has(file.replace(/\.json$/, '.txt')), `${file} has no transcript. ${kFirst}`);
  }
});

for (const name of transcripts()) {
  test(`the module answers ${name} byte for byte as the native build does`, () => {
    assert.ok(replay(name) > 1);
  });
}
