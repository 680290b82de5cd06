// When the shell frames the app it makes a scripted person act in it, and wants to know of each act
// and of what is still unsent. Only the shell is listened to: its origin is this one's, a port away.

import type { Store } from './store.js';
import { kStatuses, type Change, type Item } from './types.js';

function shellOrigin(kind: 'holdfast' | 'naive'): string {
  const port = Number(location.port) + (kind === 'holdfast' ? 1 : -1);
  return `${location.protocol}//${location.hostname}:${port}`;
}

export function shellUrl(kind: 'holdfast' | 'naive'): string {
  return `${shellOrigin(kind)}/`;
}

export const kFramed = window.parent !== window;

interface Place { type: 'place'; act: string; id: string; restaurant: string; items: Item[]; note: string; tip: number }
interface Move { type: 'move'; act: string; id: string; change: Change }
type Order = Place | Move | { type: 'reload' } | { type: 'show'; view: string };

function readOrder(value: unknown): Order | null {
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  const message = value as Record<string, unknown>;
  const named = typeof message['act'] === 'string' && typeof message['id'] === 'string';
  switch (message['type']) {
    case 'reload': return { type: 'reload' };
    case 'show': return { type: 'show', view: String(message['view']) };
    case 'place': return named && Array.isArray(message['items']) ? message as unknown as Place : null;
    case 'move': {
      const change = message['change'] as Change | undefined;
      const known = change?.status === undefined || kStatuses.includes(change.status);
      return named && change && known ? message as unknown as Move : null;
    }
    default: return null;
  }
}

export function listenToShell(store: Store): void {
  if (!kFramed) return;
  const origin = shellOrigin(store.network.kind);
  const app = store.network.kind;
  const tell = (message: object): void => window.parent.postMessage({ from: app, ...message }, origin);

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
  });

  // A person who taps in the frame acts as well: that act gets a number too, and the shell is told.
  store.addEventListener('act', (event) => {
    const { detail } = event as CustomEvent<{ method: string; id: string; act?: string }>;
    detail.act = `tap-${crypto.randomUUID()}`;
    tell({ type: 'act', act: detail.act, at: Date.now() });
  });

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
  setInterval(report, 500);
  tell({ type: 'ready' });
  report();
}
