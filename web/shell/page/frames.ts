// The framed apps, and the letters that go to and from them. An app is believed only when the letter
// comes from its own frame and its own origin.

import type { Decision, Outcome } from 'holdfast';
import type { Change, Order } from '../../demo/app/types.js';

export type Letter =
  | { type: 'ready' }
  /** The tunnel's key was pressed in the frame. */
  | { type: 'flip' }
  | { type: 'holding'; count: number }
  | { type: 'act'; act: string; at: number; order: string; change: Change; before: Order | null }
  /** How tall it is, where nothing keeps it from being so. */
  | { type: 'tall'; px: number }
  /** What was asked for by `do` has an answer: the server's, or that it is kept. */
  | { type: 'answered' }
  /** This is the order that it shows. */
  | { type: 'sees'; order: string }
  | { type: 'ended'; act: string | null; at: number; order: string; state: Outcome['state']; decisions: Decision[] };

/** One app: what stands above it, where it is, and what it shows first. */
export interface Framed {
  /** What a screen reader calls the frame. */
  label: string;
  head: HTMLElement;
  origin: string;
  view: string;
}

export class Frames<Name extends string> {
  readonly names: readonly Name[];
  readonly #apps: Record<Name, Framed>;
  readonly #frames = new Map<Name, HTMLIFrameElement>();
  readonly #ready = new Set<Name>();
  readonly #on: (app: Name, letter: Letter) => void;

  constructor(host: HTMLElement, apps: Record<Name, Framed>, on: (app: Name, letter: Letter) => void) {
    this.names = Object.keys(apps) as Name[];
    this.#apps = apps;
    this.#on = on;
    for (const name of this.names) {
      const frame = document.createElement('iframe');
      frame.title = apps[name].label;
      frame.src = `${apps[name].origin}/#/${apps[name].view}`;
      this.#frames.set(name, frame);
      host.append(box(name, apps[name].head, frame));
    }
    window.addEventListener('message', (event) => {
      const app = this.names.find((name) => this.#frames.get(name)?.contentWindow === event.source && apps[name].origin === event.origin);
      const letter = app && readLetter(event.data);
      if (!app || !letter) return;
      if (letter.type === 'ready') this.#ready.add(app);
      if (letter.type === 'tall') this.#frames.get(app)!.style.setProperty('--tall', `${letter.px}px`);
      on(app, letter);
    });
  }

  get ready(): boolean {
    return this.#ready.size === this.names.length;
  }

  sendTo(name: Name, message: object): void {
    this.#frames.get(name)!.contentWindow?.postMessage(message, this.#apps[name].origin);
  }

  send(message: object): void {
    for (const name of this.names) this.sendTo(name, message);
  }

  reload(): void {
    this.send({ type: 'reload' });
    this.#ready.clear();
    // A page that is gone holds nothing; what its app kept it tells when it is back.
    for (const name of this.names) this.#on(name, { type: 'holding', count: Infinity });
  }
}

function box(name: string, head: HTMLElement, frame: HTMLIFrameElement): HTMLElement {
  const section = document.createElement('section');
  section.className = 'app';
  section.dataset['app'] = name;
  const phone = document.createElement('div');
  phone.className = 'phone';
  phone.append(frame);
  section.append(head, phone);
  return section;
}

const kStates = new Set(['confirmed', 'merged', 'overruled', 'rejected', 'conflict', 'discarded', 'unknown']);
const isText = (value: unknown): value is string => typeof value === 'string';
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function readLetter(data: unknown): Letter | null {
  if (!isRecord(data)) return null;
  const { type, count, act, at, order } = data;
  if (type === 'ready' || type === 'flip' || type === 'answered') return { type };
  if (type === 'holding' && typeof count === 'number' && count >= 0) return { type, count };
  if (type === 'tall' && typeof data['px'] === 'number') return { type, px: data['px'] };
  if (type === 'sees' && isText(order)) return { type, order };
  if (typeof at !== 'number' || !isText(order)) return null;
  if (type === 'act' && isText(act) && isRecord(data['change'])) return data as unknown as Letter;
  const ended = type === 'ended' && (act === null || isText(act)) && isText(data['state']) && kStates.has(data['state']);
  return ended && Array.isArray(data['decisions']) && data['decisions'].every(isDecision) ? data as unknown as Letter : null;
}

function isDecision(value: unknown): boolean {
  return isRecord(value) && ['path', 'policy', 'verdict', 'reason'].every((name) => isText(value[name]));
}
