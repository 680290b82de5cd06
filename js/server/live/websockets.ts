import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Identify, Identity, Observer } from './feed.js';
import type { Hub } from './hub.js';
import { identityOf } from './identity.js';
import type { Limits } from './limits.js';
import type { Link, Transport } from './link.js';
import type { Links } from './links.js';
import { byeFrame, CLOSE_CODES, readMessage, type ByeReason, type ClientMessage, type Frame } from './messages.js';

export const SUBPROTOCOL = 'holdfast.v1';

interface Parts { hub: Hub; links: Links; limits: Limits; identify: Identify; observer: Observer; retryAfterMs(): number }

class Socket implements Transport {
  readonly name = 'websocket';
  readonly answers = true;

  constructor(private readonly socket: WebSocket) {}

  get untaken(): number {
    return this.socket.bufferedAmount;
  }

  send(frame: Frame, taken?: () => void): number {
    // A socket that is closing says so in an error, and loses nothing that the cursor doesn't bring back.
    this.socket.send(frame.message, { binary: false }, (error) => { if (!error) taken?.(); });
    return frame.message.length;
  }

  end(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  cut(): void {
    this.socket.terminate();
  }
}

/** Links over WebSockets. */
export class WebSockets {
  // Compressing each message for each client would cost more than the feed itself; and what is sent to all is made once.
  readonly #server: WebSocketServer;
  /** Those that haven't said hello. */
  readonly #strangers = new Set<() => void>();

  constructor(private readonly parts: Parts) {
    this.#server = new WebSocketServer({
      noServer: true, clientTracking: false, perMessageDeflate: false,
      maxPayload: parts.limits.messageBytesMax,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
  }

  get strangers(): number {
    return this.#strangers.size;
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#greet(opened, request));
  }

  /** Those that haven't said hello; the others are the links'. */
  sendAway(): void {
    for (const leave of [...this.#strangers]) leave();
  }

  #greet(socket: WebSocket, request: IncomingMessage): void {
    const transport = new Socket(socket);
    const refuse = (reason: ByeReason, retryAfterMs: number | null = null): void => {
      forget();
      this.parts.observer.refused?.('websocket', reason);
      transport.send(byeFrame(reason, retryAfterMs));
      transport.end(CLOSE_CODES[reason], reason);
      setTimeout(() => transport.cut(), this.parts.limits.closeGraceMs).unref();
    };
    const leave = (): void => refuse('going-away', this.parts.retryAfterMs());
    const late = setTimeout(() => refuse('silent'), this.parts.limits.helloMs).unref();
    const forget = (): void => {
      clearTimeout(late);
      this.#strangers.delete(leave);
    };
    this.#strangers.add(leave);
    socket.on('close', forget);
    // What breaks or isn't WebSocket ends in a close of its own.
    socket.on('error', () => {});
    socket.once('message', (data, isBinary) => {
      const message = read(data, isBinary);
      if (message?.type !== 'hello') return refuse('policy');
      void this.#welcome(socket, transport, request, message, { refuse, forget });
    });
  }

  async #welcome(
    socket: WebSocket, transport: Socket, request: IncomingMessage, { after, authorization }: Extract<ClientMessage, { type: 'hello' }>,
    { refuse, forget }: { refuse(reason: ByeReason, retryAfterMs?: number | null): void; forget(): void },
  ): Promise<void> {
    let identity: Identity | null;
    try {
      identity = await identityOf(this.parts.identify, request, authorization ?? request.headers.authorization);
    } catch (error) {
      this.parts.observer.failed?.(error);
      return refuse('trouble');
    }
    if (!identity) return refuse('auth');
    if (socket.readyState !== socket.OPEN) return;
    const link = this.parts.links.add(transport, identity);
    if (!link) return refuse('limit', 2 * this.parts.limits.heartbeatMs);
    forget();
    socket.on('close', () => link.end('closed'));
    socket.on('message', (data, isBinary) => hear(link, read(data, isBinary)));
    for (const sign of ['ping', 'pong'] as const) socket.on(sign, () => { if (!link.heard()) link.bye('policy'); });
    await this.parts.hub.join(link, after);
  }
}

function read(data: RawData, isBinary: boolean): ClientMessage | null {
  // ws hands over one Buffer unless told otherwise.
  return isBinary ? null : readMessage((data as Buffer).toString());
}

function hear(link: Link, message: ClientMessage | null): void {
  // Hello is said once.
  if (!link.heard() || !message || message.type === 'hello') return link.bye('policy');
  if (message.type === 'ping') link.pong();
}
