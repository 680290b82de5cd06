// What finally became of a write. The worker tells it once, as a notice. A page that was frozen then, or a
// worker that was killed, has missed it: so the question is also put again from time to time.

import type { Outcome } from '../protocol/messages.js';
import type { Channel } from './channel.js';
import { isOutcome, orNull } from './checks.js';
import { HoldfastError } from './errors.js';

/** Notices are prompt; this is for those that were lost. */
const kAskAgainMs = 5_000;

export function mutationId(answer: Response | string): string {
  const id = typeof answer === 'string' ? answer : answer.headers.get('Holdfast-Id');
  if (id) return id;
  throw new HoldfastError('not-a-captured-write',
    'This answer has no Holdfast-Id. It is the answer to a read, to a request outside the declared resources, to one '
    + 'made while no worker protected the page, or it comes from another origin that does not expose the header.');
}

/** `nudges` holds the calls that mean "look again now". */
export function settled(
  id: string, channel: Channel, nudges: Set<() => void>, signal?: AbortSignal, askAgainMs = kAskAgainMs,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asking = false;
    let ended = false;

    const end = (): void => {
      ended = true;
      clearTimeout(timer);
      unlisten();
      nudges.delete(look);
      signal?.removeEventListener('abort', abort);
    };
    const give = (outcome: Outcome): void => {
      end();
      resolve(outcome);
    };
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    const abort = (): void => fail(signal?.reason);
    const look = (): void => {
      if (!asking) void ask();
    };
    const ask = async (): Promise<void> => {
      clearTimeout(timer);
      asking = true;
      try {
        const outcome = await channel.request({ type: 'outcome', id }, orNull(isOutcome));
        if (outcome && !ended) return give(outcome);
      } catch (error) {
        // A silent worker is no answer: the write is kept, and a later question will find it.
        if (!(error instanceof HoldfastError && error.code === 'worker-silent')) return fail(error);
      } finally {
        asking = false;
      }
      if (!ended) timer = setTimeout(look, askAgainMs);
    };

    const unlisten = channel.listen((notice) => {
      if (notice.type === 'outcome' && notice.outcome.id === id) give(notice.outcome);
    });
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort);
    nudges.add(look);
    look();
  });
}
