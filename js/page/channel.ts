// Questions to the worker and its answers, and the notices that it sends unasked. The worker may be killed
// under a question, or replaced by a newer one: every question can be put again, since none of them does
// more when it is put twice.

import { kProtocol, type Framed, type PageRequest, type WorkerNotice } from '../protocol/messages.js';
import { isReply, readNotice, type Check } from './checks.js';
import { HoldfastError, report } from './errors.js';

/** How long one try may take. A cold worker answers within 100 ms; a phone in trouble is given fifty times that. */
const kAnswerMs = 5_000;
const kTries = 3;

export interface Limits {
  answerMs?: number;
  tries?: number;
  /** The refusal that a second try meets when the first was carried out and only its answer was lost. */
  doneCode?: string;
}

export type NoticeListener = (notice: WorkerNotice, port: MessagePort | undefined) => void;

type Container = Pick<ServiceWorkerContainer, 'controller' | 'addEventListener' | 'removeEventListener' | 'startMessages'>;
type Receiver = Pick<ServiceWorker, 'postMessage'>;

/** Why a try ended without an answer. */
type NoAnswer = 'silent' | 'replaced' | 'closed';

export class Channel {
  readonly #container: Container | null;
  readonly #active: () => Receiver | null;
  readonly #limits: Limits;
  readonly #listeners = new Set<NoticeListener>();
  /** Ends the tries that are under way. */
  readonly #tries = new Set<(why: NoAnswer) => void>();
  #closed = false;

  /** `active` is the worker to ask while none controls the page. */
  constructor(container: Container | null, active: () => Receiver | null, limits: Limits = {}) {
    this.#container = container;
    this.#active = active;
    this.#limits = limits;
    container?.addEventListener('message', this.#onMessage);
    container?.addEventListener('controllerchange', this.#onChange);
    // Messages are held back until the page is parsed, unless one asks for them.
    container?.startMessages();
  }

  /** Asks, and answers what `check` accepts. */
  async request<T>(request: PageRequest, check: Check<T>, limits: Limits = {}): Promise<T> {
    const { answerMs = kAnswerMs, tries = kTries, doneCode } = { ...this.#limits, ...limits };
    let repeated = false;
    for (let silences = 0; ;) {
      const answer = await this.#try(request, answerMs);
      if (answer === 'closed') throw closedError();
      if (typeof answer === 'object') return readReply(request.type, answer.data, check, repeated ? doneCode : undefined);
      repeated = true;
      if (answer === 'replaced') continue; // a new worker took over: it is asked at once, and that is no failure
      if (++silences >= tries) {
        throw new HoldfastError('worker-silent',
          `The service worker did not answer "${request.type}" within ${tries} × ${answerMs} ms. Look into the worker's `
          + 'console for an error, and whether the script that controls this page calls holdfast().');
      }
    }
  }

  listen(listener: NoticeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether there is somebody to ask. */
  get open(): boolean {
    return this.#target() !== null;
  }

  close(): void {
    this.#closed = true;
    this.#container?.removeEventListener('message', this.#onMessage);
    this.#container?.removeEventListener('controllerchange', this.#onChange);
    this.#listeners.clear();
    for (const end of [...this.#tries]) end('closed');
  }

  #target(): Receiver | null {
    return this.#container?.controller ?? this.#active();
  }

  #try(request: PageRequest, answerMs: number): Promise<NoAnswer | { data: unknown }> {
    if (this.#closed) return Promise.resolve('closed');
    const worker = this.#target();
    if (!worker) {
      throw new HoldfastError('unprotected',
        'No service worker protects this page, so nothing is kept here. status() tells why; reloading the page tries again.');
    }
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      const end = (answer: NoAnswer | { data: unknown }): void => {
        clearTimeout(timer);
        this.#tries.delete(end);
        port1.close();
        resolve(answer);
      };
      const timer = setTimeout(end, answerMs, 'silent');
      this.#tries.add(end);
      port1.onmessage = ({ data }: MessageEvent<unknown>) => end({ data });
      worker.postMessage({ ...request, holdfast: kProtocol } satisfies Framed<PageRequest>, [port2]);
    });
  }

  readonly #onMessage = ({ data, ports }: MessageEvent<unknown>): void => {
    const notice = readNotice(data);
    if (!notice) return;
    for (const listener of [...this.#listeners]) {
      try {
        listener(notice, ports[0]);
      } catch (error) {
        report(error);
      }
    }
  };

  readonly #onChange = (): void => {
    for (const end of [...this.#tries]) end('replaced');
  };
}

export function closedError(): HoldfastError {
  return new HoldfastError('closed', 'This connection was closed. Call connect() for a new one.');
}

function readReply<T>(type: string, data: unknown, check: Check<T>, doneCode: string | undefined): T {
  if (isReply(data)) {
    if (!data.ok && data.error.code === doneCode && check(null)) return null as T;
    if (!data.ok) throw new HoldfastError(data.error.code, data.error.message);
    if (check(data.value)) return data.value;
  }
  throw new HoldfastError('bad-reply',
    `The service worker's answer to "${type}" can't be read: page and worker are of different releases. Reload the page.`);
}
