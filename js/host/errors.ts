// Failures that have a name.

export type HostErrorCode =
  | 'config'            // the declaration has a mistake
  | 'database-newer'    // a newer worker has been here; this one must not write
  | 'database'          // IndexedDB can't be used at all
  | 'storage-full'      // the disk's quota is used up
  | 'engine-trap'       // the module failed on this event, twice
  | 'engine'            // the module could not be loaded, or refused an event
  | 'unreadable-row' | 'unreadable-event' | 'unreadable-step'
  | 'unknown-write'     // no such write, or its outcome is forgotten
  | 'not-in-inbox' | 'other-user' | 'outbox-full' | 'holds-secret' | 'not-declared' | 'pending-writes' | 'unknown-message';

export class HostError extends Error {
  override readonly name = 'HoldfastError';
  constructor(readonly code: HostErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** For whoever looks into the worker's console: what went wrong beside a request that was served all the same. */
export function report(error: unknown): undefined {
  console.error('holdfast:', error);
}

export function describe(error: unknown): { code: string; message: string } {
  if (error instanceof HostError) return { code: error.code, message: error.message };
  return { code: 'engine', message: error instanceof Error ? error.message : String(error) };
}

/** The module stopped in the middle of its work: it can only be started anew. */
export function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}
