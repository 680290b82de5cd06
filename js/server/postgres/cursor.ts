/** Where a reader of the feed is: behind which transaction, and which position in it. */
export interface Cursor { feed: string; xid: string; position: string }

const CURSOR = /^([0-9a-f]{16})\.(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})$/;

export function readCursor(text: string): Cursor | null {
  const [, feed, xid, position] = CURSOR.exec(text) ?? [];
  return feed && xid && position ? { feed, xid, position } : null;
}

export const cursorText = ({ feed, xid, position }: Cursor): string => `${feed}.${xid}.${position}`;

/** Which of two cursors is further on, as a sort has it; null if they aren't both of one feed. */
export function compareCursors(one: string, other: string): number | null {
  const [a, b] = [readCursor(one), readCursor(other)];
  if (!a || !b || a.feed !== b.feed) return null;
  return order(a.xid, b.xid) || order(a.position, b.position);
}

/** Of whole numbers in decimal, without leading zeros. */
function order(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
