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

/** All times are milliseconds since the epoch, and none of them comes twice. URLs are without their origin. */
export interface Subject {
  /** @returns the write's id */
  write(write: PageWrite, at: number): string;
  /** What leaves now. */
  sends(at: number): Send[];
  answered(send: Send, answer: Answer, at: number): void;
  /** The attempt ended without an answer. */
  failed(send: Send, at: number): void;
  /** The worker dies and another takes over; the answers to what was under way never arrive. */
  kill(at: number): void;
  /**
   * @param answer the network's, or null if it is silent
   * @param requestedAt when the answer was asked for; it may be long ago
   * @returns null: nothing is known
   */
  read(url: string, answer: Answer | null, requestedAt: number, at: number): Shown | null;
}

export type MakeSubject = (name: string, resource: ResourceConfig) => Subject;
