// What must never be stored: members that a resource's declaration names (`secrets`). They are taken out here, before
// anything is kept and before the engine sees it.

import type { HoldfastConfig } from '../protocol/config';
import type { Routes } from './routes';

export class Secrets {
  readonly #ofResource: Map<string, ReadonlySet<string>>;

  constructor({ resources }: HoldfastConfig, private readonly routes: Pick<Routes, 'resourceOf'>) {
    // A mistake in them is the engine's to report.
    this.#ofResource = new Map(Object.entries(resources ?? {}).flatMap(([name, resource]) =>
      (Array.isArray(resource?.secrets) ? [[name, new Set(resource.secrets)] as const] : [])));
  }

  /**
   * An answer's text without them. Where it isn't JSON nothing is left of it: they might be in it in a form that nobody
   * here knows.
   */
  without(url: string, text: string): string {
    const names = this.#at(url);
    if (!names || text === '') return text;
    try {
      return JSON.stringify(JSON.parse(text, (name, value: unknown) => (names.has(name) ? undefined : value)));
    } catch {
      return '';
    }
  }

  /** Whether a write's body holds one: as JSON, in a form, or quoted in whatever else it is. */
  in(url: string, body: ArrayBuffer | string): boolean {
    const names = this.#at(url);
    if (!names) return false;
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
    let found = false;
    try {
      JSON.parse(text, (name, value: unknown) => {
        found ||= names.has(name);
        return value;
      });
      return found;
    } catch {
      const form = new URLSearchParams(text);
      return [...names].some((name) => form.has(name) || text.includes(`"${name}"`));
    }
  }

  #at(url: string): ReadonlySet<string> | undefined {
    return this.#ofResource.size > 0 ? this.#ofResource.get(this.routes.resourceOf(url) ?? '') : undefined;
  }
}
