// What the live link asks of the server that it is a part of.

import type { IncomingMessage } from 'node:http';

/** A change, and where a client is that has it. */
export interface FeedChange {
  /** The cursor behind this change. */
  cursor: string;
  /** As the wire has it, without `key`. */
  change: object;
  /** Who wrote it under which key, if there was one; nobody else is told the key. */
  writer: { subject: string; key: string } | null;
}

export interface FeedBatch {
  changes: FeedChange[];
  /** Where to go on after these changes. */
  cursor: string;
  /** There was more than fits. */
  more: boolean;
  /** Changes are there that can't be given out yet, and no notification will come when they can. */
  held?: boolean;
  /** How long ago the oldest of these changes was made. */
  lagMs?: number;
}

/**
 * The feed, as docs/protocol.md has it: nothing is ever added at or before a cursor that was handed out.
 */
export interface Feed {
  /** Where the feed is now. */
  presentCursor(): Promise<string>;
  /** `expired`: this cursor can't be gone on from. */
  readChanges(cursor: string, limit: number): Promise<FeedBatch | 'expired'>;
  /** Which of two cursors is further on: negative, 0 or positive, as for a sort; null if they aren't both of one feed. */
  compare(one: string, other: string): number | null;
  /**
   * Calls back when there may be something new: late, too often or not at all, since the feed is looked at every few
   * seconds anyway. Gives the function that ends it.
   */
  listen?(wake: () => void): () => Promise<void>;
}

/** What one process has read, for the others. */
export interface Relayed { after: string; cursor: string; changes: FeedChange[] }

/** Carries batches between processes, and may lose, repeat and reorder them: what counts is in the feed. */
export interface Relay {
  publish(batch: Relayed): void;
  /** Gives the function that ends it. */
  listen(take: (batch: Relayed) => void): () => Promise<void>;
}

/** Who is at the other end. */
export interface Identity {
  /** '' where nobody has to sign in. */
  subject: string;
  /** When the credentials end, in ms since the epoch. */
  expiresAt?: number | undefined;
  /** Aborted when they end before that. */
  ended?: AbortSignal | undefined;
}

/**
 * Says who it is: by the request, and by what a `hello` has instead of its Authorization header. Null, or a ProblemError of
 * 401 that is thrown: nobody knows, and whoever it is has to sign in.
 */
export type Identify = (request: IncomingMessage, authorization: string | undefined) => Identity | null | Promise<Identity | null>;

export type TransportName = 'websocket' | 'events';

/** For metrics and logs. */
export interface Observer {
  opened?(transport: TransportName): void;
  closed?(transport: TransportName, reason: string): void;
  refused?(transport: TransportName, code: string): void;
  /** The feed was read: how many changes there were, and how long ago the oldest was made. */
  read?(changes: number, lagMs: number | undefined): void;
  /** Another process has read it, and told us. */
  relayed?(changes: number): void;
  /** A message of changes left for one client. */
  delivered?(changes: number): void;
  /** One that was away is given what it missed. */
  caughtUp?(from: 'memory' | 'database'): void;
  failed?(error: unknown): void;
}
