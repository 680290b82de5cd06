// Documents as plain values. Nothing here changes what it is given, so that documents can be shared freely.

export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
export type Doc = { [member: string]: Json };

export function isDoc(value: unknown): value is Doc {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The steps of a pointer: a member's name, or a JSON Pointer (RFC 6901). */
function steps(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) return [pointer];
  return pointer.slice(1).split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The part that a pointer leads to, or undefined. */
export function part(value: Json | undefined, pointer: string): Json | undefined {
  let found = value;
  for (const step of steps(pointer)) {
    if (Array.isArray(found)) found = found[Number(step)];
    else if (isDoc(found) && Object.hasOwn(found, step)) found = found[step];
    else return undefined;
  }
  return found;
}

/** The value with another part; objects are made on the way. */
export function withPart(value: Json | undefined, pointer: string, replacement: Json): Json {
  const [first, ...rest] = steps(pointer);
  if (first === undefined) return replacement;
  const inner = rest.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  const whole = isDoc(value) ? value : {};
  return { ...whole, [first]: withPart(whole[first], inner, replacement) };
}

/** JSON Merge Patch (RFC 7396, section 2). */
export function merged(target: Json | undefined, patch: Json): Json {
  if (!isDoc(patch)) return patch;
  const result: Doc = isDoc(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

/** Whether two values are the same JSON; the order of members means nothing. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]));
  }
  const names = Object.keys(a);
  return names.length === Object.keys(b).length
    && names.every((name) => Object.hasOwn(b, name) && same((a as Doc)[name], (b as Doc)[name]));
}

/** Texts by code point, which is not how JavaScript compares them: 😀 is two units there, each below '～'. */
export function compareTexts(a: string, b: string): number {
  const left = Array.from(a, (c) => c.codePointAt(0) ?? 0);
  const right = Array.from(b, (c) => c.codePointAt(0) ?? 0);
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    if (left[i] !== right[i]) return (left[i] ?? 0) - (right[i] ?? 0);
  }
  return left.length - right.length;
}

/** As much of JSON Patch (RFC 6902) as histories use: members that are replaced. */
export function jsonPatched(document: Doc, patch: Json | undefined): Doc {
  if (!Array.isArray(patch)) return document;
  return patch.filter(isDoc).reduce<Json>((result, { path, value }) => withPart(result, String(path), value ?? null), document) as Doc;
}
