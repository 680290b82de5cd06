// Which resource a URL belongs to, known without the engine: a read with nothing pending must not wake it.
// It is what wasm/routing/route.cpp decides, and tests/module/routes.test.ts holds the two together.

import type { HoldfastConfig } from '../protocol/config';

interface Pattern {
  resource: string;
  origin: string;
  /** Fixed text; null is a parameter. */
  segments: (string | null)[];
  /** A list is a whole path; what lies below an item is an action on it. */
  list: boolean;
}

export class Routes {
  readonly #patterns: Pattern[];

  constructor(config: HoldfastConfig, ownOrigin: string) {
    // In order of their names, as the engine has them: of two equal ones the first counts.
    const resources = Object.entries((config as Partial<HoldfastConfig>).resources ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    this.#patterns = resources.flatMap(([resource, declared]) => {
      // A mistake in the declaration is the engine's to report.
      if (typeof declared?.path !== 'string') return [];
      const { path, singleton, items = [], lists = {} } = declared;
      const origin = originOf(path) || (declared.origin ?? ownOrigin);
      const pattern = (text: string, list: boolean): Pattern => ({ resource, origin, segments: parse(text), list });
      const item = pattern(path, false);
      const collection = singleton ? [] : [{ ...item, segments: item.segments.slice(0, -1), list: true }];
      return [item, ...items.map((text) => pattern(text, false)), ...collection, ...Object.keys(lists).map((text) => pattern(text, true))];
    });
  }

  /** @param url absolute */
  resourceOf(url: string): string | undefined {
    const origin = originOf(url);
    const path = segmentsOf(url);
    let best: Pattern | undefined;
    let highest = -1;
    for (const pattern of this.#patterns) {
      if (pattern.origin !== origin || !fits(pattern, path)) continue;
      const rank = rankOf(pattern, path.length);
      if (rank > highest) [best, highest] = [pattern, rank];
    }
    return best?.resource;
  }

  /**
   * @param entity by its name (wasm/routing/route.hpp)
   * @returns its own URL; without one, that of what all of the resource's entities lie below
   */
  urlOf(resource: string, entity: string | null): string {
    const pattern = this.#patterns.find((one) => one.resource === resource);
    if (!pattern) return '';
    const { origin, segments } = pattern;
    const parameters = segments.filter((segment) => segment === null).length;
    // Within a name of several parts slashes and percent signs are encoded already.
    const names = entity === null ? [] : parameters < 2 ? [encodeURIComponent(entity)]
      : entity.split('/').map((name) => encodeURIComponent(name).replace(/%25(2F|25)/g, '%$1'));
    const end = names.length === parameters ? segments.length : segments.indexOf(null);
    return `${origin}/${segments.slice(0, end).map((segment) => segment ?? names.shift()).join('/')}`;
  }
}

function originOf(url: string): string {
  return /^.*?:\/\/[^/?#]*/.exec(url)?.[0] ?? '';
}

function segmentsOf(url: string): string[] {
  const path = url.slice(originOf(url).length).split(/[?#]/, 1)[0] ?? '';
  const segments = path.replace(/^\//, '').split('/');
  if (segments.at(-1) === '') segments.pop();  // a trailing slash
  return segments;
}

function parse(path: string): Pattern['segments'] {
  // As the engine reads it, a path begins at its first slash.
  return segmentsOf(path.includes('://') ? path : `x://${path}`).map((segment) => (segment.startsWith(':') ? null : segment));
}

function fits({ segments, list }: Pattern, path: string[]): boolean {
  if (list ? path.length !== segments.length : path.length < segments.length) return false;
  return segments.every((segment, i) => (segment === null ? path[i] !== '' : segment === path[i]));
}

/** Whole paths before sub-paths, longer patterns before shorter, fixed text before parameters. */
function rankOf({ segments }: Pattern, length: number): number {
  const fixed = segments.filter((segment) => segment !== null).length;
  return (segments.length === length ? 1_000_000 : 0) + segments.length * 1_000 + fixed;
}
