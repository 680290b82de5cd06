// What servers import, as it was built: `holdfast/merge`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadMerge, MergeError, type ConflictConfig, type Merger } from 'holdfast/merge';
import { loadConflicts } from './module.js';
import { until } from '../browser/until.js';

const kRules: ConflictConfig = { fields: { tip: 'counter', note: 'text', items: { list: 'name' }, status: { transitions: { open: ['shut'], shut: [] } } } };
const kModule = new URL('../../dist/holdfast.wasm', import.meta.url);
const kSides = { base: { tip: 1, note: 'a' }, mine: { tip: 3, note: 'a' }, theirs: { tip: 2, note: 'b' } };

const failsWith = (code: MergeError['code'], message: RegExp) => (error: unknown) =>
  error instanceof MergeError && error.code === code && message.test(error.message);

test('a server has the merge with its decisions, typed and as text', async () => {
  const merger = await loadMerge(kRules);
  const merged = merger.merge(kSides);
  assert.deepEqual(merged, {
    document: { tip: 4, note: 'b' }, changed: true,
    decisions: [{ path: '/tip', policy: 'counter', verdict: 'merged', reason: '', base: 1, mine: 3, theirs: 2, result: 4 }],
  });
  assert.deepEqual(JSON.parse(merger.mergeText(JSON.stringify(kSides))), merged);
  assert.deepEqual(merger.merge({ base: { tip: 1 }, mine: undefined, theirs: { tip: 1 } }), { changed: true, decisions: [] }, 'deleted');
});

test('the later change stands where both times are told', async () => {
  const { merge } = await loadMerge({ default: 'last-write-wins' });
  const times = { mine: { wall: 2_000, count: 1 }, theirs: { wall: 2_000, node: 'b' }, now: 3_000 };
  assert.equal(merge({ ...kSides, times }).document?.tip, 3);
  assert.ok(merge(kSides).decisions.every(({ verdict }) => verdict === 'ask'));
});

test('what was built gives the bytes of the module, whatever is merged', async () => {
  const { mergeText } = await loadMerge(kRules);
  const conflicts = (await loadConflicts())();
  conflicts.configure(JSON.stringify(kRules));
  const document = fc.record({
    tip: fc.integer(), note: fc.stringMatching(/^([ab]{1,2}[ \n]){0,4}$/), status: fc.constantFrom('open', 'shut', 'lost'), more: fc.jsonValue(),
    items: fc.array(fc.record({ name: fc.constantFrom('x', 'y', 'é'), quantity: fc.nat(3) }), { maxLength: 3 }),
  }, { requiredKeys: [] });
  fc.assert(fc.property(fc.record({ base: document, mine: document, theirs: document }, { requiredKeys: [] }), (sides) => {
    const text = JSON.stringify(sides);
    assert.equal(mergeText(text), conflicts.merge(text));
  }), { numRuns: 500 });
});

test('mistakes in the rules are all named, with what is allowed', async () => {
  const rules = { default: 'mine-wins', fields: { tip: { counter: { least: 0 } } } } as unknown as ConflictConfig;
  await assert.rejects(loadMerge(rules), failsWith('rules', /conflicts\.default: must be merge, server-wins[^]*conflicts\.fields\.tip\.counter\.least: .*max/));
  await assert.rejects(loadMerge(undefined as unknown as ConflictConfig), failsWith('rules', /conflicts: must be an object, such as/));
});

test('what can\'t be read is refused by name, and the next merge goes on', async () => {
  const { merge, mergeText } = await loadMerge(kRules);
  for (const text of ['', '[]', '{', undefined as unknown as string, '['.repeat(100_000), '{"times":{}}']) {
    assert.throws(() => mergeText(text), failsWith('unreadable-merge', /\.$/));
  }
  assert.throws(() => merge(undefined as unknown as typeof kSides), failsWith('unreadable-merge', /\{ base, mine, theirs \}/));
  assert.equal(merge(kSides).document?.tip, 4);
});

test('the module comes as bytes, compiled, or from a URL; another one is refused', async () => {
  const bytes = readFileSync(kModule);
  for (const wasm of [bytes, new Uint8Array(bytes).buffer, await WebAssembly.compile(bytes), kModule, new URL(`data:application/wasm;base64,${bytes.toString('base64')}`)]) {
    assert.equal((await loadMerge(kRules, { wasm })).merge(kSides).document?.tip, 4);
  }
  await assert.rejects(loadMerge(kRules, { wasm: bytes.subarray(1) }), failsWith('module', /is not the module .* same release/));
  await assert.rejects(loadMerge(kRules, { wasm: new URL('nowhere.wasm', kModule) }), failsWith('module', /nowhere\.wasm .* as `wasm`/));
});

test('it runs where no text may become code', () => {
  const script = `import { loadMerge } from 'holdfast/merge';
    const { merge } = await loadMerge(${JSON.stringify(kRules)});
    console.log(merge(${JSON.stringify(kSides)}).document.tip);`;
  const told = execFileSync(process.execPath, ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', script],
    { cwd: new URL('../..', import.meta.url), encoding: 'utf8' });
  assert.equal(told, '4\n');
});

/** The module with so little memory that a large document makes it trap: its limit, 32,768 pages, is set to 400. */
function narrow(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(readFileSync(kModule));
  const limit = bytes.findIndex((_, at) => bytes[at] === 0x80 && bytes[at + 1] === 0x80 && bytes[at + 2] === 0x02);
  assert.ok(limit > 0 && limit < 2_000, `${limit} should be in the memory section`);
  bytes.set([0x90, 0x83, 0x00], limit);
  return bytes;
}

test('after a trap the module is started anew, and merges as before', async () => {
  const merger: Merger = await loadMerge(kRules, { wasm: await WebAssembly.compile(narrow()) });
  assert.equal(merger.merge(kSides).document?.tip, 4);
  const large = { ...kSides, mine: { tip: 3, note: 'x'.repeat(20_000_000) } };
  assert.throws(() => merger.merge(large), failsWith('trap', /failed on this merge/));
  assert.throws(() => merger.merge(kSides), failsWith('trap', /started anew/));
  await until(async () => { try { return merger.merge(kSides).document?.tip === 4; } catch { return false; } }, 'the module to be there again');
});
