// The same code on both sides: what the server merges has the bytes that a client comes to, with the engine in it, when
// it is answered 412 and merges by itself.
import assert from 'node:assert/strict';
import { before, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { loadMerge, type Decision, type Merger } from 'holdfast/merge';
import { orderConflicts, type Exception } from '../../web/order-rules.js';
import { STATUSES } from '../../web/server/order-schema.js';
import { loadEngine, type RawEngine } from '../module/module.js';
import { change, configure } from './engine-client.js';
import { serve, sharedDatabase, type TestServer } from './support.js';

const kHistories = 300;
const kExceptions: Exception[] = [['cancelled', 'delivered'], ['delivered', 'cancelled']];

interface Side { server: TestServer; engine: RawEngine; merger: Merger }

const database = sharedDatabase();
const sides: Record<'strict' | 'lenient', Side> = {} as never;
before(async () => {
  const make = await loadEngine();
  for (const [name, exceptions] of [['strict', []], ['lenient', kExceptions]] as const) {
    const rules = orderConflicts({ exceptions });
    const server = await serve({ database: await database(), exceptions });
    sides[name] = { server, engine: configure(make, server, rules), merger: await loadMerge(rules) };
  }
});

type Fields = Record<string, unknown>;
type Item = { name: string; quantity: number };
type Edit = (order: Fields) => Fields;

// Few words, names and steps, so that both sides meet often; small edits, so that it isn't always a person's matter.
const line = fc.constantFrom('ring twice', 'ring once please', 'no onions', 'Grüße 🍕', '');
const name = fc.constantFrom('Soup', 'Rice', 'Crêpe', 'a/b~c');
const quantity = fc.integer({ min: 1, max: 3 });
const tip = fc.constantFrom(0, 100, 250, 600_000);

const editedLine: fc.Arbitrary<Edit> = fc.tuple(fc.nat(3), fc.nat(1), line).map(([at, instead, text]) => ({ note }) => {
  const lines = String(note).split('\n');
  lines.splice(at, instead, text);
  return { note: lines.join('\n') };
});
const editedItem: fc.Arbitrary<Edit> = fc.record({ name, quantity }).map(item => ({ items }) => {
  const there = items as Item[];
  const known = there.some(({ name }) => name === item.name);
  return { items: known ? there.map(one => (one.name === item.name ? item : one)) : [...there, item] };
});
const withoutItem: fc.Arbitrary<Edit> = name.map(gone => ({ items }) => {
  const left = (items as Item[]).filter(({ name }) => name !== gone);
  return { items: left.length > 0 ? left : items };
});
const edits = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...STATUSES, 'delivered', 'cancelled', 'delivered', 'cancelled').map((status): Edit => () => ({ status })) },
  { weight: 4, arbitrary: editedLine },
  { weight: 4, arbitrary: tip.map((tip): Edit => () => ({ tip })) },
  { weight: 2, arbitrary: editedItem },
  { weight: 3, arbitrary: withoutItem },
  { weight: 1, arbitrary: fc.constantFrom('Bo', 'Cy').map((courier): Edit => () => ({ courier })) },
);

const history = fc.record({
  rules: fc.constantFrom('strict', 'lenient'),
  order: fc.record({
    tip, note: fc.array(line, { maxLength: 4 }).map(lines => lines.join('\n')),
    items: fc.uniqueArray(fc.record({ name, quantity }), { selector: ({ name }) => name, minLength: 1, maxLength: 4 }),
  }),
  /** How far it is when both look at it. */
  way: fc.constantFrom(0, 1, 2, 2, 2).map(steps => ['accepted', 'picked_up'].slice(0, steps)),
  mine: fc.array(edits, { minLength: 1, maxLength: 4 }),
  others: fc.array(edits, { minLength: 1, maxLength: 4 }),
});

/** Several edits as one patch. */
const patchOf = (order: Fields, edits: Edit[]): Fields => edits.reduce<Fields>((patch, edit) => ({ ...patch, ...edit({ ...order, ...patch }) }), {});

/** What the rules merge; version and times are the server's own. */
const kFields = ['note', 'tip', 'items', 'status', 'courier', 'customer', 'restaurant'];
const bytes = (document: Fields): string => JSON.stringify(kFields.map(name => document[name]));

/** What became of the change, in words that both ways share. */
interface Outcome { ended: string; decisions: Decision[]; document: string }

async function theServersWay({ server }: Side, base: Fields, mine: Fields): Promise<Outcome> {
  const answer = await server.send('PATCH', `/api/orders/${base.id}`, {
    body: mine, headers: { 'if-match': `"${base.version}"`, prefer: 'merge', accept: 'application/vnd.holdfast.merge+json' },
  });
  const { decisions, document, suggested } = answer.json;
  if (answer.status === 200) return { ended: 'stored', decisions, document: bytes(document) };
  if (answer.json.code === 'merge-asks') return { ended: 'asked', decisions, document: bytes(suggested) };
  return { ended: refusal(answer.json), decisions: [], document: '' };
}

async function theClientsWay({ server, engine }: Side, base: Fields, mine: Fields): Promise<Outcome> {
  const end = await change(engine, server, base, `"${base.version}"`, mine);
  return end.state === 'refused' ? { ended: refusal(end.problem), decisions: [], document: '' }
    : { ended: end.state, decisions: end.decisions, document: bytes(end.document) };
}

/** The sentence of it, from the field's name on. */
function refusal({ code, field, detail }: Fields): string {
  assert.match(String(code), /^(illegal-transition|invalid|merge-invalid)$/);
  return String(detail).slice(String(detail).indexOf(`${field} `));
}

test(`${kHistories} random histories: the server's merge and the client's have the same bytes, decisions and refusals`, async (t: TestContext) => {
  const met = new Map<string, number>();
  const meet = (what: string) => met.set(what, (met.get(what) ?? 0) + 1);
  const began = Date.now();
  await fc.assert(fc.asyncProperty(history, async ({ rules, order, way, mine, others }) => {
    const side = sides[rules as 'strict' | 'lenient'];
    const lived = async (): Promise<Fields> => {
      let now: Fields = await side.server.order(order);
      const change = async (body: Fields) => {
        const { status, json } = await side.server.send('PATCH', `/api/orders/${now.id}`, { body });
        if (status === 200) now = json;  // what is illegal changes nothing
      };
      for (const status of way) await change({ status });
      const base = now;
      for (const edit of others) await change(edit(now));
      return base;
    };
    const bases = [await lived(), await lived()] as const;
    const theirs = (await side.server.send('GET', `/api/orders/${bases[0].id}`)).json;
    const patch = patchOf(bases[0], mine);
    const server = await theServersWay(side, bases[0], patch);
    const client = await theClientsWay(side, bases[1], patch);
    assert.deepEqual(server, client);
    assert.equal(JSON.stringify(server), JSON.stringify(client));
    const { document = {}, decisions } = side.merger.merge<Fields>({ base: bases[0], mine: { ...bases[0], ...patch }, theirs });
    if (server.document) assert.deepEqual([server.document, JSON.stringify(server.decisions)], [bytes(document), JSON.stringify(decisions)]);
    const [stored, other] = await Promise.all(bases.map(async ({ id }) => bytes((await side.server.send('GET', `/api/orders/${id}`)).json)));
    assert.equal(stored, other, 'both orders are left alike');
    if (server.ended === 'stored') assert.equal(stored, server.document);

    meet(/^status/.test(server.ended) ? 'illegal' : /^(stored|asked)$/.test(server.ended) ? server.ended : 'invalid');
    for (const { policy, verdict, reason } of server.decisions) meet(`${policy} ${verdict} ${reason}`.trim());
  }), { numRuns: kHistories, seed: 1 });
  t.diagnostic(`${kHistories} histories in ${((Date.now() - began) / 1000).toFixed(1)} s: ${[...met].sort().map(([what, times]) => `${what} ${times}`).join(', ')}`);
  for (const what of ['stored', 'asked', 'illegal', 'invalid', 'counter merged', 'transitions theirs unreachable', 'transitions mine exception']) {
    assert.ok((met.get(what) ?? 0) > 0, `no history came to "${what}"`);
  }
});
