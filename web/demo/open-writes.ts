// The writes that nobody has been told the end of yet. They are kept beside the page, since it may be
// gone by the time that the server has its say: then the next page tells what became of them.

export interface OpenWrite {
  id: string;
  order: string;
  act: string | null;
}

const kKey = 'open-writes';
/** More than one tunnel's worth. */
const kMax = 200;

/** Read anew each time: another tab has its own to add. */
export function openWrites(): OpenWrite[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(kKey) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isOpenWrite) : [];
  } catch {
    return [];
  }
}

export function addOpenWrite(write: OpenWrite): void {
  keep([...openWrites().filter(({ id }) => id !== write.id), write]);
}

export function removeOpenWrite(id: string): void {
  keep(openWrites().filter((write) => write.id !== id));
}

function keep(writes: OpenWrite[]): void {
  try {
    localStorage.setItem(kKey, JSON.stringify(writes.slice(-kMax)));
  } catch {
    // No room, or none allowed: then only this page tells.
  }
}

function isOpenWrite(value: unknown): value is OpenWrite {
  if (typeof value !== 'object' || value === null) return false;
  const { id, order, act } = value as Record<string, unknown>;
  return typeof id === 'string' && typeof order === 'string' && (act === null || typeof act === 'string');
}
