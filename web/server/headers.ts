import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { problemAnswer, sendAnswer as send, type TextAnswer } from 'holdfast/server';

/** The app runs without inline scripts and styles and without eval; WebAssembly needs a word of its own. */
export const CONTENT_SECURITY_POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

/**
 * One set of headers for all answers. `no-cache` means "ask before use", not "don't keep": a page is
 * revalidated by its ETag, a worker script is never an old one, and offline copies of the API stay allowed.
 */
export function setCommonHeaders(reply: FastifyReply): void {
  reply.headers({
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache',
  });
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * A page of another site can point its own name at 127.0.0.1 (DNS rebinding) and would then be of one origin
 * with this server. Its requests still carry its own name in Host.
 */
export function refuseForeignHosts(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const refused = foreignHost(request.raw);
    if (refused) return send(reply, refused);
  });
}

/** The refusal of a request to another host; null if it is one of ours. */
export function foreignHost({ headers: { host = '' } }: IncomingMessage): TextAnswer | null {
  if (LOOPBACK.has(host.replace(/:\d+$/, '').toLowerCase())) return null;
  return problemAnswer(421, 'foreign-host',
    `This server answers to localhost, 127.0.0.1 and [::1] only, not to "${host}"; start it with --host to open it.`,
    { field: 'Host' });
}
