// The smallest worker and container that the page library can talk to.

import { kProtocol, type Framed, type Outcome, type PageRequest, type Status, type WorkerNotice } from '../../js/protocol/messages.js';

export const kStatus: Status = { link: 'online', pending: 0, inbox: 0, pendingOfOthers: 0, user: '', live: 'off', problem: null };
export const kOutcome: Outcome = { id: 'm1', state: 'confirmed', status: 200, document: { id: '1' }, decisions: [], occurredAt: 1, sides: null };

/** Answers, or returns undefined to stay silent, as a killed worker does. */
export type Answer = (request: Framed<PageRequest>) => unknown;

export class FakeWorker {
  readonly asked: Framed<PageRequest>[] = [];
  answer: Answer;

  constructor(answer: Answer) {
    this.answer = answer;
  }

  postMessage(message: Framed<PageRequest>, transfer: Transferable[]): void {
    this.asked.push(message);
    const port = transfer[0] as MessagePort;
    const reply = this.answer(message);
    if (reply !== undefined) port.postMessage(reply);
    port.close();
  }
}

export class FakeContainer extends EventTarget {
  controller: ServiceWorker | null = null;

  control(worker: FakeWorker): void {
    this.controller = worker as unknown as ServiceWorker;
    this.dispatchEvent(new Event('controllerchange'));
  }

  startMessages(): void {}

  notify(notice: WorkerNotice, frame: unknown = kProtocol, ports: MessagePort[] = []): void {
    this.say({ ...notice, holdfast: frame }, ports);
  }

  say(data: unknown, ports: MessagePort[] = []): void {
    this.dispatchEvent(new MessageEvent('message', { data, ports }));
  }
}

export function controlledBy(answer: Answer): { worker: FakeWorker; container: FakeContainer } {
  const worker = new FakeWorker(answer);
  const container = new FakeContainer();
  container.controller = worker as unknown as ServiceWorker;
  return { worker, container };
}
