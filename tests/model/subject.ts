// What a history drives, whatever it is made of: the compiled module, or another implementation of docs/reads.md.

import type { ResourceConfig } from '../../js/protocol/config.js';
import type { Json } from './json.js';
import type { Answer, BodyType } from './server.js';

export interface PageWrite {
  tab: number;
  method: string;
  url: string;
  body: Json | undefined;
  type: BodyType;
}

/** A request that has left for the server. */
export interface Send {
  id: string;
  attempt: number;
  method: string;
  url: string;
  body: Json | undefined;
  type: BodyType;
}

export interface Shown {
  status: number;
  json: Json | undefined;
  /** Holdfast-Pending, or null. */
  pending: number | null;
  /** Holdfast-Unknown, or null. */
  unknown: string[] | null;
}

/** At once, or later. */
export type Maybe<T> = T | Promise<T>;

/** A read that has left and was answered; the answer is on its way. */
export interface Asking {
  arrive(at: number): Maybe<Shown>;
}

/** All times are milliseconds since the epoch, and none of them comes twice. URLs are without their origin. */
export interface Subject {
  /** @returns the write's id, and when the person acted by the subject's own clock */
  write(write: PageWrite, at: number): Maybe<{ id: string; at: number }>;
  /** What leaves now. */
  sends(at: number): Maybe<Send[]>;
  answered(send: Send, answer: Answer, at: number): Maybe<void>;
  /** The attempt ended without an answer. */
  failed(send: Send, at: number): Maybe<void>;
  /** The worker dies and another takes over; the answers to what was under way never arrive. */
  kill(at: number): Maybe<void>;
  /** A read leaves, and the server answers it with what it has now. */
  ask(url: string, answer: Answer, requestedAt: number): Maybe<Asking>;
  /** @returns null: nothing is known */
  dark(url: string, at: number): Maybe<Shown | null>;
}

export type MakeSubject = (name: string, resource: ResourceConfig) => Subject;
