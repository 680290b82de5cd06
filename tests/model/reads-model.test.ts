// Every read equals the ideal client's: random histories of writes, answers, reorderings, tabs and reads, over every
// shape of collection, played to the compiled module.
//
//   MODEL_HISTORIES=100000 MODEL_SEED=1 node --import tsx --test tests/model/reads-model.test.ts
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { asTest, historyOf, shrunk, type Step } from './history.js';
import { loadJudge, playAll, type Judge, type Tally } from './player.js';
import { kShapes } from './shapes.js';

const kHistories = Number(process.env.MODEL_HISTORIES ?? 10_000);
const kFirstSeed = Number(process.env.MODEL_SEED ?? 1);

let judge: Judge;
let tally: Tally;
before(async () => {
  [judge, tally] = await Promise.all([loadJudge(), playAll(kFirstSeed, kHistories)]);
});

/** Plays one history; what a failing seed prints calls it. */
async function holds(shape: string, steps: Step[]): Promise<void> {
  const wrong = await judge({ shape, steps });
  assert.ok(wrong === null, wrong ?? '');
}

/** What is wrong, and the shortest history in which it is: a test, to be pasted below. */
async function report(seed: number): Promise<string> {
  const least = await shrunk(historyOf(seed), async (history) => await judge(history) !== null);
  return `${await judge(least)}\n\n${asTest(least, `seed ${seed}`)}\n`;
}

for (const { name } of kShapes) {
  test(`every read of ${name} equals the ideal client's`, async () => {
    const reports = await Promise.all((tally.failed[name] ?? []).map(report));
    assert.ok(reports.length === 0, `\n${reports.join('\n')}`);
  });
}

test('as many histories were played as were asked for', () => {
  const failing = Object.values(tally.failed).some((seeds) => seeds.length > 0);
  assert.ok(failing || tally.played === kHistories, `${tally.played} of ${kHistories}`);
});

// Found by 40,000 further histories.
test("seed 330593", async () => {
  await holds("profile", [
    {"do":"other","entity":"","change":{"put":{"name":"😀","bio":"short"}}},
    {"do":"write","tab":1,"method":"POST","url":"/api/profile/visit"},
    {"do":"write","tab":1,"method":"PATCH","url":"/api/profile","body":{"user":{"name":"😀"}}},
    {"do":"send"},
    {"do":"ask","url":"/api/profile"},
    {"do":"serve","n":1,"how":"empty"},
    {"do":"answer","n":0},
    {"do":"arrive","n":1},
  ]);
});
