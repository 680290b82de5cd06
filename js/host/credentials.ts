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
  /** What each write's last attempt carried: none where it needs none, no entry where it got none. */
  readonly #carried = new Map<string, CredentialHeaders>();
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
    this.#carried.delete(id);
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

  /**
   * What a write's last attempt carried was refused, or there was nothing for it to carry.
   * @returns whether something newer has come in while the attempt was under way
   */
  forget(user: string, origin: string, id: string): boolean {
    const key = `${user} ${origin}`;
    const newest = this.#newest.get(key);
    const carried = this.#carried.get(id);
    this.#ofWrite.clear();
    if (!carried) return newest !== undefined;
    // Beside cookies, or what the app's own hook gives, the headers that its pages use are no better.
    const refused = this.authorize || carried.length === 0 ? newest : carried;
    if (refused) this.#refused.set(key, JSON.stringify(refused));
    if (newest && JSON.stringify(newest) !== JSON.stringify(refused)) return true;
    this.#newest.delete(key);
    return false;
  }

  forgetUser(user: string): void {
    for (const known of [this.#newest, this.#refused]) {
      for (const key of known.keys()) if (key.startsWith(`${user} `)) known.delete(key);
    }
    this.#ofWrite.clear();
    this.#carried.clear();
  }

  /**
   * Sets what a request needs right before it leaves. The page's own headers serve the first attempt; later ones use
   * the app's hook, else the newest seen, else an open page is asked.
   * @returns false if the page had sent credentials and none can be had now
   */
  async apply(headers: Headers, request: { id: string; user: string; url: string; attempt: number; names: string[]; make(): Request }): Promise<boolean> {
    this.#carried.delete(request.id);
    const own = request.attempt === 1 ? this.#ofWrite.get(request.id) : undefined;
    if (own) return this.#carry(headers, own, request.id);
    if (this.authorize) {
      const fresh = await this.authorize(request.make());
      if (fresh) {
        return this.#carry(headers, fresh instanceof Request ? this.of(fresh.headers) : [...new Headers(fresh)], request.id);
      }
    }
    if (request.names.length === 0) return this.#carry(headers, [], request.id);
    const origin = new URL(request.url).origin;
    const known = this.#newest.get(`${request.user} ${origin}`) ?? this.#ofWrite.get(request.id) ?? await this.#ask(request.url, request.user);
    return known !== undefined && this.#carry(headers, known, request.id);
  }

  /** What the live link carries, under an id of its own: as a write's later attempt would, but no page is asked. */
  async present(user: string, id: string, request: Request): Promise<CredentialHeaders> {
    const fresh = this.authorize ? await this.authorize(request) : undefined;
    const known = fresh instanceof Request ? this.of(fresh.headers) : fresh ? [...new Headers(fresh)] as CredentialHeaders
      : this.#newest.get(`${user} ${new URL(request.url).origin}`) ?? [];
    this.#carried.set(id, known);
    return known;
  }

  #carry(headers: Headers, values: CredentialHeaders, id: string): true {
    for (const [name, value] of values) headers.set(name, value);
    this.#carried.set(id, values);
    return true;
  }

  /** After a 401 to this write: can other credentials be had than those that were refused? */
  async refresh(url: string, user: string, id: string): Promise<boolean> {
    if (this.forget(user, new URL(url).origin, id)) return true;
    const found = await this.#ask(url, user);
    // The hook is asked anew at each attempt, so where there is one another try is worth it.
    return this.authorize !== undefined || found !== undefined;
  }

  /** A page may think for seconds, or know nothing of holdfast; what a request carried meanwhile serves as well. */
  async #ask(url: string, user: string): Promise<CredentialHeaders | undefined> {
    const { origin } = new URL(url);
    const asked = await this.askPages(url, user);
    if (asked) this.remember(user, origin, [...new Headers(asked)] as CredentialHeaders);
    return this.#newest.get(`${user} ${origin}`);
  }
}
