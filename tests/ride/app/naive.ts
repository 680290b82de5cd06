// The app that the story began with: plain fetch, and what fails is kept in a list in memory and tried again
// every second. The person is told "will be sent" as soon as a write is on the list.

import { board, controlled, requestOf, type RideCall } from './ride.js';

const kRetryMs = 1_000;

await controlled();
const unsent = new Set<RideCall>();
const underway = new Set<RideCall>();

/** Answers the status, or null where it is worth another try. */
async function send(call: RideCall): Promise<number | null> {
  underway.add(call);
  try {
    const { status } = await fetch(...requestOf(call));
    return status >= 500 ? null : status;
  } catch {
    return null;
  } finally {
    underway.delete(call);
  }
}

setInterval(() => {
  for (const call of unsent) {
    if (underway.has(call)) continue;
    void send(call).then((status) => {
      if (status !== null) unsent.delete(call);
    });
  }
}, kRetryMs);

board({
  async act(call) {
    const at = Date.now();
    const status = await send(call);
    if (status === null) unsent.add(call);
    return { at, status: status ?? 202, holdfastStatus: null, error: null };
  },
  pending: async () => new Set([...unsent, ...underway]).size,
});
