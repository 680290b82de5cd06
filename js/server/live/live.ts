// The live link of docs/protocol.md, for any Node server: no framework, and whatever database has a feed.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { acceptsEvents, cursorOf, EventStream } from './events.js';
import type { Feed, Identify, Identity, Observer, Relay } from './feed.js';
import { Hub } from './hub.js';
import { identityOf } from './identity.js';
import { LIMITS, type Limits } from './limits.js';
import { Links } from './links.js';
import { isForeign, refusal, refuseRequest, refuseUpgrade, retryAfter, type Refusal } from './refusal.js';
import { SUBPROTOCOL, WebSockets } from './websockets.js';

export interface LiveOptions {
  feed: Feed;
  /** For several processes that are to read the feed once between them. */
  relay?: Relay | undefined;
  /** Who may have a link; everybody by default, and all are one user then. */
  identify?: Identify | undefined;
  /** Pages of these origins may open links, besides those of the server's own: `https://app.example.com`. */
  origins?: readonly string[] | undefined;
  limits?: Partial<Limits> | undefined;
  observer?: Observer | undefined;
}

export interface Live {
  /** For a `GET` of the path that asks to be upgraded: the server's event of that name. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** For any other `GET` of the path. */
  events(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Looks for changes now; for who has another way of knowing than `feed.listen`. */
  wake(): void;
  /**
   * Sends everybody away, each told to come back at another moment, and refuses whoever comes. Connections are gone within
   * `closeGraceMs`.
   */
  close(): Promise<void>;
}

export function openLive({ feed, relay, identify = () => ({ subject: '' }), origins = [], limits: given = {}, observer = {} }: LiveOptions): Live {
  const limits: Limits = { ...LIMITS, ...given };
  const links = new Links(limits, observer);
  const hub = new Hub(feed, relay, links, limits, observer);
  const drawn = (): number => Math.round(Math.random() * links.windowMs());
  const webSockets = new WebSockets({ hub, links, limits, identify, observer, retryAfterMs: drawn });
  let closing: Promise<void> | undefined;

  function refusalOf(request: IncomingMessage): Refusal | null {
    if (isForeign(request, origins)) return refusal(403, 'foreign-origin', `Pages of ${request.headers.origin} may not open a link here.`);
    if (closing) return refusal(503, 'going-away', 'This server stops; connect again in a moment.', retryAfter(drawn()));
    if (links.size + webSockets.strangers < limits.linksMax) return null;
    return refusal(503, 'too-many-links', 'This server holds as many links as it can; connect again later.', retryAfter(links.windowMs()));
  }

  async function events(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (found: Refusal): void => {
      observer.refused?.('events', found.code);
      refuseRequest(response, found);
    };
    if (!acceptsEvents(request)) {
      return refuse(refusal(406, 'not-acceptable',
        'A live link is a WebSocket (GET with Upgrade: websocket), or a stream of events (GET with Accept: text/event-stream).'));
    }
    let identity: Identity | null;
    try {
      identity = await identityOf(identify, request, request.headers.authorization);
    } catch (error) {
      observer.failed?.(error);
      return refuse(refusal(503, 'trouble', 'It can not be told at present who you are; connect again in a moment.', retryAfter(0)));
    }
    // Asked last: meanwhile the server may have begun to stop.
    const found = refusalOf(request);
    if (found) return refuse(found);
    if (!identity) return refuse(refusal(401, 'unauthorized', 'Sign in, then connect again.', { 'www-authenticate': 'Bearer' }));
    if (response.destroyed) return;
    const stream = new EventStream(response);
    const link = links.add(stream, identity);
    if (!link) {
      return refuse(refusal(429, 'too-many-links',
        `You have ${limits.linksPerUserMax} links already; close one, or connect again later.`, retryAfter(2 * limits.heartbeatMs)));
    }
    response.once('close', () => link.end('closed'));
    response.on('error', () => {});
    stream.open(corsHeaders(request));
    await hub.join(link, cursorOf(request));
  }

  /** A page of another origin, if it is declared, may read what it is sent, and be known by its cookies. */
  function corsHeaders({ headers: { origin } }: IncomingMessage): Record<string, string> {
    if (origin === undefined || !origins.includes(origin)) return {};
    return { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', vary: 'origin' };
  }

  async function close(): Promise<void> {
    webSockets.sendAway();
    links.sendAway();
    await hub.close();
  }

  return {
    events,
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
      const found = refusalOf(request)
        ?? (offered.includes(SUBPROTOCOL) ? null : refusal(400, 'subprotocol', `Sec-WebSocket-Protocol must offer ${SUBPROTOCOL}.`));
      if (!found) return webSockets.accept(request, socket, head);
      observer.refused?.('websocket', found.code);
      refuseUpgrade(socket, found);
    },
    wake: hub.wake,
    close: () => closing ??= close(),
  };
}
