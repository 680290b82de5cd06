// A page's read of a declared resource: the network first, what was kept if there is no answer, and the user's own
// unsent changes in both.

import { unstamped } from './capture';
import type { DatabaseSource, KeptRead, Row } from './database';
import { report } from './errors';
import { find, isRecord, keep, mayKeep, pathOf } from './kept';
import type { Effect } from './module';
import type { Stepper } from './stepper';

/** What the engine says about a read (wasm/overlay/read.hpp). */
interface View extends Effect {
  pending: number;
  known?: boolean;
  gone?: boolean;
  document?: unknown;
  changes?: { entity: string; document: unknown }[];
  idField?: string;
}

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
    const kept = await find(this.source, standing.user, request.url, accept(request)).catch(report);

    if (standing.silent || this.#silent.has(origin)) {
      const known = await this.#fromStore(request, kept, standing);
      if (known) {
        event.waitUntil(this.#look(request, origin, standing));
        return known;
      }
    }
    const network = this.#network(request, origin, standing);
    // Its failure is told to the page below, if nothing is known.
    const first = await Promise.race([network.catch(() => null), pause(kReadTimeoutMs)]);
    if (first) return first;

    this.#silent.add(origin);
    const known = await this.#fromStore(request, kept, standing);
    if (known) return known;
    return network;
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

  async #network(request: Request, origin: string, standing: Standing): Promise<Response> {
    const at = Date.now();
    // A resource with pending or just-confirmed writes is read past the HTTP cache, or the old state would flash.
    const answer = await fetch(standing.pending > 0 ? new Request(request, { cache: 'no-store' }) : request);
    if (this.#silent.delete(origin) || standing.silent) this.gotThrough(origin);
    const conditional = request.headers.has('if-none-match');
    if (!mayKeep(request, answer)) {
      if (standing.pending === 0 || conditional || answer.status !== 404) return answer;
      return (await this.#composed(request, null, standing, 'both')) ?? answer;
    }
    const text = answer.clone().text();
    const kept = text.then((whole) => ({
      user: standing.user, url: request.url, accept: accept(request), path: pathOf(request.url), status: answer.status,
      headers: [...answer.headers], text: whole, at,
    } satisfies KeptRead));
    const stored = kept.then((read) => keep(this.source, read)).catch(report);
    if (standing.pending === 0) return answer;
    const read = await kept;
    await stored;
    return (await this.#composed(request, read, standing, 'both')) ?? answer;
  }

  /** Asks a silent origin whether it is back, beside an answer that was given already. */
  async #look(request: Request, origin: string, standing: Standing): Promise<void> {
    if (this.#looking.has(origin)) return;
    this.#looking.add(origin);
    await this.#network(request, origin, standing).catch(() => undefined);  // Still silent: that is an answer too.
    this.#looking.delete(origin);
  }

  async #fromStore(request: Request, kept: KeptRead | undefined, standing: Standing): Promise<Response | null> {
    return this.#composed(request, kept ?? null, standing, 'store').catch(report).then((known) => known ?? null);
  }

  /** What was told last, with what was confirmed since and what is pending. Null if nothing is known. */
  async #composed(request: Request, kept: KeptRead | null, standing: Standing, source: 'store' | 'both'): Promise<Response | null> {
    const [effect] = await this.stepper.peek({ type: 'read', url: request.url });
    const view = effect as View | undefined;
    if (!view) return null;
    if (view.changes) return this.#collection(kept, view, standing, source);
    if (view.pending === 0 && !view.known) return kept ? respond(kept, kept.text, source, 0) : null;
    if (view.gone) return gone(view.pending);
    if (!view.known) return null;
    return respond(kept, JSON.stringify(view.document), view.pending > 0 ? 'both' : source, view.pending);
  }

  async #collection(kept: KeptRead | null, view: View, standing: Standing, source: 'store' | 'both'): Promise<Response | null> {
    if (!kept) return null;
    const rows: unknown = JSON.parse(kept.text);
    if (!Array.isArray(rows)) return respond(kept, kept.text, source, 0);
    const idField = view.idField ?? 'id';
    const confirmed = await this.#confirmedSince(kept, standing.user, String(view.resource ?? ''));
    const changes = [...confirmed, ...(view.changes ?? [])];
    if (changes.length === 0) return respond(kept, kept.text, source, 0);
    return respond(kept, JSON.stringify(splice(rows, changes, idField, isPlain(kept.url))), source, view.pending);
  }

  /** Documents that the answers to writes have brought since a list was read. */
  async #confirmedSince(kept: KeptRead, user: string, resource: string): Promise<{ entity: string; document: unknown }[]> {
    const range = IDBKeyRange.bound([user, resource, ''], [user, resource, '\uffff']);
    const documents = await this.source.use((db) => db.getAll('documents', range, 500));
    return documents
      .filter((row) => Number(row.at ?? 0) > kept.at)
      .map((row: Row) => ({ entity: String(row.entity), document: JSON.parse(String(row.text)) as unknown }));
  }
}

/** Puts changed documents into a list: in their place, else at its end; null takes one out. */
export function splice(rows: unknown[], changes: { entity: string; document: unknown }[], idField: string, mayAdd: boolean): unknown[] {
  const byEntity = new Map(changes.map(({ entity, document }) => [entity, document]));
  const spliced: unknown[] = [];
  for (const row of rows) {
    const entity = isRecord(row) ? String(row[idField]) : '';
    if (!byEntity.has(entity)) {
      spliced.push(row);
      continue;
    }
    const document = byEntity.get(entity);
    byEntity.delete(entity);
    if (document !== null) spliced.push(document);
  }
  // In a list that was filtered by a query it isn't known yet whether a new entity belongs there.
  if (mayAdd) for (const document of byEntity.values()) if (document !== null) spliced.push(document);
  return spliced;
}

function isPlain(url: string): boolean {
  return !url.includes('?');
}

function accept(request: Request): string {
  return request.headers.get('accept') ?? '*/*';
}

function pause(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms));
}

function respond(kept: KeptRead | null, text: string, source: 'store' | 'both', pending: number): Response {
  const headers = new Headers(kept?.headers ?? [['content-type', 'application/json']]);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) headers.delete(name);
  // The server's ETag names the server's bytes, which these no longer are.
  if (pending > 0) headers.delete('etag');
  headers.set('Holdfast-Source', source);
  headers.set('Holdfast-Pending', String(pending));
  return new Response(text, { status: 200, headers });
}

function gone(pending: number): Response {
  const problem = { type: 'about:blank', title: 'Not Found', status: 404, detail: 'Deleted here; the server has yet to be told.' };
  return new Response(JSON.stringify(problem), {
    status: 404,
    headers: { 'Content-Type': 'application/problem+json', 'Holdfast-Source': 'both', 'Holdfast-Pending': String(pending) },
  });
}
