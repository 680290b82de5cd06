// Promises 9, 11 and 14 to 17 as tables: what was read, what the person did, and what is shown. Each row has an app of
// its own in a real Chromium. The others have files of their own: bodies (10), idempotency (12), cors (13), kept (18).

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Chromium } from './chromium.js';
import { openApp, orders, test, type App } from './harness.js';
import type { Answer } from './scripted-server.js';

let browser: Chromium;
before(async () => {
  browser = await Chromium.start();
});
after(() => browser.close());

interface Shows {
  shows: string;
  json?: unknown;
  status?: number;
  /** Holdfast-Source; null: the network's own answer. */
  source?: string | null;
  pending?: number;
}

/** `$name` in a URL or a value stands for the id that a creation was answered with. */
type Step =
  | { read: string }
  | { write: string; body?: unknown; as?: string }
  /** The tunnel begins, or ends and everything is sent. */
  | { tunnel: boolean }
  /** What the server answers to the next write. */
  | { next: Answer }
  | { kill: true }
  | { settled: true }
  | Shows
  /** What the server has carried out. */
  | { sent: string[] }
  | { inbox: string[] };

interface Row {
  what: string;
  config?: string;
  /** The server's documents; by default the orders 1 (placed, tip 3) and 2 (ready, tip 1). */
  documents?: Record<string, Record<string, unknown>>;
  /** The server names what is created: 41 and so on. */
  namesThem?: boolean;
  steps: Step[];
}

const kOrders = {
  '/api/orders/1': { id: '1', status: 'placed', tip: 3, version: 1 },
  '/api/orders/2': { id: '2', status: 'ready', tip: 1, version: 1 },
};
const [one, two] = [kOrders['/api/orders/1'], kOrders['/api/orders/2']];
const dark: Step = { tunnel: true };
const light: Step = { tunnel: false };

function serve(app: App, { documents = kOrders, namesThem = false }: Row): void {
  for (const [url, document] of Object.entries(documents)) app.server.documents.set(url, { ...document });
  let last = 40;
  app.server.respond = ({ method, url, body }) => {
    if (app.server.down) return undefined;
    const { pathname, searchParams } = new URL(url, app.origin);
    if (method === 'GET' && pathname === '/api/orders') {
      const all = [...app.server.documents].filter(([at]) => /^\/api\/orders\/[^/]+$/.test(at)).map(([, order]) => order);
      const status = searchParams.get('status');
      return { body: all.filter((order) => status === null || order.status === status).sort((a, b) => Number(a.tip) - Number(b.tip)) };
    }
    if (method !== 'POST' || pathname !== '/api/orders' || !namesThem) return undefined;
    const order = { ...JSON.parse(body.toString()) as object, id: ++last, version: 1 };
    app.server.applied.push(app.server.requests.at(-1)!);
    app.server.documents.set(`/api/orders/${last}`, order);
    return { status: 201, body: order };
  };
}

/** Plays a row's steps, and compares what it says. */
async function play(app: App, steps: Step[]): Promise<void> {
  const ids = new Map<string, string>();
  const named = <V>(value: V): V => JSON.parse(JSON.stringify(value).replace(/\$(\w+)/g, (whole, name: string) => ids.get(name) ?? whole)) as V;
  for (const [i, step] of steps.entries()) {
    const where = `step ${i + 1}, ${JSON.stringify(step)}`;
    if ('read' in step) await app.fetch(named(step.read));
    else if ('tunnel' in step) {
      if (step.tunnel) app.server.down = 'reset';
      else {
        app.server.up();
        await app.sync();
        await app.drained();
      }
    } else if ('next' in step) app.server.next.push(step.next);
    else if ('kill' in step) await app.killWorker();
    else if ('settled' in step) await app.drained();
    else if ('sent' in step) assert.deepEqual(app.server.applied.map(({ method, url }) => `${method} ${url}`), named(step.sent), where);
    else if ('inbox' in step) assert.deepEqual((await app.inbox()).map(({ reason }) => reason), step.inbox, where);
    else if ('write' in step) {
      const [method = '', url = ''] = step.write.split(' ');
      const answer = await app.write(method, named(url), named(step.body ?? null) ?? undefined);
      if (step.as) ids.set(step.as, String((JSON.parse(answer.text) as { id: unknown }).id));
    } else await shows(app, named(step), where);
  }
}

async function shows(app: App, { shows: url, json, status = 200, source, pending }: Shows, where: string): Promise<void> {
  const got = await app.fetch(url);
  assert.equal(got.status, status, where);
  if (json !== undefined) assert.deepEqual(JSON.parse(got.text), json, where);
  if (source !== undefined) assert.equal(got.headers['holdfast-source'] ?? null, source, where);
  if (pending !== undefined) assert.equal(got.headers['holdfast-pending'], String(pending), where);
}

function promise(number: number, what: string, rows: Row[]): void {
  for (const row of rows) {
    test(`Promise ${number}: ${what}: ${row.what}`, async (t) => {
      const app = await openApp(t, browser.context, row.config ? { config: row.config } : {});
      serve(app, row);
      await play(app, row.steps);
    });
  }
}

promise(9, 'an id of the server\'s own is followed', [
  {
    what: 'by queued writes, and by a page that knows only the first one', namesThem: true, documents: {},
    steps: [dark, { write: 'POST /api/orders', body: { note: 'a' }, as: 'new' }, { write: 'PATCH /api/orders/$new', body: { note: 'b' } }, light,
      { sent: ['POST /api/orders', 'PATCH /api/orders/41'] }, { shows: '/api/orders/$new', json: { id: 41, note: 'b', version: 2 } }],
  },
  {
    what: 'after the worker has died', namesThem: true, documents: {},
    steps: [dark, { write: 'POST /api/orders', body: { note: 'a' }, as: 'new' }, light, { kill: true },
      { write: 'PATCH /api/orders/$new', body: { note: 'b' } }, { settled: true }, { sent: ['POST /api/orders', 'PATCH /api/orders/41'] }],
  },
  {
    what: 'in a list that was read before', namesThem: true,
    steps: [{ read: '/api/orders' }, dark, { write: 'POST /api/orders', body: { note: 'a' }, as: 'new' }, light, dark,
      { shows: '/api/orders', json: [two, one, { id: 41, note: 'a', version: 1 }] }],
  },
]);

const kLines = `{ resources: { orders: { path: '/api/orders/:id' },
  lines: { path: '/api/orders/:order/lines/:id' }, notes: { path: '/api/notes/:id', references: { about: 'orders' } } } }`;
promise(11, 'what refers to something yet to be created', [
  {
    what: 'waits for it, in its path', config: kLines, namesThem: true, documents: {},
    steps: [dark, { write: 'POST /api/orders', body: {}, as: 'new' }, { write: 'PUT /api/orders/$new/lines/1', body: { id: '1' } }, light,
      { sent: ['POST /api/orders', 'PUT /api/orders/41/lines/1'] }],
  },
  {
    what: 'waits for it, in a declared field', config: kLines, namesThem: true, documents: {},
    steps: [dark, { write: 'POST /api/orders', body: {}, as: 'new' }, { write: 'PUT /api/notes/1', body: { id: '1', about: '$new' } }, light,
      { sent: ['POST /api/orders', 'PUT /api/notes/1'] }, { shows: '/api/notes/1', json: { id: '1', about: 41, version: 1 } }],
  },
  {
    what: 'is set aside if that is turned down', config: kLines, documents: {},
    steps: [dark, { write: 'POST /api/orders', body: { id: 'n' } }, { write: 'PUT /api/orders/n/lines/1', body: { id: '1' } },
      { next: { status: 422 } }, light, { sent: [] }, { inbox: ['rejected', 'creation-failed'] }],
  },
  {
    what: 'or as an action has its declared effect meanwhile', config: orders('actions: { cancel: { status: \'cancelled\' } }'),
    steps: [{ read: '/api/orders/1' }, dark, { write: 'POST /api/orders/1/cancel' },
      { shows: '/api/orders/1', json: { ...one, status: 'cancelled' }, pending: 1 }],
  },
]);

const kFiltered = orders('list: { filter: { status: \'status\' }, sort: \'tip\' }');
const kSeen: Step[] = [{ read: '/api/orders/1' }, { read: '/api/orders' }, { read: '/api/orders?status=placed' }, { read: '/api/orders?status=ready' }, dark];
promise(14, 'the next read of the item and of its lists shows', [
  {
    what: 'a change', config: kFiltered,
    steps: [...kSeen, { write: 'PATCH /api/orders/1', body: { tip: 9 } }, { shows: '/api/orders/1', json: { ...one, tip: 9 }, source: 'both', pending: 1 },
      { shows: '/api/orders', json: [two, { ...one, tip: 9 }], source: 'both', pending: 1 }],
  },
  {
    what: 'a change that moves it in the order', config: kFiltered,
    steps: [...kSeen, { write: 'PATCH /api/orders/1', body: { tip: 0 } }, { shows: '/api/orders', json: [{ ...one, tip: 0 }, two] }],
  },
  {
    what: 'a change that moves it from one filtered list into another', config: kFiltered,
    steps: [...kSeen, { write: 'PATCH /api/orders/1', body: { status: 'ready' } }, { shows: '/api/orders?status=placed', json: [], pending: 1 },
      { shows: '/api/orders?status=ready', json: [two, { ...one, status: 'ready' }], pending: 1 }],
  },
  {
    what: 'what was created', config: kFiltered,
    steps: [...kSeen, { write: 'POST /api/orders', body: { id: '3', status: 'placed', tip: 2 } }, { shows: '/api/orders/3', json: { id: '3', status: 'placed', tip: 2 } },
      { shows: '/api/orders', json: [two, { id: '3', status: 'placed', tip: 2 }, one] }, { shows: '/api/orders?status=ready', json: [two] }],
  },
  {
    what: 'that something is gone', config: kFiltered,
    steps: [...kSeen, { write: 'DELETE /api/orders/1' }, { shows: '/api/orders/1', status: 404, pending: 1 }, { shows: '/api/orders', json: [two] }],
  },
  {
    what: 'it after the worker has died', config: kFiltered,
    steps: [...kSeen, { write: 'PATCH /api/orders/1', body: { tip: 9 } }, { kill: true }, { shows: '/api/orders/1', json: { ...one, tip: 9 } }],
  },
  {
    what: 'the network\'s own answer where nothing waits', config: kFiltered,
    steps: [{ shows: '/api/orders', json: [two, one], source: null }, { write: 'PATCH /api/orders/1', body: { tip: 9 } }, { settled: true },
      { shows: '/api/orders/1', json: { ...one, tip: 9, version: 2 }, source: null }],
  },
]);

promise(15, 'nothing goes back to an older state', [
  {
    what: 'after a confirmed change, in the tunnel', config: kFiltered,
    steps: [{ read: '/api/orders/1' }, { read: '/api/orders' }, { write: 'PATCH /api/orders/1', body: { tip: 9 } }, { settled: true }, dark,
      { shows: '/api/orders/1', json: { ...one, tip: 9, version: 2 } }, { shows: '/api/orders', json: [two, { ...one, tip: 9, version: 2 }] }],
  },
  {
    what: 'after a confirmed deletion, in the tunnel', config: kFiltered,
    steps: [{ read: '/api/orders/1' }, { read: '/api/orders' }, { write: 'DELETE /api/orders/1' }, { settled: true }, dark,
      { shows: '/api/orders/1', status: 404 }, { shows: '/api/orders', json: [two] }],
  },
  {
    what: 'while a write waits although the network is there', config: kFiltered,
    steps: [{ read: '/api/orders/1' }, { next: { status: 503, headers: { 'Retry-After': '2' } } }, { write: 'PATCH /api/orders/1', body: { tip: 9 } },
      { shows: '/api/orders/1', json: { ...one, tip: 9 }, source: 'both', pending: 1 }],
  },
]);

/** The first of two writes is turned down; the second is behind it. */
const kTurnedDown: Step[] = [
  { read: '/api/orders/1' }, dark, { write: 'PATCH /api/orders/1', body: { tip: 9 } }, { write: 'PATCH /api/orders/1', body: { note: 'later' } },
  { shows: '/api/orders/1', json: { ...one, tip: 9, note: 'later' }, pending: 2 },
];
promise(16, 'what is turned down rolls back by itself, and the writes behind it stay', [
  ...([[422, 'rejected'], [403, 'rejected'], [409, 'conflict'], [412, 'conflict']] as const).map(([status, reason]): Row => ({
    what: `${status}`, config: kFiltered,
    steps: [...kTurnedDown, { next: { status } }, light, { inbox: [reason] }, { sent: ['PATCH /api/orders/1'] },
      { shows: '/api/orders/1', json: { ...one, note: 'later', version: 2 } }],
  })),
]);

promise(17, 'with nothing pending', [
  { what: 'the answer is the network\'s own', steps: [{ shows: '/api/orders/1', json: one, source: null }, { shows: '/api/orders', json: [two, one], source: null }] },
  {
    what: 'what is kept is shown as it came', steps: [{ read: '/api/orders/1' }, { read: '/api/orders' }, dark,
      { shows: '/api/orders/1', json: one, source: 'store', pending: 0 }, { shows: '/api/orders', json: [two, one], source: 'store', pending: 0 }],
  },
  { what: 'what nobody declared is left alone', steps: [{ shows: '/api/riders/1', status: 404, source: null }] },
]);
