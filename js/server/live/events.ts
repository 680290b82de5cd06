import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Transport } from './link.js';
import type { Frame } from './messages.js';

/** A stream of server-sent events. Its client says nothing, so that only what it doesn't take tells that it is gone. */
export class EventStream implements Transport {
  readonly name = 'events';
  readonly answers = false;

  constructor(private readonly response: ServerResponse) {}

  open(headers: Record<string, string>): void {
    this.response.socket?.setNoDelay(true);
    this.response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      // no-transform: a proxy that compresses would hold events back until it has enough of them; nginx has a word of its own.
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    this.response.flushHeaders();
  }

  get untaken(): number {
    return this.response.writableLength;
  }

  send(frame: Frame, taken?: () => void): number {
    this.response.write(frame.event, (error) => { if (!error) taken?.(); });
    return frame.event.length;
  }

  end(): void {
    this.response.end();
  }

  cut(): void {
    this.response.destroy();
  }
}

/** Where the client is: by its URL, else by what a browser that reconnects by itself says. */
export function cursorOf(request: IncomingMessage): string | null {
  // What comes as a URL need not be one.
  const after = new URLSearchParams((request.url ?? '').split('?').slice(1).join('?')).get('after');
  const last = request.headers['last-event-id'];
  return after || (typeof last === 'string' && last) || null;
}

export function acceptsEvents({ headers }: IncomingMessage): boolean {
  return (headers.accept ?? '').split(',').some((range) => range.split(';')[0]!.trim().toLowerCase() === 'text/event-stream');
}
