// What the app wants from whatever carries its requests. There are two: holdfast, which leaves `fetch`
// as it is, and the naive one, which does what many apps do today. The app itself cannot tell them apart.

import type { Conflict, Outcome } from 'holdfast';

export type Link = 'online' | 'offline' | 'needs-auth' | 'blocked-cors';

/** Whether what others do shows here as it happens. */
export type Live = 'live' | 'catching-up' | 'waiting';

/** The state of the app as a whole, for the badge in its header. */
export interface Weather {
  link: Link;
  /** Null where nobody tells what others do. */
  live: Live | null;
  /** Writes made here that the server has not answered for good. */
  pending: number;
  /** Writes that wait for a person's decision. */
  inbox: number;
  problem: string | null;
}

/** How far an order's newest write has come. */
export type Progress = 'waiting' | 'settling';

export interface InboxItem {
  id: string;
  order: string;
  method: string;
  /** One sentence for a person. */
  why: string;
  /** The change as JSON text, or null where there is nothing to edit. */
  body: string | null;
  createdAt: number;
  /** What there is to decide between, where others have changed the same. */
  conflict: Conflict | null;
}

/** What finally became of a write; of one that waits for a decision it is told again when that was taken. */
export interface Ending extends Pick<Outcome, 'id' | 'state' | 'decisions'> {
  order: string;
  /** The number that the write's act was given, where it was given one. */
  act: string | null;
}

export interface Inbox {
  list(): Promise<InboxItem[]>;
  /** Of a conflict: mine stands. */
  retry(id: string): Promise<void>;
  /** Of a conflict: what is suggested. */
  merge(id: string): Promise<void>;
  edit(id: string, body: unknown): Promise<void>;
  discard(id: string): Promise<void>;
  export(): Promise<Blob>;
}

export interface Network {
  readonly kind: 'holdfast' | 'naive';
  /** A sentence to show above the app, or null. */
  readonly banner: string | null;
  readonly inbox: Inbox | null;
  /** Resolves with an answer, however long that takes. `act` is the number of what the person did, if it has one. */
  write(url: string, init: RequestInit, order: string, act?: string): Promise<Response>;
  /** By order id: those with a write on its way, and how far it is. */
  progress(): Promise<Map<string, Progress>>;
  weather(): Weather;
  /** Also of writes that an earlier page made, which nobody has been told the end of. */
  onEnding(listener: (ending: Ending) => void): void;
  /** Called on each change of the weather or of any write's progress. */
  watch(listener: () => void): void;
  /** Tries now, where there is anything to try. */
  hurry(): Promise<void>;
}
