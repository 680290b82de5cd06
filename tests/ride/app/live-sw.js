// The whole service worker of an app on holdfast whose people work on the same orders.
import { holdfast, now } from 'holdfast/service-worker';
import { orderConflicts } from '../../../web/order-rules.ts';

holdfast({
  resources: {
    orders: {
      path: '/api/orders/:id',
      version: 'version',
      list: { sort: ['-createdAt', 'id'] },
      defaults: { status: 'placed', note: '', tip: 0, courier: null, createdAt: now, updatedAt: now },
      conflicts: orderConflicts(),
    },
  },
  live: { url: '/api/live' },
  assets: self.__WB_MANIFEST,
});
