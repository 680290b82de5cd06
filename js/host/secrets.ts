// What must never be stored: members that a resource's declaration names (`secrets`). They are taken out here, before
// anything is kept and before the engine sees it.

import type { HoldfastConfig } from '../protocol/config';
import { isRecord } from './list';
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
      return JSON.stringify(without(names, text));
    } catch {
      return '';
    }
  }

  /** A batch of changes without those in its documents; the engine says of what it makes no sense. */
  withoutInBatch(text: string): string {
    if (this.#ofResource.size === 0) return text;
    const batch = JSON.parse(text) as { changes?: unknown };
    for (const change of Array.isArray(batch.changes) ? batch.changes.filter(isRecord) : []) {
      const names = this.#ofResource.get(String(change.resource));
      if (names && change.document) change.document = without(names, JSON.stringify(change.document));
    }
    return JSON.stringify(batch);
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

function without(names: ReadonlySet<string>, text: string): unknown {
  return JSON.parse(text, (name, value: unknown) => (names.has(name) ? undefined : value));
}
