// The page library of holdfast: what an app imports from 'holdfast'.

export { connect } from './connect.js';
export { HoldfastError } from './errors.js';
export type { HoldfastErrorCode, HoldfastErrorCodes } from './errors.js';
export type {
  Conflict, ConflictRecord, Conflicts, ConnectOptions, Decision, Holdfast, Inbox, InboxEntry, Outcome, PendingWrite, Problem, ReadChange, Sides,
  Status,
} from './types.js';
