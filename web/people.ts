// Who meets on one order, and where each of them is: an origin of one's own is a browser's storage of one's own.

export type Seat = 'ben' | 'ann' | 'desk';

export interface Person {
  seat: Seat;
  name: string;
  role: string;
}

export const kPeople: readonly Person[] = [
  { seat: 'ben', name: 'Ben', role: 'courier' },
  { seat: 'ann', name: 'Ann', role: 'courier' },
  { seat: 'desk', name: 'the desk', role: 'dispatcher' },
];

/** What all three start from. The note has lines, so that two can write in it without meeting. */
export const kFirstOrder = {
  customer: 'Guest 6', restaurant: 'Corner Oven', tip: 100, note: 'Ring twice.\nThird floor, left.', courier: 'Ben',
  items: [{ name: 'Tomato and basil', quantity: 1 }, { name: 'Lemonade', quantity: 2 }],
};

/** Counted from the app's own port; the shell and the naive app are before them. */
export const kFirstSeatPort = 3;

/** Counted from the app's own port. */
export const kShellPort = 1;

/** Counted from the seat's own port, so that a framed app knows whom to listen to. */
export function shellPortFrom(seat: string): number | null {
  const index = kPeople.findIndex((person) => person.seat === seat);
  return index < 0 ? null : kShellPort - kFirstSeatPort - index;
}
