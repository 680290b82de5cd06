// One page's connection to its worker: the object that connect() answers.

import type { Trigger } from '../protocol/messages.js';
import { Channel } from './channel.js';
import { isAnything, isHello, isYesOrNo, isPendingWrite, isStatus, listOf } from './checks.js';
import { answerCredentials, type CredentialsHook } from './credentials.js';
import { HoldfastError } from './errors.js';
import { openConflicts } from './conflicts.js';
import { openInbox } from './inbox.js';
import { stayLive } from './live.js';
import { Listeners } from './listeners.js';
import { recallPrefixes, rememberPrefixes } from './prefixes.js';
import type { Registered } from './registration.js';
import { mutationId, settled } from './settled.js';
import { installStamp, type Stamper } from './stamp.js';
import { watchTriggers, type Triggers } from './triggers.js';
import {
  unprotectedStatus, type Conflicts, type Holdfast, type Inbox, type Outcome, type PendingWrite, type ReadChange, type Status,
} from './types.js';
import type { Problem, Status as WorkerStatus, WorkerNotice } from '../protocol/messages.js';

/** Sending everything before signing out takes as long as it takes; within this the worker says how it went. */
const kSendAllMs = 60_000;

/** How often a page greets its worker until it hears from it; each time is repeated by the channel as well. */
const kGreetings = 3;

export class Connection implements Holdfast {
  readonly inbox: Inbox;
  readonly conflicts: Conflicts;
  readonly #channel: Channel;
  readonly #container: ServiceWorkerContainer | null;
  readonly #hook: CredentialsHook | undefined;
  readonly #stamper: Stamper;
  readonly #triggers: Triggers;
  readonly #listeners = new Listeners<Status>();
  readonly #readers = new Listeners<ReadChange>();
  readonly #nudges = new Set<() => void>();
  readonly #scope: string;
  #newest: Status;
  #stopLive: (() => void) | null = null;
  #greeted = false;
  #persistAsked = false;

  constructor({ container, registration, problem }: Registered, user: string, hook: CredentialsHook | undefined) {
    this.#container = container;
    this.#hook = hook;
    this.#scope = registration?.scope ?? '';
    this.#newest = unprotectedStatus(user, problem);
    this.#channel = new Channel(container, () => registration?.active ?? null);
    this.#channel.listen(this.#onNotice);
    this.#stamper = installStamp(window, () => this.protected, () => document.baseURI,
      (url, bytes) => this.#channel.request({ type: 'captures', url, bytes }, isYesOrNo));
    this.#stamper.setPrefixes(recallPrefixes(this.#scope));
    this.#triggers = watchTriggers((trigger) => {
      void this.#tick(trigger);
      // Notices that came while the page was frozen are lost.
      if (trigger === 'page-shown' && this.protected) void this.refresh();
    });
    container?.addEventListener('controllerchange', this.#onChange);
    this.inbox = openInbox(this.#channel, () => this.#newest.user);
    this.conflicts = openConflicts(this.#channel, () => this.#newest.user);
  }

  get protected(): boolean {
    return Boolean(this.#container?.controller);
  }

  subscribe(listener: (status: Status) => void, { signal }: { signal?: AbortSignal } = {}): () => void {
    return this.#listeners.add(listener, signal, () => ({ ...this.#newest }));
  }

  onChange(listener: (change: ReadChange) => void, { signal }: { signal?: AbortSignal } = {}): () => void {
    return this.#readers.add(listener, signal);
  }

  async status(): Promise<Status> {
    if (this.protected) this.#take(await this.#channel.request({ type: 'status' }, isStatus));
    return this.#newest;
  }

  async pending(): Promise<PendingWrite[]> {
    if (!this.#channel.open) return [];
    return this.#channel.request({ type: 'pending' }, listOf(isPendingWrite));
  }

  async settled(answer: Response | string, { signal }: { signal?: AbortSignal } = {}): Promise<Outcome> {
    return settled(mutationId(answer), this.#channel, this.#nudges, signal);
  }

  async sync(): Promise<void> {
    if (this.#channel.open) await this.#channel.request({ type: 'tick', trigger: 'call' }, isAnything);
  }

  async signIn(user: string): Promise<void> {
    if (this.protected) await this.#channel.request({ type: 'sign-in', user }, isAnything);
    await this.#userChanged(user);
  }

  async signOut({ pending }: { pending?: 'keep' | 'discard' | 'send' } = {}): Promise<void> {
    if (this.protected) {
      await this.#channel.request({ type: 'sign-out', pending: pending ?? null }, isAnything,
        pending === 'send' ? { answerMs: kSendAllMs } : {});
    }
    await this.#userChanged('');
  }

  close(): void {
    this.#stamper.remove();
    this.#triggers.stop();
    this.#stopLive?.();
    this.#container?.removeEventListener('controllerchange', this.#onChange);
    this.#listeners.clear();
    this.#readers.clear();
    this.#channel.close();
    for (const look of [...this.#nudges]) look(); // each finds the channel closed, and says so
  }

  /** The first look at things, and the first try to send. */
  async start(): Promise<void> {
    // A worker may be killed under the very first question, and under the next.
    for (let tries = 0; tries < kGreetings && !this.#greeted && this.protected; tries += 1) await this.refresh();
    void this.#tick('page-shown');
  }

  /** Learns all anew from the worker that there is now. */
  async refresh(): Promise<void> {
    try {
      const { prefixes, status, live } = await this.#channel.request({ type: 'hello' }, isHello);
      this.#stamper.setPrefixes(prefixes);
      rememberPrefixes(this.#scope, prefixes);
      this.#greeted = true;
      if (live) this.#stopLive ??= stayLive(() => void this.#channel.request({ type: 'live' }, isAnything).catch(() => undefined));
      this.#take(status);
    } catch (error) {
      // A worker that can't answer refuses writes loudly; the page is told why, and asks again when it is shown.
      if (!this.#channel.closed && this.protected) this.#failed(problemOf(error));
    }
    for (const look of [...this.#nudges]) look();
  }

  async #userChanged(user: string): Promise<void> {
    this.#newest = { ...this.#newest, user };
    if (this.protected) await this.status();
    else this.#tellAll();
  }

  readonly #onChange = (): void => {
    if (!this.protected) this.#failed({ code: 'not-controlled', message: 'The service worker let go of this page. Reload the page.' });
    else void this.refresh();
  };

  readonly #onNotice = (notice: WorkerNotice, port: MessagePort | undefined): void => {
    if (notice.type === 'changed') this.#take(notice.status);
    else if (notice.type === 'wake-at') this.#triggers.wakeAt(notice.at);
    else if (notice.type === 'read-changed') this.#readers.tell(() => ({ url: notice.url, resource: notice.resource, ids: [...notice.ids] }));
    else if (notice.type === 'credentials' && port) {
      void answerCredentials(notice, port, this.#hook, this.#newest.user);
    }
  };

  async #tick(trigger: Trigger): Promise<void> {
    if (!this.protected) return;
    try {
      await this.#channel.request({ type: 'tick', trigger }, isAnything);
    } catch {
      // Nobody waits for a tick, and the next trigger is not far.
    }
  }

  #failed(problem: Problem): void {
    this.#take({ ...this.#newest, problem });
  }

  #take(status: WorkerStatus): void {
    const { link, pending, inbox, pendingOfOthers, user, live, problem } = status;
    const before = this.#newest;
    this.#newest = { link, pending, inbox, pendingOfOthers, user, live, problem, protected: this.protected };
    if (pending > 0) this.#askToPersist();
    if (JSON.stringify(before) !== JSON.stringify(this.#newest)) this.#tellAll();
  }

  #tellAll(): void {
    this.#listeners.tell(() => ({ ...this.#newest }));
  }

  /** Once there is something to lose. Never awaited: Firefox asks the person, and answers when they do. */
  #askToPersist(): void {
    if (this.#persistAsked) return;
    this.#persistAsked = true;
    navigator.storage?.persist?.().catch(() => undefined);
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof HoldfastError) return { code: error.code, message: error.message };
  return { code: 'unknown', message: String(error) };
}
