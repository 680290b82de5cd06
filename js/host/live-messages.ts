// What the server says over the live link, and what it is told (docs/protocol.md). Changes themselves go to the engine as
// they came.

import type { CredentialHeaders } from './credentials';
import { isRecord } from './list';
import { headerIn } from './live-presented';
import type { Connection, Hello, Listener, Open, Transport } from './live-transports';

export type ServerMessage =
  | {
    type: 'welcome'; cursor: string; expired: boolean; heartbeatMs: number; windowMs: number;
    /** Not in the protocol: false for a server that has no cursors, so that each connection begins with a gap. */
    resumes: boolean;
  }
  | { type: 'changes'; more: boolean }
  | { type: 'ping'; windowMs: number }
  | { type: 'pong' }
  | { type: 'bye'; reason: string; retryAfterMs: number | null }
  /** Of a later version of the protocol: a sign of life, and nothing else. */
  | { type: 'unknown' };

export type ClientMessage =
  | { type: 'hello'; after: string | null; authorization?: string }
  | { type: 'ping' }
  | { type: 'pong' };

/** What a connection is asked for. */
export interface Asked {
  transport: Transport;
  url: URL;
  user: string;
  after: string | null;
  headers: CredentialHeaders;
  credentials: RequestCredentials;
}

/** A connection on which this protocol is spoken, whatever the server itself says. */
export interface Link {
  send(message: ClientMessage): void;
  close(): void;
}

/** How a connection is made. */
export type Connect = (asked: Asked, listener: Listener) => Link;

const kSubprotocol = 'holdfast.v1';

/** To a server that speaks it. */
export const ownProtocol = (open: Open): Connect => ({ transport, url, after, headers, credentials }, listener) => {
  const authorization = headerIn(headers, 'authorization');
  const hello: ClientMessage = { type: 'hello', after, ...(authorization !== undefined && { authorization }) };
  const address = new URL(url);
  // Over server-sent events the URL is the hello.
  if (transport === 'sse' && after !== null) address.searchParams.set('after', after);
  const asked: Hello = { url: address, subprotocols: [kSubprotocol], first: [JSON.stringify(hello)], headers, credentials };
  const connection: Connection = open(transport, asked, listener);
  return { send: (message) => connection.send(JSON.stringify(message)), close: () => connection.close() };
};

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
/** Not told, or nothing that could be one: the machine has defaults. */
const duration = (value: unknown): number => (typeof value === 'number' && value >= 0 && value < Number.MAX_SAFE_INTEGER ? Math.round(value) : -1);

/** @returns null for what isn't a message of this protocol at all */
export function readMessage(data: string): ServerMessage | null {
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return null;
  }
  if (!isRecord(message) || typeof message.type !== 'string') return null;
  switch (message.type) {
    case 'welcome': {
      const cursor = text(message.cursor);
      if (!cursor) return null;
      return {
        type: 'welcome', cursor, expired: message.expired === true, resumes: message.resumes !== false,
        heartbeatMs: duration(message.heartbeatMs), windowMs: duration(message.reconnectWindowMs),
      };
    }
    case 'changes': return { type: 'changes', more: message.more === true };
    case 'ping': return { type: 'ping', windowMs: duration(message.reconnectWindowMs) };
    case 'pong': return { type: 'pong' };
    case 'bye': {
      const wait = duration(message.retryAfterMs);
      return { type: 'bye', reason: text(message.reason) ?? '', retryAfterMs: wait < 0 ? null : wait };
    }
    default: return { type: 'unknown' };
  }
}
