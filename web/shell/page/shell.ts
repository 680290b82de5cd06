// The page that holds it all: the switch, the ride, the counters, the charts and the two apps.

import { Account } from './account.js';
import { Charts } from './charts.js';
import { cancelOne, kApps, listen, readConfig, setTunnel, startRide, stopRide, type AppName, type RideState } from './feed.js';
import { Frames, type Framed } from './frames.js';
import { Rider } from './rider.js';

const kDrawMs = 120;

const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const tunnel = find<HTMLButtonElement>('tunnel');
const trace = find<HTMLSelectElement>('trace');
const speed = find<HTMLSelectElement>('speed');
const go = find<HTMLButtonElement>('go');
const progress = find<HTMLProgressElement>('progress');
const news = find('news');

const config = await readConfig();
const accounts: Record<AppName, Account> = { holdfast: new Account(), naive: new Account() };
const charts = new Charts(accounts);
const frames = new Frames(find('frames'), {
  holdfast: framed('holdfast', 'With holdfast', 'fetch, and one service worker'),
  naive: framed('naive', 'Without', 'fetch, retried each second'),
}, (app, letter) => {
  if (letter.type === 'act') accounts[app].acted(letter.act, letter.at);
  if (letter.type === 'flip') flip();
  if (letter.type === 'holding') accounts[app].holding(letter.count);
});

let ride: RideState | null = null;
let rider: Rider | null = null;
let held = false;

const counters = Object.fromEntries(kApps.map((app) => [app, counterRow(app)])) as Record<AppName, (values: number[]) => void>;
for (const { file, title, about } of config.traces) trace.append(new Option(title, file, false, false));
trace.title = config.traces[0]?.about ?? '';

function framed(app: AppName, title: string, about: string): Framed {
  const head = document.createElement('h2');
  const key = document.createElement('span');
  const mark = document.createElement('b');
  mark.className = `key-${app}`;
  key.append(mark, title);
  const small = document.createElement('small');
  small.textContent = about;
  head.append(key, small);
  return { head, label: `The delivery app, ${title.toLowerCase()}`, origin: config.apps[app], view: 'customer' };
}

function rideTitle(): string {
  return config.traces.find(({ file }) => file === trace.value)?.title ?? 'the train';
}

function counterRow(app: AppName): (values: number[]) => void {
  const row = find<HTMLTableSectionElement>('counters').insertRow();
  const head = document.createElement('th');
  head.scope = 'row';
  const mark = document.createElement('b');
  mark.className = `key-${app}`;
  head.append(mark, app);
  row.append(head);
  const cells = ['acts', 'arrived', 'waiting', 'lost'].map((name) => {
    const cell = row.insertCell();
    cell.className = name;
    cell.dataset['count'] = `${app}-${name}`;
    return cell;
  });
  return (values) => cells.forEach((cell, index) => {
    cell.textContent = String(values[index]);
    cell.classList.toggle('some', values[index]! > 0);
  });
}

function showSignal(mbits: number, dark: boolean): void {
  document.body.classList.toggle('is-dark', dark);
  tunnel.classList.toggle('is-dark', dark);
  tunnel.setAttribute('aria-checked', String(held));
  find('tunnel-state').textContent = dark ? 'In the tunnel' : 'Signal';
  find('tunnel-hint').textContent = held ? 'Leave the tunnel' : 'Enter the tunnel';
  find('mbits').textContent = dark ? 'no network' : ride ? `${mbits.toFixed(1)} Mbit/s` : 'full';
}

function complain(error: unknown): void {
  say(error instanceof Error ? error.message : String(error));
}

function flip(): void {
  void setTunnel(!held).catch(complain);
}

function showRide(): void {
  go.textContent = ride ? 'Stop' : `Ride ${rideTitle()}`;
  go.classList.toggle('is-stop', ride !== null);
  progress.hidden = ride === null;
  trace.disabled = speed.disabled = ride !== null;
}

function say(words: string): void {
  news.textContent = words;
}

/** A ride that another window started is watched; only the window that started one acts in it. */
async function begin(): Promise<void> {
  for (const app of kApps) accounts[app].clear();
  await startRide(trace.value, Number(speed.value));
  // The dispatcher sees every order and how far it is.
  showView('dispatcher');
  say('Somebody orders and delivers, in both apps alike.');
  rider = new Rider({
    ready: () => frames.ready,
    reload: () => {
      frames.reload();
      say('The phone threw both pages away and opened them again.');
    },
    act: (message) => {
      const now = Date.now();
      for (const app of kApps) accounts[app].acted(message.act, now);
      frames.send(message);
    },
  });
}

listen((event) => {
  if (event.type === 'arrival') accounts[event.app].arrived(event.act, event.at);
  if (event.type === 'state') {
    ({ ride, held } = event);
    for (const { app, act, at } of event.arrivals) accounts[app].arrived(act, at);
    charts.signal(event.now, event.mbits, event.dark);
    showSignal(event.mbits, event.dark);
    showRide();
  }
  if (event.type === 'signal') {
    held = event.held;
    charts.signal(event.at, event.mbits, event.dark);
    rider?.dark(event.dark);
    showSignal(event.mbits, event.dark);
  }
  if (event.type === 'ride') {
    ride = event.ride;
    if (!ride && rider) {
      rider.stop();
      rider = null;
      say('The ride is over.');
    }
    showRide();
  }
});

tunnel.addEventListener('click', flip);
document.addEventListener('keydown', (event) => {
  const onControl = event.target instanceof Element && event.target.closest('button, select, a, input') !== null;
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key === 't' && !(event.target instanceof HTMLSelectElement)) flip();
  if (event.key === ' ' && !onControl) {
    event.preventDefault();
    flip();
  }
});
find('ride').addEventListener('submit', (event) => {
  event.preventDefault();
  void (ride ? stopRide() : begin()).catch(complain);
});
trace.addEventListener('change', () => {
  trace.title = config.traces.find(({ file }) => file === trace.value)?.about ?? '';
  showRide();
});
find('office').addEventListener('click', () => void cancelOne()
  .then((id) => say(id ? `The office has cancelled order #${id.slice(-4).toUpperCase()}.` : 'There is no open order to cancel.'), complain));

function choose(attribute: 'tab' | 'show', chosen: string): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(`[data-${attribute}]`)) {
    if (button.tagName === 'BUTTON') button.setAttribute('aria-pressed', String(button.dataset[attribute] === chosen));
  }
}
function showView(view: string): void {
  frames.send({ type: 'show', view });
  choose('show', view);
}
for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-tab]')) {
  button.addEventListener('click', () => {
    find('frames').dataset['tab'] = button.dataset['tab'];
    choose('tab', button.dataset['tab']!);
  });
}
for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-show]')) {
  button.addEventListener('click', () => showView(button.dataset['show']!));
}
find('frames').dataset['tab'] = 'holdfast';
choose('show', 'customer');
showRide();

setInterval(() => {
  const now = Date.now();
  const counts = { holdfast: accounts.holdfast.count(now), naive: accounts.naive.count(now) };
  for (const app of kApps) {
    const { acts, arrived, waiting, lost } = counts[app];
    counters[app]([acts, arrived, waiting, lost]);
  }
  if (ride) progress.value = Math.min(1, (now - ride.startedAt) / ride.durationMs);
  if (!document.hidden) charts.draw(now, { holdfast: counts.holdfast.lostActs, naive: counts.naive.lostActs });
}, kDrawMs);
