// The two ways to be told of changes as they happen: a WebSocket, and server-sent events for networks that break those.

import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { CredentialHeaders } from './credentials';

/** What a connection tells; nothing any more once it has ended, or was closed. */
export interface Listener {
  opened(): void;
  /**
   * @param event of server-sent events
   * @returns resolves when it has been taken in, whatever became of it
   */
  message(data: string, event?: { name: string; id?: string }): void | Promise<void>;
  /** Something came that is no message: a comment among server-sent events. */
  alive?(): void;
  /** @param code of the WebSocket's closing (RFC 6455, section 7.4); 1006: it broke */
  closed(code: number, reason: string): void;
  /** The server answered with something else. */
  refused(status: number, retryAfterMs: number | null): void;
}

export interface Hello {
  url: URL;
  /** Of a WebSocket (RFC 6455, section 1.9). */
  subprotocols: string[];
  /** What is said first, where the transport has a way back. */
  first: string[];
  headers: CredentialHeaders;
  /** Whether cookies go along, for server-sent events; a WebSocket always takes them. */
  credentials: RequestCredentials;
}

export interface Connection {
  /** Does nothing where the transport has no way back. */
  send(data: string): void;
  close(): void;
}

/** For lack of a code of its own, as a WebSocket has it when the server just ends. */
const kNoStatus = 1005;
const kBroken = 1006;

export type Transport = 'websocket' | 'sse';
export type Open = (transport: Transport, hello: Hello, listener: Listener) => Connection;

export const open: Open = (transport, hello, listener) => (transport === 'sse' ? openEvents(hello, listener) : openWebSocket(hello, listener));

function openWebSocket({ url, subprotocols, first }: Hello, listener: Listener): Connection {
  const address = new URL(url);
  address.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
  const socket = new WebSocket(address, subprotocols);
  const stop = new AbortController();
  const { signal } = stop;
  const send = (data: string): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(data);
  };
  socket.addEventListener('open', () => {
    first.forEach(send);
    listener.opened();
  }, { signal });
  // Binary frames aren't spoken here: as text they are no message, and the listener says what becomes of that.
  socket.addEventListener('message', ({ data }) => void listener.message(typeof data === 'string' ? data : ''), { signal });
  socket.addEventListener('close', ({ code, reason }) => {
    stop.abort();
    listener.closed(code, reason);
  }, { signal });
  return {
    send,
    close() {
      stop.abort();
      socket.close();  // It may never end; nobody waits for it.
    },
  };
}

function openEvents({ url, headers, credentials }: Hello, listener: Listener): Connection {
  const stop = new AbortController();
  void follow(new Request(url, {
    headers: [...headers, ['Accept', 'text/event-stream']], credentials, cache: 'no-store', redirect: 'manual', signal: stop.signal,
  }), listener, stop.signal);
  return { send: () => undefined, close: () => stop.abort() };
}

async function follow(request: Request, listener: Listener, stop: AbortSignal): Promise<void> {
  const unlessStopped = (tell: () => void): void => { if (!stop.aborted) tell(); };
  try {
    const answer = await fetch(request);
    if (!answer.ok || !answer.body || !isStream(answer)) {
      void answer.body?.cancel().catch(() => undefined);
      return unlessStopped(() => listener.refused(statusOf(answer), retryAfter(answer)));
    }
    unlessStopped(() => listener.opened());
    const parser = new EventSourceParserStream({ onComment: () => unlessStopped(() => listener.alive?.()) });
    const events = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(parser).getReader();
    for (let next = await events.read(); !next.done && !stop.aborted; next = await events.read()) {
      const { data, event = 'message', id } = next.value;
      void listener.message(data, { name: event, ...(id !== undefined && { id }) });
    }
    unlessStopped(() => listener.closed(kNoStatus, ''));
  } catch {
    unlessStopped(() => listener.closed(kBroken, ''));
  }
}

function isStream(answer: Response): boolean {
  return /^text\/event-stream\b/i.test(answer.headers.get('content-type') ?? '');
}

/** A redirection leads to a page to sign in at; and a page where events should be is no feed. */
function statusOf(answer: Response): number {
  if (answer.type === 'opaqueredirect') return 401;
  return answer.ok ? 404 : answer.status;
}

function retryAfter(answer: Response): number | null {
  const text = answer.headers.get('retry-after');
  if (text === null) return null;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
