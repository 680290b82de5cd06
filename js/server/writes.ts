import { createHash } from 'node:crypto';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { headerOf, problemAnswer, ProblemError, type Answer } from './answer.js';
import { textOf, type RequestHeaders } from './etag.js';
import { KEY_RETENTION_MS, type KeyName, type KeyStorage } from './keys.js';

/** The facts of one request that its idempotency key is about. */
export interface Asked {
  method: string;
  /** Path and query, as they stood in the request. */
  url: string;
  headers: RequestHeaders;
  /** As it came; null without one. */
  body: Uint8Array | string | null;
  /** Whose request it is, from its credentials; '' where nobody has to sign in. */
  subject: string;
}

/** Who makes a write, and under which key: what the change feed notes. */
export type Writer = KeyName;

/**
 * The write itself. All that it does to the database it does through `tx`; what it answers is kept with it. What reaches
 * beyond the database (a mail, a payment) belongs into a row that somebody sends after the commit. Without a key there is no
 * `writer`.
 */
export type Work<Tx> = (tx: Tx, writer: Writer | null) => Answer | Promise<Answer>;

export interface WriteOptions {
  /** How long a key is remembered; 24 hours by default. */
  retentionMs?: number | undefined;
  /**
   * What else changes the meaning of a request, and so belongs to its key: a preference, say. Method, URL, preconditions
   * and body always do.
   */
  payload?: ((asked: Asked) => readonly string[]) | undefined;
  /** The clock, for tests. */
  now?: (() => Date) | undefined;
}

/** Printable, without spaces; a header that was sent twice arrives joined by ", " and so is refused. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * Applies each write once for its key.
 *
 * The key, the write and its answer are one transaction: either all three are there or none is, whenever the server dies.
 * Every answer of the application is kept, refusals (404, 409, 412) too, so that the same bytes always have the same
 * outcome. An answer that asks for the same bytes again (`comesAgain`), and whatever is thrown, undoes the transaction and
 * leaves no trace.
 *
 * Two sends of one key at once are kept apart twice: `running` covers this process, whose database may have one connection
 * only, on which transactions queue up; KeyStorage.claim covers all others.
 */
export class Writes<Tx> {
  readonly #running = new Map<string, string>();
  readonly #keys: KeyStorage<Tx>;
  readonly #retentionMs: number;
  readonly #payload: (asked: Asked) => readonly string[];
  readonly #now: () => Date;

  constructor(keys: KeyStorage<Tx>, { retentionMs = KEY_RETENTION_MS, payload = () => [], now = () => new Date() }: WriteOptions = {}) {
    this.#keys = keys;
    this.#retentionMs = retentionMs;
    this.#payload = payload;
    this.#now = now;
  }

  /**
   * The answer to a write: of `work`, which runs in a transaction, or of the first time that this key came. Without a key
   * `work` runs each time.
   * @throws what `work` or the database throws, except ProblemError, which is an answer
   */
  async once(asked: Asked, work: Work<Tx>): Promise<Answer> {
    const given = asked.headers['idempotency-key'];
    if (given === undefined) return this.#transact((tx) => work(tx, null));
    if (typeof given !== 'string' || !KEY.test(given)) return badKey();
    const name = { subject: asked.subject, key: given };
    const fingerprint = this.#fingerprintOf(asked);
    const id = JSON.stringify([name.subject, name.key]);
    const running = this.#running.get(id);
    if (running !== undefined) return running === fingerprint ? stillRunning() : otherPayload();
    this.#running.set(id, fingerprint);
    try {
      return await this.#transact((tx) => this.#lookUpOrApply(tx, name, fingerprint, work));
    } finally {
      this.#running.delete(id);
    }
  }

  /** Keys that nobody sends again would stay for ever otherwise. To be called now and then; once an hour is plenty. */
  async forgetExpired(): Promise<void> {
    await this.#keys.forget(this.#oldest());
  }

  async #lookUpOrApply(tx: Tx, name: KeyName, fingerprint: string, work: Work<Tx>): Promise<Answer> {
    const notBefore = this.#oldest();
    const claim = await this.#keys.claim(tx, name, notBefore);
    if (claim === 'running') return stillRunning();
    if (claim !== 'free') return claim.fingerprint === fingerprint ? replayed(claim.answer) : otherPayload();
    const answer = await work(tx, name);
    // Not before: a change's transaction may write nothing until it has its entity's lock (Feed.lock).
    if (!comesAgain(answer)) await this.#keys.keep(tx, name, { fingerprint, answer }, { at: this.#now(), notBefore });
    return answer;
  }

  async #transact(work: (tx: Tx) => Answer | Promise<Answer>): Promise<Answer> {
    let undone: Answer | undefined;
    try {
      return await this.#keys.transaction(async (tx) => {
        undone = undefined;  // a storage may try a transaction again
        try {
          const answer = await work(tx);
          refuseUnsendable(answer);
          if (comesAgain(answer)) throw new Undone(answer);
          return answer;
        } catch (error) {
          if (error instanceof Undone || error instanceof ProblemError) undone = error.answer;
          throw error;
        }
      });
    } catch (error) {
      if (undone) return undone;
      throw error;
    }
  }

  #fingerprintOf(asked: Asked): string {
    const { method, url, headers, body } = asked;
    const others = ['if-none-match', 'if-unmodified-since'].flatMap((name) => {
      const value = textOf(headers[name]);
      return value === undefined ? [] : [`${name}: ${value}`];
    });
    // JSON keeps the parts apart: no header's end can pass for a path's beginning.
    const parts = [method, url, textOf(headers['if-match']) ?? null, ...others, ...this.#payload(asked)];
    return createHash('sha256').update(JSON.stringify(parts)).update(body ?? '').digest('hex');
  }

  #oldest(): Date {
    return new Date(this.#now().getTime() - this.#retentionMs);
  }
}

/** An answer that can't be sent must not be kept: its key would be answered so for as long as it is remembered. */
function refuseUnsendable({ headers }: Answer): void {
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
}

/** Thrown to undo a transaction whose answer says that nothing was done. */
class Undone extends Error {
  constructor(readonly answer: Answer) {
    super(`answered ${answer.status}`);
  }
}

const COMES_AGAIN: ReadonlySet<number> = new Set([401, 408, 419, 425, 429]);

/**
 * Whether a client sends the same bytes under the same key again after this answer: sign in first, too early, too much, or
 * not now. If it were kept, they would be answered so for ever.
 */
export function comesAgain(answer: Answer): boolean {
  const { status } = answer;
  return status >= 500 || COMES_AGAIN.has(status) || (status === 409 && headerOf(answer, 'retry-after') !== undefined);
}

function replayed(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, 'idempotency-replayed': 'true' } };
}

function badKey(): Answer {
  return problemAnswer(400, 'bad-idempotency-key',
    'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces.', { field: 'Idempotency-Key' });
}

function stillRunning(): Answer {
  return problemAnswer(409, 'still-running', 'A request with this Idempotency-Key is still running; send it again shortly.',
    { field: 'Idempotency-Key' }, { 'retry-after': '1' });
}

function otherPayload(): Answer {
  return problemAnswer(422, 'key-reused',
    'This Idempotency-Key belongs to another request (method, URL, preconditions, preferences and body must be the same); use a new key.',
    { field: 'Idempotency-Key' });
}
