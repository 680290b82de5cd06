// JSON Pointers (RFC 6901) as the host reads them where the engine isn't asked; as wasm/codec/pointer.cpp does.

import type { Pointer } from './list';

/** @param text a pointer, or a member's plain name */
export function parsePointer(text: string): Pointer {
  if (text === '') return [];
  if (!text.startsWith('/')) return [text];
  // Section 4: first ~1, then ~0.
  return text.slice(1).split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function isPointer(value: unknown): value is string {
  return typeof value === 'string' && (!value.startsWith('/') || !/~(?![01])/.test(value));
}
