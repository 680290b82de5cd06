import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from 'holdfast/server';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** So many writes of one user in a second, at this process; of one address, where nobody signs in. What is refused has left no trace. */
export async function limitWrites(app: FastifyInstance, perSecond: number): Promise<void> {
  await app.register(rateLimit, {
    max: perSecond,
    timeWindow: 1000,
    // Not before it is known whose request it is.
    hook: 'preHandler',
    allowList: ({ method }) => READS.has(method),
    keyGenerator: ({ subject, ip }) => (subject === '' ? ip : `user ${subject}`),
    errorResponseBuilder: () => new ProblemError(429, 'too-many-writes',
      `More than ${perSecond} writes in a second; send it again after Retry-After, with the same Idempotency-Key.`,
      { allowed: { writesPerSecond: perSecond } }, { 'retry-after': '1' }),
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false, 'retry-after': false },
    addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
  });
}
