// The whole service worker of the demo.

import { holdfast } from 'holdfast/service-worker';
import { orderConflicts } from '../order-rules.js';

declare const self: { __WB_MANIFEST: { url: string; revision: string | null }[] };

holdfast({
  resources: {
    orders: {
      path: '/api/orders/:id',
      // What the live link tells and what is read may overtake each other.
      version: 'version',
      // What the server fills in is no change of somebody else's.
      defaults: { status: 'placed', courier: null, note: '', tip: 0 },
      conflicts: orderConflicts(),
    },
  },
  // Rides are played up to twenty times as fast as they were: the usual waits would be most of one.
  live: { url: '/api/live', baseMs: 250, capMs: 2_000 },
  assets: self.__WB_MANIFEST,
});
