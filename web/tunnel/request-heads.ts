// Reads the request heads out of one client connection's bytes, as they arrive. HTTP/1.1 with keep-alive:
// a body must be stepped over to find the next head. It only looks; the bytes go their way untouched.

export interface RequestHead {
  method: string;
  path: string;
}

/** No honest head is larger; beyond it we stop understanding this connection rather than keep its bytes. */
const kHeadBytesMax = 65_536;

type State = 'head' | 'body' | 'chunk-size' | 'chunk' | 'trailer' | 'opaque';

export class RequestHeads {
  #state: State = 'head';
  #text = '';
  /** Body or chunk bytes still to be stepped over. */
  #left = 0;
  readonly #onHead: (head: RequestHead) => void;

  constructor(onHead: (head: RequestHead) => void) {
    this.#onHead = onHead;
  }

  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && this.#state !== 'opaque') {
      at = this.#state === 'body' || this.#state === 'chunk' ? this.#skip(bytes, at) : this.#readLine(bytes, at);
    }
  }

  #skip(bytes: Buffer, at: number): number {
    const step = Math.min(this.#left, bytes.length - at);
    this.#left -= step;
    if (this.#left === 0) this.#state = this.#state === 'body' ? 'head' : 'chunk-size';
    return at + step;
  }

  /** Heads, chunk sizes and trailers all end with a line end: gather text up to the next one. */
  #readLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(0x0a, at);
    const stop = end === -1 ? bytes.length : end + 1;
    this.#text += bytes.toString('latin1', at, stop);
    if (this.#text.length > kHeadBytesMax) this.#state = 'opaque';
    else if (end !== -1) this.#lineEnded();
    return stop;
  }

  #lineEnded(): void {
    if (this.#state === 'head') {
      // Blank lines before a request line are allowed (RFC 9112, section 2.2).
      if (/^\r?\n$/.test(this.#text)) this.#text = '';
      else if (/\n\r?\n$/.test(this.#text)) this.#headEnded();
      return;
    }
    const line = this.#text;
    this.#text = '';
    if (this.#state === 'trailer') {
      if (/^\r?\n$/.test(line)) this.#state = 'head';
      return;
    }
    const size = Number.parseInt(line, 16);
    if (Number.isNaN(size)) this.#state = 'opaque';
    else if (size === 0) this.#state = 'trailer';
    else {
      this.#left = size + 2; // the line end after the chunk belongs to it
      this.#state = 'chunk';
    }
  }

  #headEnded(): void {
    const [request = '', ...lines] = this.#text.split(/\r?\n/);
    this.#text = '';
    const [method = '', path = ''] = request.split(' ');
    const headers = new Map(lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim().toLowerCase()] as const;
    }));
    this.#left = Number(headers.get('content-length') ?? 0);
    if (headers.has('upgrade') || Number.isNaN(this.#left)) this.#state = 'opaque';
    else if (headers.get('transfer-encoding')?.includes('chunked')) this.#state = 'chunk-size';
    else if (this.#left > 0) this.#state = 'body';
    this.#onHead({ method, path });
  }
}
