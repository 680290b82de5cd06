import type { IncomingMessage } from 'node:http';
import { ProblemError } from './answer.js';

/** What holdfast keeps of a body at the most, unless told otherwise (`bodyBytesMax`). */
export const BODY_BYTES_MAX = 16 * 1024 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws ProblemError `not-json` */
export function jsonOf(body: Uint8Array | null): unknown {
  try {
    return JSON.parse(utf8.decode(body ?? new Uint8Array()));
  } catch (error) {
    throw new ProblemError(400, 'not-json', `The body is not JSON in UTF-8: ${(error as Error).message}.`, { field: 'body' });
  }
}

/** RFC 9112, 6.3: a request has a body if one of these says so. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * The body as it came; null without one.
 * @throws ProblemError `body-too-large`, `body-cut`
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | null> {
  if (!hasBody(request)) return null;
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // The stream is left open: a request that is destroyed has no socket any more, and whoever logs it looks there.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > bytesMax) break;
      chunks.push(chunk);
    }
  } catch {
    throw new ProblemError(400, 'body-cut', 'The connection ended before the body did. Send the request again.');
  }
  if (length > bytesMax) {
    throw new ProblemError(413, 'body-too-large', `The body is larger than ${bytesMax} bytes.`, { field: 'body', allowed: { bytesMax } });
  }
  return Buffer.concat(chunks);
}
