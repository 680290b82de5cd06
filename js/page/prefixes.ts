// Which URLs the worker declared, remembered for the next page: a write made before this page has heard from the
// worker must carry its mark too. Nothing secret, and nothing that a wrong answer could break: the worker strips
// the mark from whatever comes through it.

const key = (scope: string): string => `holdfast prefixes ${scope}`;

export function recallPrefixes(scope: string): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(key(scope)) ?? '[]');
    return Array.isArray(list) ? list.filter((item): item is string => typeof item === 'string') : [];
  } catch {
    return []; // storage is switched off, or somebody else wrote there
  }
}

export function rememberPrefixes(scope: string, prefixes: readonly string[]): void {
  try {
    localStorage.setItem(key(scope), JSON.stringify(prefixes));
  } catch {
    // Without it the next page's first writes go unmarked; no more than that.
  }
}
