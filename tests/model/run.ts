// Plays a history to a subject, and compares every read with the ideal client's.

import type { ListConfig } from '../../js/protocol/config.js';
import { shapeNamed, type Shape } from './shapes.js';
import { Ideal, type Expected, type Kept } from './ideal.js';
import { isDoc, part, same, type Json } from './json.js';
import { ListView } from './lists.js';
import { queryOf, targetOf } from './rules.js';
import { Server, type Answer } from './server.js';
import type { History, Reading, Step } from './history.js';
import type { Asking, MakeSubject, Maybe, Send, Shown, Subject } from './subject.js';

const kBegin = 1_767_225_600_000;
/** Longer than any wait of the outbox as it is configured here, and than an attempt counts as young. */
const kLookMs = 3_000;
const kLooksMax = 80;

interface Flight {
  send: Send;
  answer: Answer | null;
  /** Its worker was killed or gave it up: only the server may yet see it. */
  dead: boolean;
}

interface Page {
  url: string;
  answer: Answer;
  requestedAt: number;
  /** Null: it leaves when it is to arrive, since nothing happens between. */
  asking: Asking | null;
}

/** Answers that were asked for together and have not arrived. */
interface Asked {
  reading: Reading;
  batch: number;
  pages: Page[];
}

export class Mismatch extends Error {}

export function play({ shape, steps }: History, make: MakeSubject): Promise<void> {
  return new Run(shapeNamed(shape), make).play(steps);
}

class Run {
  readonly #server: Server;
  readonly #ideal: Ideal;
  readonly #subject: Subject;
  #flights: Flight[] = [];
  #asked: Asked[] = [];
  #batches = 0;
  #now = kBegin;

  constructor(private readonly shape: Shape, make: MakeSubject) {
    this.#server = new Server(shape);
    this.#ideal = new Ideal(shape.resource);
    this.#subject = make(shape.name, shape.resource);
  }

  #tick(ms = 1): number {
    this.#now += ms;
    return this.#now;
  }

  async play(steps: Step[]): Promise<void> {
    for (const [i, step] of steps.entries()) {
      try {
        await this.#step(step);
      } catch (error) {
        const reason = error instanceof Mismatch ? error.message : error instanceof Error ? error.stack : String(error);
        throw new Mismatch(`step ${i + 1}, ${JSON.stringify(step)}: ${reason}`);
      }
    }
  }

  async #step(step: Step): Promise<void> {
    switch (step.do) {
      case 'other': return this.#server.change(step.entity, step.change);
      case 'write': return this.#write(step);
      case 'send': return this.#send();
      case 'serve': return this.#serve(step);
      case 'answer': return this.#answer(step.n);
      case 'lose': return this.#lose(step.n);
      case 'kill': return this.#kill();
      case 'settle': return this.#settle();
      case 'ask': return void await this.#ask(step, true);
      case 'read': return this.#arrive(await this.#ask(step, false));
      case 'arrive': return this.#arrive(pick(this.#asked, step.n));
      case 'dark': return this.#dark(step);
    }
  }

  // --- Writes -----------------------------------------------------------------------------------------------------

  async #write({ tab, method, url, body, type = 'json' }: Step & { do: 'write' }): Promise<void> {
    const { id, at } = await this.#subject.write({ tab, method, url, body, type }, this.#tick());
    this.#ideal.write({ id, method, url, body, type, at });
  }

  async #send(): Promise<void> {
    for (const send of await this.#subject.sends(this.#tick(kLookMs))) this.#flights.push({ send, answer: null, dead: false });
  }

  #serve({ n, how }: { n: number; how: (Step & { do: 'serve' })['how'] }): void {
    const flight = pick(this.#flights.filter(({ answer }) => !answer), n);
    if (!flight) return;
    flight.answer = this.#server.take({ key: flight.send.id, ...flight.send }, how, this.#tick());
    if (flight.dead) this.#land(flight);
  }

  #land(flight: Flight): void {
    this.#flights = this.#flights.filter((other) => other !== flight);
  }

  async #answer(n: number): Promise<void> {
    const flight = pick(this.#flights.filter(({ answer, dead }) => answer && !dead), n);
    if (!flight?.answer) return;
    const { send, answer } = flight;
    const at = this.#tick();
    this.#land(flight);
    await this.#subject.answered(send, answer, at);
    if (answer.status < 300) this.#ideal.confirmed(send.id, answer.json, at);
    else if (answer.status < 500) this.#ideal.setAside(send.id);
  }

  async #lose(n: number): Promise<void> {
    const flight = pick(this.#flights.filter(({ dead }) => !dead), n);
    if (!flight) return;
    await this.#subject.failed(flight.send, this.#tick());
    this.#forget(flight);
  }

  async #kill(): Promise<void> {
    await this.#subject.kill(this.#tick());
    for (const flight of this.#flights) this.#forget(flight);
  }

  #forget(flight: Flight): void {
    flight.dead = true;
    if (flight.answer) this.#land(flight);
  }

  async #settle(): Promise<void> {
    for (let look = 0; look < kLooksMax && this.#ideal.pending > 0; look += 1) {
      await this.#send();
      while (this.#flights.some(({ answer }) => !answer)) this.#serve({ n: 0, how: look % 3 === 2 ? 'empty' : 'document' });
      while (this.#flights.some(({ answer, dead }) => answer && !dead)) await this.#answer(0);
    }
    if (this.#ideal.pending > 0) throw new Mismatch(`${this.#ideal.pending} writes never leave`);
  }

  // --- Reads ------------------------------------------------------------------------------------------------------

  /** The server answers at once; what may take long is the way back. */
  async #ask(reading: Reading, leaves: boolean): Promise<Asked> {
    const asked: Asked = { reading, batch: ++this.#batches, pages: [] };
    await this.#follow(reading, (url) => {
      const answer = this.#server.get(url);
      asked.pages.push({ url, answer, requestedAt: this.#tick(), asking: null });
      return answer.json;
    });
    asked.pages = asked.pages.slice(reading.from ?? 0);
    for (const page of asked.pages) if (leaves) page.asking = await this.#subject.ask(page.url, page.answer, page.requestedAt);
    this.#asked.push(asked);
    return asked;
  }

  /** Goes from page to page as far as `get` knows them. */
  async #follow({ url, pages = 1, from = 0, bare = false }: Reading, get: (url: string) => Maybe<Json | undefined>): Promise<void> {
    const target = targetOf(this.shape.resource, url);
    if (target.kind !== 'list') return void await get(url);
    const view = new ListView(this.#ideal, url);
    let before: Json | undefined;
    for (let i = 0; i < pages + from; i += 1) {
      const pageUrl = urlOfPage(target.list, url, i, bare, before);
      before = await get(pageUrl);
      if (before === undefined || view.isLast({ url: pageUrl, json: before, requestedAt: 0, batch: 0 })) return;
    }
  }

  async #arrive(asked: Asked | undefined): Promise<void> {
    if (!asked) return;
    this.#asked = this.#asked.filter((other) => other !== asked);
    const { reading, batch, pages } = asked;
    if (targetOf(this.shape.resource, reading.url).kind === 'item') {
      for (const page of pages) await this.#arriveItem(page, batch);
      return;
    }
    const since = pages[0]?.requestedAt ?? 0;
    const known = this.#whatIsKnown(since);
    let news = false;
    const kept: Kept[] = [];
    const shown: Shown[] = [];
    for (const asked of pages) {
      const page: Kept = { url: asked.url, json: asked.answer.json ?? null, requestedAt: asked.requestedAt, batch };
      this.#ideal.keep(page);
      news ||= pages.length > 1 && !same(known, this.#whatIsKnown(since));
      kept.push(page);
      shown.push(this.#checkPage(page, await this.#shown(asked)));
    }
    const superseded = kept.length > 1 && kept.some((page) => this.#ideal.kept(page.url) !== page);
    // A page may tell news of the entities with changes, which those before it couldn't know, or take the place of the
    // answer that told of one; but once all pages are known, they fit together. Pages that newer ones have overtaken fit
    // to nothing any more.
    if (!reading.from && !news && !superseded) this.#checkWhole(kept, shown, kept.length === 1);
    if (kept.length > 1) await this.#dark(reading);
  }

  #whatIsKnown(requestedAt: number): Json {
    return this.#ideal.touchedSince(requestedAt).map((entity) => this.#ideal.shown(entity).document ?? null);
  }

  async #shown({ url, answer, requestedAt, asking }: Page): Promise<Shown> {
    const leaving = asking ?? await this.#subject.ask(url, answer, requestedAt);
    return leaving.arrive(this.#tick());
  }

  async #arriveItem(page: Page, batch: number): Promise<void> {
    const { url, answer, requestedAt } = page;
    if (answer.status === 200) this.#ideal.keep({ url, json: answer.json ?? null, requestedAt, batch });
    const shown = await this.#shown(page);
    this.#checkItem(this.#ideal.item(url, answer, requestedAt), shown);
  }

  async #dark(reading: Reading): Promise<void> {
    if (targetOf(this.shape.resource, reading.url).kind === 'item') {
      const expected = this.#ideal.item(reading.url, null, this.#now);
      return this.#checkItem(expected, await this.#subject.dark(reading.url, this.#tick()));
    }
    const kept: Kept[] = [];
    await this.#follow(reading, async (url) => {
      const page = this.#ideal.kept(url);
      if (page) kept.push(page);
      else if (await this.#subject.dark(url, this.#tick()) !== null) throw new Mismatch(`${url} was never read, and yet it is shown`);
      return page?.json;
    });
    const pages = kept.slice(reading.from ?? 0);
    const shown: Shown[] = [];
    for (const page of pages) shown.push(this.#checkPage(page, await this.#subject.dark(page.url, this.#tick())));
    if (!reading.from && pages.length > 0 && pages.every(({ batch }) => batch === pages[0]?.batch)) this.#checkWhole(pages, shown, true);
  }

  #checkPage(page: Kept, shown: Shown | null): Shown {
    if (shown?.status !== 200) throw new Mismatch(`${page.url} answers ${JSON.stringify(shown)}`);
    const view = new ListView(this.#ideal, page.url);
    const wrong = view.wrongPage(page, shown) ?? this.#wrongRest(view.list, page.json, shown.json)
      ?? (view.isLast(page) ? null : view.wrongTotal(page, shown));
    if (wrong !== null) throw new Mismatch(`${page.url}: ${wrong}`);
    return shown;
  }

  /** Whatever is neither rows nor totals is as the server sent it. */
  #wrongRest(list: ListConfig, sent: Json, shown: Json | undefined): string | null {
    if (!isDoc(sent) || (list.rows ?? '') === '') return null;
    const next = list.page && 'next' in list.page ? list.page.next : list.rows ?? '';
    const kept = next === list.rows || same(part(sent, next), part(shown, next));
    return kept && isDoc(shown) && same(Object.keys(sent).sort(), Object.keys(shown).sort()) ? null : `its members are ${JSON.stringify(shown)}`;
  }

  #checkWhole(pages: Kept[], shown: Shown[], totals: boolean): void {
    const [first] = pages;
    if (!first) return;
    const wrong = new ListView(this.#ideal, first.url).wrongWhole(pages, shown, totals);
    if (wrong !== null) throw new Mismatch(`${pages.map(({ url }) => url).join(' + ')}: ${wrong}`);
  }

  #checkItem(expected: Expected | null, shown: Shown | null): void {
    const told = `expected ${JSON.stringify(expected)}\n  shown    ${JSON.stringify(shown)}`;
    if (expected === null || shown === null) {
      if (expected !== shown) throw new Mismatch(told);
      return;
    }
    if (expected.maybeGone && shown.status === 404) return;
    if (expected.status !== shown.status || (shown.status === 200 && !same(expected.json, shown.json))) throw new Mismatch(told);
    const { pending } = expected;
    const count = shown.pending ?? 0;
    if (pending && (count < pending[0] || count > pending[1])) throw new Mismatch(told);
  }
}

/** The URL of a page; `before` is the answer of the page before it. */
function urlOfPage(list: ListConfig, url: string, index: number, bare: boolean, before: Json | undefined): string {
  const { page } = list;
  const cut = queryOf(list, url).page;
  if (!page || !cut || (index === 0 && (bare || 'next' in page))) return url;
  const joint = url.includes('?') ? '&' : '?';
  if ('offset' in page) return `${url}${joint}${page.offset}=${index * cut.size}`;
  if ('page' in page) return `${url}${joint}${page.page}=${index + (page.first ?? 1)}`;
  const next = String(part(before, page.next));
  return next.startsWith('/') ? next : `${url}${joint}${page.cursor}=${next}`;
}

/** The `n`th of them, counted round; so a step means something whatever came before it. */
function pick<T>(from: readonly T[], n: number): T | undefined {
  return from.length > 0 ? from[n % from.length] : undefined;
}
