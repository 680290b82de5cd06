import type { IncomingHttpHeaders } from 'node:http';
import type { Queryable } from './database.js';

export interface FaultRequest { method: string; url: string; headers: IncomingHttpHeaders }

/** What goes wrong on purpose, on writes to orders. For tests only: the server itself never sets any of these. */
export interface Faults {
  /** Asked before the idempotency key is looked up; an answer given here is sent instead of applying. */
  beforeApply?(request: FaultRequest): Promise<void | { status: number; headers?: Record<string, string> }>;
  /** Asked once the transaction is over, on a replay or a refusal of the key too. 'drop': the connection is destroyed without an answer. */
  afterApply?(request: FaultRequest): Promise<void | 'drop'>;
  /** Runs in the write's own transaction, once for each real application: never for a replay or a refusal. */
  onApplied?(tx: Queryable, request: FaultRequest, orderId: string): Promise<void>;
}
