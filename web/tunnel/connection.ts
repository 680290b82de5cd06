// One client connection through the tunnel, and its other half to the server.

import { connect, type Socket } from 'node:net';
import type { Flow, Link } from './link.js';
import { RequestHeads, type RequestHead } from './request-heads.js';

/** Unsent bytes of one direction beyond which its source is paused. */
const kQueuedBytesMax = 262_144;

export interface Ends {
  target: { host: string; port: number };
  up: Link;
  down: Link;
  resetAfterMs: number;
  dark(): boolean;
  onHead(head: RequestHead): void;
  onClosed(connection: Connection): void;
}

export class Connection {
  readonly #client: Socket;
  #server: Socket | null = null;
  readonly #ends: Ends;
  readonly #up: Flow;
  readonly #down: Flow;
  #resetTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(client: Socket, ends: Ends) {
    this.#client = client;
    this.#ends = ends;
    this.#up = ends.up.open((bytes) => this.#pass(bytes, client, this.#server, this.#up));
    this.#down = ends.down.open((bytes) => this.#pass(bytes, this.#server, client, this.#down));
    client.setNoDelay(true);

    // The client's bytes are read in the dark too: an attempt is counted where it is made.
    const heads = new RequestHeads((head) => ends.onHead(head));
    client.on('data', (bytes) => {
      heads.push(bytes);
      this.#take(bytes, client, this.#up);
    });
    client.on('end', () => this.#up.push(null));
    client.on('error', () => {}); // 'close' follows, and says all we need
    client.on('close', () => this.#halfGone());

    // In the dark nobody is dialled: the connection hangs until it is reset.
    if (ends.dark()) this.darken();
    else this.#dial();
  }

  /** The tunnel begins (or the connection was opened in it): from here on only a reset can follow. */
  darken(): void {
    this.#resetTimer = setTimeout(() => this.reset(), this.#ends.resetAfterMs);
  }

  reset(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#resetTimer) clearTimeout(this.#resetTimer);
    this.#up.close();
    this.#down.close();
    this.#client.resetAndDestroy();
    this.#server?.destroy();
    this.#ends.onClosed(this);
  }

  #dial(): void {
    const server = connect({ ...this.#ends.target, allowHalfOpen: true, noDelay: true });
    this.#server = server;
    server.on('data', (bytes) => this.#take(bytes, server, this.#down));
    server.on('end', () => this.#down.push(null));
    server.on('error', () => {
      // A server that isn't there, or that dropped the connection: the client learns it as a reset.
      if (!this.#ends.dark()) this.reset();
    });
    server.on('close', () => this.#halfGone());
  }

  #take(bytes: Buffer, source: Socket, flow: Flow): void {
    flow.push(bytes);
    if (flow.queuedBytes > kQueuedBytesMax) source.pause();
  }

  #pass(bytes: Buffer | null, source: Socket | null, sink: Socket | null, flow: Flow): void {
    if (bytes) sink?.write(bytes);
    else sink?.end();
    if (source?.isPaused() && flow.queuedBytes < kQueuedBytesMax / 2) source.resume();
  }

  /** Nothing gets through in the dark, not even the news that one half is gone: the reset brings it. */
  #halfGone(): void {
    if (this.#ends.dark()) return;
    const bothEnded = this.#client.destroyed && (this.#server?.destroyed ?? true);
    // The server's close after a proper end still has bytes travelling to the client.
    if (bothEnded || this.#client.destroyed) this.reset();
  }
}
