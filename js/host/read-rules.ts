// How reads of each resource are answered: what the app declared, and the defaults.

import type { HoldfastConfig, ReadConfig } from '../protocol/config';

export type ReadRules = Required<Omit<ReadConfig, 'offline'>> & {
  /** Whether what the server marks `no-store` is kept as well. */
  keepsNoStore: boolean;
};

export const kReadDefaults: ReadRules = {
  strategy: 'network-first',
  /** As long as a page's write waits. */
  timeoutMs: 2_000,
  /** What a person opens in weeks; and each write looks through the addresses of all that is kept. */
  entries: 500,
  /** Some hundred long lists, and still little beside an app's own images. */
  bytes: 16 * 1024 * 1024,
  keepsNoStore: false,
};

/** The rules of each resource, by its name. A mistake in them is the engine's to report. */
export function readRules({ resources }: HoldfastConfig): Map<string, ReadRules> {
  return new Map(Object.entries(resources ?? {}).map(([name, resource]) => {
    const { offline, ...declared } = resource?.read ?? {};
    return [name, { ...kReadDefaults, ...declared, keepsNoStore: offline === 'always' }];
  }));
}
