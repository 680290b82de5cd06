// The plain test that decides in the fetch event's first turn whether a request might be ours.

import type { HoldfastConfig } from '../protocol/config';

export interface Prefix {
  /** Absolute, without a slash at its end: `https://example.com/api/orders`. */
  url: string;
  /** Writes of one group keep the order of the page's calls. */
  group: string;
}

export function prefixesOf(config: HoldfastConfig, ownOrigin: string): Prefix[] {
  const entries = Object.entries((config as Partial<HoldfastConfig>).resources ?? {});
  return entries.flatMap(([name, resource]) => {
    // A mistake in the declaration is the engine's to report, with the field's name.
    if (typeof resource?.path !== 'string') return [];
    // Its items and lists may lie elsewhere as well.
    const paths = [resource.path, ...(resource.items ?? []), ...Object.keys(resource.lists ?? {})];
    const urls = paths.map((path) => new URL(path.split('/:', 1)[0] ?? '', resource.origin ?? ownOrigin).href.replace(/\/$/, ''));
    return [...new Set(urls)].map((url) => ({ url, group: resource.lane ?? name }));
  });
}

/** The longest prefix that holds the URL. */
export function prefixFor(prefixes: Prefix[], url: string): Prefix | undefined {
  return prefixes.reduce<Prefix | undefined>((best, prefix) => {
    if (!url.startsWith(prefix.url) || (best && best.url.length >= prefix.url.length)) return best;
    const next = url.charAt(prefix.url.length);
    return next === '' || next === '/' || next === '?' || next === '#' ? prefix : best;
  }, undefined);
}
