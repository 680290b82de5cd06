// The one kind of error this library throws. The code is stable, for programs; the message is for
// people, and says what to do next.

/** Every code of this library. A worker may send others, when it is newer than the page. */
export interface HoldfastErrorCodes {
  /** There is no service worker that protects this page, and what was asked for needs one. See `Holdfast.protected`. */
  'unprotected': true;
  /** The worker's script is wrong: it isn't there, isn't JavaScript, throws when it starts, or holdfast's configuration has a mistake. */
  'registration-failed': true;
  /** The worker's scope doesn't hold this page, so it can never see this page's requests. */
  'out-of-scope': true;
  /** The worker gave no answer, although it was asked several times. */
  'worker-silent': true;
  /** The worker answered something that this version of the library can't read: page and worker are of different releases. */
  'bad-reply': true;
  /** A worker of another release doesn't know this request. */
  'unknown-message': true;
  /** The outbox was upgraded by a newer release of the worker. Reload the page to get it; nothing was lost. */
  'database-newer': true;
  /** The browser doesn't let the worker use IndexedDB. */
  'database': true;
  /** There are unsent writes, and `signOut` was not told what to do with them. */
  'pending-writes': true;
  /** The Response has no `Holdfast-Id`: it isn't the answer to a write that holdfast keeps. */
  'not-a-captured-write': true;
  /** There is no such entry in the present user's inbox: it was decided already, maybe in another tab. */
  'not-in-inbox': true;
  /** The new body can't be written as JSON. */
  'not-json': true;
  /** `close()` was called. */
  'closed': true;
}

export type HoldfastErrorCode = keyof HoldfastErrorCodes;

export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: HoldfastErrorCode | (string & {});

  constructor(code: HoldfastErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Hands an error to `window.onerror` instead of to whoever happens to be on the stack. */
export function report(error: unknown): void {
  if (typeof reportError === 'function') reportError(error);
  else console.error(error);
}
