// How an app declares what its own server says over a WebSocket, or by server-sent events (docs/live.md).

import type { Pointer } from './config';

/** A value that is put in when the message leaves; see `authorization` and `token`. */
export type Presented = { $holdfast: 'authorization' } | { $holdfast: 'token' };

/** What the `Authorization` header would be: `Bearer 7f3a…`. */
export const authorization: Presented = { $holdfast: 'authorization' };

/** The same without its scheme: `7f3a…`. */
export const token: Presented = { $holdfast: 'token' };

/** Sent as JSON, or a text as it is. `authorization` and `token` may stand anywhere in it. */
export type Said = string | { [member: string]: unknown };

/** What a message of one kind means. Pointers lead into the message. */
export interface ChangeRule {
  /** The name of a resource in the configuration. */
  resource: string;
  /**
   * Where the document is, whole and without its envelope; or an array of them. Left out, the message only says that
   * something has changed: what is kept of the entity, and the resource's lists, are read again.
   */
  document?: Pointer;
  /**
   * Where the entity's id is, or an array of them. Default: in the document, as the resource declares. With neither,
   * everything that is kept of the resource is read again.
   */
  id?: Pointer;
  /** The entity is gone: `true`, or where something stands that isn't null or false if it is, such as `/data/deletedAt`. */
  deleted?: true | Pointer;
  /** The document is only a part of one, and serves for its id alone. */
  partial?: boolean;
  /**
   * Where a whole number is that grows with each change of the entity, across its deletion, and is 1 for its creation.
   * A server whose numbers begin elsewhere leaves it out: the resource's own `version` orders its documents.
   */
  version?: Pointer;
}

/** What `read` makes of a message: the same, with values. */
export interface LiveChange {
  resource: string;
  /** Below other entities with theirs before it: `ann/42`. Default: the document's. With neither, the whole resource. */
  id?: string | number;
  /** Whole, without its envelope. Without it, and unless `deleted`, the entity is read again. */
  document?: object;
  deleted?: boolean;
  partial?: boolean;
  version?: number;
}

/** Messages of a server that speaks another protocol than holdfast's, and knows no cursor. */
export interface LiveFormat {
  /** Where in a message, which is JSON, its kind stands: `event`, `/meta/type`. Default: a server-sent event's name. */
  kind?: Pointer;
  /** What the kinds mean. Messages of other kinds are signs of life, and nothing else. */
  changes?: Record<string, ChangeRule>;
  /**
   * Instead of `changes`, for what data can't say: makes changes of a message's text; null or an empty array: it tells
   * none. An exception counts as one that can't be read: everything that is kept is read again.
   * @param event a server-sent event's name
   */
  read?: (data: string, event?: string) => LiveChange[] | null;
  /** What is sent when a WebSocket opens, in this order. */
  open?: Said[];
  /** The kind of message by which the server says that it has subscribed. Without it the link counts from its opening. */
  ready?: string;
  /** What is sent whenever a message of this kind comes: `{ ping: { type: 'pong' } }`. */
  replies?: Record<string, Said>;
  /** Sent to learn whether anybody is there; the server answers it with any message. */
  ping?: Said;
  /** How often the server says something by itself, at the least. Milliseconds, 100 to 600,000. */
  heartbeatMs?: number;
  /** Kinds of messages, and close codes, that say that the credentials aren't accepted. 4401 always does. */
  unauthorized?: (string | number)[];
  /** Parameters of the URL, for servers that look for a token nowhere else. URLs are written into logs. */
  query?: Record<string, string | Presented>;
  /** Subprotocols of the WebSocket (RFC 6455, section 1.9). Default: none. */
  subprotocols?: string[];
}
