// The part of a worker that times what composing a read costs, in the thread where it happens. Its scope's own sw.js
// calls `holdfast` after it, as in an app.

import { holdfast } from 'holdfast/service-worker';
import { compose, type View } from '../../../js/host/compose';

export interface Asked {
  text: string;
  view: View;
  /** Null: only the composing functions. Otherwise a whole read, see `time`. */
  url?: string | null;
  /** None: what is composed is to be told, not how long that takes. */
  pairs?: number;
}

export type Told = { value: unknown } | { error: string };

interface FakeFetchEvent {
  request: Request;
  clientId: string;
  respondWith(answer: Promise<Response>): void;
  waitUntil(work: Promise<unknown>): void;
}

interface WorkerEvent extends Event {
  data: Asked;
  ports: MessagePort[];
  waitUntil(work: Promise<unknown>): void;
}

let answerFetch: ((event: FakeFetchEvent) => void) | null = null;

// A fetch event can't be made by a script, so holdfast's own listener is called instead of sending it one.
const listen = self.addEventListener.bind(self);
self.addEventListener = (type: string, listener: unknown, options?: unknown) => {
  if (type === 'fetch') answerFetch = listener as NonNullable<typeof answerFetch>;
  listen(type, listener as EventListener, options as AddEventListenerOptions);
};
Object.assign(self, { holdfast });

/** From the text that was kept to the text that is answered. */
function composed(text: string, view: View): string {
  const shown = compose(view, { url: self.location.href, json: JSON.parse(text) }, []);
  if (!shown) throw new Error('nothing was composed');
  return JSON.stringify(shown.body);
}

async function wholeRead(url: string): Promise<void> {
  const request = new Request(url);
  const answer = await new Promise<Response>((resolve) => {
    answerFetch!({ request, clientId: '', respondWith: (given) => resolve(given), waitUntil: (work) => void work.catch(() => undefined) });
  });
  if (answer.headers.get('Holdfast-Source') !== 'both') throw new Error(`${url} was not composed`);
}

/** Waste of the last round is cleared away, and other events have their turn. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

async function timed(work: () => unknown): Promise<number> {
  await pause();
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/**
 * By turns with `JSON.parse` and `JSON.stringify` of the text: the composing functions alone, or with `url` a whole read,
 * from the fetch event until its answer is there, with the rows and the kept text out of IndexedDB and the engine.
 */
async function time({ text, view, url = null }: Asked, pairs: number): Promise<[number, number][]> {
  let sink = 0;
  const ways = [
    () => url === null ? void (sink += composed(text, view).length) : wholeRead(url),
    () => void (sink += JSON.stringify(JSON.parse(text)).length),
  ] as const;
  const times: [number, number][] = [];
  // The first rounds are the compiler's.
  for (let round = -10; round < pairs; round += 1) {
    const took: [number, number] = [0, 0];
    for (const way of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) took[way] = await timed(ways[way]);
    if (round >= 0) times.push(took);
  }
  if (sink === 0) throw new Error('nothing was made');
  return times;
}

listen('message', (event) => {
  const { data, ports, waitUntil } = event as unknown as WorkerEvent;
  if (typeof data !== 'object' || data === null || !('bench' in data)) return;
  const work = (async () => (data.pairs === undefined ? composed(data.text, data.view) : time(data, data.pairs)))()
    .then((value): Told => ({ value }), (error: unknown): Told => ({ error: String(error) }))
    .then((told) => ports[0]!.postMessage(told));
  waitUntil.call(event, work);
});
