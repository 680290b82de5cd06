// Calls into the bench's page, which asks for them over HTTP: the way to a browser that has no driver.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bench, Told } from './site/bench.js';

/** A page that hasn't asked for its first call by then has not come up. */
const kUpMs = 30_000;

interface Call {
  text: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Calls {
  #waiting: ServerResponse | null = null;
  #call: Call | null = null;
  #seen = false;

  /** Has the page do this; one thing at a time. Rejects with what it threw, or with what `unless` rejects with. */
  async do<Name extends keyof Bench>(unless: Promise<never>, name: Name, ...args: Parameters<Bench[Name]>): Promise<Awaited<ReturnType<Bench[Name]>>> {
    const done = new Promise<unknown>((resolve, reject) => {
      this.#call = { text: JSON.stringify({ name, args }), resolve, reject };
      if (!this.#seen) setTimeout(() => this.#seen || reject(new Error('the page did not come up')), kUpMs).unref();
      this.#send();
    });
    try {
      return await Promise.race([done, unless]) as Awaited<ReturnType<Bench[Name]>>;
    } finally {
      this.#call = null;
    }
  }

  /** `GET /next`: answered when there is something to do. */
  next(response: ServerResponse): void {
    this.#seen = true;
    this.#waiting = response;
    this.#send();
  }

  /** `POST /told`: what came of it. */
  async told(request: IncomingMessage): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const told = JSON.parse(Buffer.concat(parts).toString()) as Told;
    if ('error' in told) this.#call?.reject(new Error(told.error));
    else this.#call?.resolve(told.value);
  }

  #send(): void {
    if (!this.#waiting || !this.#call) return;
    this.#waiting.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    this.#waiting.end(this.#call.text);
    this.#waiting = null;
  }
}
