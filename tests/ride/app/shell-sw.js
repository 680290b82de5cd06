// The app shell only, so that a reload in the tunnel works; requests to the API are not touched.
import { precacheAndRoute } from 'workbox-precaching';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
precacheAndRoute(self.__WB_MANIFEST);
