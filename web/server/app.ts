import Fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Database } from './database.js';
import type { Faults } from './faults.js';
import { Idempotency } from './idempotency.js';
import { orderRoutes, send } from './order-routes.js';
import { ProblemError, problemAnswer, type Answer } from './problem.js';
import { validationAnswer } from './validation.js';

export type { Faults } from './faults.js';

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
  /** false: a server that ignores Idempotency-Key, for tests that must be able to fail. Default true. */
  idempotency?: boolean;
  faults?: Faults;
  logger?: boolean;
  /** How long an idempotency key is remembered; 24 hours by default. */
  keyRetentionMs?: number;
  /** The clock, for tests. */
  now?: () => Date;
}

/** An order is a few hundred bytes; this leaves room for the longest note and the longest list of items. */
const BODY_BYTES_MAX = 256 * 1024;

export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { database, faults = {}, now = () => new Date() } = options;
  const app = Fastify({
    logger: options.logger ?? false,
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false } },
  });
  app.decorateRequest('bodyBytes', null);
  app.decorateRequest('subject', '');
  readJson(app);
  answerErrors(app);
  const idempotency = options.idempotency === false ? null : new Idempotency(database, now, options.keyRetentionMs);
  orderRoutes(app, { database, idempotency, faults, now });
  return app;
}

function readJson(app: FastifyInstance): void {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(['application/json', 'application/merge-patch+json'], { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      request.bodyBytes = bytes;
      if (bytes.length === 0) return undefined;
      try {
        return JSON.parse(utf8.decode(bytes)) as unknown;
      } catch (error) {
        throw new ProblemError(400, 'not-json', `The body is not JSON in UTF-8: ${(error as Error).message}.`, { field: 'body' });
      }
    });
}

function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => send(reply, errorAnswer(error, () => request.log.error(error))));
  app.setNotFoundHandler((request, reply) =>
    send(reply, problemAnswer(404, 'not-found', `There is nothing at ${request.method} ${request.url.split('?')[0]}.`)));
}

function errorAnswer(error: FastifyError | ProblemError, log: () => void): Answer {
  if (error instanceof ProblemError) return error.answer;
  const [finding] = error.validation ?? [];
  if (finding) return validationAnswer(finding, error.validationContext ?? 'body');
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return problemAnswer(status, error.code, error.message);
  log();
  return problemAnswer(500, 'internal', 'The server failed; nothing was changed. Send the request again later.');
}
