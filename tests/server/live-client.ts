// A client of the live link that does nothing by itself: for tests, over either transport.

import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { atEnd } from './support.js';

export type Transport = 'websocket' | 'events';

export interface Opening {
  after?: string | null;
  authorization?: string;
  headers?: Record<string, string>;
  /** Which one a WebSocket offers, instead of the right one. */
  subprotocol?: string;
  /** false: a WebSocket that has said nothing yet. */
  hello?: boolean;
  /** false: pings are not answered. */
  answers?: boolean;
}

/** How long a test waits for what is to happen; that it doesn't is a failure, and its time is nobody's promise. */
const kPatienceMs = 20_000;

export class LiveClient {
  /** Everything that was said, in order. */
  readonly said: any[] = [];
  /** The ids of its events. */
  readonly ids: (string | undefined)[] = [];
  ended: { code: number } | null = null;
  /** Stops taking what is sent. */
  stall = (): void => {};
  resume = (): void => {};
  cut = (): void => {};
  send = (_message: object | string | Buffer): void => { throw new Error('events go one way'); };
  #changed = (): void => {};

  constructor(readonly transport: Transport) {}

  take(message: any, id?: string): void {
    this.said.push(message);
    this.ids.push(id);
    this.#changed();
  }

  end(code: number): void {
    this.ended ??= { code };
    this.#changed();
  }

  /** The first message for which `is` holds, said or yet to come. */
  async until(is: (message: any, index: number) => boolean, what = String(is)): Promise<any> {
    await this.#wait(() => this.said.some(is), what);
    return this.said.find(is);
  }

  async type(type: string): Promise<any> {
    return this.until(message => message.type === type, type);
  }

  /** Caught up: everything that there was has been told. */
  async live(): Promise<any> {
    return this.until(message => message.type === 'changes' && !message.more, 'live');
  }

  async finished(): Promise<number> {
    await this.#wait(() => this.ended !== null, 'the end');
    return this.ended!.code;
  }

  async has(count: number): Promise<any[]> {
    await this.#wait(() => this.changes.length >= count, `${count} changes`);
    return this.changes;
  }

  get welcome(): any {
    assert.equal(this.said[0]?.type, 'welcome', JSON.stringify(this.said[0]));
    return this.said[0];
  }

  /** All changes, in the order in which they came; each batch goes on where the one before it ended. */
  get changes(): any[] {
    let at = this.said[0]?.cursor;
    return this.said.filter(({ type }) => type === 'changes').flatMap(({ after, cursor, changes }) => {
      assert.equal(after, at, 'a batch that goes on from elsewhere');
      at = cursor;
      return changes;
    });
  }

  get cursor(): string {
    return this.said.filter(({ cursor }) => cursor !== undefined).at(-1).cursor;
  }

  async #wait(holds: () => boolean, what: string): Promise<void> {
    await new Promise<void>((done, fail) => {
      const late = setTimeout(() => fail(new Error(`${this.transport}: still waiting for ${what}; ended ${JSON.stringify(this.ended)}, `
        + `said ${JSON.stringify(this.said).slice(0, 2000)}`)), kPatienceMs);
      this.#changed = () => {
        if (!holds()) return;
        clearTimeout(late);
        done();
      };
      this.#changed();
    });
  }
}

/** Opens a link; fails with `refused` where there is none. */
export function openLink(transport: Transport, url: string, opening: Opening = {}): Promise<LiveClient> {
  return transport === 'websocket' ? openWebSocket(url, opening) : openEvents(url, opening);
}

export class Refused extends Error {
  constructor(readonly status: number, readonly headers: IncomingMessage['headers'], readonly json: any) {
    super(`refused with ${status}`);
  }
}

async function refused(answer: IncomingMessage): Promise<Refused> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk;
  return new Refused(answer.statusCode!, answer.headers, text === '' ? undefined : JSON.parse(text));
}

function openWebSocket(url: string, { after = null, authorization, headers = {}, subprotocol = 'holdfast.v1', hello = true, answers = true }: Opening): Promise<LiveClient> {
  const client = new LiveClient('websocket');
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/live`, subprotocol, { headers });
  atEnd(async () => socket.terminate());
  client.send = message => socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  client.stall = () => (socket as unknown as { _socket: Socket })._socket.pause();
  client.resume = () => (socket as unknown as { _socket: Socket })._socket.resume();
  client.cut = () => socket.terminate();
  socket.on('message', data => {
    const message = JSON.parse(String(data));
    client.take(message);
    if (message.type === 'ping' && answers) client.send({ type: 'pong' });
  });
  socket.on('close', code => client.end(code));
  return new Promise((done, fail) => {
    socket.on('error', fail);
    socket.on('unexpected-response', (_request, answer) => void refused(answer).then(fail, fail));
    socket.on('open', () => {
      if (hello) client.send({ type: 'hello', after, ...(authorization === undefined ? {} : { authorization }) });
      done(client);
    });
  });
}

function openEvents(url: string, { after = null, authorization, headers = {} }: Opening): Promise<LiveClient> {
  const client = new LiveClient('events');
  return new Promise((done, fail) => {
    const request = get(`${url}/api/live${after === null ? '' : `?${new URLSearchParams({ after })}`}`, {
      agent: false, headers: { accept: 'text/event-stream', ...(authorization === undefined ? {} : { authorization }), ...headers },
    });
    atEnd(async () => { request.destroy(); });
    request.on('error', fail);
    request.on('response', answer => {
      if (answer.statusCode !== 200) return void refused(answer).then(fail, fail);
      client.stall = () => answer.pause();
      client.resume = () => answer.resume();
      client.cut = () => request.destroy();
      let text = '';
      answer.setEncoding('utf8').on('data', chunk => {
        const events = (text += chunk).split('\n\n');
        text = events.pop()!;
        for (const event of events) takeEvent(client, event);
      });
      answer.on('close', () => client.end(0));
      answer.on('error', () => {});
      done(client);
    });
  });
}

function takeEvent(client: LiveClient, event: string): void {
  const fields = new Map(event.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  client.take(JSON.parse(fields.get('data')!), fields.get('id'));
}
