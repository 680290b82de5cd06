import { headerOf, problemAnswer, ProblemError, type Answer } from './answer.js';

/** Of a request, with names in lower case, as Node, Express and Fastify have them. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * RFC 9110, 8.8.3: an entity tag, weak or strong. Commas may stand inside its quotes, so a list of them is not cut at commas
 * but read tag by tag; and in one way only, or a header of commas and spaces would take for ever.
 */
const TAG_LIST = /^\s*(?:(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"\s*)?(?:,\s*(?:(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"\s*)?)*$/;
const EACH_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;
/** PostgreSQL's integer. */
const VERSION_MAX = 2 ** 31 - 1;

/** The strong tag of a document's version. */
export function etagOf(version: number | string | bigint): string {
  return `"${version}"`;
}

/** If-Match compares strongly: a weak tag never matches (RFC 9110, 13.1.1). */
export function ifMatchHolds(header: string | undefined, etag: string): boolean {
  if (header === undefined) return true;
  const tags = readTags('If-Match', header);
  return tags === '*' || (!isWeak(etag) && tags.includes(etag));
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
  return tags === '*' || tags.some(tag => opaque(tag) === opaque(etag));
}

/**
 * What a write is refused with because its precondition is false; null: it may go on. To be asked where the document is
 * locked, and once it is known to be there or to be made: a write that fails without its precondition, too, fails for that
 * other reason (RFC 9110, 13.2.1).
 * @param etag of what is there now; null: nothing is
 * @param current what is there now. A client that merges is spared a question
 * @throws ProblemError `bad-precondition`
 */
export function refuseStale(headers: RequestHeaders, etag: string | null, current?: unknown): Answer | null {
  const ifMatch = textOf(headers['if-match']);
  const ifNoneMatch = textOf(headers['if-none-match']);
  if (ifMatch !== undefined && (etag === null || !ifMatchHolds(ifMatch, etag))) return stale('If-Match', ifMatch, etag, current);
  if (ifNoneMatch !== undefined && etag !== null && ifNoneMatchHits(ifNoneMatch, etag)) return stale('If-None-Match', ifNoneMatch, etag, current);
  return null;
}

function stale(field: string, value: string, etag: string | null, current: unknown): Answer {
  const now = etag === null ? 'There is no such document now' : `The document is at ${etag} now`;
  return problemAnswer(412, 'version-mismatch', `${now}, ${field} asks for ${value}.`,
    { field, ...(current === undefined ? {} : { current }) }, etag === null ? {} : { etag });
}

/** An answer to a read, or 304 if the reader has it already. */
export function unlessKnown(headers: RequestHeaders, answer: Answer): Answer {
  const etag = headerOf(answer, 'etag');
  if (answer.status !== 200 || etag === undefined || !ifNoneMatchHits(textOf(headers['if-none-match']), etag)) return answer;
  // RFC 9110, 15.4.5: what a cache needs stays, what describes the body goes.
  const kept = Object.entries(answer.headers).filter(([name]) => !/^content-/i.test(name) || /^content-location$/i.test(name));
  return { status: 304, headers: Object.fromEntries(kept), body: '' };
}

export function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'object' ? header.join(', ') : header;
}

const isWeak = (tag: string): boolean => tag.startsWith('W/');
const opaque = (tag: string): string => (isWeak(tag) ? tag.slice(2) : tag);

function readTags(name: string, header: string): '*' | string[] {
  if (header.trim() === '*') return '*';
  const tags = header.match(EACH_TAG) ?? [];
  if (!TAG_LIST.test(header) || tags.length === 0) {
    throw new ProblemError(400, 'bad-precondition',
      `${name} must be * or a list of entity tags in double quotes, such as "3"; it is ${header}.`, { field: name });
  }
  return tags;
}
