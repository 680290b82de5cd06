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

export class OpenWrites {
  readonly #writes = new Map<string, OpenWrite>(read().map((write) => [write.id, write]));

  get all(): OpenWrite[] {
    return [...this.#writes.values()];
  }

  get(id: string): OpenWrite | undefined {
    return this.#writes.get(id);
  }

  add(write: OpenWrite): void {
    this.#writes.set(write.id, write);
    this.#keep();
  }

  remove(id: string): void {
    if (this.#writes.delete(id)) this.#keep();
  }

  #keep(): void {
    try {
      localStorage.setItem(kKey, JSON.stringify(this.all.slice(-kMax)));
    } catch {
      // No room, or none allowed: then only this page tells.
    }
  }
}

function read(): OpenWrite[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(kKey) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isOpenWrite) : [];
  } catch {
    return [];
  }
}

function isOpenWrite(value: unknown): value is OpenWrite {
  if (typeof value !== 'object' || value === null) return false;
  const { id, order, act } = value as Record<string, unknown>;
  return typeof id === 'string' && typeof order === 'string' && (act === null || typeof act === 'string');
}
