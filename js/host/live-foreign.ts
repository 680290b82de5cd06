// A connection to a server that speaks a language of its own, and knows no cursor. What it says is told on as messages of
// docs/protocol.md: each connection begins with a gap, and behind it the changes have made-up cursors.

import type { LiveFormat, Said } from '../protocol/live-format';
import { isRecord } from './list';
import type { Format, Stale } from './live-format';
import { authorizationIn, type Asked, type Link, type ServerMessage } from './live-messages';
import type { Connection, Listener, Open } from './live-transports';

/** In the place of a heartbeat of which nothing is known, so that nobody is taken for dead for want of one. Milliseconds. */
const kAliveMs = 20_000;
/** As long as the machine waits beyond a heartbeat (wasm/base/limits.hpp, kLinkLateParts). */
const kLate = 1.2;
const kUnauthorized = 4401;
const kAlive = JSON.stringify({ type: 'pong' } satisfies ServerMessage);

export interface ForeignNews {
  /** To be read again. */
  stale(entities: Stale[]): void;
  problem(message: string): void;
}

export function openForeign(declared: LiveFormat, format: Format, asked: Asked, listener: Listener, news: ForeignNews, open: Open): Link {
  const presented = present(declared, asked);
  // Without what it has to present the server would only turn it away.
  if (presented === null) {
    listener.refused(401, null);
    return { send: () => undefined, close: () => undefined };
  }
  const { transport, headers, credentials } = asked;
  const { said, url } = presented;
  const spoken = new Foreign(declared, format, transport, listener, news, (message) => connection.send(said(message)));
  const hello = { url, subprotocols: declared.subprotocols ?? [], first: (declared.open ?? []).map(said), headers, credentials };
  const connection: Connection = open(transport, hello, spoken);
  return {
    send: ({ type }) => { if (type === 'ping') spoken.ask(); },
    close: () => {
      spoken.end();
      connection.close();
    },
  };
}

class Foreign implements Listener {
  readonly #name = crypto.randomUUID();
  #number = 0;
  #heardAt = Date.now();
  #alive: ReturnType<typeof setInterval> | undefined;
  #over = false;

  constructor(
    private readonly declared: LiveFormat,
    private readonly format: Format,
    private readonly transport: Asked['transport'],
    private readonly listener: Listener,
    private readonly news: ForeignNews,
    private readonly say: (message: Said) => void,
  ) {}

  opened(): void {
    this.listener.opened();
    if (this.declared.ready === undefined) this.#welcome();
  }

  message(data: string, event?: string): void {
    if (this.#over) return;
    this.#heardAt = Date.now();
    const { kind, changes, stale, problem } = this.format.read(data, event);
    const reply = kind !== null && this.declared.replies && Object.hasOwn(this.declared.replies, kind) ? this.declared.replies[kind] : undefined;
    if (reply !== undefined) this.say(reply);
    if (kind !== null && this.declared.unauthorized?.includes(kind)) return this.closed(kUnauthorized, 'auth');
    if (this.#number === 0) {
      // What is told before is in what is read behind the welcome.
      if (kind !== null && kind === this.declared.ready) this.#welcome();
      return;
    }
    if (changes.length > 0) this.#tell(changes);
    else this.listener.message(kAlive);
    if (stale.length > 0) this.news.stale(stale);
    if (problem !== null) this.news.problem(`${problem}: ${data.slice(0, 100)}`);
  }

  closed(code: number, reason: string): void {
    this.end();
    this.listener.closed(this.declared.unauthorized?.includes(code) ? kUnauthorized : code, reason);
  }

  refused(status: number, retryAfterMs: number | null): void {
    this.end();
    this.listener.refused(status, retryAfterMs);
  }

  end(): void {
    this.#over = true;
    clearInterval(this.#alive);
  }

  /** Whether anybody is there. Who can't be asked is believed, within what is known of its heartbeat. */
  ask(): void {
    const { ping, heartbeatMs } = this.declared;
    if (ping !== undefined) this.say(ping);
    else if (heartbeatMs === undefined || Date.now() - this.#heardAt < heartbeatMs * kLate) this.listener.message(kAlive);
  }

  #welcome(): void {
    const { heartbeatMs, ping } = this.declared;
    this.#number = 1;
    this.listener.message(JSON.stringify({ type: 'welcome', cursor: this.#cursor(), expired: true, heartbeatMs }));
    this.#tell([]);  // There is nothing to catch up with.
    const asks = ping !== undefined && this.transport === 'websocket';
    if (heartbeatMs === undefined && !asks && !this.#over) this.#alive = setInterval(() => this.listener.message(kAlive), kAliveMs);
  }

  #tell(changes: unknown[]): void {
    const after = this.#cursor();
    this.#number += 1;
    this.listener.message(JSON.stringify({ type: 'changes', after, changes, cursor: this.#cursor(), more: false }));
  }

  #cursor(): string {
    return `${this.#name}.${this.#number}`;
  }
}

/**
 * Puts the credentials where the declaration wants them.
 * @returns null if it wants some and there are none
 */
function present(declared: LiveFormat, { url, headers, transport }: Asked): { url: URL; said: (message: Said) => string } | null {
  const authorization = authorizationIn(headers);
  const values: Record<string, string | undefined> = { authorization, token: authorization?.replace(/^\S+\s+/, '') };
  let lacks = false;
  const filled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(filled);
    if (!isRecord(value)) return value;
    if (typeof value.$holdfast !== 'string') return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one)]));
    const known = values[value.$holdfast];
    if (known === undefined) lacks = true;
    return known;
  };
  const said = (message: Said): string => (typeof message === 'string' ? message : JSON.stringify(filled(message)));
  const address = new URL(url);
  for (const [name, value] of Object.entries(declared.query ?? {})) address.searchParams.set(name, String(filled(value)));
  // Server-sent events have no way back to say them.
  const { open = [], replies = {}, ping = '' } = declared;
  if (transport === 'websocket') [...open, ...Object.values(replies), ping].forEach(said);
  return lacks ? null : { url: address, said };
}
