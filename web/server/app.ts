import Fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify';
import { loadMerge } from 'holdfast/merge';
import {
  type Answer, jsonAnswer, jsonOf, postgresKeys, problemAnswer, ProblemError, sendAnswer as send, Writes,
} from 'holdfast/server';
import { orderConflicts, type Exception } from '../order-rules.js';
import type { Limits } from 'holdfast/server/live';
import { requireSignIn } from './auth.js';
import { changeRoutes } from './change-routes.js';
import { feedOf } from './changes.js';
import { DatabaseUnavailable, type Database } from './database.js';
import type { Faults } from './faults.js';
import { healthRoutes } from './health.js';
import { foreignHost, refuseForeignHosts, setCommonHeaders } from './headers.js';
import { trackRequests, trackTransactions } from './in-flight.js';
import { liveRoutes } from './live-routes.js';
import { serveMetrics } from './metrics.js';
import type { Bus } from './nats.js';
import { mergePayload, orderRoutes } from './order-routes.js';
import { sqlOf } from './sql.js';
import { serveSites, type Site } from './static-sites.js';
import { validationAnswer } from './validation.js';
import { limitWrites } from './write-limit.js';

export type { Faults } from './faults.js';
export type { Site } from './static-sites.js';
export { CONTENT_SECURITY_POLICY } from './headers.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came, for the fingerprint of the idempotency key; null without one. */
    bodyBytes: Buffer | null;
    /** Whose request this is; '' where nobody has to sign in. */
    subject: string;
  }
}

export interface ServerOptions {
  database: Database;
  sites?: readonly Site[];
  /** false: a server that ignores Idempotency-Key, for tests that must be able to fail. Default true. */
  idempotency?: boolean;
  faults?: Faults;
  /**
   * Changes of status that are accepted although the order is past them, such as ['cancelled', 'delivered'], by who names
   * in If-Match the version that they overrule. None by default.
   */
  exceptions?: readonly Exception[];
  /** API requests need a token of POST /api/login; without one they are answered 401. */
  requireAuth?: boolean;
  /** API requests need a token or a session cookie; without one they are redirected to the page /sign-in. */
  signInRedirect?: boolean;
  /** How long a sign-in lasts; until the server ends by default. */
  sessionMs?: number;
  /** Pages of these origins may open live links, too: `https://app.example.com`. */
  origins?: readonly string[];
  /** Of the live link; js/server/live/limits.ts has the defaults with their reasons. */
  live?: Partial<Limits>;
  /** Tells other processes of changes, instead of the database. It stays the caller's to close. */
  bus?: Bus | undefined;
  /** So many writes of one user in a second are carried out; what is more is answered 429. No limit by default. */
  writesPerSecond?: number;
  /** At /metrics the process's own numbers, too; for a server that has a process to itself. */
  processMetrics?: boolean;
  /** Which Host headers are answered; 'loopback' by default. */
  hosts?: 'loopback' | 'any';
  logger?: boolean;
  /** How long an idempotency key is remembered; 24 hours by default. */
  keyRetentionMs?: number;
  /** How long a change stays in the feed; a week by default. */
  changeRetentionMs?: number;
  /** How long a server that is closed waits for its answers; an upload that stalls in a tunnel never ends. Default 5 s. */
  drainMs?: number;
  /** The clock, for tests. */
  now?: () => Date;
}

/** An order is a few hundred bytes; this leaves room for the longest note and the longest list of items. */
const BODY_BYTES_MAX = 256 * 1024;
const FORGET_EVERY_MS = 60 * 60 * 1000;
/** Twice what a page waits for an answer, and below the ten seconds that process managers grant. */
const DRAIN_MS = 5_000;

/**
 * The server, ready to listen. Closing it answers what is under way, and everything that comes meanwhile with 503; the
 * database stays the caller's to close.
 * @throws MergeError if an exception names a status that there isn't
 */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { exceptions = [], faults = {}, now = () => new Date(), sites = [], signInRedirect = false } = options;
  const merger = await loadMerge(orderConflicts({ exceptions }));
  const { database, settled } = trackTransactions(options.database);
  const app = Fastify({
    logger: options.logger ?? false,
    bodyLimit: BODY_BYTES_MAX,
    // A connection that stalls in a tunnel would hold close() up for ever; its client sends the write again.
    forceCloseConnections: true,
    // What comes in is judged as it came. One finding is enough; verbose, since the answer tells what is allowed.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false, verbose: true } },
    // A URL that can't be decoded meets no hook and no error handler.
    frameworkErrors(error, _request, reply) {
      setCommonHeaders(reply);
      return send(reply, errorAnswer(error, () => {}));
    },
  });
  const { answered } = trackRequests(app);
  app.decorateRequest('bodyBytes', null);
  app.decorateRequest('subject', '');
  app.addHook('onRequest', async (_request, reply) => setCommonHeaders(reply));
  if (options.hosts !== 'any') refuseForeignHosts(app);
  readJson(app);
  answerErrors(app);
  const identify = options.requireAuth || signInRedirect ? requireSignIn(app, { redirect: signInRedirect, sessionMs: options.sessionMs }) : undefined;

  const metrics = serveMetrics(app, { process: options.processMetrics ?? false });
  healthRoutes(app, { database });
  if (options.writesPerSecond !== undefined) await limitWrites(app, options.writesPerSecond);
  const writes = options.idempotency === false ? null
    : new Writes(postgresKeys(sqlOf(database), { table: 'idempotency_keys' }), { retentionMs: options.keyRetentionMs, payload: mergePayload, now });
  orderRoutes(app, { database, writes, faults, merger, exceptions, now, onChange: () => options.bus?.wake() });
  const feed = feedOf(database, options.bus);
  changeRoutes(app, { feed });
  liveRoutes(app, {
    feed, relay: options.bus, identify, origins: options.origins, limits: options.live, observer: metrics,
    refuse: options.hosts === 'any' ? () => null : foreignHost,
  });
  await serveSites(app, sites);

  const forgetting = await forgetInTime(app, async () => {
    await writes?.forgetExpired();
    await feed.forget(options.changeRetentionMs);
  });
  // From here on new requests are refused, and so no transaction begins behind settled().
  app.addHook('preClose', async () => {
    clearInterval(forgetting);
    await answered(options.drainMs ?? DRAIN_MS);
    await settled();
  });
  return app;
}

async function forgetInTime(app: FastifyInstance, forget: () => Promise<void>): Promise<NodeJS.Timeout> {
  await forget();
  return setInterval(() => void forget().catch((error: unknown) => app.log.error(error)), FORGET_EVERY_MS).unref();
}

function readJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(['application/json', 'application/merge-patch+json'], { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      request.bodyBytes = bytes;
      return bytes.length === 0 ? undefined : jsonOf(bytes);
    });
}

function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => send(reply, errorAnswer(error, () => request.log.error(error))));
  app.setNotFoundHandler((request, reply) =>
    send(reply, problemAnswer(404, 'not-found', `There is nothing at ${request.method} ${request.url.split('?')[0]}.`)));
}

function errorAnswer(error: FastifyError | ProblemError | DatabaseUnavailable, log: () => void): Answer {
  if (error instanceof ProblemError) return error.answer;
  if (error instanceof DatabaseUnavailable) {
    log();
    return problemAnswer(503, error.code, 'The database does not answer in time, and whether this was carried out is not known. '
      + 'Send the request again shortly, with the same Idempotency-Key.', {}, { 'retry-after': '1' });
  }
  const [finding] = error.validation ?? [];
  if (finding) return validationAnswer(finding, error.validationContext ?? 'body');
  const known = KNOWN_ERRORS[error.code];
  if (known) return problemAnswer(...known);
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return problemAnswer(status, 'bad-request', `${error.message}.`);
  log();
  return problemAnswer(500, 'internal', 'The server failed and nothing was changed. Send the request again later.');
}

/** Fastify's own refusals, in our words. */
const KNOWN_ERRORS: Readonly<Record<string, Parameters<typeof problemAnswer>>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'body-too-large', `The body is larger than ${BODY_BYTES_MAX} bytes.`,
    { field: 'body', allowed: { bytesMax: BODY_BYTES_MAX } }],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'media-type',
    'Content-Type must be application/json (or application/merge-patch+json for a PATCH).',
    { field: 'Content-Type', allowed: ['application/json', 'application/merge-patch+json'] }],
  FST_ERR_BAD_URL: [400, 'bad-url', 'The path is not percent-encoded UTF-8.', { field: 'path' }],
};
