import { ProblemError } from './answer.js';

/** RFC 9110, 8.8.3: an entity tag, weak or strong. */
const TAG = /^(W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;
/** Commas may stand inside a tag's quotes, so the list is not cut at commas but read tag by tag. */
const TAG_LIST = /^\s*(?:(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"|)\s*(?:,\s*(?:(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"|)\s*)*$/;
/** PostgreSQL's integer. */
const VERSION_MAX = 2 ** 31 - 1;
const EACH_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

export function etagOf(version: number): string {
  return `"${version}"`;
}

/** If-Match compares strongly: a weak tag never matches (RFC 9110, 13.1.1). */
export function ifMatchHolds(header: string | undefined, etag: string): boolean {
  if (header === undefined) return true;
  const tags = readTags('If-Match', header);
  return tags === '*' || tags.includes(etag);
}

/** The one version that If-Match names; null if it names none, several, or what can't be one. */
export function versionNamed(header: string | undefined): number | null {
  const tags = header === undefined ? '*' : readTags('If-Match', header);
  const version = tags.length === 1 ? Number(/^"(\d{1,10})"$/.exec(tags[0]!)?.[1] ?? NaN) : NaN;
  return version <= VERSION_MAX ? version : null;
}

/** If-None-Match compares weakly (RFC 9110, 13.1.2). True means: the reader has this one already. */
export function ifNoneMatchHits(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = readTags('If-None-Match', header);
  return tags === '*' || tags.some(tag => tag.replace(/^W\//, '') === etag);
}

function readTags(name: string, header: string): '*' | string[] {
  if (header.trim() === '*') return '*';
  const tags = header.match(EACH_TAG) ?? [];
  if (!TAG_LIST.test(header) || tags.length === 0 || !tags.every(tag => TAG.test(tag))) {
    throw new ProblemError(400, 'bad-precondition',
      `${name} must be * or a list of entity tags in double quotes, such as "3"; it is ${header}.`, { field: name });
  }
  return tags;
}
