// What comes from the worker is looked at before it is believed: the worker may be of another release.

import type { Conflict, ConflictRecord, Decision, Hello, InboxEntry, Outcome, PendingWrite, Problem, Reply, Sides, Status, WorkerNotice } from '../protocol/messages.js';

export type Check<T> = (value: unknown) => value is T;

const isText: Check<string> = (value) => typeof value === 'string';
const isNumber: Check<number> = (value): value is number => typeof value === 'number' && Number.isFinite(value);
const isTrue: Check<true> = (value) => value === true;
const isFalse: Check<false> = (value) => value === false;
const isOne: Check<1> = (value) => value === 1;
export const isAnything: Check<unknown> = (_value): _value is unknown => true;

const oneOf = <const T extends readonly string[]>(...allowed: T): Check<T[number]> =>
  (value): value is T[number] => isText(value) && allowed.includes(value);

export const orNull = <T>(check: Check<T>): Check<T | null> =>
  (value): value is T | null => value === null || check(value);

export const listOf = <T>(check: Check<T>): Check<T[]> =>
  (value): value is T[] => Array.isArray(value) && value.every(check);

/** An object with at least these fields; more of them may come with a later release. */
const shape = <T extends object>(fields: { [K in keyof T]-?: Check<T[K]> }): Check<T> =>
  (value): value is T => {
    if (typeof value !== 'object' || value === null) return false;
    const record = value as Record<string, unknown>;
    return Object.entries<Check<unknown>>(fields).every(([name, check]) => check(record[name]));
  };

export const isYesOrNo: Check<boolean> = (value): value is boolean => typeof value === 'boolean';
export const isRecordOfTexts: Check<Record<string, string>> = (value): value is Record<string, string> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isText);

const isProblem = shape<Problem>({ code: isText, message: isText });

export const isStatus = shape<Status>({
  link: oneOf('online', 'offline', 'needs-auth', 'blocked-cors'),
  pending: isNumber, inbox: isNumber, pendingOfOthers: isNumber, user: isText, problem: orNull(isProblem),
  live: oneOf('off', 'suspended', 'offline', 'connecting', 'replaying', 'live', 'waiting', 'needs-auth'),
});

export const isHello = shape<Hello>({ protocol: isOne, live: isYesOrNo, prefixes: listOf(isText), status: isStatus });

/** Parts that aren't there are missing, and may be anything where they are. */
const isDecision: Check<Decision> = shape<Pick<Decision, 'path' | 'policy' | 'verdict' | 'reason'>>({
  path: isText, policy: isText, verdict: oneOf('merged', 'mine', 'theirs', 'ask'), reason: isText,
});

const isSides = shape<Sides>({ base: isAnything, mine: isAnything, theirs: isAnything, theirsAt: orNull(isNumber) });
const isState = oneOf('confirmed', 'merged', 'overruled', 'rejected', 'conflict', 'discarded', 'unknown');

export const isOutcome = shape<Outcome>({
  id: isText, state: isState, status: orNull(isNumber), document: isAnything, decisions: listOf(isDecision),
  occurredAt: isNumber, sides: orNull(isSides),
});

export const isConflictRecord = shape<ConflictRecord>({
  id: isText, method: isText, url: isText, resource: isText, entity: isText, state: isState, status: orNull(isNumber),
  document: isAnything, decisions: listOf(isDecision), sides: orNull(isSides), occurredAt: isNumber, decidedAt: isNumber,
});

export const isPendingWrite = shape<PendingWrite>({
  id: isText, method: isText, url: isText, resource: isText, entity: isText,
  state: oneOf('queued', 'sending', 'unknown'), attempts: isNumber, createdAt: isNumber,
  dueAt: orNull(isNumber), reason: orNull(isText),
});

export const isInboxEntry = shape<InboxEntry>({
  id: isText, method: isText, url: isText, resource: isText, entity: isText,
  reason: oneOf('rejected', 'conflict', 'gave-up', 'unknown-outcome', 'creation-failed'), status: orNull(isNumber),
  body: orNull(isText), answer: orNull(isText), createdAt: isNumber, decidedAt: isNumber,
  conflict: orNull(shape<Conflict>({
    base: isAnything, mine: isAnything, theirs: isAnything, theirsAt: orNull(isNumber), suggested: isAnything, decisions: listOf(isDecision),
  })),
});

const isGoodReply = shape<Extract<Reply, { ok: true }>>({ ok: isTrue, value: isAnything });
const isBadReply = shape<Extract<Reply, { ok: false }>>({ ok: isFalse, error: isProblem });
export const isReply: Check<Reply> = (value): value is Reply => isGoodReply(value) || isBadReply(value);

type NoticeOf<T extends WorkerNotice['type']> = Extract<WorkerNotice, { type: T }>;

const kNotices: { [T in WorkerNotice['type']]: Check<NoticeOf<T>> } = {
  changed: shape<NoticeOf<'changed'>>({ type: oneOf('changed'), status: isStatus }),
  outcome: shape<NoticeOf<'outcome'>>({ type: oneOf('outcome'), outcome: isOutcome }),
  'read-changed': shape<NoticeOf<'read-changed'>>({ type: oneOf('read-changed'), url: isText, resource: isText, ids: listOf(isText) }),
  'wake-at': shape<NoticeOf<'wake-at'>>({ type: oneOf('wake-at'), at: isNumber }),
  credentials: shape<NoticeOf<'credentials'>>({ type: oneOf('credentials'), url: isText, user: isText }),
};

const isFrame = shape<{ holdfast: 1; type: keyof typeof kNotices }>({
  holdfast: isOne, type: oneOf('changed', 'outcome', 'read-changed', 'wake-at', 'credentials'),
});

/** The notice in a message, or null: the app's own messages come the same way, and are none of our business. */
export function readNotice(data: unknown): WorkerNotice | null {
  if (!isFrame(data)) return null;
  const { type }: { type: WorkerNotice['type'] } = data;
  return kNotices[type](data) ? data : null;
}
