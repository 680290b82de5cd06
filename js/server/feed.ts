import { jsonAnswer, problemAnswer, ProblemError, type Answer } from './answer.js';

/** What became of one entity in one transaction; docs/protocol.md has what each member means. */
export interface Change {
  resource: string;
  id: string;
  /** Grows with each change of the entity, by its deletion, too. */
  version: number;
  kind: 'upsert' | 'delete';
  /** As `GET` of the entity gives it; null for a deletion. */
  document: unknown;
  /** The idempotency key of the write that made it, for the user who sent that. */
  key?: string;
}

export interface Batch {
  /** In the order in which they are to be applied. */
  changes: Change[];
  /** Where to go on after these changes. */
  cursor: string;
  /** There was more than fits. */
  more: boolean;
}

/** A feed of changes, as it is read. */
export interface Feed {
  /** Where the feed is now. Whatever is read after this holds all that came before; what comes later is in the feed. */
  present(): Promise<string>;
  /**
   * The changes behind a cursor. `expired`: what came right after it isn't kept any more, or it isn't one of this feed's.
   * @param subject who reads: `key` is told to whoever sent it
   */
  read(after: string, limit: number, subject: string): Promise<Batch | 'expired'>;
}

/** A week: longer than a phone lies in a drawer over the holidays; who was away for longer reads everything anew. */
export const CHANGE_RETENTION_MS = 7 * 24 * 60 * 60 * 1000;
/** A batch ends with the change that reaches this, so that no number of long notes fills the memory of either side. */
export const BATCH_BYTES = 1024 * 1024;

const LIMIT = 100;
const LIMIT_MAX = 500;

/**
 * The answer to `GET /api/changes?after=CURSOR&limit=100`.
 * @param url of the request, with its query
 */
export async function changesAnswer(feed: Feed, { url, subject }: { url: string; subject: string }): Promise<Answer> {
  const asked = readQuery(url);
  if (asked instanceof ProblemError) return asked.answer;
  if (asked.after === undefined) return jsonAnswer(200, { changes: [], cursor: await feed.present(), more: false });
  const batch = await feed.read(asked.after, asked.limit, subject);
  return batch === 'expired' ? expired() : jsonAnswer(200, batch);
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
