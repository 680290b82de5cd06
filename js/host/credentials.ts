// Credentials live in memory and nowhere else.

/** Headers that are credentials whether or not an app says so. Lower case. */
const kAlways = ['authorization', 'proxy-authorization', 'cookie', 'x-csrf-token', 'x-xsrf-token', 'csrf-token', 'x-api-key'];

export type CredentialHeaders = [string, string][];

/** How one open page is asked for fresh credentials: headers, or null. */
export type AskPages = (url: string, user: string) => Promise<Record<string, string> | null>;

export type Authorize = (request: Request) => HeadersInit | Request | undefined | Promise<HeadersInit | Request | undefined>;

export class Credentials {
  readonly #names: Set<string>;
  /** Of each captured write, until it is settled. */
  readonly #ofWrite = new Map<string, CredentialHeaders>();
  /** The newest that any request of a user carried to an origin. */
  readonly #newest = new Map<string, CredentialHeaders>();
  /** What was refused last, so that no read of such a page sends the outbox against the same wall again. */
  readonly #refused = new Map<string, string>();

  constructor(
    private readonly authorize: Authorize | undefined,
    private readonly askPages: AskPages,
    extra: string[] = [],
  ) {
    this.#names = new Set([...kAlways, ...extra.map((name) => name.toLowerCase())]);
  }

  is(name: string): boolean {
    return this.#names.has(name.toLowerCase());
  }

  of(headers: Headers): CredentialHeaders {
    return [...headers].filter(([name]) => this.is(name));
  }

  remember(user: string, origin: string, headers: CredentialHeaders, id?: string): void {
    if (headers.length === 0) return;
    this.#newest.set(`${user} ${origin}`, headers);
    if (id) this.#ofWrite.set(id, headers);
  }

  forgetWrite(id: string): void {
    this.#ofWrite.delete(id);
  }

  /**
   * A server has just accepted those of this request.
   * @returns whether there are some, and others than those that were refused to writes
   */
  accept(user: string, origin: string, headers: Headers): boolean {
    const accepted = this.of(headers);
    const refused = this.#refused.get(`${user} ${origin}`);
    if (accepted.length === 0 || (refused !== undefined && JSON.stringify(accepted) === refused)) return false;
    this.remember(user, origin, accepted);
    return true;
  }

  /** They were refused: nobody who signs in later must be tried with them. */
  forget(user: string, origin: string): void {
    const refused = this.#newest.get(`${user} ${origin}`);
    if (refused) this.#refused.set(`${user} ${origin}`, JSON.stringify(refused));
    this.#newest.delete(`${user} ${origin}`);
    this.#ofWrite.clear();
  }

  forgetUser(user: string): void {
    for (const known of [this.#newest, this.#refused]) {
      for (const key of known.keys()) if (key.startsWith(`${user} `)) known.delete(key);
    }
    this.#ofWrite.clear();
  }

  /**
   * Sets what a request needs right before it leaves. The page's own headers serve the first attempt; later ones use
   * the app's hook, else the newest seen, else an open page is asked.
   * @returns false if the page had sent credentials and none can be had now
   */
  async apply(headers: Headers, request: { id: string; user: string; url: string; attempt: number; names: string[]; make(): Request }): Promise<boolean> {
    const own = request.attempt === 1 ? this.#ofWrite.get(request.id) : undefined;
    if (own) return set(headers, own);
    if (this.authorize) {
      const fresh = await this.authorize(request.make());
      if (fresh) {
        set(headers, fresh instanceof Request ? this.of(fresh.headers) : [...new Headers(fresh)]);
        return true;
      }
    }
    if (request.names.length === 0) return true;
    const origin = new URL(request.url).origin;
    const newest = this.#newest.get(`${request.user} ${origin}`) ?? this.#ofWrite.get(request.id);
    if (newest) return set(headers, newest);
    const asked = await this.askPages(request.url, request.user);
    if (!asked) return false;
    const given = [...new Headers(asked)] as CredentialHeaders;
    this.remember(request.user, origin, given);
    return set(headers, given);
  }

  /** After a 401: can other credentials be had than those that were refused? */
  async refresh(url: string, user: string): Promise<boolean> {
    const origin = new URL(url).origin;
    this.forget(user, origin);
    const asked = await this.askPages(url, user);
    if (asked) this.remember(user, origin, [...new Headers(asked)] as CredentialHeaders);
    // The hook is asked anew at each attempt, so where there is one another try is worth it.
    return this.authorize !== undefined || asked !== null;
  }
}

function set(headers: Headers, values: CredentialHeaders | Iterable<[string, string]>): true {
  for (const [name, value] of values) headers.set(name, value);
  return true;
}
