// What a page and the worker say to each other. Each request carries a MessagePort, on which one
// reply comes back. A message whose `holdfast` number is not ours was written by another version:
// it is answered with the error `unknown-message`, never guessed at.

/** The version of this protocol. */
export const kProtocol = 1;

/** The request header by which a page marks each of its calls, so that a redelivered one is known. */
export const kStampHeader = 'Holdfast-Request';

export type Trigger =
  | 'sync-event' | 'online' | 'page-shown' | 'timer' | 'request-succeeded' | 'socket-open' | 'push' | 'call' | 'start';

/** What a page asks of the worker. */
export type PageRequest =
  | { type: 'hello' }
  | { type: 'status' }
  | { type: 'pending' }
  | { type: 'outcome'; id: string }
  | { type: 'tick'; trigger: Trigger }
  /** A page is in use, and wants to see what others do as it happens. Repeated, since it keeps the worker awake. */
  | { type: 'live' }
  | { type: 'sign-in'; user: string }
  | { type: 'sign-out'; pending: 'keep' | 'discard' | 'send' | null }
  | { type: 'inbox' }
  | { type: 'conflicts' }
  | { type: 'decide'; id: string; action: 'retry' | 'merge' | 'edit' | 'discard'; body: string | null }
  /** Whether a write to this URL, with a body of so many bytes, would be kept: then its page may call it again. */
  | { type: 'captures'; url: string; bytes: number }
  | { type: 'claim' };

export type Framed<T> = T & { holdfast: typeof kProtocol };

export type Reply = { ok: true; value: unknown } | { ok: false; error: { code: string; message: string } };

/** What the worker tells all pages, through `postMessage`. */
export type WorkerNotice =
  | { type: 'changed'; status: Status }
  | { type: 'outcome'; outcome: Outcome }
  | ({ type: 'read-changed' } & ReadChange)
  /** Pages arm this time too: a worker's own timer dies with it after about 30 s. Milliseconds since the epoch. */
  | { type: 'wake-at'; at: number }
  /** Asks an open page for fresh credentials; the answer comes on `port` as Reply with Record<string, string>. */
  | { type: 'credentials'; url: string; user: string };

export interface Hello {
  protocol: typeof kProtocol;
  /** Whether there is a live link to ask for. */
  live: boolean;
  /** URL prefixes (absolute, e.g. `https://example.com/api/orders`) whose requests the page stamps. */
  prefixes: string[];
  status: Status;
}

/** Something would show something else now than what a page was given before. */
export interface ReadChange {
  /** Absolute: of the read, as it was asked for; of what the server told over the live link, the entity's own or, of several, their list's. */
  url: string;
  /** The resource's name in the configuration. */
  resource: string;
  /** The entities that the server told of; empty where a read found out. */
  ids: string[];
}

/** The live link: `off` where the app declares none. */
export type LiveState = 'off' | 'suspended' | 'offline' | 'connecting' | 'replaying' | 'live' | 'waiting' | 'needs-auth';

export interface Problem {
  code: string;
  message: string;
}

export interface Status {
  link: 'online' | 'offline' | 'needs-auth' | 'blocked-cors';
  /** Writes of the present user that the server has not answered for good. */
  pending: number;
  /** Entries of the present user that wait for a decision. */
  inbox: number;
  /** Writes of other users, kept and not sent. */
  pendingOfOthers: number;
  user: string;
  /** Whether what others do is seen as it happens. */
  live: LiveState;
  problem: Problem | null;
}

/** What was decided about one part of a document that others had changed, too. */
export interface Decision {
  /** JSON Pointer (RFC 6901); an element of a list goes by its id. `''` is the whole document. */
  path: string;
  /** The policy that decided, by its name in the configuration. */
  policy: string;
  /** `merged`: both changes are in it. `theirs`: the user's own is overruled. `ask`: a person decides. */
  verdict: 'merged' | 'mine' | 'theirs' | 'ask';
  /** Why, in a word or two; may be empty. */
  reason: string;
  /** The part as it was before both changes, as each side has it, and what it becomes. Missing: it isn't there. */
  base?: unknown;
  mine?: unknown;
  theirs?: unknown;
  result?: unknown;
}

/**
 * What finally became of one write. `merged`: the server has it, together with what others had changed. `overruled`: so
 * too, but some of it gave way; `decisions` says what. `conflict`: it waits in the inbox for a decision. `unknown`: the
 * server may have it or not; it waits in the inbox, too.
 */
export interface Outcome {
  id: string;
  state: 'confirmed' | 'merged' | 'overruled' | 'rejected' | 'conflict' | 'discarded' | 'unknown';
  /** The HTTP status that decided, or null where none did. */
  status: number | null;
  document: unknown;
  /** Empty unless others had changed the same parts. */
  decisions: Decision[];
  /** When the user acted, by this device's clock. Milliseconds since the epoch. */
  occurredAt: number;
  /** What each side had; null where the write met nothing that others had changed. */
  sides: Sides | null;
}

/** What both sides of a conflict had: documents without their envelope; null: it wasn't there. */
export interface Sides {
  /** What the user saw, and what the user made of it. */
  base: unknown;
  mine: unknown;
  /** What the server had when the write came, and since when, by this device's clock; null: the server didn't tell. */
  theirs: unknown;
  theirsAt: number | null;
}

/** One write that met a conflict, and what became of it. */
export interface ConflictRecord {
  id: string;
  method: string;
  url: string;
  resource: string;
  entity: string;
  state: Outcome['state'];
  status: number | null;
  /** The document that it ended with, as the server's answer had it. */
  document: unknown;
  decisions: Decision[];
  /** Null where the documents weren't known, or are too large for the record. */
  sides: Sides | null;
  /** When the user acted, and when it came to that state. Milliseconds since the epoch. */
  occurredAt: number;
  decidedAt: number;
}

export interface PendingWrite {
  id: string;
  method: string;
  url: string;
  resource: string;
  entity: string;
  state: 'queued' | 'sending' | 'unknown';
  attempts: number;
  /** When the page acted, milliseconds since the epoch. */
  createdAt: number;
  /** When it is tried next, or null where that depends on something else (named by `reason`). */
  dueAt: number | null;
  reason: string | null;
}

export interface InboxEntry {
  id: string;
  method: string;
  url: string;
  resource: string;
  entity: string;
  /** `unknown-outcome`: it may have been carried out, and the server can't be asked (`idempotency`).
   *  `creation-failed`: what it refers to could not be created; its status is 424. */
  reason: 'rejected' | 'conflict' | 'gave-up' | 'unknown-outcome' | 'creation-failed';
  status: number | null;
  /** The write's own body where it is text, else null. */
  body: string | null;
  /** The server's answer, cut at 16 KiB. */
  answer: string | null;
  createdAt: number;
  decidedAt: number;
  /** The documents to decide between; null where the server's isn't known. */
  conflict: Conflict | null;
}

/** Documents without their envelope; null: deleted. */
export interface Conflict {
  /** What the write was made upon, and what the user made of it. */
  base: unknown;
  mine: unknown;
  /** What the server has, and since when, by this device's clock; null: the server didn't tell. */
  theirs: unknown;
  theirsAt: number | null;
  /** What a merge would make of it; what nobody could decide is as the server has it. */
  suggested: unknown;
  decisions: Decision[];
}
