// Pages' fetches that wait for an answer. They live in memory: a worker that dies takes them along, and the browser
// delivers their requests once more.

interface Waiter {
  answer(response: Response): void;
  id: string | null;
  timer: ReturnType<typeof setTimeout> | null;
}

export class Waiters {
  #next = 1;
  readonly #all = new Map<number, Waiter>();

  /** @returns the waiter's number, and the response that it will be given */
  open(): { number: number; response: Promise<Response> } {
    const number = this.#next++;
    const response = new Promise<Response>((answer) => this.#all.set(number, { answer, id: null, timer: null }));
    return { number, response };
  }

  /** Binds a waiter to the write that it waits for. `late` is called if it waits longer than `timeoutMs`. */
  attach(number: number, id: string, timeoutMs: number, late: () => void): void {
    const waiter = this.#all.get(number);
    if (!waiter) return;
    waiter.id = id;
    waiter.timer = setTimeout(late, timeoutMs);
  }

  waitFor(id: string): boolean {
    for (const waiter of this.#all.values()) if (waiter.id === id) return true;
    return false;
  }

  answerOne(number: number, response: Response): void {
    const waiter = this.#all.get(number);
    if (!waiter) return;
    this.#all.delete(number);
    if (waiter.timer !== null) clearTimeout(waiter.timer);
    waiter.answer(response);
  }

  /** Answers all who wait for one write, if there is an answer. */
  answer(id: string, make: () => Response | null): void {
    for (const [number, waiter] of this.#all) {
      const response = waiter.id === id ? make() : null;
      if (response) this.answerOne(number, response);
    }
  }
}
