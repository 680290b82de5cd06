// The app's own picture of an order. What arrives from outside goes through `readOrder` first: an
// optimistic answer has fewer fields than the server's, and a stranger's answer may have none.

export const kStatuses = ['placed', 'accepted', 'picked_up', 'delivered', 'cancelled'] as const;
export type OrderStatus = (typeof kStatuses)[number];

export interface Item {
  name: string;
  quantity: number;
}

export interface Order {
  id: string;
  customer: string;
  restaurant: string;
  items: Item[];
  note: string;
  /** Cents. */
  tip: number;
  status: OrderStatus;
  courier: string | null;
  /** Milliseconds since the epoch; the moment the person acted, read from the id where it tells. */
  createdAt: number;
}

export type NewOrder = Pick<Order, 'id' | 'customer' | 'restaurant' | 'items' | 'note' | 'tip'>;
export type Change = Partial<Pick<Order, 'status' | 'courier' | 'note' | 'tip' | 'items'>>;

export const kStatusWords: Record<OrderStatus, string> = {
  placed: 'Placed', accepted: 'Accepted', picked_up: 'Picked up', delivered: 'Delivered', cancelled: 'Cancelled',
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readItems(value: unknown): Item[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((item) => ({
    name: String(item['name'] ?? ''),
    quantity: Number(item['quantity'] ?? 1) || 1,
  }));
}

export function readOrder(value: unknown): Order | null {
  if (!isRecord(value) || typeof value['id'] !== 'string') return null;
  const status = kStatuses.find((known) => known === value['status']) ?? 'placed';
  const id = value['id'];
  return {
    id,
    customer: String(value['customer'] ?? ''),
    restaurant: String(value['restaurant'] ?? ''),
    items: readItems(value['items']),
    note: String(value['note'] ?? ''),
    tip: Number(value['tip'] ?? 0) || 0,
    status,
    courier: typeof value['courier'] === 'string' ? value['courier'] : null,
    createdAt: timeOfId(id) ?? (Date.parse(String(value['createdAt'] ?? '')) || Date.now()),
  };
}

/** A list may come bare or in a field; both are common among REST APIs. */
export function readOrders(value: unknown): Order[] {
  const list = Array.isArray(value) ? value : isRecord(value) ? Object.values(value).find(Array.isArray) ?? [] : [];
  return (list as unknown[]).map(readOrder).filter((order): order is Order => order !== null);
}

/** A UUID of version 7: the time of the act is in its first 48 bits, so orders sort by it even unsent. */
export function newId(now = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const stamp = now.toString(16).padStart(12, '0');
  const rest = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('').slice(12);
  const variant = '89ab'[bytes[8]! & 3]!;
  return `${stamp.slice(0, 8)}-${stamp.slice(8, 12)}-7${rest.slice(1, 4)}-${variant}${rest.slice(5, 8)}-${rest.slice(8, 20)}`;
}

function timeOfId(id: string): number | null {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7/i.test(id) ? parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : null;
}

export function money(cents: number): string {
  return (cents / 100).toLocaleString('en', { style: 'currency', currency: 'EUR' });
}
