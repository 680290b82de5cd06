// Paths that the browser may fetch without asking the worker at all, where it can (the Static Routing API).

import { HostError } from './errors';
import type { Prefix } from './prefixes';

interface RouterRule {
  condition: { urlPattern: string };
  source: 'network';
}

/** https://w3c.github.io/ServiceWorker/#install-event: only some browsers have `addRoutes`, and no types know it yet. */
type RoutedInstall = ExtendableEvent & { addRoutes?(rules: RouterRule[]): Promise<void> };

declare const URLPattern: undefined | (new (pattern: string, base: string) => { test(url: string): boolean });

/** In `install`. Where the browser can't, such requests come to the worker, which leaves them alone. */
export async function addBypass(event: ExtendableEvent, patterns: string[]): Promise<void> {
  await (event as RoutedInstall).addRoutes?.(patterns.map((urlPattern) => ({ condition: { urlPattern }, source: 'network' })));
}

/** @throws HostError `config` for a pattern that is none, or that would let a declared resource's requests pass by */
export function checkBypass(patterns: string[], declared: Prefix[], base: string): void {
  for (const pattern of patterns) {
    const matches = compiled(pattern, base);
    const lost = declared.find(({ url }) => matches(url) || matches(`${url}/1`));
    if (lost) throw mistake(pattern, `would let ${lost.url} pass by, whose writes must be kept: narrow the pattern`);
  }
}

function compiled(pattern: string, base: string): (url: string) => boolean {
  // A browser without it has no addRoutes either.
  if (typeof URLPattern === 'undefined') return () => false;
  try {
    const tester = new URLPattern(pattern, base);
    return (url) => tester.test(url);
  } catch (cause) {
    throw mistake(pattern, 'must be a URL pattern, such as /static/*', cause);
  }
}

function mistake(pattern: string, what: string, cause?: unknown): HostError {
  return new HostError('config', `The configuration given to holdfast() has a mistake:\n  bypass: '${pattern}' ${what}`, { cause });
}
