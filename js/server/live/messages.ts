// The messages of docs/protocol.md, as they leave and as they come in.

import type { FeedChange } from './feed.js';

export type ByeReason = 'going-away' | 'auth' | 'slow' | 'limit' | 'policy' | 'silent' | 'trouble';

/** The close code of a WebSocket for each reason. */
export const CLOSE_CODES: Readonly<Record<ByeReason, number>> = {
  'going-away': 1001, auth: 4401, slow: 1013, limit: 4429, policy: 4400, silent: 4408, trouble: 1011,
};

/** A message in the bytes of each transport, made once however many are given it. */
export class Frame {
  #message: Buffer | undefined;
  #event: Buffer | undefined;

  /** @param id the cursor behind it, if it has one */
  constructor(private readonly json: string, private readonly id: string | null = null, private readonly retryMs: number | null = null) {}

  /** The text of a WebSocket's message. */
  get message(): Buffer {
    return this.#message ??= Buffer.from(this.json);
  }

  /** JSON has no line breaks of its own, so that one line of data is enough. */
  get event(): Buffer {
    const fields = [
      ...(this.id === null ? [] : [`id: ${this.id}`]),
      ...(this.retryMs === null ? [] : [`retry: ${this.retryMs}`]),
      `data: ${this.json}`,
    ];
    return this.#event ??= Buffer.from(`${fields.join('\n')}\n\n`);
  }
}

export interface Welcome { cursor: string; expired: boolean; heartbeatMs: number; reconnectWindowMs: number }

export const welcomeFrame = (welcome: Welcome): Frame =>
  // An EventSource that is left to itself comes back after `retry`: each after another while.
  new Frame(JSON.stringify({ type: 'welcome', ...welcome }), welcome.cursor, Math.ceil(Math.random() * welcome.reconnectWindowMs));

export const pingFrame = (reconnectWindowMs: number): Frame => new Frame(JSON.stringify({ type: 'ping', reconnectWindowMs }));

export const PONG = new Frame('{"type":"pong"}');

export const byeFrame = (reason: ByeReason, retryAfterMs: number | null): Frame =>
  new Frame(JSON.stringify({ type: 'bye', reason, retryAfterMs }), null, retryAfterMs);

/** A change that has been made JSON once, for everybody. */
export interface Told {
  cursor: string;
  json: string;
  bytes: number;
  writer: FeedChange['writer'];
}

export function tell({ cursor, change, writer }: FeedChange): Told {
  const json = JSON.stringify(change);
  return { cursor, json, bytes: Buffer.byteLength(json), writer };
}

/** A batch, which is one frame for all but those who wrote a part of it. */
export class Changes {
  #shared: Frame | undefined;
  readonly #own = new Map<string, Frame>();
  readonly #writers: ReadonlySet<string>;

  constructor(readonly after: string, readonly changes: readonly Told[], readonly cursor: string, readonly more: boolean) {
    this.#writers = new Set(changes.flatMap(({ writer }) => (writer ? [writer.subject] : [])));
  }

  /** As this user is given it. */
  frameFor(subject: string): Frame {
    if (!this.#writers.has(subject)) return this.#shared ??= this.#frame(({ json }) => json);
    const made = this.#own.get(subject) ?? this.#frame(({ json, writer }) => (
      writer?.subject === subject ? `${json.slice(0, -1)},"key":${JSON.stringify(writer.key)}}` : json));
    this.#own.set(subject, made);
    return made;
  }

  #frame(jsonOf: (told: Told) => string): Frame {
    return new Frame(`{"type":"changes","after":${JSON.stringify(this.after)},"changes":[${this.changes.map(jsonOf).join(',')}],`
      + `"cursor":${JSON.stringify(this.cursor)},"more":${this.more}}`, this.cursor);
  }
}

export type ClientMessage =
  | { type: 'hello'; after: string | null; authorization: string | undefined }
  | { type: 'ping' }
  | { type: 'pong' }
  | { type: 'unknown' };

/** What a client says; null if it makes no sense. A type that isn't known does: it is of a later version. */
export function readMessage(text: string): ClientMessage | null {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof said !== 'object' || said === null || !('type' in said) || typeof said.type !== 'string') return null;
  if (said.type === 'ping' || said.type === 'pong') return { type: said.type };
  return said.type === 'hello' ? readHello(said as Record<string, unknown>) : { type: 'unknown' };
}

/** What is no cursor at all is one that can't be gone on from, and the feed's to tell. */
function readHello({ after, authorization }: Record<string, unknown>): ClientMessage | null {
  const isText = (value: unknown): value is string | null | undefined => value === undefined || value === null || typeof value === 'string';
  return isText(after) && isText(authorization) ? { type: 'hello', after: after ?? null, authorization: authorization ?? undefined } : null;
}
