// Every read equals the ideal client's, in a real Chromium: random histories of every shape, as tests/model plays them
// by the thousands to the compiled module.
//
//   MODEL_SEED=100 MODEL_HISTORIES=50 node --import tsx --test tests/browser/model.test.ts
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { BrowserSubject, configOf, forBrowser } from './subject.js';
import { asTest, historyOf } from '../model/history.js';
import { judgeWith } from '../model/player.js';
import { shapeNamed } from '../model/shapes.js';
import { Chromium } from './chromium.js';
import { openApp, test } from './harness.js';

const kHistories = Number(process.env.MODEL_HISTORIES ?? 22);
const kFirstSeed = Number(process.env.MODEL_SEED ?? 1);

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

for (let seed = kFirstSeed; seed < kFirstSeed + kHistories; seed += 1) {
  const history = forBrowser(historyOf(seed));
  test(`Promises 14 to 16: history ${seed}, of ${history.shape}`, async (t) => {
    const { name, resource } = shapeNamed(history.shape);
    const app = await openApp(t, browser.context, { config: configOf(name, resource) });
    const tabs = [app.page, await app.tab()];
    const wrong = await judgeWith(() => new BrowserSubject(app, tabs))(history);
    assert.ok(wrong === null, `${wrong}\n\n${asTest(history, `seed ${seed}`)}`);
  });
}
