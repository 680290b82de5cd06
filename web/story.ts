// One order and three people, each behind a tunnel of one's own.

import { EventEmitter } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { kFirstOrder, kPeople, type Seat } from './people.js';
import type { Tunnel } from './tunnel/tunnel.js';

const kGoodMbits = 30;

export interface StoryState {
  order: string | null;
  /** Who is in the tunnel. */
  dark: Record<Seat, boolean>;
}

/** Emits `story` (StoryState) on each change. */
export class Story extends EventEmitter {
  readonly state: StoryState = { order: null, dark: { ben: false, ann: false, desk: false } };
  readonly #server: FastifyInstance;
  readonly #lines: Record<Seat, Tunnel>;

  constructor(server: FastifyInstance, lines: Record<Seat, Tunnel>) {
    super();
    this.#server = server;
    this.#lines = lines;
  }

  hold(seat: Seat, dark: boolean): void {
    if (this.state.dark[seat] === dark) return;
    this.state.dark[seat] = dark;
    this.#lines[seat].setSignal(dark ? 0 : kGoodMbits);
    this.emit('story', this.state);
  }

  /** Everybody comes out, and meets on a fresh order that is on its way. */
  async begin(): Promise<void> {
    const made = await this.#write('POST', '/api/orders', kFirstOrder);
    for (const status of ['accepted', 'picked_up']) await this.#write('PATCH', `/api/orders/${made.id}`, { status });
    for (const { seat } of kPeople) this.hold(seat, false);
    const before = this.state.order;
    this.state.order = made.id;
    this.emit('story', this.state);
    // Nobody brings the old one any more; one that is over already refuses, and may.
    if (before !== null) await this.#server.inject({ method: 'PATCH', url: `/api/orders/${before}`, payload: { status: 'cancelled' } });
  }

  async #write(method: 'POST' | 'PATCH', url: string, payload: object): Promise<{ id: string }> {
    const answer = await this.#server.inject({ method, url, payload });
    if (answer.statusCode >= 300) throw new Error(`${method} ${url} was answered ${answer.statusCode}: ${answer.body}`);
    return answer.json();
  }
}
