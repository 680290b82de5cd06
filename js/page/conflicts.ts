// The record of what met a conflict, and how that was settled.

import type { Channel } from './channel.js';
import { isConflictRecord, listOf } from './checks.js';
import { exported, iso } from './export.js';
import type { ConflictRecord, Conflicts } from './types.js';

export function openConflicts(channel: Channel, user: () => string): Conflicts {
  const list = async (): Promise<ConflictRecord[]> => (channel.open ? channel.request({ type: 'conflicts' }, listOf(isConflictRecord)) : []);
  return {
    list,
    export: async () => exported('holdfast-conflicts', user(), {
      conflicts: (await list()).map((record) => ({ ...record, occurredAt: iso(record.occurredAt), decidedAt: iso(record.decidedAt) })),
    }),
  };
}
