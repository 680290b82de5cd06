import type { Answer } from './answer.js';

/** 24 hours: longer than a phone stays in a drawer over night, short enough that the table stays small. */
export const KEY_RETENTION_MS = 24 * 60 * 60 * 1000;

/** A key belongs to whoever sent it: nobody is given the answer to another one's request. */
export interface KeyName { subject: string; key: string }

export interface KeptAnswer {
  /** SHA-256 of what the key was sent with. */
  fingerprint: string;
  answer: Answer;
}

/**
 * `free`: nobody has applied this key, and nobody else can until this transaction is over. `running`: another transaction
 * is at it. Else what became of it.
 */
export type Claim = 'free' | 'running' | KeptAnswer;

/**
 * Where idempotency keys are kept: in the database that the writes themselves go to, since a key is worth something only
 * if it is there exactly when its write is. postgresKeys() is one; for another database these four are all there is to do.
 */
export interface KeyStorage<Tx> {
  /**
   * Runs `work` in one transaction, at READ COMMITTED or stricter: committed before the promise is fulfilled, and rolled
   * back if `work` throws, with its error passed on.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Looks a key up and holds it until the transaction is over. Never waits for another transaction, and writes nothing.
   * @param notBefore what was kept at this time or before counts as free
   */
  claim(tx: Tx, name: KeyName, notBefore: Date): Promise<Claim>;
  /**
   * Keeps the answer of a claimed key. What expired under the same name gives way to it; what didn't is an error, so that
   * the second of two writes is undone should claim() ever have let both in.
   */
  keep(tx: Tx, name: KeyName, kept: KeptAnswer, times: { at: Date; notBefore: Date }): Promise<void>;
  /** Forgets what was kept at this time or before, in a transaction of its own. */
  forget(before: Date): Promise<void>;
}
