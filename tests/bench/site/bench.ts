// The page that times: reads through its frames by turns, by one clock. It does what it is told by the bench's server
// (calls.ts), one thing at a time.

import type { Asked, Told } from './overlay-worker';

export type { Told } from './overlay-worker';

export interface Read {
  /** The frame's scope. */
  scope: string;
  url: string;
}

export interface Bench {
  /** Opens a frame, and waits until its worker controls it. */
  open(scope: string): Promise<void>;
  /** Times reads by turns: in each pair one right after the other, and each goes first in every second pair. */
  race(ours: Read, theirs: Read, pairs: number): Promise<[number, number][]>;
  /** One read, with what tells how it was answered. */
  read(read: Read): Promise<{ text: string; source: string | null; pending: string | null }>;
  /** Makes these writes, one after the other; answers their statuses. */
  write(scope: string, writes: { method: string; url: string; body: unknown }[]): Promise<number[]>;
  pending(scope: string): Promise<number>;
  /** What the overlay's worker composes. */
  composed(asked: Asked): Promise<string>;
  /** What it times, in its own thread. */
  timed(asked: Asked & { url: string | null; pairs: number }): Promise<[number, number][]>;
  version(): Promise<string>;
}

/** What the last read left to be done (an answer to be stored) doesn't fall into the next one's time. Milliseconds. */
const kPauseMs = 6;

const frames = new Map<string, Window>();

const frameOf = (scope: string): Window => {
  const frame = frames.get(scope);
  if (!frame) throw new Error(`no frame under ${scope} is open`);
  return frame;
};

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function timed({ scope, url }: Read): Promise<number> {
  const frame = frameOf(scope);
  const began = performance.now();
  const answer = await frame.fetch(url);
  await answer.json();
  const took = performance.now() - began;
  if (answer.status !== 200) throw new Error(`${url} through ${scope} was answered ${answer.status}`);
  return took;
}

async function race(ours: Read, theirs: Read, pairs: number): Promise<[number, number][]> {
  const times: [number, number][] = [];
  const absolute = ({ scope, url }: Read): Read => ({ scope, url: new URL(url, location.href).href });
  const reads = [absolute(ours), absolute(theirs)] as const;
  for (let pair = 0; pair < pairs; pair += 1) {
    const took: [number, number] = [0, 0];
    for (const who of pair % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      took[who] = await timed(reads[who]);
      await pause(kPauseMs);
    }
    times.push(took);
  }
  return times;
}

async function ask(asked: Asked): Promise<unknown> {
  const worker = frameOf('pending').navigator.serviceWorker.controller!;
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ bench: true, ...asked }, [port2]);
  const { data } = await new Promise<MessageEvent<Told>>((resolve) => {
    port1.onmessage = resolve;
  });
  if ('error' in data) throw new Error(data.error);
  return data.value;
}

const bench: Bench = {
  async open(scope) {
    const element = document.createElement('iframe');
    element.src = `/${scope}/`;
    document.body.append(element);
    await new Promise((resolve) => element.addEventListener('load', resolve, { once: true }));
    const frame = element.contentWindow!;
    await frame.app;
    if (!frame.navigator.serviceWorker.controller?.scriptURL.endsWith(`/${scope}/sw.js`)) throw new Error(`the frame under ${scope} has no worker`);
    frames.set(scope, frame);
  },
  race,
  async read({ scope, url }) {
    const answer = await frameOf(scope).fetch(new URL(url, location.href).href);
    return { text: await answer.text(), source: answer.headers.get('Holdfast-Source'), pending: answer.headers.get('Holdfast-Pending') };
  },
  async write(scope, writes) {
    const statuses: number[] = [];
    for (const { method, url, body } of writes) {
      const answer = await frameOf(scope).fetch(new URL(url, location.href).href, {
        method, ...(body !== null && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
      });
      statuses.push(answer.status);
    }
    return statuses;
  },
  pending: async (scope) => (await (await frameOf(scope).app)!.pending()).length,
  composed: async (asked) => (await ask(asked)) as string,
  timed: async (asked) => (await ask(asked)) as [number, number][],
  version: async () => /Chrome\/(\d+)/.exec(navigator.userAgent)?.[1] ?? navigator.userAgent,
};

async function toldOf(call: string): Promise<Told> {
  try {
    const { name, args } = JSON.parse(call) as { name: keyof Bench; args: unknown[] };
    const value = await (bench[name] as (...args: unknown[]) => Promise<unknown>)(...args);
    return { value: value ?? null };
  } catch (error) {
    return { error: String(error) };
  }
}

for (;;) {
  const call = await (await fetch('/next')).text();
  await fetch('/told', { method: 'POST', body: JSON.stringify(await toldOf(call)) });
}
