import type { IncomingMessage } from 'node:http';
import type { Identify, Identity } from './feed.js';

/** Who it is; null: whoever it is has to sign in. */
export async function identityOf(identify: Identify, request: IncomingMessage, authorization: string | undefined): Promise<Identity | null> {
  try {
    return await identify(request, authorization);
  } catch (error) {
    // By its shape: `holdfast/server` and this are bundles of their own, and so are their classes.
    if ((error as { answer?: { status?: unknown } } | null)?.answer?.status === 401) return null;
    throw error;
  }
}
