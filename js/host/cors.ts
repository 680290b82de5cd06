// A CORS mistake of a server looks like being offline to fetch. What a write asks such a server to allow, how to find
// out that it is there all the same, and what to tell about it.

import type { Problem } from '../protocol/messages';
import type { Row } from './database';

/** How long a server may take for a sign of life. Milliseconds. */
const kSignMs = 2_000;

const kSafeHeaders = ['accept', 'accept-language', 'content-language'];
const kSafeTypes = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

/** The headers for which a browser asks a server of another origin first (Fetch standard, "CORS-unsafe request-header names"). */
export function headersToAllow(headers: Headers): string[] {
  return [...headers.keys()].filter((name) => {
    if (name !== 'content-type') return !kSafeHeaders.includes(name);
    return !kSafeTypes.includes(headers.get(name)!.split(';')[0]!.trim().toLowerCase());
  });
}

/**
 * Whether a server answers at all, whatever it allows: an opaque answer needs no CORS headers, and one that is kept
 * back by Cross-Origin-Resource-Policy may still be readable with them.
 */
export async function givesSignOfLife(url: string): Promise<boolean> {
  const ask = (mode: RequestMode) =>
    fetch(url, { method: 'HEAD', mode, credentials: 'omit', cache: 'no-store', redirect: mode === 'cors' ? 'follow' : 'manual', signal: AbortSignal.timeout(kSignMs) });
  return Promise.any([ask('no-cors'), ask('cors')]).then(() => true, () => false);
}

/** @param origin a row that is blocked */
export function corsProblem(origin: Row, page: string): Problem {
  const server = String(origin.name).slice('origin '.length);
  const headers = (origin.refusedHeaders as string[]).map(titled);
  const needed = [
    `Access-Control-Allow-Origin: ${page}`,
    ...(origin.refusedCredentials ? ['Access-Control-Allow-Credentials: true'] : []),
    `Access-Control-Allow-Methods: ${String(origin.refusedMethod)}`,
    ...(headers.length > 0 ? [`Access-Control-Allow-Headers: ${headers.join(', ')}`] : []),
    'Access-Control-Expose-Headers: ETag, Retry-After, Location',
  ];
  return {
    code: 'blocked-cors',
    message: `Writes to ${server} fail although it answers. They are kept, and leave once its CORS headers allow them: ${needed.join('; ')}.`,
  };
}

function titled(name: string): string {
  return name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
}
