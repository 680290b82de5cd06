// An empty office is a sad sight: a few orders of other guests, with fixed ids, so that both apps
// start out alike and a second start adds nothing.

import type { FastifyInstance } from 'fastify';

const kOrders = [
  { n: 1, customer: 'Guest 4', restaurant: 'Corner Oven', items: [['Tomato and basil', 2]], tip: 200, note: '', to: ['accepted', 'picked_up', 'delivered'] },
  { n: 2, customer: 'Guest 2', restaurant: 'Night Noodles', items: [['Sesame noodles', 1], ['Dumplings, eight', 1]], tip: 100, note: 'No peanuts, please', to: ['accepted', 'picked_up'] },
  { n: 3, customer: 'Guest 5', restaurant: 'Harbour Soup', items: [['Pea soup', 3]], tip: 0, note: 'Back door', to: ['cancelled'] },
  { n: 4, customer: 'Guest 1', restaurant: 'Green Bowl', items: [['Lentil salad', 1]], tip: 100, note: '', to: ['accepted'] },
  { n: 5, customer: 'Guest 3', restaurant: 'Corner Oven', items: [['Potato and rosemary', 1]], tip: 300, note: 'Ring twice', to: [] },
] as const;

/** The list is read every few seconds over a bad line, so it must not grow with every ride. */
const kFinishedKept = 40;

export async function forgetFinished(server: FastifyInstance): Promise<void> {
  const listed = await server.inject('/api/orders');
  const finished = listed.json<{ id: string; status: string }[]>().filter(({ status }) => status === 'delivered' || status === 'cancelled');
  for (const { id } of finished.slice(kFinishedKept)) await server.inject({ method: 'DELETE', url: `/api/orders/${id}` });
}

export async function addFirstOrders(server: FastifyInstance): Promise<void> {
  const listed = await server.inject('/api/orders?limit=1');
  if (listed.json<unknown[]>().length > 0) return;
  for (const { n, customer, restaurant, items, tip, note, to } of kOrders) {
    const id = `00000000-0000-4000-8000-0000000000a${n}`;
    const write = (method: 'POST' | 'PATCH', url: string, payload: object) => server.inject({ method, url, payload });
    await write('POST', '/api/orders', { id, customer, restaurant, tip, note, items: items.map(([name, quantity]) => ({ name, quantity })) });
    for (const status of to) {
      await write('PATCH', `/api/orders/${id}`, status === 'accepted' ? { status, courier: 'Courier 7' } : { status });
    }
  }
}
