// The whole service worker of the demo.

import { holdfast } from 'holdfast/service-worker';

declare const self: { __WB_MANIFEST: { url: string; revision: string | null }[] };

holdfast({
  resources: { orders: { path: '/api/orders/:id' } },
  assets: self.__WB_MANIFEST,
});
