// Playing histories notices what is wrong: a client that shows nothing but what the server told is found out in every
// shape, and what is left of its histories is short.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTest, historyOf, shrunk } from './history.js';
import type { Json } from './json.js';
import type { Answer } from './server.js';
import { judgeWith } from './player.js';
import { kShapes } from './shapes.js';
import type { Asking, PageWrite, Send, Shown, Subject } from './subject.js';

/** Sends every write once it may, and knows nothing of showing them. */
class Naive implements Subject {
  #waiting: (Send & { underWay: boolean })[] = [];
  readonly #told = new Map<string, Json | undefined>();
  #writes = 0;

  write({ method, url, body, type }: PageWrite, at: number): { id: string; at: number } {
    const id = `m${++this.#writes}`;
    this.#waiting.push({ id, attempt: 0, method, url, body, type, underWay: false });
    return { id, at };
  }

  /** One at a time is the plainest order. */
  sends(): Send[] {
    const [first] = this.#waiting;
    if (!first || first.underWay) return [];
    first.underWay = true;
    first.attempt += 1;
    return [{ ...first }];
  }

  answered(send: Send, answer: Answer): void {
    if (answer.status === 503) this.failed();
    else this.#waiting = this.#waiting.filter(({ id }) => id !== send.id);
  }

  failed(): void {
    for (const waiting of this.#waiting) waiting.underWay = false;
  }

  kill(): void {
    this.failed();
  }

  ask(url: string, answer: Answer): Asking {
    return {
      arrive: () => {
        if (answer.status === 200) this.#told.set(url, answer.json);
        return { ...answer, pending: null, unknown: null };
      },
    };
  }

  dark(url: string): Shown | null {
    return this.#told.has(url) ? { status: 200, json: this.#told.get(url), pending: null, unknown: null } : null;
  }
}

const wrong = judgeWith(() => new Naive());

for (const [i, { name }] of kShapes.entries()) {
  test(`a client that shows only what the server told is found out in ${name}`, async () => {
    const seeds = Array.from({ length: 40 }, (_, k) => i + k * kShapes.length);
    const found = await Promise.all(seeds.map((seed) => wrong(historyOf(seed))));
    const failing = seeds.find((_, k) => found[k] !== null);
    assert.ok(failing !== undefined);
    const least = await shrunk(historyOf(failing), async (history) => await wrong(history) !== null);
    assert.match(await wrong(least) ?? '', /^step \d+, /);
    assert.ok(least.steps.length <= 6, asTest(least, `seed ${failing}`));
  });
}

test('the same seed is the same history', () => {
  for (const seed of [1, 2, 999]) assert.deepEqual(historyOf(seed), historyOf(seed));
  assert.notDeepEqual(historyOf(1).steps, historyOf(1 + kShapes.length).steps);
});
