// The laws of docs/conflicts.md over the compiled module, text in and text out: random documents that shrink to the
// smallest that breaks one. tests/laws has the same laws over the native engine. What fails says the seed and the path
// that lead there again.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { ConflictRule } from '../../js/protocol/config.js';
import { loadConflicts, type RawConflicts } from './module';

/** Cases of each law for each policy, as natively: more than twenty thousand of each law. */
const kCases = 2_000;

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

let make: () => RawConflicts;
before(async () => {
  make = await loadConflicts();
});

// --- What cases are made of --------------------------------------------------------------------------------------

const number = fc.integer({ min: -30, max: 30 }).map((tenths) => tenths / 10);
const scalar: fc.Arbitrary<Json> = fc.oneof(fc.constantFrom('', 'a', 'b', 'c'), number, fc.constantFrom(true, false, null));
const objectOf = (value: fc.Arbitrary<Json>): fc.Arbitrary<Json> => fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value, { noNullPrototype: true });
const nested = objectOf(fc.oneof(scalar, fc.array(scalar), objectOf(scalar)));
/** Any order of any elements, each of which has an id of its own. */
const keyed = fc.uniqueArray(fc.record({ id: fc.constantFrom(...'abcdef'), count: fc.nat(2) }, { noNullPrototype: true }), { selector: ({ id }) => id });
const written = fc.array(fc.constantFrom('Ring twice.', 'Leave it at the door.', 'Third floor, left.', '', 'Thanks!'))
  .map((lines) => lines.map((line) => `${line}\n`).join(''));

const kStates = { placed: ['accepted', 'cancelled'], accepted: ['picked-up', 'cancelled'], 'picked-up': ['delivered'], delivered: [], cancelled: [] };

/** The module knows resolvers; an app can't declare them yet. */
type Rule = ConflictRule | { resolver: string };

/** A policy, values that it is for, and what docs/conflicts.md says that it gives up. */
interface Subject {
  name: string;
  rule: Rule;
  values: fc.Arbitrary<Json>;
  agrees?: boolean;     // two equal changes are that change
  symmetric?: boolean;  // exchanging the sides changes nothing
  invents?: boolean;    // the result has values that no side has
}

const kSubjects: Subject[] = [
  { name: 'server-wins', rule: 'server-wins', values: scalar, symmetric: false },
  { name: 'client-wins', rule: 'client-wins', values: scalar, symmetric: false },
  { name: 'last-write-wins', rule: 'last-write-wins', values: scalar },
  { name: 'merge', rule: 'merge', values: nested, symmetric: false },
  { name: 'counter', rule: 'counter', values: number, agrees: false, invents: true },
  { name: 'counter with a bound', rule: { counter: { min: 0 } }, values: number, agrees: false, invents: true },
  { name: 'set', rule: 'set', values: fc.array(scalar) },
  { name: 'list', rule: { list: 'id' }, values: keyed, symmetric: false },
  { name: 'max', rule: 'max', values: number },
  { name: 'min', rule: 'min', values: number },
  { name: 'text', rule: 'text', values: written, symmetric: false, invents: true },
  { name: 'transitions', rule: { transitions: kStates }, values: fc.constantFrom(...Object.keys(kStates)), symmetric: false },
  { name: 'manual', rule: 'manual', values: scalar, symmetric: false },
  { name: 'resolver', rule: { resolver: 'app' }, values: scalar, symmetric: false },
];

// --- The merge ---------------------------------------------------------------------------------------------------

interface Merged {
  document: Json;
  changed: boolean;
  decisions: { verdict: 'merged' | 'mine' | 'theirs' | 'ask' }[];
}

type Merge = (base: Json, mine: Json, theirs: Json, sides?: Sides) => Merged;

interface Sides {
  mine: string;
  theirs: string;
}

const kSides: Sides = { mine: 'me', theirs: 'you' };
const kExchanged: Sides = { mine: 'you', theirs: 'me' };

function merging(config: { default?: Rule; fields?: Record<string, Rule> }): Merge {
  const conflicts = make();
  assert.equal(conflicts.configure(JSON.stringify(config)), '{"ok":true}');
  return (base, mine, theirs, sides = kSides) => {
    const stamp = (node: string) => ({ wall: 1_000, count: 0, node });
    const times = { mine: stamp(sides.mine), theirs: stamp(sides.theirs), now: 2_000 };
    const merged = JSON.parse(conflicts.merge(JSON.stringify({ base, mine, theirs, times }))) as Merged;
    assert.ok('document' in merged, 'a document that nobody deleted is there');
    return merged;
  };
}

/** Comparing first keeps a passing run quick; a message is only built where they differ. */
function is(value: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(value, expected)) assert.deepEqual(value, expected);
}

function asks({ decisions }: Merged): boolean {
  return decisions.some(({ verdict }) => verdict === 'ask');
}

function scalars(value: Json): Json[] {
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(scalars) : [value];
}

// --- The laws ----------------------------------------------------------------------------------------------------

for (const { name, rule, values, agrees = true, symmetric = true, invents = false } of kSubjects) {
  describe(name, () => {
    let merge: Merge;
    before(() => {
      merge = merging({ default: rule });
    });

    const law = (what: string, holds: (base: Json, mine: Json, theirs: Json) => void) => test(what, () => {
      fc.assert(fc.property(values, values, values, holds), { numRuns: kCases });
    });

    law('identity: what only one side changed is as that side has it', (base, mine) => {
      const here = merge(base, mine, base);
      is(here.document, mine);
      is(here.decisions, []);
      is(here.changed, !isDeepStrictEqual(mine, base));
      is(merge(base, base, mine), { document: mine, changed: false, decisions: [] });
    });

    law('idempotence: what was merged merges to itself', (base, mine, theirs) => {
      const once = merge(base, mine, theirs).document;
      is(merge(theirs, once, theirs).document, once);
      is(merge(once, once, once).document, once);
    });

    if (agrees) {
      law('agreement: the same change on both sides is that change, and no conflict', (base, mine) => {
        is(merge(base, mine, mine), { document: mine, changed: false, decisions: [] });
      });
    }

    law('symmetry: what is settled without picking a side is settled alike on both', (base, mine, theirs) => {
      const here = merge(base, mine, theirs);
      const there = merge(base, theirs, mine, kExchanged);
      is(asks(here), asks(there));
      if (symmetric || here.decisions.every(({ verdict }) => verdict === 'merged')) is(here.document, there.document);
    });

    if (!invents) {
      law('no invention: each value of the result is of one of the sides', (base, mine, theirs) => {
        const given = new Set([base, mine, theirs].flatMap(scalars));
        for (const value of scalars(merge(base, mine, theirs).document)) assert.ok(given.has(value), `${String(value)} is of no side`);
      });
    }

    test('locality: a field is merged as if it were alone', () => {
      const inside = merging({ fields: { '/field': rule } });
      fc.assert(fc.property(values, values, values, nested, nested, (base, mine, theirs, other, changed) => {
        const { document } = inside({ field: base, other }, { field: mine, other: changed }, { field: theirs, other });
        is(document, { field: merge(base, mine, theirs).document, other: changed });
      }), { numRuns: kCases });
    });
  });
}

test('counter: no difference is lost, in whatever order they arrive', () => {
  const merge = merging({ default: 'counter' });
  const delta = fc.integer({ min: -100, max: 100 });
  fc.assert(fc.property(fc.integer({ min: -1_000, max: 1_000 }), fc.array(delta), (base, deltas) => {
    const server = deltas.reduce<Json>((document, one) => merge(base, base + one, document).document, base);
    is(server, deltas.reduce((sum, one) => sum + one, base));
  }), { numRuns: 5 * kCases });
});

// --- Texts -------------------------------------------------------------------------------------------------------

const value = fc.oneof(scalar, fc.constantFrom('é\n', '"\\', '\u0001', '日本', 0.1 + 0.2, 1e-7), fc.array(scalar, { maxLength: 3 }), objectOf(fc.oneof(scalar, keyed)));
const place = fc.constantFrom('a', 'b', 'tip', 'note', 'items', 'tags');
const edit = fc.oneof(
  fc.tuple(place, fc.option(value, { nil: undefined })),
  fc.tuple(fc.constant('tip'), number), fc.tuple(fc.constant('items'), keyed), fc.tuple(fc.constant('note'), written),
);
/** Within one more object or beside it. */
const edits = fc.array(fc.tuple(fc.boolean(), edit), { maxLength: 6 });
/** Blanks change a text and nothing in it. */
const indent = fc.constantFrom(0, 0, 0, 1);

type Document = Record<string, unknown> & { inner: Record<string, unknown> };

function edited(document: Document, changes: [boolean, [string, unknown]][]): Document {
  const copy = structuredClone(document);
  for (const [inside, [name, value]] of changes) (inside ? copy.inner : copy)[name] = value;
  return copy;
}

test('what is left out of a merge, as nobody changed it, changes nothing: its bytes are those of the parsed documents', () => {
  const field = (name: string, rule: Rule) => ({ [`/${name}`]: rule, [`/inner/${name}`]: rule });
  const conflicts = make();
  const rules = { fields: { ...field('tip', 'counter'), ...field('note', 'text'), ...field('items', { list: 'id' }), ...field('tags', 'set') } };
  assert.equal(conflicts.configure(JSON.stringify(rules)), '{"ok":true}');
  let decisions = 0;
  fc.assert(fc.property(edits, edits, edits, fc.tuple(indent, indent, indent), (first, mine, theirs, indents) => {
    const base = edited({ inner: {} }, first);
    const [b, m, t] = [base, edited(base, mine), edited(base, theirs)].map((document, index) => JSON.stringify(document, null, indents[index]));
    const rest = `${b},"mine":${m},"theirs":${t}}`;
    const merged = conflicts.merge(`{"base":${rest}`);
    // A name that is written in another way has everything parsed.
    assert.equal(merged, conflicts.merge(`{"b\\u0061se":${rest}`));
    decisions += (JSON.parse(merged) as Merged).decisions.length;
  }), { numRuns: 5 * kCases });
  assert.ok(decisions > kCases, `only ${decisions} decisions`);
});
