// When the shell frames the app it makes a scripted person act in it, and wants to know of each act,
// of what became of it and of what is still unsent. Only the shell is listened to: its origin is this
// one's, a few ports away.

import { shellPortFrom } from '../../people.js';
import type { Ending } from './network.js';
import type { Act, Store } from './store.js';
import { kStatuses, type Change, type Item } from './types.js';

function shellOrigin(kind: 'holdfast' | 'naive'): string {
  const seat = readSeat();
  const port = Number(location.port) + (seat ?? (kind === 'holdfast' ? 1 : -1));
  return `${location.protocol}//${location.hostname}:${port}`;
}

/** Each of three people on one order has a port of one's own, and is told in the address who that is. */
function readSeat(): number | null {
  return shellPortFrom(/^#\/story\/(\w+)/.exec(location.hash)?.[1] ?? '');
}

export function shellUrl(kind: 'holdfast' | 'naive'): string {
  return `${shellOrigin(kind)}/`;
}

export const kFramed = window.parent !== window;

interface Place { type: 'place'; act: string; id: string; restaurant: string; items: Item[]; note: string; tip: number }
interface Move { type: 'move'; act: string; id: string; change: Change }
/** Has the person do something, as if by a tap. */
interface Do { type: 'do'; id: string; change: Change }
type Order = Place | Move | Do | { type: 'reload' } | { type: 'show'; view: string };

function readOrder(value: unknown): Order | null {
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  const message = value as Record<string, unknown>;
  const named = typeof message['act'] === 'string' && typeof message['id'] === 'string';
  switch (message['type']) {
    case 'reload': return { type: 'reload' };
    case 'show': return { type: 'show', view: String(message['view']) };
    case 'place': return named && Array.isArray(message['items']) ? message as unknown as Place : null;
    case 'move':
    case 'do': {
      const change = message['change'] as Change | undefined;
      const known = change?.status === undefined || kStatuses.includes(change.status);
      const whole = message['type'] === 'move' ? named : typeof message['id'] === 'string';
      return whole && change && known ? message as unknown as Move | Do : null;
    }
    default: return null;
  }
}

export function listenToShell(store: Store): void {
  if (!kFramed) return;
  const origin = shellOrigin(store.network.kind);
  const tell = (message: object): void => window.parent.postMessage({ from: store.network.kind, ...message }, origin);

  window.addEventListener('message', (event) => {
    if (event.origin !== origin || event.source !== window.parent) return;
    const order = readOrder(event.data);
    if (order?.type === 'reload') location.reload();
    if (order?.type === 'show') location.hash = `#/${order.view}`;
    if (order?.type === 'place') {
      const { act, id, restaurant, items, note, tip } = order;
      void unanswered(store.place({ id, restaurant, items, note, tip }, act));
    }
    if (order?.type === 'move') void unanswered(store.change(order.id, order.change, order.act));
    if (order?.type === 'do') void store.change(order.id, order.change).then(() => tell({ type: 'answered' }));
  });

  // A person who taps in the frame acts as well: that act gets a number too, and the shell is told.
  store.addEventListener('act', (event) => {
    const { detail } = event as CustomEvent<Act>;
    detail.act = `tap-${crypto.randomUUID()}`;
    const { act, id, change, before } = detail;
    tell({ type: 'act', act, at: Date.now(), order: id, change, before });
  });
  store.network.onEnding(({ act, order, state, decisions }: Ending) => tell({ type: 'ended', act, order, state, decisions, at: Date.now() }));

  // The shell's key for the tunnel works in here as well, where nobody is typing.
  document.addEventListener('keydown', (event) => {
    const typing = event.target instanceof Element && event.target.closest('input, textarea, select') !== null;
    if (event.key === 't' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat) tell({ type: 'flip' });
  });

  // What the page itself still waits for is held as well, until holdfast (or nobody) has it.
  let flying = 0;
  async function unanswered(write: Promise<boolean>): Promise<void> {
    flying += 1;
    report();
    await write.finally(() => { flying -= 1; });
    report();
  }
  function held(): number {
    const { pending, inbox } = store.network.weather();
    return pending + inbox;
  }
  function report(): void {
    tell({ type: 'holding', count: Math.max(flying, held()) });
  }
  store.network.watch(report);

  // Whoever has an act done waits until there is something to act upon.
  let seen = '';
  store.addEventListener('change', () => {
    const { shown } = store;
    if (shown === undefined || shown.id === seen) return;
    seen = shown.id;
    tell({ type: 'sees', order: seen });
  });

  // On a narrow screen apps stand one below the other, each as tall as it is.
  const app = document.getElementById('app')!;
  new ResizeObserver(() => tell({ type: 'tall', px: Math.ceil(app.getBoundingClientRect().height) })).observe(app);
  setInterval(report, 500);
  tell({ type: 'ready' });
  report();
}
