// What an app sees.

import type { ConflictRecord, InboxEntry, Outcome, PendingWrite, Problem, ReadChange, Status as WorkerStatus } from '../protocol/messages.js';

export type { Conflict, ConflictRecord, Decision, InboxEntry, Outcome, PendingWrite, Problem, ReadChange, Sides } from '../protocol/messages.js';

/** How things stand for the present user. */
export interface Status extends WorkerStatus {
  /** See `Holdfast.protected`. */
  protected: boolean;
}

export interface ConnectOptions {
  /** How the worker's script is loaded; `classic` by default. */
  type?: WorkerType;
  /** The worker's scope, as in `navigator.serviceWorker.register()`. */
  scope?: string;
  /** Who uses the app; the same as calling `signIn(user)` before the first request. */
  user?: string;
  /**
   * Asked when the worker has to send a kept write and has no credentials for it any more. Answers the headers to
   * send, such as `{ Authorization: 'Bearer …' }`. They are kept in memory only.
   */
  credentials?: (url: string) => Promise<Record<string, string>>;
}

export interface Inbox {
  /** The present user's writes that can't be sent without a decision, oldest first. */
  list(): Promise<InboxEntry[]>;
  /** Sends it once more. Of a conflict: the user's side stands wherever no rule could settle it. */
  retry(id: string): Promise<void>;
  /** Of a conflict: sends what is suggested. */
  merge(id: string): Promise<void>;
  /** Sends it with another body: a string as it is, anything else as JSON. */
  edit(id: string, body: unknown): Promise<void>;
  /** Forgets it for good: what the server has stands. */
  discard(id: string): Promise<void>;
  /** A JSON file with all that is needed to enter these writes again by hand. */
  export(): Promise<Blob>;
}

export interface Conflicts {
  /**
   * The present user's writes that met a conflict, oldest first, with what each side had and what was decided: those that
   * were settled by rules, and those that wait in the inbox. Kept within `conflictRecords`, until the user signs out.
   */
  list(): Promise<ConflictRecord[]>;
  /** The same as a JSON file, for the person or for whoever looks into a complaint. */
  export(): Promise<Blob>;
}

export interface Holdfast {
  /**
   * Whether a service worker stands between this page and the network. Where it doesn't, requests go to the network
   * as they are and nothing is kept; `status().problem` says why.
   */
  readonly protected: boolean;
  /** Calls the listener with the newest status at once, and then with each change. Answers how to stop. */
  subscribe(listener: (status: Status) => void, options?: { signal?: AbortSignal }): () => void;
  /**
   * Calls the listener when a read would show something else now than the answer that a page was given: with what others
   * do, where there is a live link; under `stale-while-revalidate`; and at the end of a tunnel. Reading again gets it.
   * Answers how to stop.
   */
  onChange(listener: (change: ReadChange) => void, options?: { signal?: AbortSignal }): () => void;
  /** The status now, asked of the worker. */
  status(): Promise<Status>;
  /** The present user's unsent writes, in order. */
  pending(): Promise<PendingWrite[]>;
  /**
   * What finally became of a write: of the Response that its `fetch` was given, or of the id in that answer's
   * `Holdfast-Id`. Waits as long as that takes: through tunnels, and through restarts of the worker.
   */
  settled(answer: Response | string, options?: { signal?: AbortSignal }): Promise<Outcome>;
  /** Tries to send now. Does not wait for the outcome. */
  sync(): Promise<void>;
  /** From here on writes belong to this user. Those of other users are kept, and never sent as this one's. */
  signIn(user: string): Promise<void>;
  /**
   * Ends the user's session. With unsent writes it must be told what to do with them: `keep` them until the user
   * signs in again, `discard` them, or `send` them first; else it throws `pending-writes`.
   */
  signOut(options?: { pending?: 'keep' | 'discard' | 'send' }): Promise<void>;
  readonly inbox: Inbox;
  readonly conflicts: Conflicts;
  /** Takes everything back that this library did to the page. The worker, and what it keeps, stays. */
  close(): void;
}

/** Used where there is no service worker. */
export function unprotectedStatus(user: string, problem: Problem | null): Status {
  // navigator.onLine is a hint, and here all there is.
  const link = navigator.onLine === false ? 'offline' : 'online';
  return { link, pending: 0, inbox: 0, pendingOfOthers: 0, user, live: 'off', problem, protected: false };
}
