// Files that an app offers for download. Meant to be read by people too: times as text, one value a line.

export const iso = (ms: number): string => new Date(ms).toISOString();

export function exported(format: string, user: string, content: object): Blob {
  return new Blob([JSON.stringify({ format, version: 1, exportedAt: iso(Date.now()), user, ...content }, null, 2)], { type: 'application/json' });
}
