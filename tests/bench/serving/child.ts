// Processes of the bench's own, called over IPC: whatever is measured has an event loop and a heap for itself.

import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a script can be asked for; what its calls take it says by itself. */
export type Calls = Record<string, (argument: any) => unknown>;

type Answer<Call> = Call extends (...argument: never[]) => infer Value ? Awaited<Value> : never;

interface Asked { id: number; name: string; argument: unknown }
type Told = { id: number; value: unknown } | { id: number; error: string };
interface Waiting { resolve(value: unknown): void; reject(error: Error): void }

/** Milliseconds on the one clock that all processes of a machine share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export class Child<Answers extends Calls> {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #gone: Promise<void>;
  #ended: Error | undefined;
  #next = 0;

  /** @param script a file in this folder; it is handed one argument, as JSON */
  constructor(script: string, argument: unknown, signal?: AbortSignal) {
    this.#process = fork(fileURLToPath(new URL(`./${script}`, import.meta.url)), [JSON.stringify(argument)], {
      execArgv: ['--import', 'tsx'], serialization: 'advanced', ...(signal ? { signal } : {}),
    });
    this.#process.on('message', (told: Told) => {
      const waiting = this.#waiting.get(told.id);
      this.#waiting.delete(told.id);
      if ('error' in told) waiting?.reject(new Error(`${script}: ${told.error}`));
      else waiting?.resolve(told.value);
    });
    const end = (error: Error): void => {
      this.#ended ??= error;
      for (const { reject } of this.#waiting.values()) reject(this.#ended);
      this.#waiting.clear();
    };
    this.#process.on('error', end);
    this.#gone = new Promise((resolve) => this.#process.once('exit', (code, killer) => {
      end(new Error(`${script} ended by itself (${killer ?? `exit status ${code}`})`));
      resolve();
    }));
  }

  async call<Name extends keyof Answers & string>(name: Name, argument?: Parameters<Answers[Name]>[0]): Promise<Answer<Answers[Name]>> {
    if (this.#ended) throw this.#ended;
    return new Promise((resolve, reject) => {
      const id = this.#next += 1;
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#process.send({ id, name, argument } satisfies Asked);
    });
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGKILL'); // whatever it keeps is a temporary folder of ours
    await this.#gone;
  }
}

/** What such a script was handed. */
export function argumentOf<Argument>(): Argument {
  return JSON.parse(process.argv[2] ?? 'null') as Argument;
}

/** Says what such a script can be asked for. It ends with whoever started it. */
export function answer(calls: Calls): void {
  process.on('disconnect', () => process.exit());
  process.on('message', ({ id, name, argument }: Asked) => {
    const tell = (told: Told): void => void process.send!(told);
    void (async () => calls[name]!(argument))().then((value) => tell({ id, value }), (error: Error) => tell({ id, error: error.message }));
  });
}
