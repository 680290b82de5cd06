// The host: wires the database, the engine, the sender and the pages together. It owns the transaction, fetch, timers,
// locks and messages, and decides nothing that a rule could decide.

import type { HoldfastConfig, LiveConfig } from '../protocol/config';
import type { Outcome, PageRequest, Problem, ReadChange, Status, Trigger } from '../protocol/messages';
import { kProtocol } from '../protocol/messages';
import * as answers from './answers';
import { Bodies } from './bodies';
import { checkBypass } from './bypass';
import { Capture } from './capture';
import { Clock } from './clock';
import { Credentials } from './credentials';
import { databaseName, DatabaseSource } from './database';
import { HostError, report } from './errors';
import { Live, type Told } from './live';
import { foreign } from './live-foreign';
import { coveredBy, Format } from './live-format';
import { checkFormat } from './live-format-check';
import { ownProtocol } from './live-messages';
import { open } from './live-transports';
import { compile, Engine, type Effect } from './module';
import { askForCredentials, tell } from './pages';
import { HeldAnswers } from './kept';
import { KeptReads } from './kept-reads';
import { kReadDefaults, readRules } from './read-rules';
import { Reads } from './reads';
import { Refill } from './refill';
import { Resolvers } from './resolvers';
import { Routes } from './routes';
import { Secrets } from './secrets';
import { Sender } from './sender';
import { Session } from './session';
import { findOutcome, listConflicts, listInbox, listPending, readStatus } from './status';
import { Standings } from './standing';
import { Stepper } from './stepper';
import { Versions } from './versions';
import { Waiters } from './waiters';
import { prefixesOf, type Prefix } from './prefixes';

declare const self: ServiceWorkerGlobalScope;

/** How long a read is waited for behind an answer that was given: as long as an attempt of a write is. Milliseconds. */
const kLateMs = 10_000;

export class Host {
  readonly prefixes: Prefix[];
  readonly routes: Routes;
  readonly source: DatabaseSource;
  readonly reads: Reads;
  readonly capture: Capture;
  readonly #stepper: Stepper;
  readonly #sender: Sender;
  readonly #waiters = new Waiters();
  readonly #credentials: Credentials;
  readonly #bodies: Bodies;
  readonly #kept: KeptReads;
  readonly #secrets: Secrets;
  readonly #versions: Versions;
  readonly #resolvers: Resolvers;
  readonly #live: Live | null;
  readonly #session: Session;
  #engine: Promise<Engine> | null = null;
  #problem: Problem | null = null;
  #telling = false;
  /** Whether this life has looked at what the last one left. */
  #started = false;

  constructor(private readonly config: HoldfastConfig, private readonly moduleUrl: string) {
    const scope = self.registration.scope;
    const life = crypto.randomUUID();
    this.prefixes = prefixesOf(config, self.location.origin);
    this.routes = new Routes(config, self.location.origin);
    this.source = new DatabaseSource(databaseName(scope));
    this.#bodies = new Bodies(this.source);
    this.#secrets = new Secrets(config, this.routes);
    this.#resolvers = new Resolvers(config.resolvers ?? {});
    const answers = new HeldAnswers();
    const clock = new Clock(this.source, () => {
      standings.forget();
      this.#kept.recount();
      this.#versions.forget();
    });
    this.#credentials = new Credentials(config.authorize, askForCredentials, config.credentialHeaders);
    this.#stepper = new Stepper(this.source, () => this.engine(), () => { this.#engine = null; }, life, this.#bodies,
      (effects) => this.#act(effects), () => this.#shrink(), answers, clock);
    this.#sender = new Sender(`holdfast-sender ${scope}`, this.#stepper, this.#bodies, this.#waiters, this.#credentials,
      (at) => void tell({ type: 'wake-at', at }), this.#secrets);
    const rules = readRules(config);
    const rulesOf = (resource: string) => rules.get(resource) ?? kReadDefaults;
    this.#kept = new KeptReads(this.source, rulesOf, this.#secrets, answers);
    this.#versions = new Versions(this.source, this.#kept, () => this.engine(), config);
    const standings = new Standings(this.source, this.#stepper);
    this.#stepper.onCommitted = (standing) => {
      standings.take(standing);
      this.#kept.told();
    };
    this.reads = new Reads(standings, this.#stepper, this.#kept, this.#versions, rulesOf, config.retry?.sendTimeoutMs ?? kLateMs, {
      gotThrough: (origin) => void this.tick('request-succeeded', origin).catch(report),
      letIn: (origin, user, headers, awaited) => {
        if (!this.#credentials.accept(user, origin, headers)) return;
        this.#live?.haveCredentials();
        if (awaited) void this.#haveCredentials(origin, true).catch(report);
      },
    }, clock);
    this.capture = new Capture(this.#stepper, () => this.engine(), this.#waiters, this.#credentials,
      (origin) => this.reads.silent(origin), () => this.#sender.expect(),
      (stamp) => this.#knowsStamp(stamp), this.#secrets);
    this.#session = new Session(this.source, this.#stepper, this.#credentials, this.#kept, this.#versions, {
      status: () => this.status(), hurry: () => this.tick('call'),
    });
    this.#live = config.live ? this.#linked(config.live, life) : null;
  }

  #linked(live: LiveConfig, life: string): Live {
    const { credentials = 'same-origin' } = live;
    const resources = coveredBy(live, this.config.resources);
    const present = async (user: string, url: string): Promise<RequestInit> =>
      ({ headers: await this.#credentials.present(user, 'refill', new Request(url)), credentials });
    const changed = (change: ReadChange): void => void tell({ type: 'read-changed', ...change });
    const refill = new Refill(this.source, this.#stepper, this.reads, (resource) => resources.includes(resource), present,
      () => this.engine(), this.routes, changed);
    const told: Told = {
      changed,
      status: () => this.#tellStatus(),
      problem: (code, message) => this.#complain(code, message),
      live: () => void this.tick('socket-open').catch(report),
    };
    const link = !live.format ? ownProtocol(open) : foreign(live.format, new Format(live.format, this.config.resources, resources), {
      stale: (user, entities) => refill.again(user, entities),
      problem: (message) => told.problem('feed-unreadable', message),
    }, open);
    return new Live(live, life, this.source, this.#stepper, () => this.engine(), this.#credentials, refill, told, link, this.#secrets);
  }

  /** The engine, compiled at first need. A failure is tried again at the next one. */
  engine(): Promise<Engine> {
    this.#engine ??= this.#start().catch((error: unknown) => {
      this.#engine = null;
      throw error;
    });
    return this.#engine;
  }

  /** @throws HostError `config` for a mistake in the configuration */
  async check(): Promise<void> {
    checkBypass(this.config.bypass ?? [], this.prefixes, self.location.href);
    if (this.config.live) checkFormat(this.config.live, this.config.resources);
    this.#resolvers.check((await this.engine()).resolvers);
  }

  async #start(): Promise<Engine> {
    const { resources, retry, conflictRecords, live } = this.config;
    const json = JSON.stringify({ origin: self.location.origin, resources, retry, conflictRecords });
    // A server with a language of its own rarely speaks it both ways at one URL.
    const transports = live?.transports ?? (live?.format ? ['websocket'] : ['websocket', 'sse']);
    // Where workers have no WebSockets, there are server-sent events.
    const here = 'WebSocket' in self ? transports : ['sse'];
    const link = live && JSON.stringify({ transports: here, baseMs: live.baseMs, capMs: live.capMs });
    return Engine.start(await compile(this.moduleUrl, this.source), json, link ?? null);
  }

  /** "Try now", from any trigger: all of them end here. Resolves when nothing is under way any more. */
  async tick(trigger: Trigger, origin = ''): Promise<void> {
    // Both look at everything anew, and what is still wrong is told anew.
    if (trigger === 'start' || trigger === 'call') this.#problem = null;
    if (trigger === 'online' || trigger === 'page-shown' || trigger === 'request-succeeded' || trigger === 'call') this.#live?.nudge(trigger);
    const ticked = this.#sender.expect();
    await this.#stepper.submit({ type: 'tick', trigger, origin }).finally(ticked);
    await this.#sender.quiet();
  }

  /** Resolves when no attempt is under way: what a fetch event waits for, so that the worker isn't put to sleep. */
  settled(): Promise<void> {
    return this.#sender.quiet();
  }

  /** Background Sync counts a resolved event as success, and tries a failed one again. */
  async syncEvent(): Promise<void> {
    await this.tick('sync-event');
    const { pending } = await this.status();
    if (pending > 0) throw new Error(`${pending} writes are still waiting`);
  }

  async #knowsStamp(stamp: string): Promise<boolean> {
    return this.source.use(async (db) => {
      const [kept, settled] = await Promise.all([
        db.getKeyFromIndex('mutations', 'stamp', stamp), db.getKeyFromIndex('outcomes', 'stamp', stamp),
      ]);
      return kept !== undefined || settled !== undefined;
    });
  }

  #want(): Promise<void> {
    return this.#sender.want();
  }

  // --- Effects ------------------------------------------------------------------------------------------------

  #act(effects: Effect[]): void {
    for (const effect of effects) {
      try {
        this.#actOn(effect);
      } catch (error) {
        report(error);
      }
    }
  }

  #actOn(effect: Effect): void {
    const id = String(effect.id ?? '');
    switch (effect.do) {
      case 'attach': {
        const waiter = Number(effect.waiter);
        this.capture.bind(waiter, id, String(effect.user));
        this.#waiters.attach(waiter, id, Number(effect.timeoutMs), () => void this.#late(id));
        break;
      }
      case 'respond': this.#respond(effect, id); break;
      case 'refuse':
        if (typeof effect.waiter === 'number') {
          this.#waiters.answerOne(effect.waiter, answers.refused(String(effect.code), String(effect.message)));
        }
        break;
      case 'send': this.#sender.send(effect); break;
      case 'pumped': this.#sender.pumped(effect); break;
      case 'outcome': {
        const { state, status, document, decisions, occurredAt, sides } = effect as Effect & Omit<Outcome, 'id'>;
        this.#waiters.answer(id, () => answers.settled(id, state, status ?? 200, JSON.stringify(document)));
        this.#credentials.forgetWrite(id);
        this.#bodies.drop(id);
        void tell({ type: 'outcome', outcome: { id, state, status, document, decisions, occurredAt, sides } });
        break;
      }
      case 'changed': this.#tellStatus(); break;
      case 'problem':
        this.#complain(String(effect.code), String(effect.message));
        break;
      case 'resolve': void this.#resolve(id, effect).catch(report); break;
      case 'refresh_credentials': void this.#refresh(effect); break;
      case 'forget_credentials': {
        const origin = String(effect.origin);
        if (this.#credentials.forget(String(effect.user), origin, id)) void this.#haveCredentials(origin, true).catch(report);
        break;
      }
      case 'register_sync': registerSync(); break;
      case 'again': break; // The one who asked looks for it.
    }
  }

  #complain(code: string, message: string): void {
    this.#problem = { code, message };
    console.error(`holdfast: ${code}: ${message}`);
    this.#tellStatus();
  }

  async #resolve(id: string, effect: Effect): Promise<void> {
    const done = this.#sender.expect();  // the worker stays awake for it
    const values = await this.#resolvers.answer(effect);
    await this.#stepper.insist({ type: 'resolved', id, asking: effect.asking, values }).finally(done);
    await this.#want();
  }

  #respond(effect: Effect, id: string): void {
    if (effect.how === 'queued') {
      this.#waiters.answer(id, () => answers.queued(id, Number(effect.status), String(effect.document)));
    } else if (effect.how === 'answer') {
      // A lookup's answer is not the write's own; the outcome, which follows, is what there is to tell then.
      this.#waiters.answer(id, () => this.#sender.answer(id, effect.conflict ? 'conflict' : 'settled'));
    } else {
      const again = answers.settled(id, String(effect.state), Number(effect.status), String(effect.document));
      this.#waiters.answerOne(Number(effect.waiter), again);
    }
  }

  async #late(id: string): Promise<void> {
    await this.#stepper.submit({ type: 'waited', id }).catch((error: unknown) => {
      // The row is safe, only its optimistic document can't be made now.
      report(error);
      this.#waiters.answer(id, () => answers.queued(id, 202, 'null'));
    });
  }

  async #refresh(effect: Effect): Promise<void> {
    const ok = await this.#credentials.refresh(String(effect.url), String(effect.user), String(effect.id)).catch(() => false);
    await this.#haveCredentials(String(effect.origin), ok);
  }

  /** Nothing leaves to this origin until a step has heard it. */
  async #haveCredentials(origin: string, ok: boolean): Promise<void> {
    await this.#stepper.insist({ type: 'session', action: 'credentials', origin, ok });
    this.#tellStatus();
    await this.#want().catch(report);
  }

  // --- Pages --------------------------------------------------------------------------------------------------

  /** Several changes in one turn are one piece of news. */
  #tellStatus(): void {
    if (this.#telling) return;
    this.#telling = true;
    setTimeout(() => {
      this.#telling = false;
      this.status().then((status) => tell({ type: 'changed', status })).catch(report);
    }, 0);
  }

  status(): Promise<Status> {
    return readStatus(this.source, this.#live?.state ?? 'off', this.#problem);
  }

  /** Answers a page's request. */
  async handle(request: PageRequest, event: ExtendableMessageEvent): Promise<unknown> {
    // Whatever woke it: a killed worker's writes wait for the next one, and its timers died with it.
    if (self.registration.active && (!this.#started || request.type === 'hello')) {
      this.#started = true;
      event.waitUntil(this.tick('start').catch(report));
    }
    switch (request.type) {
      case 'hello':
        // While it is being installed, a mistake in its configuration is the first thing that a page must hear.
        if (!self.registration.active) await this.check();
        return { protocol: kProtocol, live: this.#live !== null, prefixes: this.prefixes.map(({ url }) => url), status: await this.status() };
      case 'status': return this.status();
      case 'pending': return listPending(this.source);
      case 'inbox': return listInbox(this.source);
      case 'conflicts': return listConflicts(this.source);
      case 'outcome': return findOutcome(this.source, request.id);
      case 'captures': {
        const routed = (await this.engine()).route(request.url);
        return routed.declared && request.bytes <= routed.bodyBytesMax;
      }
      case 'claim': return self.clients.claim();
      case 'live':
        if (this.#live) event.waitUntil(this.#live.wanted());
        return null;
      case 'tick': {
        event.waitUntil(this.tick(request.trigger).catch(report));
        return null;
      }
      case 'sign-in': {
        await this.#session.signIn(request.user);
        this.#live?.restart();
        event.waitUntil(this.#want());
        return this.status();
      }
      case 'sign-out':
        await this.#session.signOut(request.pending);
        this.#live?.restart();
        return this.status();
      case 'decide': {
        const { id, action, body } = request;
        if (action === 'edit') await this.#refuseSecrets(id, body ?? '');
        const effects = await this.#stepper.submit({ type: 'decided', id, action, body: body ?? '' });
        const refusal = effects.find((effect) => effect.do === 'refuse');
        if (refusal) throw new HostError(String(refusal.code), String(refusal.message));
        event.waitUntil(this.#want());
        return null;
      }
      default:
        throw new HostError('unknown-message', `This worker doesn't know the message '${String((request as { type: unknown }).type)}'.`);
    }
  }

  /** An edited write is stored before it is sent, and what holds a secret must not be. */
  async #refuseSecrets(id: string, body: string): Promise<void> {
    const entry = await this.source.use((db) => db.get('inbox', id));
    const { url = '' } = (entry?.mutation ?? {}) as { url?: string };
    if (!this.#secrets.in(url, body)) return;
    throw new HostError('holds-secret', 'What was edited holds a member that is declared as secret, and is not kept. Discard the entry, and write it anew while online.');
  }

  /** Makes room for the outbox: kept reads go first. */
  async #shrink(): Promise<void> {
    await this.source.use((db) => db.clear('reads')).catch(report);
    this.#kept.recount();
  }
}

/** Background Sync is a gift: where it exists and is allowed, the outbox drains even with every tab closed. */
function registerSync(): void {
  const { sync } = self.registration as { sync?: { register(tag: string): Promise<void> } };
  sync?.register('holdfast').catch(() => undefined);
}
