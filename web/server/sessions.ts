import { randomBytes } from 'node:crypto';

/** Far more than any test opens; a limit, so that signing in over and over can't fill the memory. */
const SESSIONS_MAX = 10_000;

/** Who is signed in, in memory: a restart signs everybody out. */
export class Sessions {
  readonly #users = new Map<string, string>();

  open(user: string): string {
    const token = randomBytes(24).toString('base64url');
    this.#users.set(token, user);
    if (this.#users.size > SESSIONS_MAX) {
      const [oldest] = this.#users.keys();
      if (oldest !== undefined) this.#users.delete(oldest);
    }
    return token;
  }

  userOf(token: string | undefined): string | undefined {
    return token === undefined ? undefined : this.#users.get(token);
  }

  close(token: string | undefined): void {
    if (token !== undefined) this.#users.delete(token);
  }
}
