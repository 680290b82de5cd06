// A TCP proxy in front of one port, as good or bad as it is told: bandwidth, latency, and the dark.
// In the dark bytes stop both ways and new connections hang; each connection that was in the dark is
// reset after a while there, or the moment the tunnel ends, so nothing ever resumes in mid-stream.

import { EventEmitter } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { Connection, type Ends } from './connection.js';
import { Link } from './link.js';
import type { RequestHead } from './request-heads.js';
import { kDarkMbits } from './trace.js';

export interface TunnelOptions {
  target: { host: string; port: number };
  /** One way, in wall milliseconds. */
  latencyMs?: number;
  /** How long a connection is in the dark before it is reset, in wall milliseconds. */
  resetAfterMs?: number;
}

/** What the `write` event tells: one write attempt, seen at the client's side. */
export interface WriteAttempt extends RequestHead {
  at: number;
  dark: boolean;
}

/** Before anybody sets a signal the line is a good one. */
const kFirstMbits = 100;

const kReads = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Emits `write` (WriteAttempt) for each write attempt and `signal` (Mbit/s) on each change. */
export class Tunnel extends EventEmitter {
  /** Requests to /api that are no reads, counted where the client makes them, in the dark too. */
  writeAttempts = 0;

  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #up: Link;
  readonly #down: Link;
  #dark = false;

  constructor({ target, latencyMs = 15, resetAfterMs = 4_000 }: TunnelOptions) {
    super();
    this.#up = new Link(kFirstMbits, latencyMs);
    this.#down = new Link(kFirstMbits, latencyMs);
    const ends: Ends = {
      target,
      up: this.#up,
      down: this.#down,
      resetAfterMs,
      dark: () => this.#dark,
      onHead: (head) => this.#saw(head),
      onClosed: (connection) => this.#connections.delete(connection),
    };
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#connections.add(new Connection(client, ends)));
  }

  get dark(): boolean {
    return this.#dark;
  }

  /** Answers the port, which the system chose if 0 was asked for. Loopback only. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  setSignal(mbits: number): void {
    const dark = mbits < kDarkMbits;
    const was = this.#dark;
    this.#dark = dark;
    // Copies: a reset removes its connection from the set.
    if (dark && !was) for (const connection of [...this.#connections]) connection.darken();
    if (!dark && was) for (const connection of [...this.#connections]) connection.reset();
    this.#up.setSignal(mbits);
    this.#down.setSignal(mbits);
    this.emit('signal', mbits);
  }

  /** Cuts every connection, in the light too. */
  cut(): void {
    for (const connection of [...this.#connections]) connection.reset();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    this.#up.close();
    this.#down.close();
    await closed;
  }

  #saw(head: RequestHead): void {
    if (kReads.has(head.method) || !/^\/api(\/|\?|$)/.test(head.path)) return;
    this.writeAttempts += 1;
    this.emit('write', { ...head, at: Date.now(), dark: this.#dark } satisfies WriteAttempt);
  }
}
