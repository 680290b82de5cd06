// A page's read of a declared resource: the network or what was kept, as its strategy says, and the user's own unsent
// changes in both.

import { unstamped } from './capture';
import type { Clock } from './clock';
import { compose, type Composed, type View } from './compose';
import type { KeptRead } from './database';
import { report } from './errors';
import { HttpCache } from './http-cache';
import { isJson, mayKeep, normalUrl, parse, pathOf } from './kept';
import type { KeptReads } from './kept-reads';
import { tell } from './pages';
import type { PageRead } from './pages-of-list';
import type { ReadRules } from './read-rules';
import { sameDocument } from './same-document';
import type { Standing, Standings } from './standing';
import type { Stepper } from './stepper';
import type { Versions } from './versions';

/** One read, as it was asked for, and how things stood then. */
interface Asked extends Standing {
  request: Request;
  /** As answers are kept: normalised. */
  url: string;
  accept: string;
  origin: string;
  resource: string;
}

/** What a page is shown without the network's answer. */
interface Shown {
  response: Response;
  text: string;
}

/** What came of asking the network. */
interface Told {
  response: Response;
  /** Done when what there was to be kept has been kept. */
  kept: Promise<void>;
}

/** What reads notice that writes wait for. */
interface News {
  /** An origin that was silent has answered. */
  gotThrough(origin: string): void;
  /** It has accepted a read's credentials. `awaited`: its writes wait for some. */
  letIn(origin: string, user: string, headers: Headers, awaited: boolean): void;
}

/** A page that was told of a change reads again: that read needs no further look behind it. Milliseconds. */
const kRestMs = 5_000;

export class Reads {
  /** Origins whose last read met silence: the next ones don't wait. */
  readonly #silent = new Set<string>();
  /** One look at a silent origin at a time: six stalled connections would block everything else. */
  readonly #looking = new Set<string>();
  readonly #cache = new HttpCache();
  /** URLs whose change pages were told a moment ago. An answer that is never the same twice would have no end. */
  readonly #resting = new Set<string>();

  constructor(
    private readonly standings: Standings,
    private readonly stepper: Stepper,
    private readonly kept: KeptReads,
    private readonly versions: Versions,
    private readonly rules: (resource: string) => ReadRules,
    /** An answer that comes later than this is not waited for behind one that was given. Milliseconds. */
    private readonly lateMs: number,
    private readonly news: News,
    private readonly clock: Clock,
  ) {}

  silent(origin: string): boolean {
    return this.#silent.has(origin);
  }

  async answer(event: FetchEvent, resource: string): Promise<Response> {
    const called = unstamped(event.request);
    const { strategy, timeoutMs } = this.rules(resource);
    const origin = new URL(called.url).origin;
    const standing = await this.#standing().catch(report);
    // A database that can't be read must not cost the app its reads; but whose they are isn't known, so none is kept.
    if (!standing) return fetch(called);
    const request = standing.names > 0 ? await this.#located(called) : called;
    const asked: Asked = { ...standing, request, url: normalUrl(request.url), accept: request.headers.get('accept') ?? '*/*', origin, resource };

    const silent = standing.silent.has(origin) || this.#silent.has(origin);
    if (silent || strategy !== 'network-first') {
      const known = await this.#known(asked, event);
      if (known && strategy !== 'cache-only') event.waitUntil(silent ? this.#look(asked, known) : this.#revalidate(asked, known));
      if (known) return known.response;
    }
    const stop = new AbortController();
    const network = this.#network(asked, stop.signal);
    event.waitUntil(network.then(({ kept }) => kept, () => undefined));  // its failure is told to the page below, if nothing is known
    const first = await within(timeoutMs, network);
    if (first) return first.response;

    this.#silent.add(origin);
    const known = await this.#known(asked, event);
    if (!known) return (await network).response;
    event.waitUntil(this.#behind(asked, known, network, stop));
    return known.response;
  }

  /** Both questions at once: at the start of a worker each is a look into the database. */
  async #standing(): Promise<Standing> {
    const [mended, standing] = await Promise.all([this.clock.check(), this.standings.now()]);
    return mended ? this.standings.now() : standing;
  }

  /** The same request by the URL that the server knows. */
  async #located(request: Request): Promise<Request> {
    const [effect] = await this.stepper.peek({ type: 'locate', url: request.url }).catch((error: unknown) => (report(error), []));
    const url = effect ? String(effect.url) : request.url;
    return url === request.url ? request : new Request(url, request);
  }

  // --- The network ------------------------------------------------------------------------------------------------

  async #network(asked: Asked, signal: AbortSignal): Promise<Told> {
    const { request, origin, user } = asked;
    const at = Date.now();
    const known = asked.pending > 0 ? null : this.kept.find(user, asked.url, asked.accept).catch(report);
    const response = await (asked.pending > 0 ? fetch(pastCaches(request), { signal }) : this.#cache.fetch(request, asked.confirmedAt, at, signal));
    if (this.#silent.delete(origin) || asked.silent.has(origin)) this.news.gotThrough(origin);
    // Much may have changed while the answer was on its way.
    const now = await this.standings.now().catch(report);
    // Whoever has signed out meanwhile leaves no credentials behind.
    if (response.ok && now?.user === user) this.news.letIn(origin, user, request.headers, now.needsAuth.has(origin));
    const alone = standsAlone(now, user, at);
    // "Not modified" says nothing about what is to be put into it.
    if (response.status === 304 && !alone && asked.pending === 0) return this.#network({ ...asked, pending: 1 }, signal);

    const keeps = mayKeep(response, this.rules(asked.resource).keepsNoStore);
    const versioned = this.versions.has(asked.resource);
    const reading = keeps || ((!alone || versioned) && response.ok && isJson(response)) ? readOf(asked, response.clone(), at) : null;
    const dated = versioned && reading ? await this.#dated(await reading) : null;
    const kept = keeps && reading ? (dated ? this.kept.keep(dated.read) : reading.then((read) => this.kept.keep(read))).catch(report)
      : response.status === 304 ? this.#usedAgain(asked).catch(report) : Promise.resolve();
    const stands = (alone && !dated?.outdated) || response.type === 'opaque' || (!response.ok && response.status !== 304 && response.status !== 404);
    // A body can be cut or stall where a tunnel begins. Where there is something else to be shown, an answer counts once
    // it is there whole.
    if (stands && reading && (await known)) await reading;
    if (stands) return { response, kept };
    const told = dated?.read ?? await reading;
    const changed = await this.#composed(asked, told, told?.at ?? at).catch(report);
    if (changed) return { response: changed.response, kept };
    return { response: dated?.outdated ? respond(dated.read, dated.read.text, 'both', 0, []).response : response, kept };
  }

  /** An answer, without what its versions say is older than was told before. */
  async #dated(read: KeptRead): Promise<{ read: KeptRead; outdated: boolean }> {
    const newest = await this.versions.newest(read).catch(report) ?? read;
    return { read: newest, outdated: newest.at !== read.at || newest.text !== read.text };
  }

  // --- Behind an answer that was given ----------------------------------------------------------------------------

  /** Asks a silent origin whether it is back. */
  async #look(asked: Asked, known: Shown): Promise<void> {
    if (this.#looking.has(asked.origin)) return;
    this.#looking.add(asked.origin);
    const stop = new AbortController();
    await this.#behind(asked, known, this.#network(unconditional(asked), stop.signal), stop).finally(() => this.#looking.delete(asked.origin));
  }

  /** Waits on, but not for ever: a connection can stay dead in the light, and browsers have six to an origin. */
  async #behind(asked: Asked, known: Shown, network: Promise<Told>, stop: AbortController): Promise<void> {
    const limit = setTimeout(() => stop.abort(), this.lateMs);
    await this.#compare(asked, known, network.finally(() => clearTimeout(limit)));
  }

  /** Asks the network for what was shown already. */
  async #revalidate(asked: Asked, known: Shown): Promise<void> {
    if (this.#resting.has(asked.url)) return;
    const stop = new AbortController();
    const network = this.#network(unconditional(asked), stop.signal);
    if (await within(this.rules(asked.resource).timeoutMs, network)) return this.#compare(asked, known, network);
    this.#silent.add(asked.origin);
    await this.#behind(asked, known, network, stop);
  }

  /** Tells the pages if what they would be shown now is something else. */
  async #compare(asked: Asked, known: Shown, network: Promise<Told>): Promise<void> {
    const told = await network.catch(() => null);  // Still silent: that is an answer too.
    if (!told) return;
    await told.kept;
    const { response } = told;
    if (response.type === 'opaque' || ![200, 404, 410].includes(response.status)) return;
    const same = response.status === known.response.status && sameDocument(await response.text(), known.text);
    if (same) return;
    this.#resting.add(asked.url);
    setTimeout(() => this.#resting.delete(asked.url), kRestMs);
    await tell({ type: 'read-changed', url: asked.request.url.split('#', 1)[0] ?? '', resource: asked.resource, ids: [] });
  }

  /**
   * Asks again for what an earlier read was told, and tells the pages if they would be shown something else now. What the
   * server doesn't give any more, or not to be kept, isn't kept any more; without such a word of its own all stays as it is.
   */
  async again(read: KeptRead, init: RequestInit): Promise<void> {
    const standing = await this.#standing();
    if (standing.user !== read.user) return;
    const request = new Request(read.url, { ...init, cache: 'no-store' });
    const { url, accept, resource } = read;
    const asked: Asked = { ...standing, request, url, accept, origin: new URL(url).origin, resource };
    const known = await this.#known(asked, null);
    const stop = new AbortController();
    const limit = setTimeout(() => stop.abort(), this.lateMs);
    const network = this.#network(asked, stop.signal).finally(() => clearTimeout(limit));
    if (known) await this.#compare(asked, known, network);
    const told = await network;
    await told.kept;
    if (refuses(told.response) && !mayKeep(told.response, this.rules(resource).keepsNoStore)) await this.kept.drop(read);
  }

  // --- What is known ----------------------------------------------------------------------------------------------

  /** @param event of the page that is to be shown it; null: none is */
  async #known(asked: Asked, event: FetchEvent | null): Promise<Shown | null> {
    const kept = await this.kept.find(asked.user, asked.url, asked.accept).catch(report);
    if (kept) event?.waitUntil(this.kept.use(kept).catch(report));
    const newest = kept && this.versions.has(asked.resource) ? (await this.#dated(kept)).read : kept;
    return (await this.#composed(asked, newest ?? null, null).catch(report)) ?? null;
  }

  /** An app that asks whether its own copy still holds has use for ours, too. */
  async #usedAgain({ user, url, accept }: Asked): Promise<void> {
    const kept = await this.kept.find(user, url, accept);
    if (kept) await this.kept.use(kept);
  }

  /**
   * What was told, with what was confirmed since and what is pending.
   * @param askedAt when the network was asked for it; null: it comes out of the store
   * @returns null where the network's own answer stands, or nothing is known
   */
  async #composed(asked: Asked, told: KeptRead | null, askedAt: number | null): Promise<Shown | null> {
    const event = { type: 'read', url: asked.url, at: askedAt ?? told?.at ?? 0 };
    const [effect] = await this.stepper.peek(event, askedAt === null ? null : told);
    const view = effect as unknown as View | undefined;
    const asTold = told && askedAt === null ? respond(told, told.text, 'store', 0, []) : null;
    if (!view) return asTold;
    // Nothing is newer than the answer itself.
    const stands = askedAt ?? told?.at;
    if (view.kind === 'item' && view.pending === 0 && stands !== undefined && view.confirmedAt <= stands) return asTold;
    // That there is nothing is no document that anything could be put into.
    const document = told?.status === 200 ? told : null;
    const answer = { url: asked.url, json: document ? parse(document.text) ?? undefined : undefined };
    const shown = compose(view, answer, await this.#pages(view, asked));
    if (!shown) return asTold;
    if (shown.status === 404) return gone(shown.pending);
    if (document && !shown.changed && shown.pending === 0 && shown.unknown.length === 0) return asTold;
    const source = askedAt === null && shown.pending === 0 ? 'store' : 'both';
    return respond(document, shown.changed ? JSON.stringify(shown.body) : document?.text ?? '', source, shown.pending, shown.unknown);
  }

  /** What else was read of the list that is asked for, newest first. */
  async #pages(view: View, { user, url, accept }: Asked): Promise<PageRead[]> {
    if (view.kind !== 'list' || !view.page || view.changes.length === 0) return [];
    const kept = await this.kept.findAll(user, url);
    return kept.filter((read) => read.accept === accept).sort((a, b) => b.at - a.at)
      .map(({ url, text }) => ({ url, json: parse(text) }));
  }
}

/**
 * Whether an answer that was asked for at this time can be shown as it is: nothing pending, nothing confirmed since.
 * So can one whose user has gone meanwhile, and any if the database can't be read.
 */
function standsAlone(now: Standing | undefined, user: string, at: number): boolean {
  return !now || now.user !== user || (now.pending === 0 && now.confirmedAt < at);
}

/** It is the server's word on what was asked for. A page where JSON should be may be the one of a Wi-Fi to sign in at. */
function refuses(answer: Response): boolean {
  if (answer.ok) return isJson(answer) && !answer.redirected;
  return answer.status >= 400 && answer.status < 500 && ![401, 407, 408, 419, 425, 429].includes(answer.status);
}

/** Past the HTTP cache, or the old state would flash; and whole, since a 304 has nothing that changes could be put into. */
function pastCaches(request: Request): Request {
  return new Request(request, { cache: 'no-store', headers: withoutConditions(request) });
}

/** The page has been answered: whether what it holds itself is still true is not the question any more. */
function unconditional(asked: Asked): Asked {
  return { ...asked, request: new Request(asked.request, { headers: withoutConditions(asked.request) }) };
}

function withoutConditions(request: Request): Headers {
  const headers = new Headers(request.headers);
  headers.delete('if-none-match');
  headers.delete('if-modified-since');
  return headers;
}

async function readOf({ user, url, accept, resource }: Asked, answer: Response, at: number): Promise<KeptRead> {
  const bytes = await answer.arrayBuffer();
  return {
    user, url, accept, resource, path: pathOf(url), status: answer.status, headers: [...answer.headers],
    text: new TextDecoder().decode(bytes), bytes: bytes.byteLength, used: at, at,
  };
}

/** What a promise resolves with, or null if it rejects or takes longer. */
function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, null);
    promise.then(resolve, () => resolve(null)).finally(() => clearTimeout(timer)).catch(report);
  });
}

function respond(kept: KeptRead | null, text: string, source: 'store' | 'both', pending: number, unknown: Composed['unknown']): Shown {
  const headers = new Headers(kept?.headers ?? [['content-type', 'application/json']]);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) headers.delete(name);
  // What names the server's bytes doesn't name these; asked about by it later, the server would say "not modified".
  if (pending > 0 || text !== kept?.text) {
    for (const name of ['etag', 'last-modified', 'content-digest', 'repr-digest', 'digest', 'content-md5']) headers.delete(name);
  }
  headers.set('Holdfast-Source', source);
  headers.set('Holdfast-Pending', String(pending));
  if (unknown.length > 0) headers.set('Holdfast-Unknown', unknown.join(', '));
  return { text, response: new Response(text, { status: kept?.status ?? 200, headers }) };
}

function gone(pending: number): Shown {
  const problem = { type: 'about:blank', title: 'Not Found', status: 404, detail: pending > 0 ? 'Deleted here; the server has yet to be told.' : 'It was deleted.' };
  const text = JSON.stringify(problem);
  return {
    text,
    response: new Response(text, {
      status: 404,
      headers: { 'Content-Type': 'application/problem+json', 'Holdfast-Source': 'both', 'Holdfast-Pending': String(pending) },
    }),
  };
}
