// What goes wrong at the server, and what it truly did. Faults are a hash of (seed, act, attempt), so every
// client meets the same ones, whatever it sends in between. The ledger is written in the write's own
// transaction and never touched again; it knows nothing of idempotency keys.

import type { Faults, FaultRequest } from '../../web/server/faults.js';
import type { Database } from '../../web/server/database.js';
import type { RideOptions } from './options.js';
import { hashUnit } from './random.js';

/** The act's number travels with each of its attempts. */
export const kActHeader = 'x-ride-act';

export interface LedgerEntry {
  act: number;
  order: string;
  /** Wall milliseconds since the epoch. */
  appliedAt: number;
  /** The Idempotency-Key that it came with: tells why an act was applied twice. */
  key?: string | null;
}

export type Fault = 'unavailable' | 'unavailable-retry-after' | 'answer-lost' | null;

export type FaultRates = Pick<RideOptions, 'seed' | 'errorRate' | 'retryAfterShare' | 'lostRate'>;

/** What becomes of this attempt (1, 2, …) at this act. */
export function faultOf({ seed, errorRate, retryAfterShare, lostRate }: FaultRates, act: number, attempt: number): Fault {
  if (hashUnit(seed, act, attempt, 1) < errorRate) {
    return hashUnit(seed, act, attempt, 2) < retryAfterShare ? 'unavailable-retry-after' : 'unavailable';
  }
  return hashUnit(seed, act, attempt, 3) < lostRate ? 'answer-lost' : null;
}

export class Ledger {
  readonly #database: Database;
  /** How often the server has seen each act. */
  readonly #attempts = new Map<number, number>();

  private constructor(database: Database) {
    this.#database = database;
  }

  static async open(database: Database): Promise<Ledger> {
    await database.query(`CREATE TABLE ride_ledger (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      act integer NOT NULL, order_id uuid NOT NULL, applied_at double precision NOT NULL, key text)`);
    return new Ledger(database);
  }

  /** One that another process has opened. What each has seen of an act's attempts is its own. */
  static join(database: Database): Ledger {
    return new Ledger(database);
  }

  faults(rates: FaultRates): Faults {
    const faultOfRequest = new WeakMap<FaultRequest, Fault>();
    return {
      beforeApply: async (request) => {
        const act = actOf(request);
        if (act === null) return undefined;
        const attempt = (this.#attempts.get(act) ?? 0) + 1;
        this.#attempts.set(act, attempt);
        const fault = faultOf(rates, act, attempt);
        faultOfRequest.set(request, fault);
        if (fault === 'unavailable') return { status: 503 };
        if (fault === 'unavailable-retry-after') return { status: 503, headers: { 'retry-after': '1' } };
        return undefined;
      },
      afterApply: async (request) => (faultOfRequest.get(request) === 'answer-lost' ? 'drop' : undefined),
      onApplied: async (tx, request, order) => {
        await tx.query('INSERT INTO ride_ledger (act, order_id, applied_at, key) VALUES ($1, $2, $3, $4)',
          [actOf(request) ?? 0, order, Date.now(), request.headers['idempotency-key'] ?? null]);
      },
    };
  }

  /** How often the server has seen this act. */
  attempts(act: number): number {
    return this.#attempts.get(act) ?? 0;
  }

  /** In the order of application. */
  async entries(): Promise<LedgerEntry[]> {
    const rows = await this.#database.query<{ act: number; order_id: string; applied_at: number; key: string | null }>(
      'SELECT act, order_id, applied_at, key FROM ride_ledger ORDER BY seq');
    return rows.map((row) => ({ act: row.act, order: row.order_id, appliedAt: row.applied_at, key: row.key }));
  }
}

function actOf({ headers }: FaultRequest): number | null {
  const act = Number(headers[kActHeader] ?? NaN);
  return Number.isSafeInteger(act) && act > 0 ? act : null;
}
