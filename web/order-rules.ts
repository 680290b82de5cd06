// How two changes of one order are put together (docs/conflicts.md): for the worker and for the server.

import type { ConflictConfig } from 'holdfast/service-worker';

export const kOrderRules: ConflictConfig = {
  fields: {
    status: {
      transitions: {
        placed: ['accepted', 'cancelled'],
        accepted: ['picked_up', 'cancelled'],
        picked_up: ['delivered', 'cancelled'],
        delivered: [],
        cancelled: [],
      },
    },
    tip: { counter: { min: 0 } },
    note: 'text',
    items: { list: 'name' },
    version: 'server-wins',
    updatedAt: 'server-wins',
  },
};
