// The worker finds a read's resource without the engine (js/host/routes.ts): it must be the one that the engine finds.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { Routes } from '../../js/host/routes.js';
import type { HoldfastConfig, ResourceConfig } from '../../js/protocol/config.js';
import { loadEngine, type RawEngine } from './module';

const kOrigin = 'https://app.example';
const kElsewhere = 'https://api.example:8443';

let make: () => RawEngine;
before(async () => {
  make = await loadEngine();
});

// A few words, so that patterns and paths meet often.
const word = fc.constantFrom('api', 'orders', 'users', 'feed');
const path = fc.array(fc.oneof({ weight: 3, arbitrary: word }, fc.constantFrom(':user', ':shop')), { minLength: 1, maxLength: 3 })
  .map((parts) => `/${[...new Set(parts)].join('/')}`);

const resource: fc.Arbitrary<ResourceConfig> = fc.record({
  base: path,
  singleton: fc.boolean(),
  origin: fc.option(fc.constant(kElsewhere), { nil: undefined }),
  absolute: fc.boolean(),
  items: fc.array(path, { maxLength: 2 }),
  lists: fc.array(path, { maxLength: 2 }),
}).map(({ base, singleton, origin, absolute, items, lists }) => {
  const parameters = base.split('/').filter((part) => part.startsWith(':')).map((part) => `/${part}`).join('');
  const own = singleton ? `${base}/one` : `${base}/:id`;
  return {
    path: absolute ? kElsewhere + own : own,
    ...(singleton && { singleton }), ...(origin && { origin }),
    items: items.map((item) => `${item.replaceAll(':', 'x')}/by${parameters}${singleton ? '' : '/:id'}`),
    lists: Object.fromEntries(lists.map((list) => [list, {}])),
  };
});

const segment = fc.oneof({ weight: 4, arbitrary: word }, fc.constantFrom('one', 'by', 'xuser', '42', '', '%2F', 'a%20b'));
const url = fc.record({
  origin: fc.constantFrom(kOrigin, kOrigin, kElsewhere),
  segments: fc.array(segment, { maxLength: 6 }),
  end: fc.constantFrom('', '/', '?a=/api/orders/1', '#/api', '/?x', '//'),
}).map(({ origin, segments, end }) => `${origin}/${segments.join('/')}${end}`);

test('the resource of a URL is the same with and without the engine', () => {
  let declared = 0;
  fc.assert(fc.property(
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'Z'), resource, { minKeys: 1 }), fc.array(url, { minLength: 20, maxLength: 40 }),
    (resources, urls) => {
      const config: HoldfastConfig = { resources };
      const engine = make();
      const told = JSON.parse(engine.configure(JSON.stringify({ origin: kOrigin, resources }))) as { ok: boolean; errors?: unknown };
      assert.ok(told.ok, JSON.stringify(told.errors));
      const routes = new Routes(config, kOrigin);
      for (const one of urls) {
        const routed = JSON.parse(engine.route(one)) as { declared: boolean; resource?: string };
        declared += routed.declared ? 1 : 0;
        assert.equal(routes.resourceOf(one), routed.resource, `${one} under ${JSON.stringify(resources)}`);
      }
      engine.delete();
    },
  ), { numRuns: 300, seed: 1 });
  assert.ok(declared > 500, `only ${declared} of the URLs were declared ones`);
});
