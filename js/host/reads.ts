// A page's read of a declared resource: the network first, what was kept if there is no answer, and the user's own
// unsent changes in both.

import { unstamped } from './capture';
import { compose, type Composed, type View } from './compose';
import { isBlocked } from './cors';
import type { DatabaseSource, KeptRead } from './database';
import { report } from './errors';
import { find, findAll, keep, mayKeep, parse, pathOf } from './kept';
import type { PageRead } from './pages-of-list';
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
      return { user, pending: Number(counts?.pending ?? 0), silent: Number(gate?.silences ?? 0) > 0 && !isBlocked(gate!) };
    });
  }

  /**
   * Whether an answer that was asked for at this time can be shown as it is: nothing pending, nothing confirmed since.
   * So can one whose user has gone meanwhile, and any if the database can't be read.
   */
  #standsAlone(user: string, at: number): Promise<boolean> {
    const looked = this.source.use(async (db) => {
      const tx = db.transaction(['meta', 'documents'], 'readonly');
      const [session, counts, since] = await Promise.all([
        tx.objectStore('meta').get('session'), tx.objectStore('meta').get(`counts ${user}`),
        tx.objectStore('documents').index('since').getKey(IDBKeyRange.bound([user, at], [user, Infinity])),
      ]);
      return (session?.user ?? '') !== user || (Number(counts?.pending ?? 0) === 0 && since === undefined);
    });
    return looked.catch((error: unknown) => {
      report(error);
      return true;
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
      return (await this.#changed(request, kept, standing.user, at)) ?? answer;
    }
    const reading = readOf(request, answer.clone(), standing.user, at);
    const stored = reading.then((read) => keep(this.source, read)).catch(report);
    event?.waitUntil(stored);
    if (alone) return answer;
    return (await this.#changed(request, await reading, standing.user, at)) ?? answer;
  }

  /** The network's answer with the user's own changes in it; null where it stands as it is. */
  #changed(request: Request, fresh: KeptRead | null, user: string, at: number): Promise<Response | null> {
    return this.#composed(request, fresh, user, at).catch(report).then((known) => known ?? null);
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
    return this.#composed(request, kept ?? null, user, null).catch(report).then((known) => known ?? null);
  }

  /**
   * What was told, with what was confirmed since and what is pending.
   * @param askedAt when the network was asked for it; null: it comes out of the store
   * @returns null where the network's own answer stands, or nothing is known
   */
  async #composed(request: Request, told: KeptRead | null, user: string, askedAt: number | null): Promise<Response | null> {
    const event = { type: 'read', url: request.url, at: askedAt ?? told?.at ?? 0 };
    const [effect] = await this.stepper.peek(event, askedAt === null ? null : told);
    const view = effect as unknown as View | undefined;
    const asTold = told && askedAt === null ? respond(told, told.text, 'store', 0, []) : null;
    if (!view) return asTold;
    // Nothing is newer than the answer itself.
    const stands = askedAt ?? told?.at;
    if (view.kind === 'item' && view.pending === 0 && stands !== undefined && view.confirmedAt <= stands) return asTold;
    const answer = { url: request.url, json: told ? parse(told.text) ?? undefined : undefined };
    const shown = compose(view, answer, await this.#pages(view, request, user));
    if (!shown) return asTold;
    if (shown.status === 404) return gone(shown.pending);
    if (told && !shown.changed && shown.pending === 0 && shown.unknown.length === 0) return asTold;
    const source = askedAt === null && shown.pending === 0 ? 'store' : 'both';
    return respond(told, shown.changed ? JSON.stringify(shown.body) : told?.text ?? '', source, shown.pending, shown.unknown);
  }

  /** What else was read of the list that is asked for, newest first. */
  async #pages(view: View, request: Request, user: string): Promise<PageRead[]> {
    if (view.kind !== 'list' || !view.page || view.changes.length === 0) return [];
    const kept = await findAll(this.source, user, request.url);
    return kept.filter((read) => read.accept === accept(request)).sort((a, b) => b.at - a.at)
      .map(({ url, text }) => ({ url, json: parse(text) }));
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
  const problem = { type: 'about:blank', title: 'Not Found', status: 404, detail: pending > 0 ? 'Deleted here; the server has yet to be told.' : 'It was deleted.' };
  return new Response(JSON.stringify(problem), {
    status: 404,
    headers: { 'Content-Type': 'application/problem+json', 'Holdfast-Source': 'both', 'Holdfast-Pending': String(pending) },
  });
}
