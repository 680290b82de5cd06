import { randomUUID } from 'node:crypto';
import { etagOf, ifMatchHolds, jsonAnswer, problemAnswer, type Answer, type ProblemExtras, type Writer } from 'holdfast/server';
import { lockOrder, recordChange } from './changes.js';
import type { Queryable } from './database.js';
import { TRANSITIONS, type Exception, type OrderStatus } from '../order-rules.js';
import { LIST_LIMIT_MAX } from './order-schema.js';

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

/** What is said about a patch besides its body. */
export interface Patching {
  ifMatch: string | undefined;
  exceptions: readonly Exception[];
  now: Date;
  writer?: Writer | null;
}

/**
 * Former versions of an order that are kept, to merge upon. It has five states and is changed a few times beside that;
 * whoever was away for more than fifty changes is answered 412, and merges by himself.
 */
export const VERSIONS_KEPT = 50;

interface OrderRow extends Omit<Order, 'createdAt' | 'updatedAt'> { created_at: Date; updated_at: Date }

const COLUMNS = 'id, customer, restaurant, items, note, tip, status, courier, version, created_at, updated_at';

function orderOf({ created_at, updated_at, ...fields }: OrderRow): Order {
  return { ...fields, createdAt: created_at.toISOString(), updatedAt: updated_at.toISOString() };
}

export async function findOrder(db: Queryable, id: string): Promise<Order | null> {
  const [row] = await db.query<OrderRow>(`SELECT ${COLUMNS} FROM orders WHERE id = $1`, [id]);
  return row ? orderOf(row) : null;
}

/** Finds an order and keeps everybody else from changing it, until the transaction is over. */
export async function findOrderToChange(tx: Queryable, id: string): Promise<Order | null> {
  await lockOrder(tx, id);
  // Locked as a row, too, for who changes it by hand and knows nothing of our lock.
  const [row] = await tx.query<OrderRow>(`SELECT ${COLUMNS} FROM orders WHERE id = $1 FOR UPDATE`, [id]);
  return row ? orderOf(row) : null;
}

/** A former version; null if it was never there, or isn't kept any more. */
export async function findVersion(tx: Queryable, id: string, version: number): Promise<Order | null> {
  const [row] = await tx.query<OrderRow>(`SELECT ${COLUMNS} FROM order_versions WHERE id = $1 AND version = $2`, [id, version]);
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

export async function createOrder(tx: Queryable, order: NewOrder, now: Date, writer?: Writer | null): Promise<Written> {
  const id = order.id ?? randomUUID();
  await lockOrder(tx, id);
  const [row] = await tx.query<OrderRow>(
    `INSERT INTO orders (${COLUMNS})
     VALUES ($1, $2, $3, $4::jsonb, $5, $6, 'placed', $7,
       coalesce((SELECT version FROM deleted_orders WHERE id = $1), 0) + 1, $8::timestamptz, $8::timestamptz)
     ON CONFLICT (id) DO NOTHING RETURNING ${COLUMNS}`,
    [id, order.customer, order.restaurant, JSON.stringify(order.items), order.note ?? '', order.tip ?? 0,
      order.courier ?? null, now.toISOString()]);
  if (row) {
    const created = orderOf(row);
    await recordChange(tx, { id, version: created.version, document: created, writer });
    return accept(created, jsonAnswer(201, created, { etag: etagOf(created.version), location: `/api/orders/${id}` }));
  }
  const current = await findOrder(tx, id);
  return refuse(409, 'id-taken', `An order ${id} is there already; give another id, or none.`, { field: 'id', ...(current && { current }) });
}

export async function patchOrder(tx: Queryable, id: string, patch: OrderPatch, { ifMatch, exceptions, now, writer }: Patching): Promise<Written> {
  const current = await findOrderToChange(tx, id);
  if (!current) return refuse(404, 'not-found', missing(id), { field: 'id' });
  if (!ifMatchHolds(ifMatch, etagOf(current.version))) return preconditionFailed(current, ifMatch);
  const next = patched(current, patch);
  const seen = ifMatch !== undefined && ifMatch.trim() !== '*';
  const illegal = illegalStatus(current, next.status, { seen, exceptions });
  if (illegal) return illegal;
  const updated = await changeOrder(tx, next, now, writer);
  return accept(updated, jsonAnswer(200, updated, { etag: etagOf(updated.version) }));
}

/** What a patch makes of an order. */
export function patched(order: Order, patch: OrderPatch): Order {
  return { ...order, ...patch, note: patch.note === null ? '' : patch.note ?? order.note,
    tip: patch.tip === null ? 0 : patch.tip ?? order.tip };
}

/**
 * The refusal of a status that can't follow the present one; null if it can, or is a declared exception.
 * @param seen whoever sends it knows what he overrules: an exception is no way to run over what nobody has looked at
 */
export function illegalStatus(
  current: Order, status: OrderStatus, { seen, exceptions }: { seen: boolean; exceptions: readonly Exception[] },
): Written | null {
  const allowed = TRANSITIONS[current.status];
  if (status === current.status || allowed.includes(status)) return null;
  const declared = exceptions.some(([theirs, mine]) => theirs === current.status && mine === status);
  if (declared && seen) return null;
  const hint = declared ? ` As a declared exception it can, with If-Match: ${etagOf(current.version)}.` : '';
  return refuse(409, 'illegal-transition',
    `status cannot go from ${current.status} to ${status}; allowed: ${allowed.join(', ') || 'none, it is final'}.${hint}`,
    { field: 'status', allowed, current });
}

/** Stores an order's next version, and keeps the one that was there. */
export async function changeOrder(tx: Queryable, next: Order, now: Date, writer?: Writer | null): Promise<Order> {
  await tx.query(`INSERT INTO order_versions (${COLUMNS}) SELECT ${COLUMNS} FROM orders WHERE id = $1`, [next.id]);
  const [row] = await tx.query<OrderRow>(
    `UPDATE orders SET customer = $2, restaurant = $3, items = $4::jsonb, note = $5, tip = $6, status = $7, courier = $8,
       version = version + 1, updated_at = $9::timestamptz
     WHERE id = $1 RETURNING ${COLUMNS}`,
    [next.id, next.customer, next.restaurant, JSON.stringify(next.items), next.note, next.tip, next.status, next.courier,
      now.toISOString()]);
  if (!row) throw new Error(`order ${next.id} vanished under its own lock`);
  await tx.query('DELETE FROM order_versions WHERE id = $1 AND version < $2', [next.id, row.version - VERSIONS_KEPT]);
  const changed = orderOf(row);
  await recordChange(tx, { id: changed.id, version: changed.version, document: changed, writer });
  return changed;
}

export async function deleteOrder(tx: Queryable, id: string, ifMatch: string | undefined, writer?: Writer | null): Promise<Written> {
  const current = await findOrderToChange(tx, id);
  if (!current) return refuse(404, 'not-found', missing(id), { field: 'id' });
  if (!ifMatchHolds(ifMatch, etagOf(current.version))) return preconditionFailed(current, ifMatch);
  // The deletion has a version of its own, so that whoever has seen it knows it from the document that was there before.
  const version = current.version + 1;
  await tx.query('DELETE FROM orders WHERE id = $1', [id]);
  await tx.query(
    `INSERT INTO deleted_orders (id, version) VALUES ($1, $2)
     ON CONFLICT (id) DO UPDATE SET version = excluded.version`, [id, version]);
  await recordChange(tx, { id, version, writer });
  return accept(current, { status: 204, headers: {}, body: '' });
}

export function missing(id: string): string {
  return `There is no order ${id}.`;
}

function accept(order: Order, answer: Answer): Written {
  return { answer, applied: order.id };
}

export function refuse(status: number, code: string, detail: string, extras: ProblemExtras & { current?: Order }): Written {
  const headers: Record<string, string> = extras.current ? { etag: etagOf(extras.current.version) } : {};
  return { answer: problemAnswer(status, code, detail, extras, headers), applied: null };
}

export function preconditionFailed(current: Order, ifMatch: string | undefined): Written {
  return refuse(412, 'version-mismatch',
    `The order is at ${etagOf(current.version)} now, If-Match asks for ${ifMatch}.`, { field: 'If-Match', current });
}
