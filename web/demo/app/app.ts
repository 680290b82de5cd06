// Puts the header, the three views and the inbox together, and shows the one that the hash names.

import { h, icon, type IconName } from './dom.js';
import { inboxPanel, type InboxPanel } from './inbox.js';
import type { Ending, Link, Live, Network } from './network.js';
import { kFramed, listenToShell, shellUrl } from './ride.js';
import { Store, type Seen } from './store.js';
import { courierView } from './views/courier.js';
import { customerView } from './views/customer.js';
import { dispatcherView } from './views/dispatcher.js';
import { storyView } from './views/story.js';
import { kYou, sayEnding } from './words.js';

const kViews: { name: string; title: string; icon: IconName }[] = [
  { name: 'customer', title: 'Customer', icon: 'basket' },
  { name: 'courier', title: 'Courier', icon: 'bike' },
  { name: 'dispatcher', title: 'Dispatcher', icon: 'desk' },
];
const kToastMs = 5_000;

export function startApp(network: Network): void {
  const store = new Store(network);
  const toasts = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
  const say = (words: string, tone = '', stays = false): void => {
    const close = h('button', { type: 'button', class: 'round', 'aria-label': 'Close', onclick: () => toast.remove() }, icon('cross'));
    const toast = h('div', { class: `toast ${tone}` }, h('p', {}, words), stays && close);
    toasts.append(toast);
    if (toasts.childElementCount > 3) toasts.firstElementChild?.remove();
    if (!stays) setTimeout(() => toast.remove(), kToastMs);
  };
  const spoken = h('div', { class: 'hidden', role: 'status', 'aria-live': 'polite' });
  store.addEventListener('complaint', (event) => say((event as CustomEvent<string>).detail, 'bad'));

  const views = {
    customer: customerView(store, (words) => { spoken.textContent = words; }),
    courier: courierView(store),
    dispatcher: dispatcherView(store),
    story: storyView(store),
  };
  const inbox = network.inbox && inboxPanel(network.inbox, (id) => store.orders.find((order) => order.id === id)?.restaurant ?? 'Order');
  const badges = [liveBadge(network), linkBadge(network, inbox)];
  const links = kViews.map(({ name, title, icon: mark }) => h('a', { href: `#/${name}`, 'data-view': name }, icon(mark), h('span', {}, title)));
  const main = h('main', { id: 'main', tabindex: -1 });
  const source = h('p', { class: 'source quiet' });

  document.getElementById('app')!.replaceChildren(
    h('header', { class: 'top' },
      h('a', { class: 'brand', href: '#/customer' }, h('img', { src: '/icon.svg', alt: '', width: 28, height: 28 }), h('span', {}, 'Corner Table')),
      h('nav', { 'aria-label': 'Views' }, ...links), h('div', { class: 'states' }, ...badges.map(({ element }) => element))),
    ...[network.banner !== null && h('p', { class: `banner banner-${network.kind}` }, network.banner)].filter((one) => one !== false),
    main,
    h('footer', { class: 'foot' }, source, ...(kFramed ? [] : [h('a', { href: shellUrl(network.kind) }, 'Take it through a tunnel →')])),
    toasts, spoken, ...(inbox ? [inbox.element] : []));

  function viewName(): keyof typeof views {
    const name = location.hash.split('/')[1] ?? '';
    return Object.hasOwn(views, name) ? name as keyof typeof views : 'customer';
  }

  // Whoever was overruled must not find it out by chance: that stays until it was read.
  network.onEnding((ending: Ending) => {
    if (viewName() === 'story' || (ending.state !== 'merged' && ending.state !== 'overruled')) return;
    for (const { text, verdict } of sayEnding(ending, kYou)) say(text, verdict === 'theirs' ? 'bad' : '', verdict === 'theirs');
  });

  function show(): void {
    const name = viewName();
    store.look(name === 'story' ? location.hash.split('/')[3] ?? null : null);
    document.body.dataset['view'] = name;
    main.replaceChildren(views[name].element);
    for (const link of links) {
      if (link.getAttribute('data-view') === name) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    document.title = `${kViews.find((view) => view.name === name)?.title ?? 'One order'} · Corner Table`;
    draw();
  }

  function draw(): void {
    views[viewName()].update();
    for (const badge of badges) badge.update();
    inbox?.update();
    source.textContent = sayWhence(store.seen, network.weather().live);
  }

  // Several things may change within one frame; one drawing is enough.
  let drawing = 0;
  store.addEventListener('change', () => {
    if (drawing === 0) drawing = setTimeout(() => { drawing = 0; draw(); }, 16) as unknown as number;
  });
  window.addEventListener('hashchange', show);
  listenToShell(store);
  show();
}

/** What is told as it happens is kept on the device too: there it is the server's word, or was it, whoever was asked. */
function sayWhence({ source, pending }: Seen, live: Live | null): string {
  if (source === 'nothing') return 'Nothing has come from the server yet.';
  if (source === 'memory') return 'Shown as last seen.';
  const fromServer = live === null ? source === 'server' : live === 'live';
  return `Shown ${fromServer ? 'as the server has it' : 'from this device'}${pending > 0 ? `, with ${pending} unsent` : ''}.`;
}

const kLiveWords: Record<Live, { words: string; title: string; icon: IconName }> = {
  live: { words: 'Live', title: 'What others do shows here as it happens.', icon: 'live' },
  'catching-up': { words: 'Catching up', title: 'What was missed is on its way.', icon: 'turn' },
  waiting: { words: 'Waiting', title: 'What others do is not seen now; it shows as soon as the connection is back.', icon: 'clock' },
};

/** Says in words how old the news may be; nothing where nobody tells any. */
function liveBadge(network: Network): { element: HTMLElement; update(): void } {
  const element = h('p', { class: 'live', role: 'status', hidden: true });
  let shown: Live | null = null;
  return {
    element,
    update() {
      const { live } = network.weather();
      if (live === shown) return;
      shown = live;
      element.hidden = live === null;
      if (live === null) return;
      const { words, title, icon: name } = kLiveWords[live];
      element.dataset['live'] = live;
      element.title = title;
      element.replaceChildren(icon(name), h('span', {}, words));
    },
  };
}

function linkBadge(network: Network, inbox: InboxPanel | null): { element: HTMLElement; update(): void } {
  const words = h('span', { class: 'badge-words' });
  const mark = h('span', { class: 'badge-mark' });
  const open = h('button', { type: 'button', class: 'inbox-button', hidden: true, onclick: () => inbox?.open() });
  const state = h('button', { type: 'button', class: 'badge', title: 'Try to send now', onclick: () => void network.hurry() }, mark, words);
  const element = h('div', { class: 'badges', 'aria-live': 'polite' }, open, state);
  let shown = '';
  return {
    element,
    update() {
      const { link, pending, inbox: undecided, problem } = network.weather();
      const mood = link !== 'online' ? 'bad' : pending > 0 ? 'busy' : 'good';
      const said = sayLink(link, pending);
      const now = JSON.stringify([link, pending, undecided, problem]);
      if (now === shown) return;
      shown = now;
      element.dataset['mood'] = mood;
      element.dataset['pending'] = String(pending);
      words.textContent = said;
      mark.replaceChildren(icon(mood === 'bad' ? 'nosignal' : mood === 'busy' ? 'turn' : 'signal'));
      state.title = problem ?? 'Try to send now';
      open.hidden = undecided === 0;
      open.replaceChildren(icon('inbox'), h('span', {}, `${undecided} to decide`));
    },
  };
}

function sayLink(link: Link, pending: number): string {
  if (link === 'needs-auth') return 'Sign in again';
  if (link === 'blocked-cors') return 'Blocked';
  if (pending === 0) return link === 'online' ? 'All sent' : 'No signal';
  return link === 'online' ? `${pending} sending` : `No signal · ${pending} waiting`;
}
