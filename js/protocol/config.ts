// What an app declares in its service-worker file. The engine checks all of it when the worker starts.

export type AnswerMeaning = 'confirmed' | 'conflict' | 'retry' | 'needs-auth' | 'rejected';

export interface ResourceConfig {
  /** The path of one item, ending in a parameter: `/api/orders/:id`. Its collection is the path before that. */
  path: string;
  /** Where the API lives, if not on the worker's own origin: `https://api.example.com`. */
  origin?: string;
  /** The member of a document that names the entity. Default `id`. */
  id?: string;
  /** How long a page's fetch waits for the server before it is answered by holdfast, in ms. Default 2,000. */
  timeoutMs?: number;
  /** A larger body isn't captured: it goes to the network as it is. Bytes, default 16 MiB. */
  bodyBytesMax?: number;
  /** The status of the answer to a queued write, for apps that look at the exact number. Default 202. */
  queuedStatus?: number;
  /** Overrides what a status means: `{ 409: 'confirmed' }` for a server that says so to a repeated creation. */
  answers?: Record<number, AnswerMeaning>;
  /** Joins writes that were never attempted. Off unless declared. */
  coalesce?: {
    /** Consecutive patches of one entity: `merge` joins them, `latest` keeps only the newest. */
    patch?: 'merge' | 'latest';
    /** A creation and the deletion right after it vanish together. */
    createDelete?: boolean;
    /** Fields whose every change is a step that others are meant to see. */
    keep?: string[];
  };
  /** Resources with the same lane name keep one order among them. */
  lane?: string;
}

export interface RetryConfig {
  /** First ceiling of the wait after an answer that says "later". Default 1,000 ms; doubles. */
  baseMs?: number;
  /** Ceiling of every computed wait. Default 30,000 ms. */
  capMs?: number;
  /** First ceiling of the wait after no answer at all, from the attempt's start. Default 250 ms; doubles. */
  silentBaseMs?: number;
  /** The longest Retry-After that is believed. Default one hour. */
  retryAfterMaxMs?: number;
  /** An attempt without an answer is given up after this. Default 10,000 ms. */
  sendTimeoutMs?: number;
  /** Failures in a row on one origin until the circuit breaker opens. Default 5. */
  breakerFailures?: number;
  /** Attempts under way at one time. Default 10. */
  sendsMax?: number;
}

/** A file of the app shell, as `workbox-build` lists it. */
export type Asset = string | { url: string; revision: string | null };

export interface HoldfastConfig {
  resources: Record<string, ResourceConfig>;
  retry?: RetryConfig;
  /**
   * Called right before each later attempt, with the request about to leave. Returns the headers to set (or a Request
   * whose headers are taken). Credentials are never stored, so this is where fresh ones come from.
   */
  authorize?: (request: Request) => HeadersInit | Request | undefined | Promise<HeadersInit | Request | undefined>;
  /** Further headers that are credentials and therefore never stored; `authorization` and CSRF headers always are. */
  credentialHeaders?: string[];
  /** The app shell, precached: `self.__WB_MANIFEST`. */
  assets?: Asset[];
  /** Where the engine's module lies. Default `holdfast.wasm` beside the worker's script. */
  wasm?: string | URL;
}
