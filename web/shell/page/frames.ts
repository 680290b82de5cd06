// The two framed apps, and the letters that go to and from them. An app is believed only when the
// letter comes from its own frame and its own origin.

import { kApps, type AppName } from './feed.js';

export type Letter =
  | { type: 'ready' }
  /** The tunnel's key was pressed in the frame. */
  | { type: 'flip' }
  | { type: 'holding'; count: number }
  | { type: 'act'; act: string; at: number };

const kTitles: Record<AppName, [string, string]> = {
  holdfast: ['With holdfast', 'fetch, and one service worker'],
  naive: ['Without', 'fetch, retried each second'],
};

export class Frames {
  readonly #origins: Record<AppName, string>;
  readonly #frames = new Map<AppName, HTMLIFrameElement>();
  readonly #ready = new Set<AppName>();
  readonly #on: (app: AppName, letter: Letter) => void;

  constructor(host: HTMLElement, origins: Record<AppName, string>, on: (app: AppName, letter: Letter) => void) {
    this.#origins = origins;
    this.#on = on;
    for (const app of kApps) {
      const frame = document.createElement('iframe');
      frame.title = `The delivery app, ${kTitles[app][0].toLowerCase()}`;
      frame.src = `${origins[app]}/#/customer`;
      this.#frames.set(app, frame);
      host.append(box(app, frame));
    }
    window.addEventListener('message', (event) => {
      const app = kApps.find((name) => this.#frames.get(name)?.contentWindow === event.source && origins[name] === event.origin);
      const letter = app && readLetter(event.data);
      if (!app || !letter) return;
      if (letter.type === 'ready') this.#ready.add(app);
      on(app, letter);
    });
  }

  get ready(): boolean {
    return this.#ready.size === kApps.length;
  }

  send(message: object): void {
    for (const app of kApps) this.#frames.get(app)!.contentWindow?.postMessage(message, this.#origins[app]);
  }

  reload(): void {
    this.send({ type: 'reload' });
    this.#ready.clear();
    // A page that is gone holds nothing; what its app kept it tells when it is back.
    for (const app of kApps) this.#on(app, { type: 'holding', count: Infinity });
  }
}

function box(app: AppName, frame: HTMLIFrameElement): HTMLElement {
  const [title, about] = kTitles[app];
  const section = document.createElement('section');
  section.className = 'app';
  section.dataset['app'] = app;
  const head = document.createElement('h2');
  const key = document.createElement('span');
  const mark = document.createElement('b');
  mark.className = `key-${app}`;
  key.append(mark, title);
  const small = document.createElement('small');
  small.textContent = about;
  head.append(key, small);
  const phone = document.createElement('div');
  phone.className = 'phone';
  phone.append(frame);
  section.append(head, phone);
  return section;
}

function readLetter(data: unknown): Letter | null {
  if (typeof data !== 'object' || data === null) return null;
  const { type, count, act, at } = data as Record<string, unknown>;
  if (type === 'ready' || type === 'flip') return { type };
  if (type === 'holding' && typeof count === 'number' && count >= 0) return { type, count };
  if (type === 'act' && typeof act === 'string' && typeof at === 'number') return { type, act, at };
  return null;
}
