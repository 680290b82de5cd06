import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { problemAnswer, type TextAnswer } from 'holdfast/server';
import { openLive, refuseUpgrade, type LiveOptions } from 'holdfast/server/live';

const PATH = '/api/live';

export interface LiveRouteOptions extends LiveOptions {
  /** Asked before anything else; what it gives is the answer. */
  refuse(request: IncomingMessage): TextAnswer | null;
}

/** The live link, as docs/protocol.md has it. */
export function liveRoutes(app: FastifyInstance, { refuse, observer = {}, ...options }: LiveRouteOptions): void {
  const live = openLive({ ...options, observer: {
    ...observer,
    closed(transport, reason) {
      observer.closed?.(transport, reason);
      app.log.info({ transport, reason }, 'a live link has ended');
    },
    failed(error) {
      observer.failed?.(error);
      app.log.warn({ err: error }, 'the live link met an error; what failed is tried again');
    },
  } });
  // Upgrades meet no hook and no route of Fastify's.
  app.server.on('upgrade', (request, socket, head) => {
    const refused = refuse(request) ?? (pathOf(request) === PATH ? null
      : problemAnswer(404, 'not-found', `There is no WebSocket at ${pathOf(request)}.`));
    if (refused) refuseUpgrade(socket, refused);
    else live.upgrade(request, socket, head);
  });
  app.get(PATH, { exposeHeadRoute: false, config: { open: true } }, async (request, reply) => {
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value);
    await live.events(request.raw, reply.raw);
  });
  app.addHook('preClose', () => live.close());
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?')[0]!;
}
