// JSON Pointers (RFC 6901) as the host reads them where the engine isn't asked; as wasm/codec/pointer.cpp does.

import { parse } from './kept';
import { part, type Pointer } from './list';

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

/**
 * What stands there in a message. A name where there is an array leads into each of its elements: `/data/id`. Some servers
 * put JSON into JSON, as a text: it is looked into like the rest.
 */
export function found(message: unknown, pointer: string): unknown {
  return parsePointer(pointer).reduce<unknown>(stepped, message);
}

function stepped(from: unknown, step: string): unknown {
  if (Array.isArray(from) && !/^\d+$/.test(step)) return from.map((one: unknown) => stepped(one, step));
  return opened(part(from, [step]));
}

function opened(value: unknown): unknown {
  return typeof value === 'string' && /^\s*[[{]/.test(value) ? parse(value) ?? value : value;
}
