// The story that holdfast comes from: delivered in the tunnel, cancelled at the desk. Here with three
// people, so that each of an order's fields is changed twice.

import { kFirstOrder, type Seat } from '../../people.js';
import type { Change } from '../../demo/app/types.js';

export interface ScriptStage {
  hold(seat: Seat, dark: boolean): Promise<unknown>;
  /** Ends when the app has its answer: the server's, or that the change is kept. */
  act(seat: Seat, change: Change): Promise<void>;
  /** Ends when it is known what became of everything that somebody did. */
  settled(seat: Seat): Promise<void>;
  say(words: string): void;
}

/** Long enough to see one thing happen after the other. */
const kBeatMs = 700;

const [firstLine, secondLine] = kFirstOrder.note.split('\n') as [string, string];
const kBen: Change[] = [
  { status: 'delivered' },
  { tip: kFirstOrder.tip + 50 },
  { note: `${firstLine}\n${secondLine}\nLeft with the neighbour.` },
];
const kAnn: Change[] = [
  { tip: kFirstOrder.tip + 200 },
  { items: [...kFirstOrder.items, { name: 'Napkins', quantity: 1 }] },
  { note: `Ring once.\n${secondLine}` },
];
const kDesk: Change[] = [
  { note: `Please knock.\n${secondLine}` },
  { items: kFirstOrder.items.filter(({ name }) => name !== 'Lemonade') },
  { status: 'cancelled' },
];

export async function play({ hold, act, settled, say }: ScriptStage): Promise<void> {
  const acts = async (seat: Seat, changes: Change[]): Promise<void> => {
    for (const change of changes) {
      await act(seat, change);
      await beat();
    }
  };
  say('Ben and Ann go into the tunnel.');
  await Promise.all([hold('ben', true), hold('ann', true)]);
  await beat();
  say('Both go on with the order, and the phones keep what they do.');
  await Promise.all([acts('ben', kBen), acts('ann', kAnn)]);
  say('Meanwhile the desk changes the note, takes the lemonade off and cancels.');
  await acts('desk', kDesk);
  await settled('desk');
  say('Ben comes out.');
  await hold('ben', false);
  await settled('ben');
  await beat();
  say('Ann comes out.');
  await hold('ann', false);
  await settled('ann');
  say('All is settled but the note: Ann is asked, in her app.');
}

function beat(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, kBeatMs));
}
