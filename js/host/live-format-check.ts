// What an app declares of its own server's messages, looked through when the worker is installed: each mistake names its
// field and what is allowed there.

import type { HoldfastConfig, LiveConfig } from '../protocol/config';
import type { LiveEnd, LiveFormat, LiveRule, LiveSignal } from '../protocol/live-format';
import { HostError } from './errors';
import { isRecord } from './list';
import { coveredBy, idsOf, kEventIds } from './live-format';
import { isPresented, presentedIn } from './live-presented';
import { isPointer } from './pointer';

type Resources = HoldfastConfig['resources'];

interface Allowed {
  fits: (value: unknown) => boolean;
  must: string;
}

/** As the machine takes them (wasm/base/limits.hpp, kLinkHeartbeatMinMs and kLinkHeartbeatMaxMs). */
const kHeartbeats = [100, 600_000] as const;
const kEnds: LiveEnd[] = ['unauthorized', 'forbidden', 'limit', 'going-away'];
const kSignals: LiveSignal[] = ['ready', 'gap', 'ignore', ...kEnds];

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isArrayOf = (fits: (value: unknown) => boolean) => (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(fits);
const isMapOf = (fits: (value: unknown) => boolean) => (value: unknown): boolean => isRecord(value) && Object.values(value).every(fits);
const isOneOf = (all: readonly unknown[]) => (value: unknown): boolean => all.includes(value);
const isSaid = (value: unknown): boolean => isText(value)
  || (typeof value === 'object' && value !== null && !isPresented(value) && presentedIn(value).every((one) => one !== undefined));
const isPresentedText = (value: unknown): boolean => isText(value) || isPresented(value);
const isSeveral = (value: unknown): boolean => isPointer(value) || isArrayOf(isPointer)(value);

const kPointer: Allowed = { fits: isPointer, must: 'a member\'s name, or a JSON Pointer such as /data/id' };
const kPointers: Allowed = { fits: isSeveral, must: `${kPointer.must}, or an array of such` };
const kSaid = 'a text, an object or an array, in which `token`, `credential(…)` and `cursor` may stand';

const kFormat: Record<keyof LiveFormat, Allowed> = {
  kind: kPointers,
  kinds: {
    fits: isMapOf((one) => isRecord(one) || isOneOf(kSignals)(one)),
    must: `an object, by the kinds of messages, of changes ({ 'order.updated': { resource: 'orders', document: '/data' } }), answers ({ ping: { answer: 'pong' } }) or words (${kSignals.join(', ')})`,
  },
  read: { fits: (value) => typeof value === 'function', must: 'a function of a message\'s text that returns an array of changes, or null' },
  open: { fits: isArrayOf(isSaid), must: `an array of messages, each ${kSaid}` },
  ping: { fits: isSaid, must: kSaid },
  heartbeatMs: {
    fits: (value) => typeof value === 'number' && value >= kHeartbeats[0] && value <= kHeartbeats[1],
    must: `a number of milliseconds from ${kHeartbeats[0]} to ${kHeartbeats[1]}`,
  },
  cursor: { fits: isPointer, must: `${kPointer.must}, or ${kEventIds}` },
  ends: {
    fits: (value) => isMapOf(isOneOf([...kEnds, 'gap']))(value) && Object.keys(value as object).every((code) => /^\d{3,4}$/.test(code)),
    must: `an object, by close codes and statuses: { 4001: 'unauthorized' }; they may mean ${[...kEnds, 'gap'].join(', ')}`,
  },
  query: { fits: isMapOf(isPresentedText), must: 'an object of texts, `token`, `credential(…)` or `cursor`, by the parameters\' names' },
  subprotocols: { fits: isArrayOf(isPresentedText), must: 'an array of texts, `token` or `credential(…)`' },
};

const kRule: Record<Exclude<keyof LiveRule, 'resource'>, Allowed> = {
  document: kPointer,
  id: kPointers,
  deleted: { fits: (value) => value === true || isPointer(value), must: 'true, or a JSON Pointer to what isn\'t null or false if the entity is gone' },
  partial: { fits: (value) => value === true, must: 'true, or left out' },
  version: kPointer,
  key: kPointer,
};

/** @throws HostError `config`, which names each field */
export function checkFormat(live: LiveConfig, resources: Resources): void {
  if (live.format === undefined) return;
  const mistakes = isRecord(live.format) ? mistakesIn(live, resources) : ['live.format: must be an object'];
  if (mistakes.length === 0) return;
  throw new HostError('config', `The configuration given to holdfast() has mistakes:\n${mistakes.map((line) => `  ${line}`).join('\n')}`);
}

function mistakesIn(live: LiveConfig, resources: Resources): string[] {
  const format = live.format as LiveFormat;
  const mistakes = fieldsOf('live.format', format, kFormat);
  const { kind, kinds, read, open, query, cursor } = format;
  if (kinds === undefined && read === undefined) mistakes.push('live.format: must say what messages mean, by `kinds` or by a function `read`');
  const rules = Object.entries<unknown>(isRecord(kinds) ? kinds : {}).flatMap(([name, rule]) => (isRecord(rule) ? [[name, rule] as const] : []));
  for (const [name, rule] of rules) mistakes.push(...mistakesInRule(`live.format.kinds['${name}']`, rule, resources, coveredBy(live, resources)));
  const onlyEvents = live.transports !== undefined && live.transports.length > 0 && live.transports.every((one) => one === 'sse');
  if (kind === undefined && !onlyEvents && rules.some(([name, rule]) => name !== '*' && ('document' in rule || 'id' in rule))) {
    mistakes.push('live.format.kind: must say where a message\'s kind stands, such as /event; only server-sent events have names');
  }
  const isSent = presentedIn([open, query]).some((one) => one?.$holdfast === 'cursor');
  if (isSent && cursor === undefined) mistakes.push('live.format.cursor: must say where the server\'s messages have the `cursor` that is sent to it');
  if (cursor !== undefined && cursor !== kEventIds && !isSent) {
    mistakes.push('live.format.cursor: must be given to the server, by `cursor` in `open` or `query`; without it nobody tells what was missed');
  }
  return mistakes;
}

function mistakesInRule(at: string, rule: object, resources: Resources, covered: readonly string[]): string[] {
  if ('answer' in rule) return fieldsOf(at, rule, { answer: { fits: isSaid, must: kSaid } });
  const resource = { fits: isOneOf(covered), must: `a resource that the link covers: ${covered.join(', ')}` };
  const mistakes = fieldsOf(at, rule, { resource, ...kRule });
  const { resource: name, document, id, deleted, partial, key } = rule as Partial<LiveRule>;
  if (name === undefined) mistakes.push(`${at}.resource: must be ${resource.must}`);
  if (partial && document === undefined) mistakes.push(`${at}.partial: is said of a \`document\`; without one the entity is read again in any case`);
  if (key !== undefined && (document === undefined || partial) && !deleted) mistakes.push(`${at}.key: needs a whole \`document\`, which is what the write has led to`);
  const declared = name === undefined || !covered.includes(name) ? undefined : resources[name];
  if (!declared) return mistakes;
  const count = idsOf(declared);
  const pointers = id === undefined ? 0 : [id].flat().length;
  if (id !== undefined && pointers !== count) {
    mistakes.push(count === 0 ? `${at}.id: must be left out, since the resource is a single document`
      : `${at}.id: must lead to as many ids as the path of the resource has, ${count}, in their order`);
  }
  if (id === undefined && count > 1 && document !== undefined) mistakes.push(`${at}.id: must lead to the ${count} ids that the path of the resource has, in their order`);
  if (id === undefined && count > 0 && document === undefined && deleted !== undefined) mistakes.push(`${at}.deleted: needs \`id\` or \`document\` to say what is gone`);
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
