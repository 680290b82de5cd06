import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Merger } from 'holdfast/merge';
import {
  type Answer, type Asked, etagOf, jsonAnswer, prefers, problemAnswer, ProblemError, sendAnswer as send, unlessKnown, type Work, type Writer, type Writes,
} from 'holdfast/server';
import type { Exception } from '../order-rules.js';
import type { Database, Queryable } from './database.js';
import type { Faults } from './faults.js';
import { MERGE_TYPE, mergeOrder } from './order-merge.js';
import { createSchema, listSchema, patchSchema, UUID } from './order-schema.js';
import {
  createOrder, deleteOrder, findOrder, listOrders, missing, patchOrder,
  type NewOrder, type OrderFilter, type OrderPatch, type Written,
} from './orders.js';
import { faultOf, type Finding } from './validation.js';

export interface OrderRouteOptions {
  database: Database;
  /** null: the header is ignored, and a write that is sent twice is applied twice. */
  writes: Writes<Queryable> | null;
  faults: Faults;
  merger: Merger;
  exceptions: readonly Exception[];
  now: () => Date;
  /** Called after each commit that has changed something. */
  onChange(): void;
}

type Apply = (tx: Queryable, writer: Writer | null) => Promise<Written>;
interface ById { Params: { id: string } }

const isUuid = new RegExp(UUID, 'i');

export function orderRoutes(app: FastifyInstance, { database, writes, faults, merger, exceptions, now, onChange }: OrderRouteOptions): void {
  app.get<{ Querystring: OrderFilter }>('/api/orders', { schema: { querystring: listSchema } }, async (request, reply) => {
    const { orders, total } = await listOrders(database, request.query);
    return send(reply, jsonAnswer(200, orders, { 'x-total-count': String(total) }));
  });

  app.get<ById>('/api/orders/:id', async (request, reply) => {
    const order = await findOrder(database, orderId(request));
    if (!order) throw notFound(request.params.id);
    return send(reply, unlessKnown(request.headers, jsonAnswer(200, order, { etag: etagOf(order.version) })));
  });

  app.post<{ Body: NewOrder }>('/api/orders', { schema: { body: createSchema } }, (request, reply) =>
    write(request, reply, (tx, writer) => createOrder(tx, request.body, now(), writer)));

  app.patch<ById & { Body: OrderPatch }>('/api/orders/:id', { schema: { body: patchSchema } }, (request, reply) => {
    const id = orderId(request);
    const merge = mergeAsked(request);
    const check = (fields: OrderPatch) => {
      const valid = request.compileValidationSchema(patchSchema);
      return valid(fields) ? null : faultOf(valid.errors?.[0] as Finding, 'body');
    };
    return write(request, reply, (tx, writer) => {
      const how = { ifMatch: request.headers['if-match'], exceptions, now: now(), writer };
      return merge
        ? mergeOrder(tx, id, request.body, { ...how, merger, check, explain: merge === 'explained' })
        : patchOrder(tx, id, request.body, how);
    });
  });

  app.delete<ById>('/api/orders/:id', (request, reply) => {
    const id = orderId(request);
    return write(request, reply, (tx, writer) => deleteOrder(tx, id, request.headers['if-match'], writer));
  });

  refuseOtherMethods('/api/orders', ['PUT', 'PATCH', 'DELETE'], 'GET, HEAD, POST');
  refuseOtherMethods('/api/orders/:id', ['PUT', 'POST'], 'GET, HEAD, PATCH, DELETE');

  function refuseOtherMethods(url: string, method: string[], allow: string): void {
    app.route({ url, method, handler: (request, reply) => send(reply, problemAnswer(405, 'method-not-allowed',
      `${request.method} is not possible here; allowed: ${allow}.`, { field: 'method', allowed: allow.split(', ') }, { allow })) });
  }

  async function write(request: FastifyRequest, reply: FastifyReply, apply: Apply): Promise<FastifyReply> {
    const asked = { method: request.method, url: request.url, headers: request.headers };
    const instead = await faults.beforeApply?.(asked);
    if (instead) return reply.code(instead.status).headers(instead.headers ?? {}).send();
    let applied = false;
    const answer = await applyOnce(request, async (tx, writer) => {
      const written = await apply(tx, writer);
      if (written.applied !== null) await faults.onApplied?.(tx, asked, written.applied);
      applied = written.applied !== null;
      return written.answer;
    });
    if (applied) onChange();
    if (await faults.afterApply?.(asked) === 'drop') {
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
    }
    return send(reply, answer);
  }

  function applyOnce({ method, url, headers, bodyBytes: body, subject }: FastifyRequest, work: Work<Queryable>): Promise<Answer> {
    return writes ? writes.once({ method, url, headers, body, subject }, work) : database.transaction(async tx => work(tx, null));
  }
}

/** The server's own merge, as a preference (RFC 7240); `explained` if the answer is to tell what was decided. */
function mergeAsked({ method, headers }: Pick<Asked, 'method' | 'headers'>): 'plain' | 'explained' | undefined {
  if (method !== 'PATCH' || !prefers(headers['prefer'], 'merge')) return undefined;
  const accepted = String(headers['accept'] ?? '').split(',').map(range => range.split(';')[0]?.trim().toLowerCase());
  return accepted.includes(MERGE_TYPE) ? 'explained' : 'plain';
}

/** What an idempotency key of ours belongs to besides. */
export function mergePayload(asked: Asked): string[] {
  const merge = mergeAsked(asked);
  return merge === undefined ? [] : [merge];
}

/** An id that is no UUID is no order's id; PostgreSQL would call it a syntax error. */
function orderId(request: FastifyRequest<ById>): string {
  if (!isUuid.test(request.params.id)) throw notFound(request.params.id);
  return request.params.id.toLowerCase();
}

function notFound(id: string): ProblemError {
  return new ProblemError(404, 'not-found', missing(id), { field: 'id' });
}
