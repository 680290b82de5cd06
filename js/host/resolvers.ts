// The app's own functions that settle parts of a document which both sides have changed.

import type { Resolver } from '../protocol/config';
import type { Decision } from '../protocol/messages';
import { HostError, report } from './errors';
import type { Effect } from './module';

/** A resolver that takes longer has failed: the lane waits for it. Milliseconds. */
const kResolverMs = 5_000;

export class Resolvers {
  constructor(private readonly functions: Record<string, Resolver>) {}

  /** @throws HostError `config` where the rules name a function that isn't there */
  check(names: readonly string[]): void {
    const missing = names.filter((name) => typeof this.functions[name] !== 'function');
    if (missing.length === 0) return;
    throw new HostError('config', `The configuration given to holdfast() has mistakes:\n${missing.map((name) =>
      `  resolvers.${name}: must be a function, since a rule in conflicts names it`).join('\n')}`);
  }

  /**
   * Asks all that a `resolve` effect names.
   * @returns JSON text of the values by their paths; what failed, took too long or returned undefined isn't in it
   */
  async answer({ resource, questions, document }: Effect): Promise<string> {
    const answers: Record<string, unknown> = {};
    for (const { path, reason: name, base, mine, theirs } of questions as Decision[]) {
      try {
        const question = { resource: String(resource), path, base, mine, theirs, document: structuredClone(document) };
        const value = await inTime(Promise.resolve(this.functions[name]?.(question)), name);
        if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`'${name}' returned ${value}, which is no JSON`);
        if (value !== undefined) answers[path] = JSON.parse(JSON.stringify(value)) as unknown;
      } catch (error) {
        report(new HostError('resolver', `The resolver '${name}' failed for ${path}; a person has to decide.`, { cause: error }));
      }
    }
    return JSON.stringify(answers);
  }
}

async function inTime<T>(work: Promise<T>, name: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`'${name}' took longer than ${kResolverMs} ms`)), kResolverMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
