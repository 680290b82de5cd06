// Tells its clients of changes that it has in hand, in one of two ways:
//
//  - as the live link does it (js/server/live), whose feed is in memory here and wakes it, so that no database is timed;
//  - as the shortest program does it that could: `ws`, and a loop over its clients that sends each the same bytes.
//
// Both make JSON of a change once, begin with the same object at the same moment, and send the same bytes. Each is a
// process of its own, so that neither waits for the other's garbage.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import type { Feed, FeedChange } from '../../../js/server/live/feed.js';
import { openLive } from '../../../js/server/live/index.js';
import { answer, argumentOf, now } from './child.js';

export type Way = 'links' | 'bare';

export interface Sending {
  /** The number of the first change, and how many. */
  first: number;
  count: number;
  /** From one to the next; 0: as fast as the event loop turns. */
  everyMs: number;
}

type Broadcast = (number: number, change: object) => void;

/** An order of the reference server's, as a change has it. */
function changeOf(number: number): object {
  return {
    resource: 'orders', id: '0198c2a6-7a10-7c7e-9d5f-6f5c8a1b2c3d', version: number, kind: 'upsert',
    document: {
      id: '0198c2a6-7a10-7c7e-9d5f-6f5c8a1b2c3d', customer: 'Ada Lovelace', restaurant: 'Mamma Roma',
      items: [{ name: 'Margherita', quantity: 2 }, { name: 'Crème brûlée', quantity: 1 }], note: 'Ring twice, please.', tip: 350,
      status: 'accepted', courier: 'Ben Ali', createdAt: '2026-05-01T08:00:00.000Z', updatedAt: '2026-05-01T08:12:31.218Z',
    },
  };
}

function overLinks(server: Server): Broadcast {
  const changes: FeedChange[] = [];
  let wake = (): void => {};
  const feed: Feed = {
    presentCursor: async () => String(changes.length),
    compare: (one, other) => Number(one) - Number(other),
    async readChanges(cursor, limit) {
      const found = changes.slice(Number(cursor), Number(cursor) + limit);
      const end = Number(cursor) + found.length;
      return { changes: found, cursor: String(end), more: end < changes.length };
    },
    listen(callback) {
      wake = callback;
      return async () => {};
    },
  };
  const live = openLive({ feed });
  server.on('upgrade', (request, socket, head) => live.upgrade(request, socket, head));
  return (number, change) => {
    changes.push({ cursor: String(number), change, writer: null });
    wake();
  };
}

function overBare(server: Server): Broadcast {
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  return (number, change) => {
    // One Buffer for all: of a string ws would make one for each client.
    const message = Buffer.from(JSON.stringify({ type: 'changes', after: String(number - 1), changes: [change], cursor: String(number), more: false }));
    for (const socket of sockets.clients) if (socket.readyState === socket.OPEN) socket.send(message, { binary: false });
  };
}

const server = createServer();
const broadcast = { links: overLinks, bare: overBare }[argumentOf<Way>()](server);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

const calls = {
  url: (): string => `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  /** Gives when each change was in hand. */
  async send({ first, count, everyMs }: Sending): Promise<Float64Array> {
    const times = new Float64Array(count);
    for (let i = 0; i < count; i += 1) {
      await (everyMs > 0 ? sleep(everyMs) : nextTurn());
      const change = changeOf(first + i);
      times[i] = now();
      broadcast(first + i, change);
    }
    return times;
  },
};

export type Broadcaster = typeof calls;

answer(calls);
