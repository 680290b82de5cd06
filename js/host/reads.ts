// A page's read of a declared resource: the network first, what was kept if there is no answer, and the user's own
// unsent changes in both.

import { unstamped } from './capture';
import { compose, leadsTo, type Composed, type View } from './compose';
import type { DatabaseSource, KeptRead } from './database';
import { report } from './errors';
import { find, findPage, keep, mayKeep, parse, pathOf } from './kept';
import type { Stepper } from './stepper';

interface Standing {
  user: string;
  pending: number;
  silent: boolean;
}

/** How long a read waits for the network before what was kept is shown. Milliseconds. */
const kReadTimeoutMs = 2_000;

export class Reads {
  /** Origins whose last read met silence: the next ones don't wait. */
  readonly #silent = new Set<string>();
  /** One look at a silent origin at a time: six stalled connections would block everything else. */
  readonly #looking = new Set<string>();

  constructor(
    private readonly source: DatabaseSource,
    private readonly stepper: Stepper,
    private readonly gotThrough: (origin: string) => void,
  ) {}

  silent(origin: string): boolean {
    return this.#silent.has(origin);
  }

  async answer(event: FetchEvent): Promise<Response> {
    const request = unstamped(event.request);
    const origin = new URL(request.url).origin;
    const standing = await this.#standing(origin).catch(report);
    // A database that can't be read must not cost the app its reads; but whose they are isn't known, so none is kept.
    if (!standing) return fetch(request);

    if (standing.silent || this.#silent.has(origin)) {
      const known = await this.#fromStore(request, standing);
      if (known) {
        event.waitUntil(this.#look(request, origin, standing));
        return known;
      }
    }
    const network = this.#network(request, origin, standing, event);
    // Its failure is told to the page below, if nothing is known.
    const first = await Promise.race([network.catch(() => null), pause(kReadTimeoutMs)]);
    if (first) return first;

    this.#silent.add(origin);
    return (await this.#fromStore(request, standing)) ?? network;
  }

  /** Whether anything is pending, and whether the link is silent: three small rows, no engine. */
  #standing(origin: string): Promise<Standing> {
    return this.source.use(async (db) => {
      const tx = db.transaction('meta', 'readonly');
      const [session, gate] = await Promise.all([tx.store.get('session'), tx.store.get(`origin ${origin}`)]);
      const user = typeof session?.user === 'string' ? session.user : '';
      const counts = await tx.store.get(`counts ${user}`);
      return { user, pending: Number(counts?.pending ?? 0), silent: Number(gate?.silences ?? 0) > 0 };
    });
  }

  /** Whether an answer that was asked for at this time can be shown as it is: nothing pending, nothing confirmed since. */
  #standsAlone(user: string, at: number): Promise<boolean> {
    return this.source.use(async (db) => {
      const tx = db.transaction(['meta', 'documents'], 'readonly');
      const [session, counts, since] = await Promise.all([
        tx.objectStore('meta').get('session'), tx.objectStore('meta').get(`counts ${user}`),
        tx.objectStore('documents').index('since').getKey(IDBKeyRange.bound([user, at], [user, Infinity])),
      ]);
      return (session?.user ?? '') === user && Number(counts?.pending ?? 0) === 0 && since === undefined;
    });
  }

  async #network(request: Request, origin: string, standing: Standing, event: ExtendableEvent | null): Promise<Response> {
    const at = Date.now();
    const answer = await fetch(standing.pending > 0 ? pastCaches(request) : request);
    if (this.#silent.delete(origin) || standing.silent) this.gotThrough(origin);
    // Both may have changed while the answer was on its way.
    const alone = await this.#standsAlone(standing.user, at);
    if (answer.type === 'opaque' || (!answer.ok && answer.status !== 304 && answer.status !== 404)) return answer;
    if (!mayKeep(request, answer)) {
      if (alone) return answer;
      const kept = isJson(answer) ? await readOf(request, answer.clone(), standing.user, at) : null;
      return (await this.#composed(request, kept, standing.user, 'both')) ?? answer;
    }
    const reading = readOf(request, answer.clone(), standing.user, at);
    const stored = reading.then((read) => keep(this.source, read)).catch(report);
    event?.waitUntil(stored);
    if (alone) return answer;
    return (await this.#composed(request, await reading, standing.user, 'both')) ?? answer;
  }

  /** Asks a silent origin whether it is back, beside an answer that was given already. */
  async #look(request: Request, origin: string, standing: Standing): Promise<void> {
    if (this.#looking.has(origin)) return;
    this.#looking.add(origin);
    await this.#network(request, origin, standing, null).catch(() => undefined);  // Still silent: that is an answer too.
    this.#looking.delete(origin);
  }

  async #fromStore(request: Request, { user }: Standing): Promise<Response | null> {
    const kept = await find(this.source, user, request.url, accept(request)).catch(report);
    return this.#composed(request, kept ?? null, user, 'store').catch(report).then((known) => known ?? null);
  }

  /**
   * What was told, with what was confirmed since and what is pending.
   * @param source where `kept` comes from; `both`: just from the network, whose own answer stands where nothing changes it
   */
  async #composed(request: Request, kept: KeptRead | null, user: string, source: 'store' | 'both'): Promise<Response | null> {
    const event = { type: 'read', url: request.url, at: kept?.at ?? 0 };
    const [effect] = await this.stepper.peek(event, source === 'both' ? kept : null);
    const view = effect as unknown as View | undefined;
    const asTold = kept && source === 'store' ? respond(kept, kept.text, source, view?.pending ?? 0, []) : null;
    if (!view) return asTold;
    // Nothing is newer than the answer itself.
    if (view.kind === 'item' && view.pending === 0 && kept && view.confirmedAt <= kept.at) return asTold;
    if (view.kind === 'list' && view.changes.length === 0 && kept) return asTold;
    const answer = kept ? parse(kept.text) ?? undefined : undefined;
    const shown = compose(view, answer, await this.#before(view, request, user));
    if (!shown) return asTold;
    if (shown.status === 404) return gone(shown.pending);
    return respond(kept, JSON.stringify(shown.body), shown.pending > 0 ? 'both' : source, shown.pending, shown.unknown);
  }

  /** The page before the one that is asked for, if it was read. */
  async #before(view: View, request: Request, user: string): Promise<unknown> {
    if (view.kind !== 'list' || !view.page) return undefined;
    const { page } = view;
    if ('cursor' in page) {
      const { cursor } = page;
      if (cursor === null) return undefined;
      return findPage(this.source, user, request.url, (json) => leadsTo(json, page.next, page.parameter, cursor));
    }
    for (const url of page.previous) {
      const read = await find(this.source, user, url, accept(request));
      if (read) return parse(read.text);
    }
    return undefined;
  }
}

/** Past the HTTP cache, or the old state would flash; and whole, since a 304 has nothing that changes could be put into. */
function pastCaches(request: Request): Request {
  const headers = new Headers(request.headers);
  headers.delete('if-none-match');
  headers.delete('if-modified-since');
  return new Request(request, { cache: 'no-store', headers });
}

async function readOf(request: Request, answer: Response, user: string, at: number): Promise<KeptRead> {
  return {
    user, url: request.url, accept: accept(request), path: pathOf(request.url), status: answer.status,
    headers: [...answer.headers], text: await answer.text(), at,
  };
}

function isJson(answer: Response): boolean {
  return answer.ok && /\bjson\b/i.test(answer.headers.get('content-type') ?? '');
}

function accept(request: Request): string {
  return request.headers.get('accept') ?? '*/*';
}

function pause(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms));
}

function respond(kept: KeptRead | null, text: string, source: 'store' | 'both', pending: number, unknown: Composed['unknown']): Response {
  const headers = new Headers(kept?.headers ?? [['content-type', 'application/json']]);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) headers.delete(name);
  // The server's ETag names the server's bytes, which these no longer are.
  if (pending > 0 || text !== kept?.text) headers.delete('etag');
  headers.set('Holdfast-Source', source);
  headers.set('Holdfast-Pending', String(pending));
  if (unknown.length > 0) headers.set('Holdfast-Unknown', unknown.join(', '));
  return new Response(text, { status: 200, headers });
}

function gone(pending: number): Response {
  const problem = { type: 'about:blank', title: 'Not Found', status: 404, detail: 'Deleted here; the server has yet to be told.' };
  return new Response(JSON.stringify(problem), {
    status: 404,
    headers: { 'Content-Type': 'application/problem+json', 'Holdfast-Source': 'both', 'Holdfast-Pending': String(pending) },
  });
}
