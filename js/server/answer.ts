import { STATUS_CODES } from 'node:http';

/** An answer as plain data, so that it can be kept beside its idempotency key and given again byte for byte. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export function jsonAnswer(status: number, document: unknown, headers: Record<string, string> = {}): Answer {
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
): Answer {
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail, ...extras };
  return {
    status,
    headers: { 'content-type': 'application/problem+json; charset=utf-8', ...headers },
    body: JSON.stringify(problem),
  };
}

/** A refusal that needs no transaction to be remembered: thrown, and answered by the error handler. */
export class ProblemError extends Error {
  readonly code: string;
  readonly answer: Answer;

  constructor(status: number, code: string, detail: string, extras?: ProblemExtras, headers?: Record<string, string>) {
    super(detail);
    this.name = 'ProblemError';
    this.code = code;
    this.answer = problemAnswer(status, code, detail, extras, headers);
  }
}
