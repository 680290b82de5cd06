// How an app declares what its own server says over a WebSocket, or by server-sent events (docs/live.md).

import type { Pointer } from './config';

/** What is put in when a message leaves; see `token`, `credential` and `cursor`. */
export type Presented = { $holdfast: 'token' } | { $holdfast: 'credential'; header: string } | { $holdfast: 'cursor' };

/** What the `Authorization` header would be, without its scheme: `7f3a…` of `Bearer 7f3a…`. */
export const token: Presented = { $holdfast: 'token' };

/** What this header of a request would be, as it is. */
export const credential = (header: string): Presented => ({ $holdfast: 'credential', header });

/** The server's own cursor, as far as all that it told is known here. Left out where there is none yet. */
export const cursor: Presented = { $holdfast: 'cursor' };

/** A text as it is, anything else as JSON. `token`, `credential` and `cursor` may stand anywhere in it. */
export type Said = string | readonly unknown[] | { readonly [member: string]: unknown };

/** Why the server ends the connection. */
export type LiveEnd =
  /** Fresh credentials are needed. */
  | 'unauthorized'
  /** This user may not: tried again every ten minutes. */
  | 'forbidden'
  /** Too many, or too often. */
  | 'limit'
  /** It stops: connect again. */
  | 'going-away';

/** What a message means that tells no change of a single thing. */
export type LiveSignal =
  /** It has heard what `open` sent, and has told what was missed: from here on all is told as it happens. */
  | 'ready'
  /** Something was missed that it can't tell any more: all that was read before is read again. */
  | 'gap'
  /** Nothing: a heartbeat, or what this app keeps nothing of. */
  | 'ignore'
  | LiveEnd;

/** A change that a message of one kind tells. Pointers lead into the message, and on into texts that are JSON. */
export interface LiveRule {
  /** The name of a resource in the configuration. */
  resource: string;
  /**
   * Where the document is, whole and without its envelope; or an array of them. Left out, the message only says that
   * something has changed: what is kept of the entity, and the resource's lists, are read again.
   */
  document?: Pointer;
  /**
   * Where the entity's id is, or an array of them; where the resource's path has several parameters, a pointer for each,
   * in their order: `['/shop', '/id']`. Default: in the document, as the resource declares. With neither, everything that
   * is kept of the resource is read again.
   */
  id?: Pointer | Pointer[];
  /** The entity is gone: `true`, or where something stands that isn't null or false if it is, such as `/data/deletedAt`. */
  deleted?: true | Pointer;
  /** The document is only a part of one, and serves for its id alone. */
  partial?: true;
  /**
   * Where a whole number is that grows with each change of the entity, across its deletion, and is 1 for its creation.
   * A server whose numbers begin elsewhere leaves it out: the resource's own `version` orders its documents.
   */
  version?: Pointer;
  /** Where the `Idempotency-Key` is of the write that made the change: one whose answer was lost is settled by it. */
  key?: Pointer;
}

/** What `read` makes of a message: the same, with values. */
export interface LiveChange {
  resource: string;
  /** Several where the resource's path has several parameters. Default: the document's. With neither, the whole resource. */
  id?: string | number | (string | number)[];
  /** Whole, without its envelope. Without it, and unless `deleted`, the entity is read again. */
  document?: object;
  deleted?: boolean;
  version?: number;
  key?: string;
}

/** The messages of a server that speaks another protocol than holdfast's. */
export interface LiveFormat {
  /**
   * Where in a message, which is JSON, its kind stands: `event`, `/meta/type`. Of several places the texts found there,
   * with a space between. A text that is no JSON object or array is its own kind. Default: a server-sent event's name.
   */
  kind?: Pointer | Pointer[];
  /**
   * What the kinds mean; `*`: all that aren't named, and messages without any. What is named neither way is told as a
   * problem, once, and may have been a change: everything that is kept is read again.
   */
  kinds?: Record<string, LiveRule | LiveSignal | { answer: Said }>;
  /**
   * For what data can't say: makes changes of a message's text, at once; an empty array: it tells none; null: it is left
   * to `kinds`. An exception counts as a change that can't be read: everything that is kept is read again.
   * @param event a server-sent event's name
   */
  read?: (data: string, event?: string) => LiveChange[] | null;
  /** What is sent when a WebSocket opens, in this order. */
  open?: Said[];
  /** Sent to learn whether anybody is there; the server answers it with any message. */
  ping?: Said;
  /** How often the server says something by itself, at the least. Milliseconds, 100 to 600,000. */
  heartbeatMs?: number;
  /**
   * Where a message says how far the server has come; `Last-Event-ID`: by the ids of server-sent events. Only for a
   * server that, given `cursor` (or that header) by the next connection, tells everything since. Without it each
   * connection is a gap: what was read before is read again.
   */
  cursor?: Pointer;
  /** What the server's own close codes and statuses mean: `{ 4001: 'unauthorized', 410: 'gap' }`. */
  ends?: Record<number, LiveEnd | 'gap'>;
  /** Parameters of the URL, for servers that look for a token nowhere else. URLs are written into logs. */
  query?: Record<string, string | Presented>;
  /** Subprotocols of the WebSocket (RFC 6455, section 1.9). Default: none. */
  subprotocols?: (string | Presented)[];
}
