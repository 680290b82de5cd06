// Clients, hundreds or thousands of them in one process: they answer heartbeats, and note when they were given what.

import { WebSocket } from 'ws';
import { answer, now } from './child.js';

export interface Opening {
  name: string;
  url: string;
  count: number;
  /** A live link says hello, and is open once it has caught up; a bare socket is open when it is. */
  link: boolean;
  /** An address of the loopback; each has ports of its own. */
  from: string;
}

export interface Receipts {
  /** The change's number, and the moment, of each. */
  numbers: Float64Array;
  times: Float64Array;
  /** Of all messages of changes together. */
  bytes: number;
}

/** Handshakes under way at once: a queue of connections that haven't been accepted is short. */
const kAtOnce = 100;
const kVersion = /"version":(\d+)/g;

class Group {
  readonly beaten = new Set<WebSocket>();
  readonly #sockets = new Set<WebSocket>();
  #numbers: number[] = [];
  #times: number[] = [];
  #bytes = 0;
  #lost: Error | null = null;
  #changed = (): void => {};

  get open(): number {
    return this.#sockets.size;
  }

  connect({ url, link, from }: Opening): Promise<void> {
    const socket = new WebSocket(url, 'holdfast.v1', { localAddress: from, perMessageDeflate: false });
    return new Promise((resolve, reject) => {
      const opened = (): void => {
        this.#sockets.add(socket);
        resolve();
      };
      socket.on('open', () => (link ? socket.send('{"type":"hello","after":null}') : opened()));
      socket.on('error', reject);
      socket.on('close', (code) => {
        reject(new Error(`closed with ${code} before it was open`));
        if (this.#sockets.delete(socket)) this.#lose(new Error(`a client's connection was closed with ${code}`));
      });
      socket.on('message', (data) => {
        const at = now();
        const text = (data as Buffer).toString();
        if (text.startsWith('{"type":"changes"')) this.#take(text, (data as Buffer).length, at), opened();
        else if (text.startsWith('{"type":"ping"')) socket.send('{"type":"pong"}', () => this.beaten.add(socket));
      });
    });
  }

  async collect(count: number): Promise<Receipts> {
    await new Promise<void>((resolve, reject) => {
      this.#changed = () => {
        if (this.#lost) reject(this.#lost);
        else if (this.#numbers.length >= count) resolve();
      };
      this.#changed();
    });
    return this.taken();
  }

  /** What has been taken since this was last asked. */
  taken(): Receipts {
    const receipts = { numbers: Float64Array.from(this.#numbers), times: Float64Array.from(this.#times), bytes: this.#bytes };
    [this.#numbers, this.#times, this.#bytes] = [[], [], 0];
    return receipts;
  }

  #take(text: string, bytes: number, at: number): void {
    const before = this.#numbers.length;
    for (const [, version] of text.matchAll(kVersion)) this.#numbers.push(Number(version)), this.#times.push(at);
    if (this.#numbers.length === before) return; // told that it has everything
    this.#bytes += bytes;
    this.#changed();
  }

  #lose(error: Error): void {
    this.#lost ??= error;
    this.#changed();
  }
}

const groups = new Map<string, Group>();

const calls = {
  /** Gives how many are open in the end, and why it is no more. */
  async open(opening: Opening): Promise<{ open: number; trouble: string | null }> {
    const group = new Group();
    groups.set(opening.name, group);
    let [left, trouble] = [opening.count, null as string | null];
    await Promise.all(Array.from({ length: kAtOnce }, async () => {
      for (; left > 0 && trouble === null;) {
        left -= 1;
        await group.connect(opening).catch((error: Error) => { trouble = error.message; });
      }
    }));
    return { open: group.open, trouble };
  },
  /** How many have answered a heartbeat. */
  beaten: (name: string): number => groups.get(name)!.beaten.size,
  collect: ({ name, count }: { name: string; count: number }): Promise<Receipts> => groups.get(name)!.collect(count),
  taken: (name: string): Receipts => groups.get(name)!.taken(),
};

export type Clients = typeof calls;

answer(calls);
