// What may become of an order, and how two changes of one are put together: said once, for the demo's worker and for
// the server that merges on its side.

import type { ConflictConfig } from 'holdfast/merge';
import type { STATUSES } from './server/order-schema.js';

export type OrderStatus = (typeof STATUSES)[number];

/** Which status may follow which. A change to the same status is no change, and always allowed. */
export const TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  placed: ['accepted', 'cancelled'],
  accepted: ['picked_up', 'cancelled'],
  picked_up: ['delivered', 'cancelled'],
  delivered: [],
  cancelled: [],
};

/** `['cancelled', 'delivered']`: what was delivered is delivered, although others have cancelled it meanwhile. */
export type Exception = readonly [theirs: OrderStatus, mine: OrderStatus];

export interface OrderRules {
  exceptions?: readonly Exception[];
  /** What becomes of a status that can't follow the other one, and is no exception. Default `overrule`. */
  unreachable?: 'overrule' | 'ask';
}

/** For a resource's `conflicts`, and for `loadMerge`. */
export function orderConflicts({ exceptions = [], unreachable = 'overrule' }: OrderRules = {}): ConflictConfig {
  return {
    fields: {
      status: { transitions: TRANSITIONS, exceptions, unreachable },
      tip: { counter: { min: 0 } },
      note: 'text',
      items: { list: 'name' },
      version: 'server-wins',
      updatedAt: 'server-wins',
    },
    changedAt: 'updatedAt',
  };
}
