// The whole service worker of the demo.

import { holdfast } from 'holdfast/service-worker';
import { kOrderRules } from '../order-rules.js';

declare const self: { __WB_MANIFEST: { url: string; revision: string | null }[] };

holdfast({
  resources: { orders: { path: '/api/orders/:id', conflicts: kOrderRules } },
  assets: self.__WB_MANIFEST,
});
