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

/** Earlier writes that a mark names at most: a header of about a kilobyte. */
const kAfterMax = 150;

const kReads = new Set(['GET', 'HEAD', 'OPTIONS']);

/** `/api/orders` is the start of `/api/orders?x` and `/api/orders/1`, and not of `/api/orders-archive`. */
export function matchesPrefix(url: string, prefix: string): boolean {
  return url.startsWith(prefix) && (prefix.endsWith('/') || ['', '/', '?', '#'].includes(url.charAt(prefix.length)));
}

/** `controlled` tells whether a worker stands in between: without one nobody would take the mark off again. */
export function installStamp(scope: StampScope, controlled: () => boolean, base: () => string): Stamper {
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

  const removals = [wrapFetch(scope, wanted, next)];
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

function wrapFetch(scope: StampScope, wanted: Wanted, next: () => Mark): () => void {
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
    // Not beside the answer but as a part of it: a rejection that nobody handles must still be told as such.
    return original.call(scope, input, more.init).finally(more.done);
  };
  scope.fetch = stamped;
  return () => {
    if (scope.fetch === stamped) scope.fetch = original;
  };
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
