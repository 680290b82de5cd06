// Random histories: the steps that they are made of, and how a seed becomes one. A history is plain data, so that one
// that fails can be printed and pasted; each step says what it needs, so that any of the others can be left out.

import { Random } from '../ride/random.js';
import { withPart, type Doc, type Json } from './json.js';
import { wrapped } from './rules.js';
import type { BodyType, How } from './server.js';
import { kShapes, type Shape } from './shapes.js';

export type Step =
  /** Somebody else changes a document at the server. */
  | { do: 'other'; entity: string; change: { put: Doc } | { patch: Doc } | null }
  | { do: 'write'; tab: number; method: string; url: string; body?: Json; type?: BodyType }
  /** What may leave leaves. */
  | { do: 'send' }
  /** The server takes the `n`th request that it hasn't taken (counted round). */
  | { do: 'serve'; n: number; how: How }
  /** The `n`th answer arrives. */
  | { do: 'answer'; n: number }
  /** The `n`th attempt ends without an answer. The server may yet get its request. */
  | { do: 'lose'; n: number }
  | { do: 'kill' }
  /** A read leaves and the server answers it; the answer arrives at once, or with a later `arrive`. */
  | ({ do: 'read' | 'ask' } & Reading)
  | { do: 'arrive'; n: number }
  /** A read in the dark. */
  | ({ do: 'dark' } & Reading)
  /** The network is back, and everything waiting is sent and answered. */
  | { do: 'settle' };

/** A read of an item or a list; of a list in pages, of so many of them, one after the other. */
export interface Reading {
  url: string;
  pages?: number;
  /** Pages before it that are not read. */
  from?: number;
  /** The first page is asked for without saying that it is the first. */
  bare?: boolean;
}

/** Steps between the first documents and the end. */
const kStepsMin = 8;
const kStepsMost = 28;

export function entityKey({ resource }: Shape, id: string | number): string {
  return resource.singleton ? '' : String(id);
}

class Writer {
  /** Ids that were created by anybody, so that most creations are of new ones. */
  readonly #used = new Set<string | number>();
  readonly #bare: boolean;
  /** Most reads are of one list, so that its answers meet each other. */
  readonly #favourite: string;

  constructor(private readonly shape: Shape, private readonly random: Random) {
    this.#bare = random.chance(0.5);
    this.#favourite = random.pick(shape.lists);
  }

  #id(fresh = false): string | number {
    const { ids } = this.shape;
    const unused = ids.filter((id) => !this.#used.has(id));
    const id = fresh && unused.length > 0 && this.random.chance(0.9) ? this.random.pick(unused) : this.random.pick(ids);
    if (fresh) this.#used.add(id);
    return id;
  }

  #document(id: string | number, named = true): Doc {
    const { resource, fixed, fields } = this.shape;
    const document: Doc = { ...fixed(id) };
    for (const [name, values] of Object.entries(fields)) {
      const value = this.random.pick(values);
      if (value !== undefined) document[name] = value;
    }
    return resource.singleton || !named ? document : withPart(document, resource.id ?? 'id', id) as Doc;
  }

  #patch(): Doc {
    const { fields } = this.shape;
    const patch: Doc = {};
    for (let i = this.random.below(2); i >= 0; i -= 1) {
      const name = this.random.pick(Object.keys(fields));
      patch[name] = this.random.pick(fields[name] ?? []) ?? null;
    }
    return patch;
  }

  other(): Step {
    const chance = this.random.unit();
    const id = this.#id(chance < 0.4);
    const change = chance < 0.4 ? { put: this.#document(id) } : chance < 0.8 || this.shape.resource.singleton ? { patch: this.#patch() } : null;
    return { do: 'other', entity: entityKey(this.shape, id), change };
  }

  first(): Step {
    const id = this.#id(true);
    return { do: 'other', entity: entityKey(this.shape, id), change: { put: this.#document(id) } };
  }

  write(): Step {
    const { shape, random } = this;
    const tab = 1 + random.below(2);
    const single = shape.resource.singleton === true;
    const kind = random.unit();
    if (kind < 0.25 && !single) {
      const id = this.#id(true);
      return { do: 'write', tab, method: 'POST', url: shape.collection(id), body: this.#enveloped(this.#document(id)) };
    }
    const id = this.#id();
    const url = random.pick(shape.urls(id));
    if (kind < 0.35 && !single) return { do: 'write', tab, method: 'DELETE', url };
    if (kind < 0.47) {
      // A number that the body leaves out would come back as the text in the URL.
      const named = typeof id === 'number' || random.chance(0.7);
      return { do: 'write', tab, method: 'PUT', url, body: this.#enveloped(this.#document(id, named)) };
    }
    if (kind < 0.65 && shape.actions.length > 0) {
      const { method, sub, body } = random.pick(shape.actions);
      return { do: 'write', tab, method, url: `${url}/${sub}`, ...(body ? { body } : {}) };
    }
    if (kind < 0.68) return { do: 'write', tab, method: 'PATCH', url, body: 'just words', type: 'text' };
    if (kind < 0.71) {
      const [path, value] = Object.entries(this.#patch())[0] ?? ['', null];
      return { do: 'write', tab, method: 'PATCH', url, body: [{ op: 'add', path: `/${path}`, value }], type: 'json-patch' };
    }
    return { do: 'write', tab, method: 'PATCH', url, body: this.#enveloped(this.#patch()) };
  }

  /** Most apps send the envelope along; some don't. */
  #enveloped(document: Doc): Json {
    return this.random.chance(0.8) ? wrapped(this.shape.resource, document) : document;
  }

  reading(): Reading {
    const { shape, random } = this;
    if (shape.lists.length === 0 || random.chance(0.25)) return { url: random.pick(shape.urls(this.#id())) };
    return this.list(random.chance(0.5) ? this.#favourite : random.pick(shape.lists));
  }

  list(url: string): Reading {
    const lone = this.random.chance(0.15);
    return {
      url, ...(this.#bare ? { bare: true } : {}),
      ...(lone ? { from: 1 + this.random.below(2), pages: 1 } : { pages: this.random.chance(0.3) ? 1 : 9 }),
    };
  }

  step(): Step {
    const { random } = this;
    const chance = random.unit() * 100;
    const n = random.below(8);
    if (chance < 26) return this.write();
    if (chance < 36) return { do: 'send' };
    if (chance < 47) return { do: 'serve', n, how: this.#how() };
    if (chance < 57) return { do: 'answer', n };
    if (chance < 60) return { do: 'lose', n };
    if (chance < 61) return { do: 'kill' };
    if (chance < 67) return this.other();
    if (chance < 79) return { do: 'read', ...this.reading() };
    if (chance < 84) return { do: 'ask', ...this.reading() };
    if (chance < 89) return { do: 'arrive', n };
    return { do: 'dark', ...this.reading() };
  }

  #how(): How {
    const chance = this.random.unit();
    if (chance < 0.55) return 'document';
    if (chance < 0.77) return 'empty';
    if (chance < 0.85) return '422';
    return chance < 0.94 ? '503' : 'applied-503';
  }

  /** In the end everything is read in the dark, then with everything told. */
  end(): Step[] {
    const whole = this.shape.lists.map((url) => ({ url, pages: 9, ...(this.#bare ? { bare: true } : {}) }));
    const some = whole.filter(() => this.random.chance(0.3));
    return [...some.map((list) => ({ do: 'dark', ...list }) as Step), { do: 'settle' },
      ...some.slice(0, 2).flatMap((list) => [{ do: 'dark', ...list }, { do: 'read', ...list }] as Step[])];
  }
}

export interface History {
  shape: string;
  steps: Step[];
}

export function historyOf(seed: number): History {
  const shape = kShapes[seed % kShapes.length] as Shape;
  const random = new Random(seed, 1);
  const writer = new Writer(shape, random);
  const steps: Step[] = [];
  for (let i = random.below(6); i >= 0; i -= 1) steps.push(writer.first());
  // Most of what is interesting begins with a list that was read.
  for (const url of shape.lists) if (random.chance(0.3)) steps.push({ do: 'read', ...writer.list(url) });
  for (let i = kStepsMin + random.below(kStepsMost - kStepsMin); i > 0; i -= 1) steps.push(writer.step());
  steps.push(...writer.end());
  return { shape: shape.name, steps };
}

/** Leaves out whatever isn't needed for the failure: halves first, then ever less, until no single step can go. */
export async function shrunk({ shape, steps }: History, fails: (history: History) => Promise<boolean>): Promise<History> {
  let least = steps;
  const without = async (size: number): Promise<boolean> => {
    const before = least.length;
    for (let at = before - size; at >= 0; at = Math.min(at - size, least.length - size)) {
      const fewer = [...least.slice(0, at), ...least.slice(at + size)];
      if (await fails({ shape, steps: fewer })) least = fewer;
    }
    return least.length < before;
  };
  for (let size = Math.ceil(least.length / 2); size > 1; size = Math.ceil(size / 2)) await without(size);
  while (await without(1));
  return { shape, steps: least };
}

/** A test to be pasted into reads-model.test.ts. */
export function asTest({ shape, steps }: History, title: string): string {
  const lines = steps.map((step) => `    ${JSON.stringify(step)},`);
  return `test(${JSON.stringify(title)}, async () => {\n  await holds(${JSON.stringify(shape)}, [\n${lines.join('\n')}\n  ]);\n});`;
}
