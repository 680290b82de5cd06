// Marks each write that this page makes. A browser may deliver one request twice: to a worker that is killed
// while it answers, and then to the fresh one. By the mark the worker knows it again, and knows apart two
// equal writes that the person really made. It also names the page's earlier writes that have no answer yet, since
// a fresh worker is not delivered them in the order of their calls. The worker takes the mark off before it sends.

import { kStampHeader } from '../protocol/messages.js';

/** The part of a window that is changed. */
export interface StampScope {
  fetch: typeof fetch;
  XMLHttpRequest?: typeof XMLHttpRequest;
}

export interface Stamper {
  setPrefixes(prefixes: readonly string[]): void;
  /** Puts the originals back, except where somebody else wrapped ours in between: there ours does nothing any more. */
  remove(): void;
}

/** One write's mark, and what to call once the write has its answer. */
interface Mark {
  text: string;
  done(): void;
}

/** Whether the worker would keep a write to this URL with a body of so many bytes, rather than let it through. */
export type Captures = (url: string, bytes: number) => Promise<boolean>;

/** How often one write is called, if the worker is killed under it again and again. */
const kCalls = 4;

/** Earlier writes that a mark names at most: a header of about a kilobyte. */
const kAfterMax = 150;

const kReads = new Set(['GET', 'HEAD', 'OPTIONS']);

/** `/api/orders` is the start of `/api/orders?x` and `/api/orders/1`, and not of `/api/orders-archive`. */
export function matchesPrefix(url: string, prefix: string): boolean {
  return url.startsWith(prefix) && (prefix.endsWith('/') || ['', '/', '?', '#'].includes(url.charAt(prefix.length)));
}

/** `controlled` tells whether a worker stands in between: without one nobody would take the mark off again. */
export function installStamp(
  scope: StampScope, controlled: () => boolean, base: () => string, captures: Captures = () => Promise.resolve(false),
): Stamper {
  // Made at first need: an insecure page has no randomUUID, and no worker either.
  let page = '';
  let count = 0;
  let prefixes: readonly string[] = [];

  const wanted = (method: string, url: string): boolean =>
    prefixes.length > 0 && !kReads.has(method.toUpperCase()) && controlled()
    && prefixes.some((prefix) => matchesPrefix(new URL(url, base()).href, prefix));
  /** Writes without an answer so far, oldest first. */
  const open = new Set<number>();
  const next = (): Mark => {
    page ||= crypto.randomUUID();
    const number = ++count;
    const after = [...open].slice(-kAfterMax);
    open.add(number);
    return {
      text: `${page}.${number}${after.length > 0 ? `;after=${after.join(',')}` : ''}`,
      done: () => open.delete(number),
    };
  };

  const removals = [wrapFetch(scope, wanted, next, base, captures)];
  if (scope.XMLHttpRequest) removals.push(wrapXhr(scope.XMLHttpRequest.prototype, wanted, next));
  return {
    setPrefixes(now) {
      prefixes = now;
    },
    remove() {
      prefixes = [];
      for (const remove of removals) remove();
    },
  };
}

type Wanted = (method: string, url: string) => boolean;

function wrapFetch(scope: StampScope, wanted: Wanted, next: () => Mark, base: () => string, captures: Captures): () => void {
  const original = scope.fetch;
  const stamped: typeof fetch = function fetch(...call) {
    const [input, init] = call;
    let more: { init: RequestInit; done(): void } | undefined;
    try {
      more = stampedInit(input, init, wanted, next);
    } catch {
      // A URL or a header that can't be read: the original says so in its own words.
    }
    if (!more) return Reflect.apply(original, scope, call);
    const { init: marked, done } = more;
    const size = sizeToRepeat(input, init);
    const attempt = (): Promise<Response> => original.call(scope, input, marked);
    const url = new URL(input instanceof Request ? input.url : String(input), base()).href;
    const answer = size === null ? attempt() : persistently(attempt, () => captures(url, size));
    // Not beside the answer but as a part of it: a rejection that nobody handles must still be told as such.
    return answer.finally(done);
  };
  scope.fetch = stamped;
  return () => {
    if (scope.fetch === stamped) scope.fetch = original;
  };
}

/**
 * A worker that is killed twice under one request makes the browser reject it. With its mark the same call can be made
 * again: a worker that has the write knows it by the mark, and none that would capture it can have let it through.
 */
async function persistently(attempt: () => Promise<Response>, captures: () => Promise<boolean>): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      // An AbortError is the app's own wish.
      if (!(error instanceof TypeError) || tries >= kCalls || !(await captures().catch(() => false))) throw error;
    }
  }
}

/** Bytes of a body that can be given to `fetch` twice, at most; null for one that is used up by the first call. */
function sizeToRepeat(input: RequestInfo | URL, init: RequestInit | undefined): number | null {
  const body = init?.body;
  if (body === undefined || body === null) return input instanceof Request && input.body !== null ? null : 0;
  if (typeof body === 'string') return 3 * body.length;
  if (body instanceof URLSearchParams) return 3 * body.toString().length;
  if (body instanceof Blob) return body.size;
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength;
  return null; // a stream; and form data, whose boundary would be another one
}

/** What to call `fetch` with instead of `init`, or undefined where the request gets no mark. */
function stampedInit(input: RequestInfo | URL, init: RequestInit | undefined, wanted: Wanted, next: () => Mark): { init: RequestInit; done(): void } | undefined {
  const request = input instanceof Request ? input : null;
  const mode = init?.mode ?? request?.mode;
  // A no-cors request may carry no header of ours, and a navigation isn't ours to change.
  if (mode === 'no-cors' || mode === 'navigate') return undefined;
  if (!wanted(init?.method ?? request?.method ?? 'GET', request?.url ?? String(input))) return undefined;

  const headers = new Headers(init?.headers ?? request?.headers);
  const { text, done } = next();
  headers.set(kStampHeader, text);
  if (init && !(request && isEmpty(init))) return { init: withHeaders(init, headers), done };
  if (!request) return { init: { headers }, done };
  // A Request given together with any init loses its referrer (Fetch, "new Request", step 12): give it again.
  return { init: { headers, referrer: request.referrer, referrerPolicy: request.referrerPolicy }, done };
}

const isEmpty = (init: RequestInit): boolean => !(init instanceof Request) && Object.keys(init).length === 0;

/**
 * The same init with other headers. A proxy and not a copy: an init may be a Request, whose members a copy would lose.
 * And one of an object of our own: a proxy of a frozen init may not answer anything else than is in there.
 */
function withHeaders(init: RequestInit, headers: Headers): RequestInit {
  return new Proxy<RequestInit>({}, {
    get: (_own, name) => (name === 'headers' ? headers : Reflect.get(init, name) as unknown),
    has: (_own, name) => name === 'headers' || Reflect.has(init, name),
  });
}

function wrapXhr(prototype: XMLHttpRequest, wanted: Wanted, next: () => Mark): () => void {
  const opened = new WeakMap<XMLHttpRequest, { method: string; url: string }>();
  const { open, send } = prototype;

  function stampedOpen(this: XMLHttpRequest, method: string, url: string | URL, ...rest: unknown[]): void {
    opened.set(this, { method: String(method), url: String(url) });
    // The number of arguments counts: open(method, url) is asynchronous, open(method, url, undefined) is not.
    Reflect.apply(open, this, [method, url, ...rest]);
  }
  function stampedSend(this: XMLHttpRequest, body?: Document | XMLHttpRequestBodyInit | null): void {
    const call = opened.get(this);
    opened.delete(this);
    try {
      if (call && wanted(call.method, call.url)) {
        const { text, done } = next();
        this.setRequestHeader(kStampHeader, text);
        this.addEventListener('loadend', done, { once: true });
      }
    } catch {
      // Not opened, or sent already: the original says so.
    }
    send.call(this, body);
  }
  prototype.open = stampedOpen;
  prototype.send = stampedSend;
  return () => {
    if (prototype.open === stampedOpen) prototype.open = open;
    if (prototype.send === stampedSend) prototype.send = send;
  };
}
