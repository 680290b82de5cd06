// What both backends have in common: routes as a table, an Idempotency-Key that is looked up before anything else,
// and a ledger of what was really written. They run in the scripted server, which hangs, resets and loses answers.

import type { Answer, Recorded, ScriptedServer } from '../browser/scripted-server.js';

export interface Call {
  method: string;
  /** `http://localhost:4173`, as the client named it. */
  origin: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
  /** What comes after `Token ` in the Authorization header, or empty. */
  token: string;
}

export interface Told {
  status?: number;
  body?: unknown;
  /** Which entity a write was about, by a number that no change of its URL touches; none for what isn't kept, as a login. */
  about?: string;
}

export type Route = (call: Call, ...parameters: string[]) => Told;

/** One write that was carried out. */
export interface Entry {
  method: string;
  url: string;
  body: Record<string, unknown>;
  about: string;
}

export class Refusal extends Error {
  constructor(readonly status: number, readonly body: unknown = undefined) {
    super(`refused with ${status}`);
  }
}

const isRead = ({ method }: { method: string }): boolean => method === 'GET' || method === 'HEAD';

export abstract class Backend {
  /** Writes that were carried out, in order. */
  readonly ledger: Entry[] = [];
  /** Writes that were not: a client that does everything right causes none. */
  readonly refused: string[] = [];
  /** How many of the next writes are carried out with their answers lost. */
  loseAnswers = 0;
  /** Tried from the top; a colon begins a parameter. */
  protected abstract readonly routes: Record<string, Route>;
  readonly #answers = new Map<string, Answer>();
  #last = 0;

  /** Takes over what the server answers under /api; what it does while it is down stays its own matter. */
  serveOn(server: ScriptedServer): void {
    server.respond = (request) => {
      if (server.down) return undefined;
      const answer = this.answer(request);
      if (isRead(request) || this.loseAnswers === 0) return answer;
      this.loseAnswers -= 1;
      return { reset: true };
    };
  }

  answer(request: Recorded): Answer {
    const key = isRead(request) ? '' : String(request.headers['idempotency-key'] ?? '');
    const before = this.#answers.get(key);
    if (before) return before;
    const answer = this.#carryOut(request);
    if (key) this.#answers.set(key, answer);
    return answer;
  }

  /** Now, and never the same twice: lists are ordered by it. */
  protected time(): string {
    this.#last = Math.max(Date.now(), this.#last + 1);
    return new Date(this.#last).toISOString();
  }

  #carryOut(request: Recorded): Answer {
    const url = new URL(request.url, `http://${request.headers.host ?? 'localhost'}`);
    const call: Call = {
      method: request.method, origin: url.origin, query: url.searchParams, body: objectIn(request.body.toString()),
      token: /^Token (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '',
    };
    try {
      const { status = 200, body, about } = this.#route(call, url.pathname);
      if (about !== undefined) this.ledger.push({ method: call.method, url: url.pathname, body: call.body, about });
      return { status, body };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (!isRead(request)) this.refused.push(`${error.status} ${call.method} ${url.pathname}`);
      return { status: error.status, body: error.body };
    }
  }

  #route(call: Call, path: string): Told {
    for (const [name, route] of Object.entries(this.routes)) {
      const [method, pattern] = name.split(' ') as [string, string];
      const parameters = method === call.method ? match(pattern, path) : null;
      if (parameters) return route(call, ...parameters);
    }
    throw new Refusal(404);
  }
}

function match(pattern: string, path: string): string[] | null {
  const [wanted, there] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== there.length || !wanted.every((part, i) => part.startsWith(':') || part === there[i])) return null;
  return there.filter((_, i) => wanted[i]!.startsWith(':')).map(decodeURIComponent);
}

function objectIn(text: string): Record<string, unknown> {
  if (!text) return {};
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
