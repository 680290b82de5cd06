// The app shell opens in a tunnel; the orders are none of this worker's business.

import { precacheAndRoute, type PrecacheEntry } from 'workbox-precaching';

// The page's library of types knows nothing of workers; this is all that is used here.
interface Life extends Event { waitUntil(work: Promise<unknown>): void }
declare const self: {
  __WB_MANIFEST: (string | PrecacheEntry)[];
  addEventListener(type: 'install' | 'activate', listener: (event: Life) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
};

self.addEventListener('install', (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
precacheAndRoute(self.__WB_MANIFEST);
