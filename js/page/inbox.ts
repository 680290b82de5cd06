// The writes that wait for a person's decision.

import type { Channel } from './channel.js';
import { isAnything, isInboxEntry, listOf } from './checks.js';
import { HoldfastError } from './errors.js';
import { exported, iso } from './export.js';
import type { Inbox, InboxEntry } from './types.js';

export function openInbox(channel: Channel, user: () => string): Inbox {
  const list = async (): Promise<InboxEntry[]> =>
    channel.open ? channel.request({ type: 'inbox' }, listOf(isInboxEntry)) : [];
  const decide = async (id: string, action: 'retry' | 'merge' | 'edit' | 'discard', body: string | null): Promise<void> => {
    await channel.request({ type: 'decide', id, action, body }, isAnything, { doneCode: 'not-in-inbox' });
  };
  return {
    list,
    retry: (id) => decide(id, 'retry', null),
    merge: (id) => decide(id, 'merge', null),
    edit: async (id, body) => decide(id, 'edit', bodyText(body)),
    discard: (id) => decide(id, 'discard', null),
    export: async () => exportFile(await list(), user()),
  };
}

function bodyText(body: unknown): string {
  if (typeof body === 'string') return body;
  let cause: unknown;
  try {
    const text: unknown = JSON.stringify(body);
    if (typeof text === 'string') return text;
  } catch (error) {
    cause = error;
  }
  throw new HoldfastError('not-json',
    'The new body can not be written as JSON. Give a string, or a value without cycles, functions and BigInts.', { cause });
}

const exportFile = (entries: InboxEntry[], user: string): Blob =>
  exported('holdfast-inbox', user, { writes: entries.map((entry) => ({ ...entry, createdAt: iso(entry.createdAt), decidedAt: iso(entry.decidedAt) })) });
