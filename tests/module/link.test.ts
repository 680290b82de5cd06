// The live link's state machine over the compiled module: what the native tests wrote down, byte for byte.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { loadLink, type RawLink } from './module';

const kFolder = new URL('../../build/link-transcripts/', import.meta.url);

let make: () => RawLink;
before(async () => {
  make = await loadLink();
});

test('the class is there, and goes from start to a first attempt', () => {
  const link = make();
  assert.deepEqual(JSON.parse(link.configure('{"transports":["sse"]}')), { ok: true });
  const { state, effects } = JSON.parse(link.step('{"state":null,"event":{"type":"start","life":"a"},"now":1700000000000,"entropy":"00"}')) as {
    state: { name: string; wakeAt: number }; effects: unknown[];
  };
  assert.equal(state.name, 'connecting');
  assert.equal(state.wakeAt, 1_700_000_010_000);
  assert.deepEqual(effects, [{ do: 'open', attempt: 1, transport: 'sse' }, { do: 'changed', from: 'suspended', to: 'connecting', reason: 'start' }]);
  link.delete();
});

test('input that is no step is refused, and the module lives on', () => {
  const link = make();
  for (const input of ['', 'null', '{', '{"event":{},"now":"x"}', '['.repeat(100_000), '{"event":{"type":"\\ud800"},"now":1}']) {
    assert.match((JSON.parse(link.step(input)) as { refused: { code: string } }).refused.code, /^unreadable/, input.slice(0, 40));
  }
  assert.ok('state' in (JSON.parse(link.step('{"event":{"type":"tick"},"now":1}')) as object));
  link.delete();
});

test('the module answers random lives byte for byte as the native build does', () => {
  const names = existsSync(kFolder) ? readdirSync(kFolder) : [];
  assert.ok(names.length > 0, 'Build and run the native tests first: they write the transcripts into build/link-transcripts.');
  for (const name of names) {
    const lines = readFileSync(new URL(name, kFolder), 'utf8').trimEnd().split('\n');
    assert.ok(lines.length > 100 && lines.length % 2 === 0, `${name} holds pairs of lines`);
    const link = make();
    for (let i = 0; i < lines.length; i += 2) {
      const input = lines[i] ?? '';
      assert.equal(i === 0 ? link.configure(input) : link.step(input), lines[i + 1], `${name}, line ${i + 2}`);
    }
    link.delete();
  }
});
