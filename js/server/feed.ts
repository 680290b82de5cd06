import { jsonAnswer, problemAnswer, ProblemError, type Answer } from './answer.js';
import type { Feed, FeedChange } from './live/feed.js';

export type { Feed, FeedBatch, FeedChange } from './live/feed.js';

/** What became of one entity in one transaction; docs/protocol.md has what each member means. */
export interface Change {
  resource: string;
  id: string;
  /** Grows with each change of the entity, by its deletion, too. */
  version: number;
  kind: 'upsert' | 'delete';
  /** As `GET` of the entity gives it; null for a deletion. */
  document: unknown;
}

/** A week: longer than a phone lies in a drawer over the holidays; who was away for longer reads everything anew. */
export const CHANGE_RETENTION_MS = 7 * 24 * 60 * 60 * 1000;
/** A batch ends with the change that reaches this, so that no number of long notes fills the memory of either side. */
export const BATCH_BYTES = 1024 * 1024;

const LIMIT = 100;
const LIMIT_MAX = 500;

/**
 * The answer to `GET /api/changes?after=CURSOR&limit=100`.
 * @param asked the request's URL with its query, and who reads: a key is told to whoever wrote under it
 */
export async function changesAnswer(feed: Feed, { url, subject }: { url: string; subject: string }): Promise<Answer> {
  const asked = readQuery(url);
  if (asked instanceof ProblemError) return asked.answer;
  if (asked.after === undefined) return jsonAnswer(200, { changes: [], cursor: await feed.presentCursor(), more: false });
  const batch = await feed.readChanges(asked.after, asked.limit);
  if (batch === 'expired') return expired();
  return jsonAnswer(200, { changes: batch.changes.map((change) => told(change, subject)), cursor: batch.cursor, more: batch.more });
}

function told({ change, writer }: FeedChange, subject: string): object {
  return writer?.subject === subject ? { ...change, key: writer.key } : change;
}

function readQuery(url: string): { after: string | undefined; limit: number } | ProblemError {
  const query = new URLSearchParams(url.split('?').slice(1).join('?'));
  const invalid = (field: string, sentence: string, allowed?: unknown) =>
    new ProblemError(400, 'invalid', `${field} ${sentence}.`, { field, ...(allowed === undefined ? {} : { allowed }) });
  for (const name of query.keys()) {
    if (name !== 'after' && name !== 'limit') return invalid(name, 'is not accepted here; allowed: after, limit', ['after', 'limit']);
    if (query.getAll(name).length > 1) return invalid(name, 'must be given once');
  }
  const limit = query.get('limit') ?? String(LIMIT);
  if (!/^[1-9]\d{0,2}$/.test(limit) || Number(limit) > LIMIT_MAX) return invalid('limit', `must be a whole number from 1 to ${LIMIT_MAX}`);
  return { after: query.get('after') ?? undefined, limit: Number(limit) };
}

function expired(): Answer {
  return problemAnswer(410, 'cursor-expired',
    'The changes right after this cursor are not kept any more, or it is not one of this feed. '
    + 'Get a cursor by asking without one, then read everything anew, and go on from that cursor.', { field: 'after' });
}
