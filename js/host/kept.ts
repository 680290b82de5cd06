// Answers that were kept for the dark. They lie unparsed until somebody needs a document out of them.

import type { DatabaseSource, KeptRead, ReadTransaction, WriteTransaction } from './database';

/** A larger answer isn't kept: it would cost more than it is worth. Characters. */
const kTextMax = 4 * 1024 * 1024;
/** Answers kept at most; the oldest go first. */
const kReadsMax = 500;

export function pathOf(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? url;
}

export function mayKeep(request: Request, answer: Response): boolean {
  if (answer.status !== 200 || answer.type === 'opaque') return false;
  if (/\bno-store\b/i.test(answer.headers.get('cache-control') ?? '') || request.cache === 'no-store') return false;
  return /\bjson\b/i.test(answer.headers.get('content-type') ?? '');
}

export async function keep(source: DatabaseSource, read: Omit<KeptRead, 'path'>): Promise<void> {
  if (read.text.length > kTextMax) return;
  await source.use(async (db) => {
    const tx = db.transaction('reads', 'readwrite', { durability: 'relaxed' });
    await tx.store.put({ ...read, path: pathOf(read.url) });
    const extra = (await tx.store.count()) - kReadsMax;
    if (extra > 0) {
      const oldest = await tx.store.index('at').getAllKeys(undefined, extra);
      // getAllKeys of an index gives primary keys.
      for (const key of oldest) void tx.store.delete(key);
    }
    await tx.done;
  });
}

export function find(source: DatabaseSource, user: string, url: string, accept: string): Promise<KeptRead | undefined> {
  return source.use((db) => db.get('reads', [user, url, accept]));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The engine looks no deeper than 200 levels (wasm/base/limits.hpp), of which a step has a few around a document. */
const kDepthMax = 150;

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeperThan(levels - 1, part));
}

/** The newest answer among several. */
function newest(reads: KeptRead[]): KeptRead | undefined {
  return reads.reduce<KeptRead | undefined>((best, read) => (best && best.at >= read.at ? best : read), undefined);
}

/**
 * The engine's pseudo-row `base`: the document of one entity out of the answers kept for the item or its collection,
 * if one is newer than what the store `documents` has. Runs inside a step, so it awaits nothing but IndexedDB.
 */
export async function baseDocument(tx: WriteTransaction | ReadTransaction, key: string[]): Promise<unknown> {
  const [user = '', resource = '', entity = '', itemUrl = '', idField = 'id'] = key;
  const item = pathOf(itemUrl);
  const collection = item.slice(0, item.lastIndexOf('/'));
  const byPath = tx.objectStore('reads').index('path');
  const [document, ofItem, ofCollection] = await Promise.all([
    tx.objectStore('documents').get([user, resource, entity]),
    byPath.getAll([user, item]),
    byPath.getAll([user, collection]),
  ]);
  const since = document?.at ?? -Infinity;
  const candidates: { at: number; document: unknown }[] = [];
  const itemRead = newest(ofItem);
  if (itemRead && itemRead.at > since) candidates.push({ at: itemRead.at, document: parse(itemRead.text) });
  const rank = (read: KeptRead) => read.at > Math.max(since, itemRead?.at ?? -Infinity);
  for (const read of ofCollection.filter(rank).sort((a, b) => b.at - a.at)) {
    const found = entityIn(parse(read.text), entity, idField);
    if (found) {
      candidates.push({ at: read.at, document: found });
      break;
    }
  }
  const best = candidates.sort((a, b) => b.at - a.at)[0];
  return isRecord(best?.document) && !isDeeperThan(kDepthMax, best.document) ? best.document : null;
}

export function entityIn(collection: unknown, entity: string, idField: string): Record<string, unknown> | undefined {
  if (!Array.isArray(collection)) return undefined;
  return collection.filter(isRecord).find((row) => String(row[idField]) === entity);
}
