// ETags as RFC 9110 compares them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ifMatchHolds, ifNoneMatchHits, ProblemError } from 'holdfast/server';

test('If-None-Match compares weakly, on both sides', () => {
  for (const etag of ['"a"', 'W/"a"']) {
    for (const header of ['"a"', 'W/"a"', '"b", W/"a"', '*']) assert.equal(ifNoneMatchHits(header, etag), true, `${header} and ${etag}`);
    assert.equal(ifNoneMatchHits('"b"', etag), false);
  }
});

test('If-Match compares strongly: what is weak matches nothing, not even itself', () => {
  assert.equal(ifMatchHolds('"a"', '"a"'), true);
  assert.equal(ifMatchHolds('"b", "a"', '"a"'), true);
  assert.equal(ifMatchHolds('W/"a"', '"a"'), false);
  assert.equal(ifMatchHolds('W/"a"', 'W/"a"'), false);
  assert.equal(ifMatchHolds('*', 'W/"a"'), true);
});

test('a list may have gaps, commas in its tags, and nothing else', () => {
  for (const header of [', "a",, "b" ,', '"a,b"', ' "a" ']) assert.doesNotThrow(() => ifMatchHolds(header, '"a"'), header);
  for (const header of ['a', '"a" "b"', '"a', '', ',']) assert.throws(() => ifMatchHolds(header, '"a"'), ProblemError, header);
});

test('a header of commas and spaces is read before anybody loses patience', () => {
  for (const attack of [', '.repeat(4_000), `${`,${' '.repeat(9)}`.repeat(800)}x`, `"a"${' , '.repeat(2_500)}x`]) {
    assert.throws(() => ifNoneMatchHits(attack, '"a"'), ProblemError);
  }
});
