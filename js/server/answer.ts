import { STATUS_CODES } from 'node:http';

/** An answer as plain data, so that it can be kept beside its idempotency key and given again byte for byte. */
export interface Answer {
  status: number;
  /** Names in any case, each once. */
  headers: Record<string, string>;
  body: string | Uint8Array;
}

export interface TextAnswer extends Answer { body: string }

export function jsonAnswer(status: number, document: unknown, headers: Record<string, string> = {}): TextAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(document),
  };
}

export interface ProblemExtras {
  /** The field, parameter or header that is at fault. */
  field?: string;
  /** What would have been right, as data. */
  allowed?: unknown;
  /** The document that the server has now: a client that merges is spared a question. */
  current?: unknown;
  /** Whatever else a program may want to know (RFC 9457, 3.2). */
  [member: string]: unknown;
}

/** RFC 9457. `code` is stable and meant for programs; `detail` is a sentence for people and may change. */
export function problemAnswer(
  status: number, code: string, detail: string, extras: ProblemExtras = {}, headers: Record<string, string> = {},
): TextAnswer {
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail, ...extras };
  return {
    status,
    headers: { 'content-type': 'application/problem+json; charset=utf-8', ...headers },
    body: JSON.stringify(problem),
  };
}

/** A refusal that is thrown: its transaction is undone, and nothing of it is remembered. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: string;
  readonly answer: Answer;

  constructor(status: number, code: string, detail: string, extras?: ProblemExtras, headers?: Record<string, string>) {
    super(detail);
    this.code = code;
    this.answer = problemAnswer(status, code, detail, extras, headers);
  }
}

/** What `work` answers, be it by throwing a ProblemError. */
export async function answerOf(work: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProblemError) return error.answer;
    throw error;
  }
}

export function headerOf({ headers }: Answer, name: string): string | undefined {
  const [, value] = Object.entries(headers).find(([given]) => given.toLowerCase() === name) ?? [];
  return value;
}

/** As it is sent. The same bytes whether the answer comes from the application or from where it was kept. */
export function bytesOf({ body }: Answer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
