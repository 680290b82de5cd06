// What the rig finds in the page as `window.ride`, whichever client the page is.

export interface RideCall {
  number: number;
  method: string;
  url: string;
  body: unknown;
}

export interface RideAnswer {
  /** When the page acted: `Date.now()` right before its call. */
  at: number;
  /** null: the call was rejected, with `error`. */
  status: number | null;
  holdfastStatus: string | null;
  error: string | null;
}

export interface Ride {
  act(call: RideCall): Promise<RideAnswer>;
  /** How many writes the client still has to deliver. */
  pending(): Promise<number>;
  /** What the client set aside instead of delivering it, for whoever looks for a fault. */
  aside?(): Promise<string[]>;
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
