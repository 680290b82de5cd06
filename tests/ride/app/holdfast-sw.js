// The whole service worker of an app on holdfast.
import { holdfast } from 'holdfast/service-worker';

holdfast({ resources: { orders: { path: '/api/orders/:id' } }, assets: self.__WB_MANIFEST });
