import { randomBytes } from 'node:crypto';
import type { Identity } from 'holdfast/server/live';

/** Far more than any test opens; a limit, so that signing in over and over can't fill the memory. */
const SESSIONS_MAX = 10_000;

interface Session { user: string; expiresAt: number | undefined; ended: AbortController }

/** Who is signed in, in memory: a restart signs everybody out. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();

  /** @param lifetimeMs until they end by themselves; never by default */
  constructor(private readonly lifetimeMs?: number) {}

  open(user: string): string {
    const token = randomBytes(24).toString('base64url');
    const expiresAt = this.lifetimeMs === undefined ? undefined : Date.now() + this.lifetimeMs;
    this.#sessions.set(token, { user, expiresAt, ended: new AbortController() });
    if (this.#sessions.size > SESSIONS_MAX) {
      const [oldest] = this.#sessions.keys();
      this.close(oldest);
    }
    return token;
  }

  userOf(token: string | undefined): string | undefined {
    return this.identify(token)?.subject;
  }

  /** Whose it is and how long for; null if it is nobody's, or not any more. */
  identify(token: string | undefined): Identity | null {
    const session = token === undefined ? undefined : this.#sessions.get(token);
    if (!session) return null;
    const { user, expiresAt, ended } = session;
    if (expiresAt !== undefined && expiresAt <= Date.now()) {
      this.close(token);
      return null;
    }
    return { subject: user, expiresAt, ended: ended.signal };
  }

  close(token: string | undefined): void {
    if (token === undefined) return;
    this.#sessions.get(token)?.ended.abort();
    this.#sessions.delete(token);
  }
}
