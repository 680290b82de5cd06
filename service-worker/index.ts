// The thin worker: registers its listeners in the first turn, and hands everything on.

import { cleanupOutdatedCaches, precacheAndRoute } from 'workbox-precaching';
import { addBypass } from '../js/host/bypass';
import { report } from '../js/host/errors';
import { Host } from '../js/host/host';
import { fetchModule, keepInDatabase } from '../js/host/module';
import { serve } from '../js/host/pages';
import { prefixFor } from '../js/host/prefixes';
import type { HoldfastConfig } from '../js/protocol/config';

export { from, given, increment, now, url } from '../js/protocol/config';
export { credential, cursor, token } from '../js/protocol/live-format';
export type { LiveChange, LiveEnd, LiveFormat, LiveRule, LiveSignal, Presented, Said } from '../js/protocol/live-format';
export type {
  AnswerMeaning, Asset, ConflictConfig, ConflictRule, Declared, Filter, HoldfastConfig, ListConfig, Made, Pointer, PolicyName, ReadConfig,
  Resolver, ResolverQuestion, ResourceConfig, RetryConfig,
} from '../js/protocol/config';

declare const self: ServiceWorkerGlobalScope;

const kWrites = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Starts holdfast in a service worker. Call it once, in the worker script's first turn.
 *
 * @throws nothing: a mistake in the configuration makes `install` fail, which keeps the worker that was there before,
 *   and is told in the console with the field's name and what is allowed.
 */
export function holdfast(config: HoldfastConfig): void {
  const moduleUrl = new URL(config.wasm ?? 'holdfast.wasm', self.location.href).href;
  const host = new Host(config, moduleUrl);

  self.addEventListener('install', (event) => {
    event.waitUntil((async () => {
      // Fails loudly here, while the worker that was there before still serves.
      await fetchModule(moduleUrl);
      await host.check().catch((error: unknown) => { report(error); throw error; });
      if (config.bypass) await addBypass(event, config.bypass);
      await self.skipWaiting();
    })());
  });

  self.addEventListener('activate', (event) => {
    event.waitUntil((async () => {
      await host.source.open();
      await self.clients.claim();
      // Pages' requests wait for `activate` to end, so this doesn't hold it up.
      void keepInDatabase(moduleUrl, host.source).catch(report);
      void host.tick('start').catch(report);
    })());
  });

  self.addEventListener('fetch', (event) => {
    const { request } = event;
    const prefix = prefixFor(host.prefixes, request.url);
    if (!prefix || request.mode === 'navigate' || request.mode === 'no-cors') return;
    if (kWrites.has(request.method)) {
      const answer = host.capture.take(event, prefix.group);
      event.respondWith(answer);
      // The worker stays alive for what the write has set going, beyond the page's own wait.
      event.waitUntil(answer.then(() => host.settled(), () => undefined));
    } else if (request.method === 'GET') {
      // Below a prefix there may be paths that nobody declared.
      const resource = host.routes.resourceOf(request.url);
      if (resource !== undefined) event.respondWith(host.reads.answer(event, resource));
    }
  });

  self.addEventListener('message', (event) => {
    event.waitUntil(serve(event, (request) => host.handle(request, event)));
  });

  self.addEventListener('sync', (event) => {
    const { tag } = event as ExtendableEvent & { tag: string };
    if (tag === 'holdfast') (event as ExtendableEvent).waitUntil(host.syncEvent());
  });

  if (config.assets) {
    cleanupOutdatedCaches();
    precacheAndRoute(config.assets.map((asset) => asset));
  }
}
