// A connection to a server that speaks a language of its own. What it says is told on as messages of docs/protocol.md, so
// neither the machine nor the engine knows of it.
//
// The cursor is one of this side's: a name that is new with each connection, a count and, where the server has one, its
// own. Without that each connection begins with a gap. What the server only says has changed, and what it says that
// can't be understood, is read again, and its cursor waits for that: whoever dies before is told it once more.

import type { LiveEnd, LiveFormat, Said } from '../protocol/live-format';
import { report } from './errors';
import { kEventIds, type EventOf, type FeedChange, type Format, type Stale, type Told } from './live-format';
import type { Asked, Connect, Link, ServerMessage } from './live-messages';
import { addressOf, lacksCredentials, subprotocolsOf, textOf } from './live-presented';
import type { Connection, Hello, Listener, Open } from './live-transports';

/** Where nobody can tell whether the connection still lives: as long as the machine waits at the most. Milliseconds. */
const kQuietMs = 600_000;
/** As long as the machine waits beyond a heartbeat (wasm/base/limits.hpp, kLinkLateParts). */
const kLate = 1.2;
/** Messages taken in as one batch: enough for a burst, few enough for a short step. */
const kBatchMax = 200;
/** What was received and waits to be handed on: as in live.ts. */
const kUntakenMax = 8 * 1024 * 1024;
/** What can't be understood is looked into at once, then ever more rarely: it may be all that a server says. Milliseconds. */
const kDoubtMs = 15_000;
const kDoubtMsMax = 10 * 60_000;
/** Kinds that are told as a problem. A server that has more of them has been complained of enough. */
const kToldMax = 20;

/** As close codes of our own (docs/protocol.md). */
const kEnds: Record<LiveEnd | 'gap', number> = { 'going-away': 1001, gap: 1001, unauthorized: 4401, forbidden: 4403, limit: 4429 };
const kLost = 1006;
const kSlow = 1013;
/** From here on close codes are each server's own (RFC 6455, section 7.4.2), and ours mean nothing. */
const kOwnCodes = 3000;
const kAlive = JSON.stringify({ type: 'pong' } satisfies ServerMessage);
const kNobody: Link = { send: () => undefined, close: () => undefined };

export interface ForeignNews {
  /** To be read again. Resolves when it has been. */
  stale(user: string, entities: Stale[]): Promise<void>;
  problem(message: string): void;
}

/** What one connection learns for the next. */
interface Learnt {
  /** The server's cursor, as JSON, from which it can't go on. */
  expired: string | null;
  /** What was told as a problem. */
  told: Set<string>;
  patience: Patience;
}

/** How to connect to such a server. */
export function foreign(declared: LiveFormat, format: Format, news: ForeignNews, open: Open): Connect {
  const learnt: Learnt = { expired: null, told: new Set(), patience: new Patience() };
  return (asked, listener) => {
    // Without what it has to present the server would only turn it away.
    if (!lacksCredentials(declared, asked.transport, asked)) return new Foreign(declared, format, news, learnt, asked, listener).connect(open);
    listener.refused(401, null);
    return kNobody;
  };
}

/** Of what was heard: changes wait to be taken in, and the cursor behind them for all that was said before it. */
interface Heard {
  changes: FeedChange[];
  cursor: unknown;
  bytes: number;
  taken: boolean;
  /** What it only said has changed has been read. */
  read: boolean;
}

class Foreign implements Listener {
  readonly #name = crypto.randomUUID();
  #connection: Connection | null = null;
  #over = false;
  #count = 0;
  /** Where the last batch ended. */
  #after = '';
  /** The server's cursor, up to which all that it told is known here. */
  #cursor: unknown;
  /** The one that it goes on from, as JSON. */
  readonly #from: string | null;
  #gap: boolean;
  #begun = false;
  /** It hasn't told all that was missed. */
  #behind: boolean;
  #heardAt = Date.now();
  #line: Heard[] = [];
  #untaken = 0;
  #taking = false;
  /** A batch says something even without changes. */
  #due = false;

  constructor(
    private readonly declared: LiveFormat, private readonly format: Format, private readonly news: ForeignNews,
    private readonly learnt: Learnt, private readonly asked: Asked, private readonly listener: Listener,
  ) {
    const known = declared.cursor === undefined ? null : serversOwn(asked.after);
    this.#from = known === learnt.expired ? null : known;
    this.#cursor = this.#from === null ? undefined : JSON.parse(this.#from);
    this.#gap = this.#from === null;
    this.#behind = format.awaitsReady;
  }

  connect(open: Open): Link {
    const { transport, url, headers, credentials } = this.asked;
    const known = { headers, cursor: this.#cursor };
    const resume: Hello['headers'] = this.declared.cursor === kEventIds && this.#cursor !== undefined ? [[kEventIds, String(this.#cursor)]] : [];
    const hello: Hello = {
      url: addressOf(url, this.declared, known), subprotocols: subprotocolsOf(this.declared, known), credentials,
      first: (this.declared.open ?? []).map((said) => textOf(said, known)), headers: [...headers, ...resume],
    };
    const connection = open(transport, hello, this);
    this.#connection = connection;
    return {
      send: ({ type }) => { if (type === 'ping') this.#ask(); },
      close: () => {
        this.#over = true;
        connection.close();
      },
    };
  }

  // --- What comes -------------------------------------------------------------------------------------------------

  opened(): void {
    this.listener.opened();
    if (!this.format.awaitsReady) this.#begin();
  }

  message(data: string, event?: EventOf): void {
    if (this.#over) return;
    this.#heardAt = Date.now();
    const told = this.format.read(data, event);
    const { signal, answer, problem } = told;
    if (answer !== undefined) this.#say(answer);
    if (problem !== null) this.#complain(told.kind, `${problem}; it was ${data.slice(0, 100)}`);
    if (signal !== undefined && signal in kEnds && signal !== 'gap') return this.closed(kEnds[signal as LiveEnd], signal, true);
    if (!this.#begun) this.#await(told);
    if (signal === 'ready') {
      this.#due ||= this.#behind;
      this.#behind = false;
      this.#begin();
    }
    this.#hear(told, data.length);
  }

  alive(): void {
    this.#heardAt = Date.now();
    if (this.#begun && !this.#over) void this.listener.message(kAlive);
  }

  /** @param ours the code is of docs/protocol.md */
  closed(code: number, reason: string, ours = false): void {
    const meaning = ours ? undefined : this.#meaningOf(code);
    this.#end(() => this.listener.closed(meaning ? kEnds[meaning] : ours || code < kOwnCodes ? code : kLost, reason));
  }

  refused(status: number, retryAfterMs: number | null): void {
    const meaning = this.#meaningOf(status);
    this.#end(() => (meaning ? this.listener.closed(kEnds[meaning], '') : this.listener.refused(status, retryAfterMs)));
  }

  #meaningOf(code: number): LiveEnd | 'gap' | undefined {
    const meaning = this.declared.ends?.[code];
    if (meaning === 'gap') this.learnt.expired = this.#from;
    return meaning;
  }

  #end(tell: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection?.close();
    tell();
  }

  #say(said: Said): void {
    this.#connection?.send(textOf(said, { headers: this.asked.headers, cursor: this.#cursor }));
  }

  /** Whether anybody is there. Who can't be asked is believed, within what is known of its heartbeat. */
  #ask(): void {
    const { ping, heartbeatMs = kQuietMs } = this.declared;
    if (ping !== undefined && this.asked.transport === 'websocket') this.#say(ping);
    else if (Date.now() - this.#heardAt < heartbeatMs * kLate) void this.listener.message(kAlive);
  }

  #complain(kind: string | null, problem: string): void {
    const { told } = this.learnt;
    if (told.has(kind ?? '') || told.size >= kToldMax) return;
    told.add(kind ?? '');
    this.news.problem(`What ${this.asked.url.href} said can't be understood, so what it may be about is read again: ${problem}. See docs/live.md.`);
  }

  // --- What of it is taken in -------------------------------------------------------------------------------------

  /** What is told before a gap is in what is read behind it. */
  #await({ signal, changes, stale, cursor }: Told): void {
    if (signal === 'gap') {
      this.#gap = true;
      this.#cursor = undefined;
    }
    if (this.#gap) this.#cursor = cursor ?? this.#cursor;
    else if (changes.length > 0 || stale.length > 0) this.#begin();
  }

  /** From here on what happens is told. */
  #begin(): void {
    if (this.#begun) return;
    const { heartbeatMs, ping } = this.declared;
    this.#begun = true;
    this.#due = true;
    this.#after = this.#gap ? this.#next() : this.asked.after ?? '';
    const quiet = ping === undefined || this.asked.transport === 'sse' ? kQuietMs : undefined;
    const welcome = { cursor: this.#after, expired: this.#gap, heartbeatMs: heartbeatMs ?? quiet, resumes: this.declared.cursor !== undefined };
    void this.listener.message(JSON.stringify({ type: 'welcome', ...welcome }));
    void this.#take();
  }

  #hear(told: Told, bytes: number): void {
    if (!this.#begun) return;
    const { changes, stale, cursor } = told;
    if (changes.length === 0) void this.listener.message(kAlive);
    this.#untaken += bytes;
    if (this.#untaken > kUntakenMax) return this.closed(kSlow, 'slow', true);
    const heard: Heard = { changes, cursor, bytes, taken: false, read: stale.length === 0 };
    this.#line.push(heard);
    if (stale.length > 0) void this.#readAgain(told, heard).catch(report);
    void this.#take();
  }

  async #readAgain({ stale, problem }: Told, heard: Heard): Promise<void> {
    if (problem !== null) await this.learnt.patience.turn();
    if (this.#over) return;  // told again, or behind a gap
    await this.news.stale(this.asked.user, stale);
    heard.read = true;
    this.#due ||= this.declared.cursor !== undefined;
    void this.#take();
  }

  /** An empty batch says how far this is, and else nothing: it costs a transaction. */
  async #take(): Promise<void> {
    if (this.#taking || !this.#begun) return;
    this.#taking = true;
    while (!this.#over && (this.#due || this.#line.some(({ taken, changes }) => !taken && changes.length > 0))) {
      this.#due = false;
      const changes = this.#batch();
      const after = this.#after;
      this.#after = this.#next();
      await this.listener.message(JSON.stringify({ type: 'changes', after, changes, cursor: this.#after, more: this.#behind }));
    }
    this.#taking = false;
  }

  #batch(): FeedChange[] {
    const batch = this.#line.filter(({ taken }) => !taken).slice(0, kBatchMax);
    const changes = batch.flatMap((heard) => heard.changes);
    for (const heard of batch) {
      this.#untaken -= heard.bytes;
      Object.assign(heard, { taken: true, changes: [] });
    }
    for (let [first] = this.#line; first?.taken && first.read; [first] = this.#line) this.#cursor = this.#line.shift()!.cursor ?? this.#cursor;
    // Where there is no cursor nothing waits for what is yet to be read.
    if (this.declared.cursor === undefined) this.#line = this.#line.filter(({ taken }) => !taken);
    return changes;
  }

  #next(): string {
    this.#count += 1;
    return `own:${this.#name}:${this.#count}:${this.#cursor === undefined ? '' : JSON.stringify(this.#cursor)}`;
  }
}

/** @returns the server's own part of a cursor; null: it has none, or the cursor is of another protocol */
function serversOwn(cursor: string | null): string | null {
  return /^own:[^:]*:\d+:(.+)$/s.exec(cursor ?? '')?.[1] ?? null;
}

/** Turns that come at once, then ever more rarely; whoever asks meanwhile shares the next one. */
class Patience {
  #wait = kDoubtMs;
  #dueAt = 0;
  #next: Promise<void> | null = null;

  turn(): Promise<void> {
    const now = Date.now();
    if (now > this.#dueAt + this.#wait) this.#wait = kDoubtMs;
    this.#next ??= new Promise((resolve) => setTimeout(() => {
      this.#next = null;
      this.#dueAt = Date.now() + this.#wait;
      this.#wait = Math.min(this.#wait * 2, kDoubtMsMax);
      resolve();
    }, Math.max(this.#dueAt - now, 0)));
    return this.#next;
  }
}
