// What the server says over the live link, and what it is told (docs/protocol.md). Changes themselves go to the engine as
// they came.

import { isRecord } from './list';

export type ServerMessage =
  | { type: 'welcome'; cursor: string; expired: boolean; heartbeatMs: number; windowMs: number }
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
        type: 'welcome', cursor, expired: message.expired === true,
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
