// The shell's own small server. It is not behind the tunnel, and on an origin of its own: requests
// that stall in a dead tunnel use up the six connections that a browser opens to one origin.

import Fastify, { type FastifyInstance } from 'fastify';
import fastifyStatic from '@fastify/static';
import type { ServerResponse } from 'node:http';
import { kTraces, type Ride, type TraceFile } from './ride.js';
import { kPeople, type Seat } from './people.js';
import { refuseForeignHosts } from './server/headers.js';
import type { AppName, Arrival, Stage } from './stage.js';
import type { Story, StoryState } from './story.js';

/** Enough for the window that the chart shows and for a ride's whole account. */
const kArrivalsMax = 5_000;
/** A trace changes twenty times a second and more; the chart needs no more than this, and each edge of the dark. */
const kSignalEveryMs = 150;

export interface ShellOptions {
  site: string;
  ride: Ride;
  story: Story;
  /** Where each person's app is. */
  people: Record<Seat, string>;
  stages: Record<AppName, Stage>;
}

export class Feed {
  readonly arrivals: Arrival[] = [];
  readonly #listeners = new Set<ServerResponse>();

  arrived(arrival: Arrival): void {
    this.arrivals.push(arrival);
    if (this.arrivals.length > kArrivalsMax) this.arrivals.shift();
    this.tell({ type: 'arrival', ...arrival });
  }

  tell(event: object): void {
    for (const listener of this.#listeners) listener.write(`data: ${JSON.stringify(event)}\n\n`);
  }

  join(listener: ServerResponse): void {
    this.#listeners.add(listener);
    listener.on('close', () => this.#listeners.delete(listener));
  }

  close(): void {
    for (const listener of this.#listeners) listener.end();
  }
}

export async function createShell({ site, ride, story, people, stages }: ShellOptions, feed: Feed): Promise<FastifyInstance> {
  const app = Fastify({ forceCloseConnections: true });
  const frames = [...Object.values(stages).map(({ origin }) => origin), ...Object.values(people)].join(' ');
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({
      'content-security-policy': `default-src 'self'; script-src 'self'; frame-src ${frames}; frame-ancestors 'none'`,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache',
    });
  });
  refuseForeignHosts(app);
  await app.register(fastifyStatic, { root: site, cacheControl: false });
  tellSignal(ride, feed);
  story.on('story', (now: StoryState) => feed.tell({ type: 'story', at: Date.now(), ...now }));

  const state = (): object => ({
    now: Date.now(), mbits: ride.mbits, dark: ride.dark, held: ride.held, ride: ride.state, arrivals: feed.arrivals, story: story.state,
  });
  app.get('/config', async () => ({
    apps: Object.fromEntries(Object.values(stages).map(({ name, origin }) => [name, origin])), people, traces: kTraces,
  }));
  app.get('/conflicts', (_request, reply) => reply.sendFile('conflicts.html'));
  app.get('/state', async () => state());
  app.get('/events', (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    reply.raw.write(`data: ${JSON.stringify({ type: 'state', ...state() })}\n\n`);
    feed.join(reply.raw);
  });
  app.post<{ Body: { on: boolean } }>('/tunnel', { schema: { body: object({ on: { type: 'boolean' } }) } }, async (request) => {
    ride.hold(request.body.on);
    return state();
  });
  app.post<{ Body: { trace: TraceFile; speed: number } }>('/ride', {
    schema: { body: object({ trace: { enum: kTraces.map(({ file }) => file) }, speed: { type: 'number', minimum: 1, maximum: 200 } }) },
  }, async (request) => {
    await ride.start(request.body.trace, request.body.speed);
    return state();
  });
  app.delete('/ride', async () => {
    ride.stop();
    return state();
  });
  app.post('/story', async () => {
    await story.begin();
    return story.state;
  });
  app.post<{ Body: { seat: Seat; on: boolean } }>('/story/tunnel', {
    schema: { body: object({ seat: { enum: kPeople.map(({ seat }) => seat) }, on: { type: 'boolean' } }) },
  }, async (request) => {
    story.hold(request.body.seat, request.body.on);
    return story.state;
  });
  app.post('/office', async () => ({ cancelled: await cancelOne(stages) }));
  return app;
}

function object(properties: Record<string, object>): object {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties };
}

function tellSignal(ride: Ride, feed: Feed): void {
  let wasDark = ride.dark;
  let toldAt = 0;
  let later: NodeJS.Timeout | undefined;
  const tell = (): void => {
    clearTimeout(later);
    later = undefined;
    wasDark = ride.dark;
    toldAt = Date.now();
    feed.tell({ type: 'signal', at: toldAt, mbits: ride.mbits, dark: ride.dark, held: ride.held });
  };
  ride.on('signal', () => {
    const rest = toldAt + kSignalEveryMs - Date.now();
    if (ride.dark !== wasDark || rest <= 0) tell();
    // The last of a quick row must not be the one that nobody hears of.
    else later ??= setTimeout(tell, rest);
  });
  ride.on('ride', (state) => feed.tell({ type: 'ride', ride: state, at: Date.now() }));
}

/** The office has a cable: it cancels what a courier is carrying, whatever the courier's signal. */
async function cancelOne(stages: Record<AppName, Stage>): Promise<string | null> {
  const listed = await stages.holdfast.server.inject('/api/orders');
  const open = listed.json<{ id: string; status: string }[]>();
  const victim = ['picked_up', 'accepted', 'placed'].map((status) => open.find((order) => order.status === status)).find(Boolean);
  if (!victim) return null;
  for (const { server } of Object.values(stages)) {
    await server.inject({ method: 'PATCH', url: `/api/orders/${victim.id}`, payload: { status: 'cancelled' } });
  }
  return victim.id;
}
