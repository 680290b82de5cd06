// What the rig finds in the page as `window.ride`, whichever client the page is.

export interface RideCall {
  number: number;
  method: string;
  url: string;
  body: unknown;
  /** What to look at once it is answered; null: the person doesn't look. */
  look: { order: string; item: string; list: string } | null;
}

export interface RideAnswer {
  /** When the page acted: `Date.now()` right before its call. */
  at: number;
  /** null: the call was rejected, with `error`. */
  status: number | null;
  holdfastStatus: string | null;
  error: string | null;
}

/** One read after an act. */
export interface Sight {
  /** `Date.now()` when the read began, and when its answer was there. */
  began: number;
  ended: number;
  /** null: the read was rejected before there was an answer. */
  status: number | null;
  /** Why there is no answer, or no whole one. */
  error: string | null;
  /** The order, as the answer or a row in it has it; null if it isn't there. */
  order: Record<string, unknown> | null;
}

export interface Sights {
  item: Sight;
  list: Sight;
}

/** What each client does in its own way. */
export interface Client {
  act(call: RideCall): Promise<RideAnswer>;
  /** How many writes the client still has to deliver. */
  pending(): Promise<number>;
  /** What the client set aside instead of delivering it, for whoever looks for a fault. */
  aside?(): Promise<string[]>;
  /** Of a live ride: the orders as they are shown, and where they come from; null: nothing could be shown. */
  orders?(): Promise<{ source: string | null; orders: Record<string, unknown>[] } | null>;
  /** Of a live ride: how the link stands, and how far the feed has got. */
  feed?(): Promise<{ state: string; cursor: string; changes: number; gapAt: number }>;
}

export interface Ride extends Client {
  /** What was seen after this act, once it was; null if nobody looked. */
  seen(number: number): Promise<Sights | null>;
}

declare global {
  interface Window {
    ride?: Ride;
  }
}

/** The write as every client sends it, apart from what it adds itself. */
export function requestOf({ number, method, url, body }: RideCall): [string, RequestInit & { headers: Record<string, string> }] {
  return [url, { method, headers: { 'Content-Type': 'application/json', 'X-Ride-Act': String(number) }, body: JSON.stringify(body) }];
}

/** One act of an app on holdfast: plain fetch, and nothing else. */
export async function actByFetch(call: RideCall): Promise<RideAnswer> {
  const at = Date.now();
  try {
    const answer = await fetch(...requestOf(call));
    return { at, status: answer.status, holdfastStatus: answer.headers.get('Holdfast-Status'), error: null };
  } catch (error) {
    return { at, status: null, holdfastStatus: null, error: String(error) };
  }
}

/** The policy must hold in the page: a breach is an error like any other. */
document.addEventListener('securitypolicyviolation', (event) => {
  console.error(`Uncaught security policy violation: ${event.violatedDirective} ${event.blockedURI}`);
});

/** The app shell's worker, for the clients without holdfast: it makes a reload in the tunnel work, and no more. */
export async function controlled(): Promise<void> {
  await navigator.serviceWorker.register('/sw.js');
  if (navigator.serviceWorker.controller) return;
  await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
}

/** Lets the rig in. The looks begin when an act is answered, and nobody waits for them but who asks what was seen. */
export function board(client: Client): void {
  const seen = new Map<number, Promise<Sights>>();
  window.ride = {
    ...client,
    async act(call) {
      const answer = await client.act(call);
      if (call.look && answer.status !== null && answer.status >= 200 && answer.status < 300) seen.set(call.number, look(call.look));
      return answer;
    },
    seen: async (number) => (await seen.get(number)) ?? null,
  };
}

async function look({ order, item, list }: NonNullable<RideCall['look']>): Promise<Sights> {
  const [itemSight, listSight] = await Promise.all([sight(item, order), sight(list, order)]);
  return { item: itemSight, list: listSight };
}

async function sight(url: string, order: string): Promise<Sight> {
  const began = Date.now();
  let status: number | null = null;
  try {
    const answer = await fetch(url);
    status = answer.status;
    const shown: unknown = await answer.json();
    const rows = (Array.isArray(shown) ? shown : [shown]) as Record<string, unknown>[];
    return { began, ended: Date.now(), status, error: null, order: rows.find(({ id }) => id === order) ?? null };
  } catch (error) {
    return { began, ended: Date.now(), status, error: String(error), order: null };
  }
}
