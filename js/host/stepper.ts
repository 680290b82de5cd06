// step(): the one place that opens a read-write transaction and calls the engine. Commit, then act.
//
// A WebAssembly call is synchronous, so it runs inside the transaction: read, decide and write are one atomic step.
// Events that arrive while a transaction runs are stepped together in the next one, each seeing the writes of those
// before it. Nothing but IndexedDB requests may be awaited inside the transaction, else it ends.

import type { Bodies } from './bodies';
import type { Clock } from './clock';
import { isQuota, kStepStores, type DatabaseSource, type KeptRead, type Row, type StoreName, type WriteTransaction } from './database';
import { describe, HostError, isTrap, report } from './errors';
import type { Effect, Engine, StepResult } from './module';
import type { HeldAnswers } from './kept';
import { Rows } from './rows';
import { standingIn, type Standing } from './standing';

export interface EngineEvent {
  type: string;
  [field: string]: unknown;
}

interface Pending {
  event: EngineEvent;
  /** Bytes that belong to a captured write; stored with it, in the same transaction. */
  bytes: ArrayBuffer | null;
  resolve(effects: Effect[]): void;
  reject(error: unknown): void;
  /** Resolves once it is committed, or never will be. */
  done: Promise<unknown>;
}

interface Peek {
  event: EngineEvent;
  fresh: KeptRead | null;
  resolve(effects: Effect[]): void;
  reject(error: unknown): void;
}

/** How many events share one transaction at most: enough for a burst, few enough for nobody to wait long. */
const kBatchMax = 64;
/** What a page doesn't know of before it is committed: no read need wait for it. */
const kUnheard = ['pump', 'answered', 'failed', 'reopened', 'diagnosed', 'waited', 'tick'];
/** Between two tries of a step that must not be given up. Milliseconds, doubling. */
const kInsistMs = 1_000;
const kInsistMsMax = 30_000;
/** Rounds of "bring me these rows" in one step; the engine needs four at most. More is a defect. */
const kRoundsMax = 24;

export class Stepper {
  /** True while this context holds the sender's lock: then each batch ends with a pump. */
  #sender = false;
  /** Whether what a dead worker had under way has been taken over since the lock was got. */
  #tookOver = false;
  /** Called whenever no transaction is under way any more. */
  onIdle: () => void = () => undefined;
  /** Called when events were committed without the pump that belongs to them, since it had failed. */
  onUnpumped: () => void = () => undefined;
  /** Called with what a transaction left, before anybody else hears of it. */
  onCommitted: (standing: Standing) => void = () => undefined;
  #queue: Pending[] = [];
  #underWay: Pending[] = [];
  #running = false;
  #peeks: Peek[] = [];
  #peeking = false;

  constructor(
    private readonly source: DatabaseSource,
    private readonly engine: () => Promise<Engine>,
    /** Forgets an engine that can't be rebuilt: the next need starts another. */
    private readonly dropEngine: () => void,
    private readonly life: string,
    private readonly bodies: Bodies,
    private readonly act: (effects: Effect[]) => void,
    /** Gives up what is merely convenient, so that the outbox has room. */
    private readonly shrink: () => Promise<void>,
    private readonly answers: HeldAnswers,
    private readonly clock: Clock,
  ) {}

  /** From now on each batch ends with a pump, the next one also with taking over what a dead worker had under way. */
  startSending(): void {
    this.#sender = true;
    this.#tookOver = false;
  }

  stopSending(): void {
    this.#sender = false;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Resolves once what pages have done so far is committed, or never will be. */
  async caughtUp(): Promise<void> {
    const heard = [...this.#underWay, ...this.#queue].filter(({ event }) => !kUnheard.includes(event.type));
    await heard.at(-1)?.done;
  }

  /** A look at what may be sent now: with the batch that comes next, or by itself. */
  async pump(): Promise<void> {
    await this.submit({ type: 'pump' });
  }

  /** Steps one event; resolves once its rows are committed, with its effects, which have been acted on by then. */
  submit(event: EngineEvent, bytes: ArrayBuffer | null = null): Promise<Effect[]> {
    let pending: Pick<Pending, 'resolve' | 'reject'> | undefined;
    const effects = new Promise<Effect[]>((resolve, reject) => { pending = { resolve, reject }; });
    this.#queue.push({ event, bytes, ...pending!, done: effects.catch(() => undefined) });
    void this.#run();
    return effects;
  }

  /** Steps an event that rows wait for: again and again, while the disk is full or the database can't be had. */
  async insist(event: EngineEvent): Promise<void> {
    for (let wait = kInsistMs; ; wait = Math.min(wait * 2, kInsistMsMax)) {
      try {
        await this.submit(event);
        return;
      } catch (error) {
        report(error);
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  /**
   * Steps an event that only reads. Peeks that arrive while a transaction looks share the next one.
   * @param fresh an answer that has just come and may not be kept
   */
  peek(event: EngineEvent, fresh: KeptRead | null = null): Promise<Effect[]> {
    return new Promise((resolve, reject) => {
      this.#peeks.push({ event, fresh, resolve, reject });
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    if (this.#peeking) return;
    this.#peeking = true;
    await Promise.resolve();
    while (this.#peeks.length > 0) await this.#lookAt(this.#peeks.splice(0, kBatchMax));
    this.#peeking = false;
  }

  async #lookAt(batch: Peek[]): Promise<void> {
    try {
      const engine = await this.engine();
      const effects = await this.source.use(async (db) => {
        const tx = db.transaction(kStepStores, 'readonly');
        const rowsFor = (fresh: KeptRead | null) => new Rows(tx, (url) => engine.route(url), this.answers, fresh);
        const shared = rowsFor(null);
        return Promise.all(batch.map(async ({ event, fresh }) =>
          (await this.#decide(engine, fresh ? rowsFor(fresh) : shared, event)).effects));
      });
      batch.forEach((peek, i) => peek.resolve(effects[i] ?? []));
    } catch (error) {
      try {
        if (isTrap(error)) await this.#rebuild();
      } catch (worse) {
        for (const peek of batch) peek.reject(worse);
        return;
      }
      if (batch.length === 1) batch[0]?.reject(error);
      // One of them is poison. Alone, it costs only itself.
      else for (const peek of batch) await this.#lookAt([peek]);
    }
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    // Events of the same turn share a transaction.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, kBatchMax);
      this.#underWay = batch;
      await this.#stepBatch(batch).catch((error: unknown) => {
        for (const pending of batch) pending.reject(error);  // those that are settled already don't mind
      });
    }
    this.#underWay = [];
    this.#running = false;
    this.onIdle();
  }

  async #stepBatch(batch: Pending[]): Promise<void> {
    try {
      await this.#commit(batch);
    } catch (error) {
      if (isQuota(error)) return this.#afterQuota(batch);
      if (batch.length > 1) {
        // One of them is poison. Alone, it costs only itself.
        if (isTrap(error)) await this.#rebuild();
        for (const pending of batch) await this.#stepBatch([pending]);
        return;
      }
      if (isTrap(error)) return this.#afterTrap(batch, error);
      if (this.#sender && batch.every(({ event }) => event.type !== 'pump')) return this.#withoutPump(batch);
      for (const pending of batch) pending.reject(error);
    }
  }

  /** What hinders the pump must not cost a write its place in the outbox. */
  async #withoutPump(batch: Pending[]): Promise<void> {
    try {
      await this.#commit(batch, false);
    } catch (error) {
      for (const pending of batch) pending.reject(error);
    }
  }

  async #afterQuota(batch: Pending[]): Promise<void> {
    await this.shrink();
    for (const pending of batch) {
      try {
        await this.#commit([pending]);
      } catch (error) {
        pending.reject(isQuota(error)
          ? new HostError('storage-full', 'The disk has no room for this write. It was NOT kept; what was kept before is safe.', { cause: error })
          : error);
      }
    }
  }

  async #afterTrap(batch: Pending[], first: unknown): Promise<void> {
    await this.#rebuild();
    try {
      await this.#commit(batch, batch.every(({ event }) => event.type === 'pump'));
    } catch (second) {
      if (!isTrap(second)) {
        for (const pending of batch) pending.reject(second);
        return;
      }
      await this.#rebuild();
      for (const pending of batch) {
        const { code, message } = describe(first);
        const reason = `the engine failed on it twice: ${code}: ${message}`;
        // A pump holds nothing that could be kept, and what the feed tells the server has.
        if (pending.event.type === 'pump') this.act([{ do: 'problem', code: 'engine-trap', message: `Nothing can be sent: ${reason}` }]);
        else if (pending.event.type === 'feed') this.act([{ do: 'problem', code: 'engine-trap', message: `What others do can't be taken in: ${reason}` }]);
        else await this.setAside(reason, pending);
        pending.reject(new HostError('engine-trap', `The engine failed on this event twice; it was set aside. ${message}`));
      }
    }
  }

  /** Keeps what can't be handled, and says so. */
  async setAside(reason: string, what: { event: EngineEvent; bytes: ArrayBuffer | null }): Promise<void> {
    const entry = { at: Date.now(), reason, what: { event: what.event, bytes: what.bytes } };
    await this.source.use((db) => db.add('aside', entry)).catch(report);
    this.act([{ do: 'problem', code: 'set-aside', message: `An event was set aside and kept: ${reason}` }]);
  }

  async #rebuild(): Promise<void> {
    try {
      await (await this.engine()).rebuild();
    } catch (error) {
      this.dropEngine();
      throw error;
    }
  }

  async #commit(batch: Pending[], mayPump = true): Promise<void> {
    // Times that lie ahead are no reason not to keep a write.
    const [engine] = await Promise.all([this.engine(), this.clock.check().catch(report)]);
    const { results, pumped, standing } = await this.source.use(async (db) => {
      const tx = db.transaction(kStepStores, 'readwrite', { durability: 'strict' });
      try {
        const rows = new Rows(tx, (url) => engine.route(url), this.answers);
        const results: Effect[][] = [];
        for (const { event, bytes } of batch) {
          results.push(event.type === 'pump' ? [] : await this.#step(engine, tx, rows, event, bytes));
        }
        // The lock may have been got since the batch began.
        const sender = this.#sender && mayPump;
        const takeOver = sender && !this.#tookOver ? await this.#step(engine, tx, rows, { type: 'take-over' }, null) : [];
        const pumped = sender ? await this.#step(engine, tx, rows, { type: 'pump' }, null) : [];
        const meta = rows.meta().map(([,, row]) => row as Row | null).filter((row) => row !== null);
        // Steps that read nothing of `meta` have written nothing.
        const left = meta.length > 0 ? standingIn(tx, meta) : Promise.resolve(null);
        left.catch(() => undefined);  // heard where the transaction ends
        await tx.done;
        if (sender) this.#tookOver = true;
        return { results, pumped: [...takeOver, ...pumped], standing: await left };
      } catch (error) {
        // What was asked of the transaction so far must not happen.
        try { tx.abort(); } catch { /* it has ended by itself */ }
        await tx.done.catch(() => undefined);  // aborted: that is what was asked for
        throw error;
      }
    });
    if (standing) this.onCommitted(standing);
    if (!mayPump) this.onUnpumped();
    this.act([...results.flat(), ...pumped]);
    batch.forEach((pending, i) => pending.resolve(results[i] ?? []));
  }

  async #step(engine: Engine, tx: WriteTransaction, rows: Rows, event: EngineEvent, bytes: ArrayBuffer | null): Promise<Effect[]> {
    const result = await this.#decide(engine, rows, event);
    const writes: Promise<unknown>[] = [];
    for (const [store, key] of result.deletes) writes.push(rows.delete(store as StoreName, key));
    for (const [store, row] of result.puts) {
      writes.push(rows.put(store as StoreName, row));
      if (bytes && store === 'mutations' && event.type === 'capture' && hasBytes(row)) {
        writes.push(tx.objectStore('bodies').put(bytes, row.id as string));
        this.bodies.hold(row.id as string, bytes);
      }
    }
    // Requests of one transaction run in order, so nobody has to wait for these; one that fails ends the transaction,
    // and that is where it is heard.
    for (const write of writes) write.catch(() => undefined);
    return result.effects;
  }

  async #decide(engine: Engine, rows: Rows, event: EngineEvent) {
    const known: { rows: unknown[]; ranges: unknown[] } = { rows: rows.meta(), ranges: [] };
    const now = Date.now();
    const entropy = crypto.randomUUID();
    for (let round = 0; round < kRoundsMax; round += 1) {
      const result: StepResult = engine.step(JSON.stringify({ event, now, entropy, life: this.life, ...known }));
      if ('refused' in result) throw new HostError(result.refused.code, result.refused.message);
      if (!('need' in result)) return result;
      await rows.bring(result.need);
      known.rows.push(...result.need.rows.map(([store, key]) => rows.row(store, key)));
      known.ranges.push(...result.need.ranges.map((range) => rows.range(range)));
    }
    throw new HostError('engine', `The engine asked for rows ${kRoundsMax} times in one step.`);
  }
}

function hasBytes(row: Row): boolean {
  return (row.body as { kind?: string } | undefined)?.kind === 'bytes';
}
