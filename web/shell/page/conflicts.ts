// The page of three people on one order: a tunnel switch for each, their apps, and the timeline.

import { kPeople, type Seat } from '../../people.js';
import { capital } from '../../demo/app/words.js';
import { beginStory, holdSeat, listen, readConfig, type StoryState } from './feed.js';
import { Frames, type Framed } from './frames.js';
import { play } from './script.js';
import { nameOf, Timeline } from './timeline.js';

/** What no network can explain. */
const kPatienceMs = 30_000;
const kLookMs = 100;

const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const playButton = find<HTMLButtonElement>('play');
const newButton = find<HTMLButtonElement>('new');
const news = find('news');

const config = await readConfig();
const timeline = new Timeline(find('timeline'));
const switches = Object.fromEntries(kPeople.map(({ seat }) => [seat, seatSwitch(seat)])) as Record<Seat, HTMLButtonElement>;
const sees: Partial<Record<Seat, string>> = {};
/** How many of the script's acts each app has answered. */
const answered: Record<Seat, number> = { ben: 0, ann: 0, desk: 0 };
let story: StoryState = { order: null, dark: { ben: false, ann: false, desk: false } };
let playing = false;

const framed = Object.fromEntries(kPeople.map(({ seat }) => [seat, {
  head: headOf(seat), label: `${capital(nameOf(seat))}'s app`, origin: config.people[seat], view: `story/${seat}`,
}])) as Record<Seat, Framed>;
const frames = new Frames(find('frames'), framed, (seat, letter) => {
  if (letter.type === 'flip') flip(seat);
  if (letter.type === 'ready') show(seat);
  if (letter.type === 'sees') sees[seat] = letter.order;
  if (letter.type === 'answered') answered[seat] += 1;
  if (letter.type === 'act') timeline.acted(seat, letter, story.dark[seat]);
  if (letter.type === 'ended') timeline.ended(seat, letter);
});

listen((event) => {
  if (event.type === 'state') follow(event.story, event.now);
  if (event.type === 'story') follow(event, event.at);
});

function follow({ order, dark }: StoryState, at: number): void {
  const before = story;
  story = { order, dark };
  for (const { seat } of kPeople) {
    if (before.order === order && before.dark[seat] !== dark[seat]) timeline.tunnel(seat, dark[seat], at);
    showSwitch(seat);
  }
  if (order === null) void begin();
  else if (order !== before.order) {
    timeline.begin(order, at);
    for (const { seat } of kPeople) show(seat);
  }
}

function show(seat: Seat): void {
  if (story.order !== null) frames.sendTo(seat, { type: 'show', view: `story/${seat}/${story.order}` });
}

async function begin(): Promise<void> {
  await beginStory().then(() => undefined, complain);
}

function flip(seat: Seat): void {
  void holdSeat(seat, !story.dark[seat]).catch(complain);
}

function say(words: string): void {
  news.textContent = words;
}

function complain(error: unknown): void {
  say(error instanceof Error ? error.message : String(error));
}

function seatSwitch(seat: Seat): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'switch';
  button.id = `tunnel-${seat}`;
  button.setAttribute('role', 'switch');
  const track = document.createElement('span');
  track.className = 'switch-track';
  const knob = document.createElement('span');
  knob.className = 'switch-knob';
  track.append(knob);
  const who = document.createElement('span');
  who.className = 'hidden';
  who.textContent = `${capital(nameOf(seat))}: `;
  button.append(track, who, document.createElement('span'));
  button.addEventListener('click', () => flip(seat));
  return button;
}

function headOf(seat: Seat): HTMLElement {
  const head = document.createElement('div');
  head.className = 'seat-head';
  const title = document.createElement('h2');
  const key = document.createElement('span');
  key.className = `key key-${seat}`;
  const role = document.createElement('small');
  role.textContent = kPeople.find((person) => person.seat === seat)!.role;
  title.append(key, `${capital(nameOf(seat))} `, role);
  head.append(title, switches[seat]);
  return head;
}

function showSwitch(seat: Seat): void {
  const dark = story.dark[seat];
  const button = switches[seat];
  button.setAttribute('aria-checked', String(dark));
  button.classList.toggle('is-dark', dark);
  button.lastElementChild!.textContent = dark ? 'In the tunnel' : 'In the light';
  button.closest('.app')?.classList.toggle('is-dark', dark);
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + kPatienceMs; !holds(); await new Promise((resolve) => setTimeout(resolve, kLookMs))) {
    if (Date.now() > end) throw new Error(`${what} took too long. Try a new order.`);
  }
}

/** Always upon a fresh order, so that it is always the same story. */
async function playAll(): Promise<void> {
  const { order } = await beginStory();
  await until(() => kPeople.every(({ seat }) => sees[seat] === order), 'The three apps\' first look at the order');
  await play({
    say, hold: holdSeat,
    async act(seat, change) {
      const before = answered[seat];
      frames.sendTo(seat, { type: 'do', id: order, change });
      await until(() => answered[seat] > before, `${capital(nameOf(seat))}'s change`);
    },
    settled: (seat) => until(() => timeline.open(seat) === 0, `What became of ${nameOf(seat)}'s changes`),
  });
}

playButton.addEventListener('click', () => {
  if (playing) return;
  setPlaying(true);
  void playAll().catch(complain).finally(() => setPlaying(false));
});
newButton.addEventListener('click', () => {
  if (playing) return;
  say('');
  void begin();
});

/** Not `disabled`: that would take the keyboard's place away. */
function setPlaying(now: boolean): void {
  playing = now;
  for (const button of [playButton, newButton]) button.setAttribute('aria-disabled', String(now));
  playButton.textContent = now ? 'Playing…' : 'Play the story';
}
