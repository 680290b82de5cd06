/**
 * PostgreSQL can keep neither U+0000 nor half a surrogate pair in text, so they are refused here with a
 * clear answer instead of failing there. (The u flag, which ajv sets, reads whole pairs as one character.)
 */
const KEEPABLE = '^[^\\u0000\\ud800-\\udfff]*$';
/** Lower case only, since PostgreSQL gives it back so: a client that keys by its own spelling must find its order again. */
export const UUID = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';

export const STATUSES = ['placed', 'accepted', 'picked_up', 'delivered', 'cancelled'] as const;

/** A short text that must be there: a person, a place, a dish. */
export const NAME = { type: 'string', minLength: 1, maxLength: 200, pattern: KEEPABLE } as const;

const items = {
  type: 'array', minItems: 1, maxItems: 100,
  items: {
    type: 'object', additionalProperties: false, required: ['name', 'quantity'],
    properties: { name: NAME, quantity: { type: 'integer', minimum: 1, maximum: 1000 } },
  },
} as const;

const note = { type: 'string', maxLength: 10_000, pattern: KEEPABLE } as const;
/** Cents. The limit keeps a slip of the finger far from PostgreSQL's integer range. */
const tip = { type: 'integer', minimum: 0, maximum: 1_000_000 } as const;
const courier = { ...NAME, nullable: true } as const;

export const createSchema = {
  type: 'object', additionalProperties: false, required: ['customer', 'restaurant', 'items'],
  properties: {
    id: { type: 'string', pattern: UUID },
    customer: NAME, restaurant: NAME, items, note, tip, courier,
    status: { type: 'string', enum: ['placed'] },
  },
} as const;

/** RFC 7396: null removes. A note or tip that is removed is the empty one; what an order can't be without is not nullable. */
export const patchSchema = {
  type: 'object', additionalProperties: false,
  properties: {
    customer: NAME, restaurant: NAME, items, courier,
    note: { ...note, nullable: true },
    tip: { ...tip, nullable: true },
    status: { type: 'string', enum: STATUSES },
  },
} as const;

export const LIST_LIMIT_MAX = 500;

export const listSchema = {
  type: 'object', additionalProperties: false,
  properties: {
    status: { type: 'string', enum: STATUSES },
    courier: NAME, customer: NAME,
    limit: { type: 'string', pattern: '^([1-9][0-9]?|[1-4][0-9]{2}|500)$' },
  },
} as const;

/** What a pattern means, for people. */
export const PATTERN_WORDS: Readonly<Record<string, string>> = {
  [UUID]: 'a UUID in lower case',
  [KEEPABLE]: 'text without U+0000 and without unpaired surrogates',
  [listSchema.properties.limit.pattern]: `a whole number from 1 to ${LIST_LIMIT_MAX}`,
};
