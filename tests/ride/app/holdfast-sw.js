// The whole service worker of an app on holdfast.
import { holdfast, now } from 'holdfast/service-worker';

holdfast({
  resources: {
    orders: {
      path: '/api/orders/:id',
      list: { filter: { status: 'status', courier: 'courier', customer: 'customer' }, sort: ['-createdAt', 'id'] },
      defaults: { status: 'placed', note: '', tip: 0, courier: null, createdAt: now, updatedAt: now },
    },
  },
  assets: self.__WB_MANIFEST,
});
