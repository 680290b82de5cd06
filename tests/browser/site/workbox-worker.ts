// As worker.ts, with what an app of Workbox's uses beside it.

import { registerRoute, setDefaultHandler } from 'workbox-routing';
import { CacheFirst, NetworkFirst, NetworkOnly } from 'workbox-strategies';
import { holdfast } from 'holdfast/service-worker';

Object.assign(self, { holdfast, registerRoute, setDefaultHandler, CacheFirst, NetworkFirst, NetworkOnly });
