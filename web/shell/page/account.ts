// The account of one app: what was done in it, what its server applied, what it still holds. An act
// is lost when it has not arrived and the app no longer holds anything that could bring it.

export interface Act {
  name: string;
  at: number;
  arrivedAt: number | null;
}

/** News of acts, arrivals and holdings travel on three ways; only a shortfall that stays this long is one. */
const kSettleMs = 2_500;

export class Account {
  readonly acts: Act[] = [];
  twice = 0;
  #held = 0;
  #short: { at: number; count: number }[] = [];
  readonly #byName = new Map<string, Act>();
  /** An arrival may be heard of before its act: the two come on different ways. */
  readonly #early = new Map<string, number>();

  clear(): void {
    this.acts.length = 0;
    this.twice = 0;
    this.#short = [];
    this.#byName.clear();
    this.#early.clear();
  }

  acted(name: string, at: number): void {
    const act: Act = { name, at, arrivedAt: this.#early.get(name) ?? null };
    this.acts.push(act);
    this.#byName.set(name, act);
  }

  arrived(name: string, at: number): void {
    const act = this.#byName.get(name);
    if (!act) this.#early.set(name, at);
    else if (act.arrivedAt === null) act.arrivedAt = at;
    else if (act.arrivedAt !== at) this.twice += 1;
  }

  holding(count: number): void {
    this.#held = count;
  }

  count(now: number): { acts: number; arrived: number; waiting: number; lost: number; lostActs: Set<Act> } {
    const open = this.acts.filter(({ arrivedAt }) => arrivedAt === null);
    this.#short.push({ at: now, count: Math.max(0, open.length - this.#held) });
    while (this.#short.length > 1 && this.#short[0]!.at < now - kSettleMs) this.#short.shift();
    const settled = now - this.#short[0]!.at > kSettleMs * 0.8;
    const lost = settled ? Math.min(...this.#short.map(({ count }) => count)) : 0;
    // What an app forgets is what it had longest.
    return { acts: this.acts.length, arrived: this.acts.length - open.length, waiting: open.length - lost, lost, lostActs: new Set(open.slice(0, lost)) };
  }
}
