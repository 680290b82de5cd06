// What an app declares of its own server's messages, looked through when the worker is installed: each mistake names its
// field and what is allowed there.

import type { HoldfastConfig, LiveConfig } from '../protocol/config';
import type { ChangeRule, LiveFormat } from '../protocol/live-format';
import { HostError } from './errors';
import { isRecord } from './list';
import { coveredBy } from './live-format';
import { isPointer } from './pointer';

type Resources = HoldfastConfig['resources'];

interface Allowed {
  fits: (value: unknown) => boolean;
  must: string;
}

/** As the machine takes them (wasm/base/limits.hpp, kLinkHeartbeatMinMs and kLinkHeartbeatMaxMs). */
const kHeartbeats = [100, 600_000] as const;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isArrayOf = (fits: (value: unknown) => boolean) => (value: unknown): boolean => Array.isArray(value) && value.every(fits);
const isMapOf = (fits: (value: unknown) => boolean) => (value: unknown): boolean => isRecord(value) && Object.values(value).every(fits);
const isPresented = (value: unknown): boolean => isRecord(value) && (value.$holdfast === 'authorization' || value.$holdfast === 'token');
const isSaid = (value: unknown): boolean => isText(value) || (isRecord(value) && !('$holdfast' in value) && presentsWell(value));

/** Whatever else is put in by holdfast elsewhere has no meaning here. */
function presentsWell(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(presentsWell);
  if (!isRecord(value)) return true;
  return '$holdfast' in value ? isPresented(value) : Object.values(value).every(presentsWell);
}

const kPointer: Allowed = { fits: isPointer, must: 'a member\'s name, or a JSON Pointer such as /data/id' };
const kSaid = 'a text or an object, in which `authorization` and `token` may stand';

const kFormat: Record<keyof LiveFormat, Allowed> = {
  kind: kPointer,
  changes: { fits: isMapOf(isRecord), must: 'an object, by the kinds of messages: { \'order.updated\': { resource: \'orders\', document: \'/data\' } }' },
  read: { fits: (value) => typeof value === 'function', must: 'a function of a message\'s text that returns an array of changes, or null' },
  open: { fits: isArrayOf(isSaid), must: `an array of messages, each ${kSaid}` },
  ready: { fits: isText, must: 'the kind of a message, such as \'subscribed\'' },
  replies: { fits: isMapOf(isSaid), must: `an object, by the kinds that are answered, of messages, each ${kSaid}` },
  ping: { fits: isSaid, must: kSaid },
  heartbeatMs: {
    fits: (value) => typeof value === 'number' && value >= kHeartbeats[0] && value <= kHeartbeats[1],
    must: `a number of milliseconds from ${kHeartbeats[0]} to ${kHeartbeats[1]}`,
  },
  unauthorized: { fits: isArrayOf((one) => isText(one) || Number.isInteger(one)), must: 'an array of kinds of messages and close codes: [\'auth_error\', 4001]' },
  query: { fits: isMapOf((one) => isText(one) || isPresented(one)), must: 'an object of texts, `authorization` or `token`, by the parameters\' names' },
  subprotocols: { fits: isArrayOf(isText), must: 'an array of texts' },
};

const kRule: Record<Exclude<keyof ChangeRule, 'resource'>, Allowed> = {
  document: kPointer,
  id: kPointer,
  deleted: { fits: (value) => value === true || isPointer(value), must: 'true, or a JSON Pointer to what isn\'t null or false if the entity is gone' },
  partial: { fits: (value) => typeof value === 'boolean', must: 'true or false' },
  version: kPointer,
};

/** @throws HostError `config`, which names each field */
export function checkFormat(live: LiveConfig, resources: Resources): void {
  if (live.format === undefined) return;
  const mistakes = isRecord(live.format) ? mistakesIn(live, resources) : ['live.format: must be an object'];
  if (mistakes.length === 0) return;
  throw new HostError('config', `The configuration given to holdfast() has mistakes:\n${mistakes.map((line) => `  ${line}`).join('\n')}`);
}

function mistakesIn(live: LiveConfig, resources: Resources): string[] {
  const covered = coveredBy(live, resources);
  const format = live.format as LiveFormat;
  const mistakes = fieldsOf('live.format', format, kFormat);
  const { kind, changes, read, ready, replies } = format;
  if ((changes === undefined) === (read === undefined)) mistakes.push('live.format: must have either `changes` or `read`');
  const onlyEvents = live.transports !== undefined && live.transports.length > 0 && live.transports.every((one) => one === 'sse');
  const needsKind = changes !== undefined || ready !== undefined || replies !== undefined;
  if (kind === undefined && needsKind && !onlyEvents) {
    mistakes.push('live.format.kind: must say where a message\'s kind stands, such as /event; only server-sent events have names');
  }
  for (const [name, rule] of Object.entries(isRecord(changes) ? changes : {})) {
    if (isRecord(rule)) mistakes.push(...mistakesInRule(`live.format.changes['${name}']`, rule as unknown as ChangeRule, resources, covered));
  }
  return mistakes;
}

function mistakesInRule(at: string, rule: ChangeRule, resources: Resources, covered: readonly string[]): string[] {
  const resource = { fits: (value: unknown) => covered.includes(value as string), must: `a resource that the link covers: ${covered.join(', ')}` };
  const mistakes = fieldsOf(at, rule, { resource, ...kRule });
  if (rule.resource === undefined) mistakes.push(`${at}.resource: must be ${resource.must}`);
  if (rule.partial === true && rule.document === undefined) mistakes.push(`${at}.partial: is said of a \`document\`; without one the entity is read again in any case`);
  const named = rule.document !== undefined || rule.id !== undefined || resources[rule.resource]?.singleton === true;
  if (rule.deleted !== undefined && !named) mistakes.push(`${at}.deleted: needs \`id\` or \`document\` to say what is gone`);
  return mistakes;
}

function fieldsOf(at: string, declared: object, allowed: Record<string, Allowed>): string[] {
  return Object.entries(declared).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (!Object.hasOwn(allowed, name)) return [`${at}.${name}: is no field; there are ${Object.keys(allowed).join(', ')}`];
    const { fits, must } = allowed[name]!;
    return fits(value) ? [] : [`${at}.${name}: must be ${must}`];
  });
}
