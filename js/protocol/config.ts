// What an app declares in its service-worker file. The engine checks all of it when the worker starts.

import type { LiveFormat } from './live-format';

export type AnswerMeaning = 'confirmed' | 'conflict' | 'retry' | 'needs-auth' | 'rejected';

/** A member's name (`status`), or a JSON Pointer (RFC 6901) into a document (`/author/username`, `''` is the whole). */
export type Pointer = string;

/** A value that holdfast makes up where a document or an effect is declared; see `now`, `url`, `increment`, `given` and `from`. */
export type Made =
  | { $holdfast: 'now' } | { $holdfast: 'url' } | { $holdfast: 'increment'; by: number } | { $holdfast: 'given'; at: Pointer } | From;

export interface From { $holdfast: 'from'; resource: string; at: Pointer }

export type Declared = null | boolean | number | string | Made | Declared[] | { [member: string]: Declared };

/** When the person acted, as an ISO 8601 text in UTC: `2026-05-01T12:00:00.000Z`. */
export const now: Made = { $holdfast: 'now' };

/** The item's own URL, for servers that put it into the document. */
export const url: Made = { $holdfast: 'url' };

/** What is there, and so much more; a member that isn't a number counts as 0. */
export const increment = (by: number): Made => ({ $holdfast: 'increment', by });

/** A part of the write's own JSON body; where it has none, the member stays as it is. */
export const given = (at: Pointer): Made => ({ $holdfast: 'given', at });

/**
 * A part of a single document as the user is shown it: `from('user', '/username')`. Left out where it isn't known.
 * @param resource one with `singleton: true`
 */
export const from = (resource: string, at: Pointer = ''): From => ({ $holdfast: 'from', resource, at });

/** How a parameter of the query string picks entities. Several values (`a,b`, or the parameter twice) mean any of them. */
export type Filter = Pointer | {
  field: Pointer;
  /**
   * `equal` is the default. `contains`: the field is an array that holds the value. `min` and `max` include the value,
   * `above` and `below` don't; they compare numbers if both sides are, else texts by code point.
   */
  is: 'equal' | 'contains' | 'min' | 'max' | 'above' | 'below';
} | {
  /** A field that is true or false of whoever reads, such as `favorited`. */
  field: Pointer;
  /**
   * Where the reader's own name is: `?favorited=jake` picks by the field if that is the reader; who is in another's list
   * only the server can tell.
   */
  reader: From;
};

export interface ListConfig {
  /** Where the rows are in the answer: an array, or an object keyed by id. Default `''`, the answer itself. */
  rows?: Pointer;
  /** Counts in the answer that follow what is pending: of all pages together, as servers count them. */
  total?: Pointer | Pointer[];
  /** The parameters of the query string that pick entities. */
  filter?: Record<string, Filter>;
  /** For a list whose path has parameters (`/api/restaurants/:restaurant/orders`): the field that each one equals. */
  where?: Record<string, Pointer>;
  /** Parameters that change neither which entities are listed nor their order. */
  ignore?: string[];
  /**
   * The server's order: `createdAt`, `-createdAt` for the newest first, or several of them. Numbers come before texts,
   * what is missing comes last. Without it a changed row keeps its place and a created one comes at the end.
   */
  sort?: Pointer | Pointer[];
  /** The parameter that chooses another order (`?sort=-price`), and the one that turns it round (`&order=desc`). */
  sortBy?: { parameter: string; direction?: string };
  /** How the list is cut into pages. `size` is how many rows there are where the query doesn't say. */
  page?:
    | { offset: string; limit: string; size?: number }
    | { page: string; limit?: string; first?: 0 | 1; size?: number }
    /** `next`: where the answer tells the next page's cursor, or its URL; null or missing on the last one. */
    | { cursor: string; next: Pointer };
  /** Rows leave out members that an item has. They are laid over what is known of the item, and take none away. */
  partial?: boolean;
  /** `server`: only the server can tell who is in it (a feed, a search); entities never enter it by themselves. */
  members?: 'server';
}

/** How a resource's reads are answered, and what is kept of them. */
export interface ReadConfig {
  /**
   * `network-first` is the default: the network's answer, or what was kept if there is none in time.
   * `stale-while-revalidate`: what was kept, at once, while the network is asked behind it; pages hear of a change by
   * `onChange`. `cache-only`: what was kept, and the network isn't asked at all as long as there is something.
   * Whichever it is, the user's own unsent changes are in it.
   */
  strategy?: 'network-first' | 'stale-while-revalidate' | 'cache-only';
  /** How long a read waits for the network before what was kept is shown, in ms. Default 2,000. */
  timeoutMs?: number;
  /** Answers kept at most; those go first that were not used for the longest time. Default 500. */
  entries?: number;
  /** Bytes of them, as sent but uncompressed. A larger answer isn't kept at all. Default 16 MiB. */
  bytes?: number;
  /** `always`: keeps also what the server marks `no-store`. Default: that isn't kept. */
  offline?: 'always';
}

/** A policy that needs nothing more said. */
export type PolicyName =
  | 'merge' | 'server-wins' | 'client-wins' | 'last-write-wins' | 'counter' | 'set' | 'list' | 'max' | 'min' | 'text' | 'manual';

interface RuleOptions {
  /** For `merge`: what settles a part that can't be looked into. Default `manual`. */
  otherwise?: 'server-wins' | 'client-wins' | 'last-write-wins' | 'manual';
  /** What becomes of a part that one side deleted and the other one changed. Default `ask`. */
  deleted?: 'ask' | 'keep' | 'delete';
}

export type ConflictRule = PolicyName | RuleOptions & (
  | { policy?: PolicyName }
  /** Differences add up, and the sum is kept within the bounds. */
  | { counter: { min?: number; max?: number } }
  /** Elements are told apart by this member. */
  | { list: Pointer }
  /**
   * What may follow each state; without circles. A state that can't follow the other one is overruled, or asked about.
   * `exceptions`: pairs, theirs and mine, where mine stands all the same.
   */
  | { transitions: Record<string, readonly string[]>; unreachable?: 'overrule' | 'ask';
      exceptions?: readonly (readonly [theirs: string, mine: string])[] }
  /** A function of the app's own, by its name in `resolvers`. */
  | { resolver: string }
);

/** A part that both sides have changed; what is missing isn't there. */
export interface ResolverQuestion {
  /** The resource's name in the configuration. */
  resource: string;
  /** JSON Pointer (RFC 6901); an element of a list goes by its id. */
  path: string;
  base: unknown;
  mine: unknown;
  theirs: unknown;
  /** The document as the other rules have merged it. */
  document: unknown;
}

/**
 * Settles such a part: returns what it becomes, as JSON. Undefined, an exception, or more than five seconds leave it to a
 * person. It may be asked more than once, and must give the same answer to the same question.
 */
export type Resolver = (question: ResolverQuestion) => unknown;

export interface ConflictConfig {
  /** For the document, and whatever in it has no rule of its own. Default `merge`. */
  default?: ConflictRule;
  /** For the parts that a pointer names; `*` stands for any member or element: `{ tip: 'counter' }`. */
  fields?: Record<Pointer, ConflictRule>;
  /**
   * Where a document says when it was last changed: RFC 3339, or milliseconds since the epoch. For `last-write-wins` and
   * the record. Default: what the answer's Last-Modified says, if there is one.
   */
  changedAt?: Pointer;
  /**
   * The server compares the version that the body of a write names, in the member declared as `version`, with what it
   * has: so it needn't be asked before, and a 409 means that it has another one.
   */
  versionInBody?: boolean;
  /**
   * A declared collection that is told, by a `POST` through the outbox, of each write that was overruled: which one, both
   * documents, what was decided, and when: `'/api/exceptions'`.
   */
  overruled?: string;
}

export interface ResourceConfig {
  /** The path of one item, ending in a parameter: `/api/orders/:id`. Its collection is the path before that. */
  path: string;
  /** The path names one document and no collection: `/api/profile`. */
  singleton?: boolean;
  /** Further paths of the same items: `/api/couriers/:courier/orders/:id`. */
  items?: string[];
  /** Where the API lives, if not on the worker's own origin: `https://api.example.com`. */
  origin?: string;
  /** Where a document names its entity. Default `id`. */
  id?: Pointer;
  /**
   * A member that grows with every change: a number, or a text that sorts, such as an ISO 8601 time. What has a lower one
   * than was seen before never shows again, whichever server it comes from; each answer is looked through for it.
   */
  version?: Pointer;
  /** Where an item's document is, in answers and in the bodies of writes: `/article`. Default: it is the whole. */
  envelope?: Pointer;
  /** The shape of the collection. */
  list?: ListConfig;
  /** Further lists of the same entities, by their paths: `/api/articles/feed`, `/api/restaurants/:restaurant/orders`. */
  lists?: Record<string, ListConfig>;
  /** `merge`: the server takes a `PUT` for a change of the members that it names, like a `PATCH`. Default `replace`. */
  put?: 'replace' | 'merge';
  /** What a created document has besides what the app sent, until the server answers: `{ status: 'placed', createdAt: now }`. */
  defaults?: Record<string, Declared>;
  /**
   * What a write to an item's sub-path does to it, as a JSON Merge Patch (RFC 7396): `{ cancel: { status: 'cancelled' } }`
   * for `POST /api/orders/42/cancel`, `{ 'DELETE favorite': { favorited: false } }` for another method.
   */
  actions?: Record<string, Record<string, Declared>>;
  /**
   * Members that hold other entities' ids, and whose: `{ restaurantId: 'restaurants' }`; `*` in a pointer stands for
   * every item of an array.
   * A write waits until what it refers to has been created, and is sent with the id that the server gave it. JSON only.
   */
  references?: Record<Pointer, string>;
  /** How its reads are answered, and what is kept of them. */
  read?: ReadConfig;
  /**
   * Names of members that are never stored, wherever in a document they are: `['token', 'password']`. What is kept of an
   * answer is without them, and a write that holds one isn't captured: it goes to the network as it is.
   */
  secrets?: string[];
  /** How long a page's write waits for the server before it is answered by holdfast, in ms. Default 2,000. */
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
  /**
   * Whether the server knows `Idempotency-Key`; only then it is sent. Else a write whose outcome is unknown (timed out,
   * cut off, killed, 5xx) is sent again only if its method is idempotent: PUT, DELETE (RFC 9110, section 9.2.2), and a
   * PATCH of JSON values. With `verify` a creation is looked up first: at the item of the id that the app gave it, or
   * in the collection by the field that the app fills (`{ verify: '/clientId' }`; by a declared `filter` for it, if
   * there is one). Whatever is left goes to the inbox as `unknown-outcome`; with `none` creations do too. Default `header`.
   */
  idempotency?: 'header' | 'verify' | 'none' | { verify: Pointer };
  /**
   * How changes that meet are settled (docs/conflicts.md). With it writes leave with `If-Match`, or after a look at what
   * the server has where it names no version, and are merged with what others have changed. `{}` merges what was
   * changed in different places and asks a person about the rest. Without it every conflict waits in the inbox.
   */
  conflicts?: ConflictConfig;
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

/** Live changes from the server (docs/live.md), by the protocol of docs/protocol.md or in the server's own `format`. */
export interface LiveConfig {
  /** Where the server tells its changes: `/api/live`. Relative to the worker's script; it may lie on another origin. */
  url: string | URL;
  /**
   * In the order of preference. Default `['websocket', 'sse']`: server-sent events where a network breaks WebSockets. A
   * WebSocket can't carry credentials in headers other than `Authorization`; with others, name `sse` alone. With a
   * `format` the default is `['websocket']`.
   */
  transports?: ('websocket' | 'sse')[];
  /** What the server's own messages mean, where it doesn't speak the protocol of docs/protocol.md. */
  format?: LiveFormat;
  /** The resources that the server tells the changes of. Default: all that are declared. */
  resources?: string[];
  /** For server-sent events: whether cookies are sent to another origin. Default `same-origin`. */
  credentials?: RequestCredentials;
  /** First and largest ceiling of the wait between two attempts. Default 1,000 and 30,000 ms. */
  baseMs?: number;
  capMs?: number;
}

/** A file of the app shell, as `workbox-build` lists it. */
export type Asset = string | { url: string; revision: string | null };

export interface HoldfastConfig {
  /** The functions that rules name: `{ resolver: 'notes' }`. */
  resolvers?: Record<string, Resolver>;
  resources: Record<string, ResourceConfig>;
  retry?: RetryConfig;
  /** The live link; without it what others change is seen by reading. */
  live?: LiveConfig;
  /** How much is remembered of conflicts, for each user: 1,000 writes and 4 MiB by default; the oldest go first. */
  conflictRecords?: { entries?: number; bytes?: number };
  /**
   * Called right before each later attempt, with the request about to leave. Returns the headers to set (or a Request
   * whose headers are taken). Credentials are never stored, so this is where fresh ones come from.
   */
  authorize?: (request: Request) => HeadersInit | Request | undefined | Promise<HeadersInit | Request | undefined>;
  /** Further headers that are credentials and therefore never stored; `authorization` and CSRF headers always are. */
  credentialHeaders?: string[];
  /** The app shell, precached: `self.__WB_MANIFEST`. */
  assets?: Asset[];
  /**
   * URL patterns, such as `/static/*`, that the browser fetches without starting the worker, where it can do so
   * (`InstallEvent.addRoutes`); elsewhere they change nothing. No route of any worker sees such a request.
   */
  bypass?: string[];
  /** Where the engine's module lies. Default `holdfast.wasm` beside the worker's script. */
  wasm?: string | URL;
}
