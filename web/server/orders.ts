import { randomUUID } from 'node:crypto';
import type { Queryable } from './database.js';
import { etagOf, ifMatchHolds } from './etag.js';
import { LIST_LIMIT_MAX, type STATUSES } from './order-schema.js';
import { jsonAnswer, problemAnswer, type Answer } from './problem.js';

export type OrderStatus = (typeof STATUSES)[number];
export interface OrderItem { name: string; quantity: number }

export interface Order {
  id: string;
  customer: string;
  restaurant: string;
  items: OrderItem[];
  note: string;
  /** Cents. */
  tip: number;
  status: OrderStatus;
  courier: string | null;
  version: number;
  createdAt: string;
  updatedAt: string;
}

export type NewOrder = Pick<Order, 'customer' | 'restaurant' | 'items'>
  & Partial<Pick<Order, 'id' | 'note' | 'tip' | 'courier'>>;
export type OrderPatch = Partial<Pick<Order, 'customer' | 'restaurant' | 'items' | 'status' | 'courier'>>
  & { note?: string | null; tip?: number | null };
export interface OrderFilter { status?: string; courier?: string; customer?: string; limit?: string }

/** What a write did: its answer, and the order it truly changed (null when it was refused). */
export interface Written { answer: Answer; applied: string | null }

/** Which status may follow which. A change to the same status is no change, and always allowed. */
export const TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  placed: ['accepted', 'cancelled'],
  accepted: ['picked_up', 'cancelled'],
  picked_up: ['delivered', 'cancelled'],
  delivered: [],
  cancelled: [],
};

interface OrderRow extends Omit<Order, 'createdAt' | 'updatedAt'> { created_at: Date; updated_at: Date }

const COLUMNS = 'id, customer, restaurant, items, note, tip, status, courier, version, created_at, updated_at';

function orderOf({ created_at, updated_at, ...fields }: OrderRow): Order {
  return { ...fields, createdAt: created_at.toISOString(), updatedAt: updated_at.toISOString() };
}

export async function findOrder(db: Queryable, id: string, lock: '' | 'FOR UPDATE' = ''): Promise<Order | null> {
  const [row] = await db.query<OrderRow>(`SELECT ${COLUMNS} FROM orders WHERE id = $1 ${lock}`, [id]);
  return row ? orderOf(row) : null;
}

/** The newest first: where the limit cuts, it cuts what is oldest. `total` counts what the filter finds without a limit. */
export async function listOrders(db: Queryable, filter: OrderFilter): Promise<{ orders: Order[]; total: number }> {
  const params: unknown[] = [];
  const conditions: string[] = [];
  for (const column of ['status', 'courier', 'customer'] as const) {
    if (filter[column] !== undefined) conditions.push(`${column} = $${params.push(filter[column])}`);
  }
  const where = conditions.length ? `WHERE ${conditions.join(' AND ')}` : '';
  const [count] = await db.query<{ total: number }>(`SELECT count(*)::integer AS total FROM orders ${where}`, params);
  const limit = `$${params.push(Number(filter.limit ?? LIST_LIMIT_MAX))}`;
  const rows = await db.query<OrderRow>(
    `SELECT ${COLUMNS} FROM orders ${where} ORDER BY created_at DESC, id LIMIT ${limit}`, params);
  return { orders: rows.map(orderOf), total: count?.total ?? 0 };
}

export async function createOrder(tx: Queryable, order: NewOrder, now: Date): Promise<Written> {
  const id = order.id ?? randomUUID();
  const [row] = await tx.query<OrderRow>(
    `INSERT INTO orders (${COLUMNS})
     VALUES ($1, $2, $3, $4::jsonb, $5, $6, 'placed', $7,
       coalesce((SELECT version FROM deleted_orders WHERE id = $1), 0) + 1, $8::timestamptz, $8::timestamptz)
     ON CONFLICT (id) DO NOTHING RETURNING ${COLUMNS}`,
    [id, order.customer, order.restaurant, JSON.stringify(order.items), order.note ?? '', order.tip ?? 0,
      order.courier ?? null, now.toISOString()]);
  if (row) {
    const created = orderOf(row);
    return accept(created, jsonAnswer(201, created, { etag: etagOf(created.version), location: `/api/orders/${id}` }));
  }
  const current = await findOrder(tx, id);
  return refuse(409, 'id-taken', `An order ${id} is there already; give another id, or none.`, 'id', current);
}

export async function patchOrder(
  tx: Queryable, id: string, patch: OrderPatch, ifMatch: string | undefined, now: Date,
): Promise<Written> {
  const current = await findOrder(tx, id, 'FOR UPDATE');
  if (!current) return refuse(404, 'not-found', missing(id), 'id', null);
  if (!ifMatchHolds(ifMatch, etagOf(current.version))) return preconditionFailed(current, ifMatch);
  const next = { ...current, ...patch, note: patch.note === null ? '' : patch.note ?? current.note,
    tip: patch.tip === null ? 0 : patch.tip ?? current.tip };
  const reachable = TRANSITIONS[current.status];
  if (next.status !== current.status && !reachable.includes(next.status)) {
    return refuse(409, 'illegal-transition',
      `status cannot go from ${current.status} to ${next.status}; allowed: ${reachable.join(', ') || 'none, it is final'}.`,
      'status', current, reachable);
  }
  const [row] = await tx.query<OrderRow>(
    `UPDATE orders SET customer = $2, restaurant = $3, items = $4::jsonb, note = $5, tip = $6, status = $7, courier = $8,
       version = version + 1, updated_at = $9::timestamptz
     WHERE id = $1 RETURNING ${COLUMNS}`,
    [id, next.customer, next.restaurant, JSON.stringify(next.items), next.note, next.tip, next.status, next.courier,
      now.toISOString()]);
  if (!row) throw new Error(`order ${id} vanished under its own lock`);
  const updated = orderOf(row);
  return accept(updated, jsonAnswer(200, updated, { etag: etagOf(updated.version) }));
}

export async function deleteOrder(tx: Queryable, id: string, ifMatch: string | undefined): Promise<Written> {
  const current = await findOrder(tx, id, 'FOR UPDATE');
  if (!current) return refuse(404, 'not-found', missing(id), 'id', null);
  if (!ifMatchHolds(ifMatch, etagOf(current.version))) return preconditionFailed(current, ifMatch);
  await tx.query('DELETE FROM orders WHERE id = $1', [id]);
  await tx.query(
    `INSERT INTO deleted_orders (id, version) VALUES ($1, $2)
     ON CONFLICT (id) DO UPDATE SET version = excluded.version`, [id, current.version]);
  return accept(current, { status: 204, headers: {}, body: '' });
}

export function missing(id: string): string {
  return `There is no order ${id}.`;
}

function accept(order: Order, answer: Answer): Written {
  return { answer, applied: order.id };
}

function refuse(
  status: number, code: string, detail: string, field: string, current: Order | null, allowed?: readonly string[],
): Written {
  const extras = { field, ...(allowed ? { allowed } : {}), ...(current ? { current } : {}) };
  const headers: Record<string, string> = current ? { etag: etagOf(current.version) } : {};
  return { answer: problemAnswer(status, code, detail, extras, headers), applied: null };
}

function preconditionFailed(current: Order, ifMatch: string | undefined): Written {
  return refuse(412, 'version-mismatch',
    `The order is at ${etagOf(current.version)} now, If-Match asks for ${ifMatch}.`, 'If-Match', current);
}
