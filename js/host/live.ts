// The live link: one for all pages, in the worker, for as long as a page keeps that awake. When to connect, to wait and to
// give a connection up is the machine's to say (wasm/link); what a change means is the engine's (wasm/feed). This carries
// out what both want, and lets go of everything at any moment: the cursor is a row.

import type { LiveConfig } from '../protocol/config';
import type { LiveState, ReadChange } from '../protocol/messages';
import type { Credentials } from './credentials';
import type { DatabaseSource } from './database';
import { isTrap, report } from './errors';
import { readMessage, type Connect, type Link, type ServerMessage } from './live-messages';
import type { Listener, Transport } from './live-transports';
import type { Effect, Engine, LinkMemory } from './module';
import type { Secrets } from './secrets';
import type { Stepper } from './stepper';

/** Pages say every 20 s that they want to be live; a page that is frozen or hidden for long says nothing. */
const kWantedMs = 60_000;
/** What was received and not yet taken in. More is what a disk that hardly writes leaves: then it is asked for anew. */
const kUntakenMax = 8 * 1024 * 1024;
/** A worker's timers die with it; until then none is set further ahead. */
const kTimerMax = 25_000;
/** Under this name the credentials of the link are known. */
const kOwnId = 'live';
const kStateRow = 'link';

export interface Told {
  /** It shows something else now. */
  changed(change: ReadChange): void;
  status(): void;
  problem(code: string, message: string): void;
  live(): void;
}

interface Refill {
  /** Reads again what was asked for before. */
  fill(user: string, gapAt: number): Promise<void>;
}

export class Live {
  #memory: LinkMemory | null = null;
  #loaded = false;
  #open: { attempt: number; connection: Link } | null = null;
  /** Steps of the machine, and what they set going, one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wanted: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly config: LiveConfig,
    private readonly life: string,
    private readonly source: DatabaseSource,
    private readonly stepper: Stepper,
    private readonly engine: () => Promise<Engine>,
    private readonly credentials: Credentials,
    private readonly refill: Refill,
    private readonly told: Told,
    private readonly link: Connect,
    private readonly secrets: Pick<Secrets, 'withoutInBatch'>,
  ) {}

  get state(): LiveState {
    return this.#memory?.name ?? 'suspended';
  }

  /** A page is in use. Resolves when it would have to say so again. */
  async wanted(): Promise<void> {
    if (this.#wanted) clearTimeout(this.#wanted);
    this.#wanted = setTimeout(() => {
      this.#wanted = null;
      this.#step({ type: 'stop' });
    }, kWantedMs);
    this.#step({ type: 'start', life: this.life });
    await new Promise((resolve) => setTimeout(resolve, kWantedMs));
  }

  nudge(how: 'online' | 'page-shown' | 'request-succeeded' | 'call'): void {
    if (this.#wanted) this.#step({ type: 'nudge', how });
  }

  /** The server has accepted a request with credentials that are new. */
  haveCredentials(): void {
    if (this.#wanted) this.#step({ type: 'credentials', ok: true });
  }

  /** The user is another one: what they may see, and how far they have got, is too. */
  restart(): void {
    if (!this.#wanted) return;
    this.#step({ type: 'stop' });
    this.#step({ type: 'start', life: this.life });
  }

  // --- The machine ------------------------------------------------------------------------------------------------

  #step(event: { type: string; [field: string]: unknown }): void {
    this.#turn = this.#turn.then(async () => {
      await this.#load();
      const engine = await this.engine();
      try {
        const { state, effects } = engine.stepLink({ state: this.#memory, event, now: Date.now(), entropy: crypto.randomUUID() });
        this.#memory = state;
        for (const effect of effects) await this.#act(effect);
        this.#arm();
      } catch (error) {
        if (isTrap(error)) await this.#begunAnew(engine);
        throw error;
      }
    }).catch(report);
  }

  /** The module is everybody's, and what the machine remembered may be what it failed on. Whoever wants to be live says so again. */
  async #begunAnew(engine: Engine): Promise<void> {
    this.#open?.connection.close();
    this.#open = null;
    this.#memory = null;
    await engine.rebuild();
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    const row = await this.source.use((db) => db.get('meta', kStateRow)).catch(report);
    this.#memory = (row?.state as LinkMemory | undefined) ?? null;
    this.#loaded = true;
  }

  /** For the next worker: how long this one would have waited. */
  async #save(): Promise<void> {
    const state = this.#memory;
    await this.source.use(async (db) => {
      const tx = db.transaction('meta', 'readwrite', { durability: 'relaxed' });
      await Promise.all([tx.store.put({ name: kStateRow, state }), tx.done]);
    }).catch(report);
  }

  #arm(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const at = this.#memory?.wakeAt ?? null;
    if (at === null) return;
    this.#timer = setTimeout(() => this.#step({ type: 'tick' }), Math.min(Math.max(at - Date.now(), 0), kTimerMax));
  }

  async #act(effect: Effect): Promise<void> {
    switch (effect.do) {
      case 'open': this.#connect(Number(effect.attempt), effect.transport === 'sse' ? 'sse' : 'websocket'); break;
      case 'close': this.#drop(effect.attempt); break;
      case 'ping': this.#connection(effect.attempt)?.send({ type: 'ping' }); break;
      case 'refresh-credentials': void this.#refresh().catch(report); break;
      case 'problem': this.told.problem(String(effect.code), String(effect.message)); break;
      case 'changed':
        await this.#save();
        this.told.status();
        if (effect.to === 'live') this.told.live();
        break;
    }
  }

  async #refresh(): Promise<void> {
    const user = await this.#user();
    const ok = await this.credentials.refresh(this.#url().href, user, kOwnId).catch(() => false);
    this.#step({ type: 'credentials', ok });
  }

  // --- The connection ---------------------------------------------------------------------------------------------

  #url(): URL {
    const url = new URL(this.config.url, self.location.href);
    // Credentials are known by the origin that requests go to.
    url.protocol = url.protocol.replace(/^ws/, 'http');
    return url;
  }

  async #user(): Promise<string> {
    return String((await this.source.use((db) => db.get('meta', 'session')))?.user ?? '');
  }

  /** That of an attempt, unless it is over. */
  #connection(attempt: unknown): Link | null {
    const open = this.#open;
    return open !== null && open.attempt === attempt ? open.connection : null;
  }

  /** Nothing of it is news any more. */
  #drop(attempt: unknown): void {
    const connection = this.#connection(attempt);
    if (!connection) return;
    this.#open = null;
    connection.close();
  }

  #connect(attempt: number, transport: Transport): void {
    let closed = false;
    const placeholder: Link = { send: () => undefined, close: () => { closed = true; } };
    const opening = { attempt, connection: placeholder };
    this.#open = opening;
    void (async () => {
      const user = await this.#user();
      const cursor = await this.source.use((db) => db.get('meta', `feed ${user}`));
      const after = typeof cursor?.cursor === 'string' && cursor.cursor !== '' ? cursor.cursor : null;
      const headers = await this.credentials.present(user, kOwnId, new Request(this.#url()));
      if (closed) return;
      const asked = { transport, url: this.#url(), user, after, headers, credentials: this.config.credentials ?? 'same-origin' };
      opening.connection = this.link(asked, this.#listener(attempt, user, after));
    })().catch((error: unknown) => {
      report(error);
      this.#step({ type: 'closed', attempt, code: 1006, reason: '', retryAfterMs: null });
    });
  }

  #listener(attempt: number, user: string, after: string | null): Listener {
    let bye: { reason: string; retryAfterMs: number | null } = { reason: '', retryAfterMs: null };
    let untaken = 0;
    let taking: Promise<void> = Promise.resolve();
    // Also where it is this side that has had enough.
    const end = (code: number, reason = bye.reason): void => {
      this.#drop(attempt);
      this.#step({ type: 'closed', attempt, code, reason, retryAfterMs: bye.retryAfterMs });
    };
    const take = async (data: string): Promise<void> => {
      if (!this.#connection(attempt)) return;
      const message = readMessage(data);
      if (message?.type === 'bye') bye = message;
      const how = message ? await this.#take(message, data, user, after, attempt) : 'unreadable';
      if (how === 'unreadable') {
        this.told.problem('feed-unreadable', `What ${this.#url().href} sent is no message of the live link: ${data.slice(0, 100)}. See docs/protocol.md.`);
        end(4400);
      } else if (how === 'elsewhere') {
        end(1001, 'elsewhere');  // Another worker has taken it in: go on from where that one has got to.
      }
    };
    return {
      opened: () => this.#step({ type: 'opened', attempt }),
      message: (data) => {
        untaken += data.length;
        if (untaken > kUntakenMax) return end(1013, 'slow');
        return taking = taking.then(() => take(data)).catch((error: unknown) => {
          report(error);
          end(1006);  // Not taken in: the same comes again, from the cursor.
        }).finally(() => { untaken -= data.length; });
      },
      closed: (code, reason) => void taking.then(() => end(code, bye.reason || reason)),
      refused: (status, retryAfterMs) => this.#step({ type: 'refused', attempt, status, retryAfterMs }),
    };
  }

  async #take(message: ServerMessage, data: string, user: string, after: string | null, attempt: number): Promise<unknown> {
    switch (message.type) {
      case 'welcome': {
        const fed = await this.#feed({ action: 'welcomed', user, cursor: message.cursor, gap: message.expired || after === null, anew: message.expired && message.resumes && after !== null });
        if (fed.how !== 'welcomed') return fed.how;
        this.#step({ type: 'welcome', attempt, heartbeatMs: message.heartbeatMs, windowMs: message.windowMs });
        if (typeof fed.gapAt === 'number') void this.refill.fill(user, fed.gapAt);
        break;
      }
      case 'changes': {
        const fed = await this.#feed({ action: 'changes', user, batch: this.secrets.withoutInBatch(data) });
        if (fed.how !== 'applied') return fed.how;
        this.#step({ type: message.more ? 'behind' : 'caught-up', attempt });
        for (const change of fed.resources as ReadChange[]) this.told.changed(change);
        break;
      }
      case 'ping':
        this.#connection(attempt)?.send({ type: 'pong' });
        this.#step({ type: 'heard', attempt, windowMs: message.windowMs });
        break;
      default: this.#step({ type: 'heard', attempt });
    }
    return 'taken';
  }

  async #feed(event: { action: string; user: string; [field: string]: unknown }): Promise<Effect> {
    const effects = await this.stepper.submit({ type: 'feed', ...event });
    return effects.find((effect) => effect.do === 'fed') ?? { do: 'fed', how: 'unreadable' };
  }
}
