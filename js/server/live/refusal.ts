// Refusals from before there is a link: ordinary HTTP answers.

import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { problemAnswer, type TextAnswer } from '../answer.js';

export interface Refusal extends TextAnswer { code: string }

export function refusal(status: number, code: string, detail: string, headers: Record<string, string> = {}): Refusal {
  return { code, ...problemAnswer(status, code, detail, {}, { 'cache-control': 'no-store', ...headers }) };
}

export const retryAfter = (ms: number): Record<string, string> => ({ 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))) });

/** To a request for another protocol; the connection is of no use afterwards. */
export function refuseUpgrade(socket: Duplex, { status, headers, body }: TextAnswer): void {
  // Node lets go of a socket that is to be upgraded: unheard, the error of a client that is gone would end the process.
  socket.on('error', () => socket.destroy());
  const head = { ...headers, connection: 'close', 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n${body}`, () => socket.destroy());
}

export function refuseRequest(response: ServerResponse, { status, headers, body }: Refusal): void {
  response.writeHead(status, headers).end(body);
}

/**
 * Whether a page of another origin asks. A browser lets any page open a WebSocket to anywhere, and sends the user's cookies
 * along: what the page then reads is the user's (cross-site WebSocket hijacking, RFC 6455, section 10.2). Who sends no
 * Origin is no browser, and has nobody else's cookies.
 */
export function isForeign({ headers }: IncomingMessage, origins: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origins.includes(origin)) return false;
  try {
    // The scheme may be another where a proxy in front ends TLS.
    return new URL(origin).host !== host?.toLowerCase();
  } catch {
    return true;
  }
}
