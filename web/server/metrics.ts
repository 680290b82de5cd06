import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Observer } from 'holdfast/server/live';

/** From a notification's way to a feed that is held up by a long transaction. */
const LAG_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const DURATION_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * What there is to measure, for Prometheus at `/metrics`. It names no user and no order, but is for whoever runs the server:
 * a proxy in front should not pass it on.
 * @param process the process's own numbers, too: memory, processor, event loop
 */
export function serveMetrics(app: FastifyInstance, { process }: { process: boolean }): Observer {
  const register = new Registry();
  if (process) collectDefaultMetrics({ register });
  countRequests(app, register);
  app.get('/metrics', async (_request, reply) => reply.type(register.contentType).send(await register.metrics()));
  return liveMetrics(register);
}

function countRequests(app: FastifyInstance, register: Registry): void {
  const requests = new Counter({ name: 'holdfast_requests_total', help: 'Requests that were answered.', labelNames: ['method', 'route', 'status'], registers: [register] });
  const seconds = new Histogram({ name: 'holdfast_request_seconds', help: 'How long they took.', labelNames: ['method', 'route'], buckets: DURATION_SECONDS, registers: [register] });
  app.addHook('onResponse', async (request, reply) => {
    // As it is declared: what people put into a path would be a label for each of them.
    const { method, routeOptions: { url: route = 'none' } } = request;
    requests.inc({ method, route, status: reply.raw.statusCode });
    // A stream of events takes as long as somebody listens.
    if (route !== '/api/live') seconds.observe({ method, route }, reply.elapsedTime / 1000);
  });
}

function liveMetrics(register: Registry): Observer {
  const registers = [register];
  const links = new Gauge({ name: 'holdfast_links', help: 'Live links that are held.', labelNames: ['transport'], registers });
  const closed = new Counter({ name: 'holdfast_links_closed_total', help: 'Links that ended, by reason; closed: by the client, or the connection broke.', labelNames: ['transport', 'reason'], registers });
  const refused = new Counter({ name: 'holdfast_links_refused_total', help: 'Links that were refused.', labelNames: ['transport', 'code'], registers });
  const batches = new Counter({ name: 'holdfast_feed_batches_total', help: 'Batches that were read from the feed for all links.', registers });
  const changes = new Counter({ name: 'holdfast_feed_changes_total', help: 'Changes in them.', registers });
  const lag = new Histogram({ name: 'holdfast_feed_lag_seconds', help: 'From the beginning of a change\'s transaction until it was read, for the oldest of each batch.', buckets: LAG_SECONDS, registers });
  const relayed = new Counter({ name: 'holdfast_feed_changes_relayed_total', help: 'Changes that another process had read and told this one.', registers });
  const messages = new Counter({ name: 'holdfast_messages_total', help: 'Messages of changes that left for a link.', registers });
  const delivered = new Counter({ name: 'holdfast_changes_delivered_total', help: 'Changes in them.', registers });
  const caughtUp = new Counter({ name: 'holdfast_catch_ups_total', help: 'Links that came with a cursor, by where from they were caught up.', labelNames: ['from'], registers });
  const failures = new Counter({ name: 'holdfast_feed_failures_total', help: 'Errors that the live link met, such as reads of the feed that failed; they are made again.', registers });
  return {
    opened: transport => links.inc({ transport }),
    closed(transport, reason) {
      links.dec({ transport });
      closed.inc({ transport, reason });
    },
    refused: (transport, code) => refused.inc({ transport, code }),
    read(count, lagMs) {
      batches.inc();
      changes.inc(count);
      if (lagMs !== undefined) lag.observe(lagMs / 1000);
    },
    relayed: count => relayed.inc(count),
    delivered(count) {
      messages.inc();
      delivered.inc(count);
    },
    caughtUp: from => caughtUp.inc({ from }),
    failed: () => failures.inc(),
  };
}
