// After each act that was answered well the person looks whether it is there: at the order and at a filtered list.
// Whether what was seen is stale is decided here, from what the page noted. Pure: no clock, no I/O.

import type { Sight, Sights } from './app/ride.js';
import type { Act } from './person.js';

export interface Looked {
  act: Act;
  sights: Sights;
}

/** An act and when the page began it. */
export interface Begun {
  act: Act;
  at: number;
}

/** What is wrong with what was seen after an act; null if nothing is. */
export function staleness({ act, sights: { item, list } }: Looked, begun: readonly Begun[]): string | null {
  return inItem(act, item, later(act, item, begun)) ?? inList(act, list, later(act, list, begun));
}

/** Whatever was begun on this order before the answer was there may already be in it. */
function later({ number, order }: Act, { ended }: Sight, begun: readonly Begun[]): Act[] {
  return begun.filter(({ act, at }) => act.order === order && act.number > number && at <= ended).map(({ act }) => act);
}

function inItem(act: Act, sight: Sight, after: readonly Act[]): string | null {
  if (!isWell(sight)) return `${act.look.item}: ${outcome(sight)}`;
  return sight.order ? wrongMember(act, sight.order, after, act.look.item) : `${act.look.item}: no order in the answer`;
}

function inList(act: Act, sight: Sight, after: readonly Act[]): string | null {
  const { list, listed } = act.look;
  if (!isWell(sight)) return `${list}: ${outcome(sight)}`;
  // A status never comes back, so what has left a list stays away whatever was done after.
  if (!listed) return sight.order ? `${list}: still lists it, as ${JSON.stringify(sight.order['status'])}` : null;
  if (sight.order) return wrongMember(act, sight.order, after, list);
  return after.some(({ effect }) => 'status' in effect) ? null : `${list}: doesn't list it`;
}

function wrongMember({ effect }: Act, seen: Record<string, unknown>, after: readonly Act[], where: string): string | null {
  for (const [member, value] of Object.entries(effect)) {
    const allowed = [value, ...after.filter((one) => member in one.effect).map((one) => one.effect[member])];
    const shown = JSON.stringify(seen[member]);
    if (!allowed.some((one) => JSON.stringify(one) === shown)) {
      return `${where}: ${member} is ${shown}, not ${allowed.map((one) => JSON.stringify(one)).join(' or ')}`;
    }
  }
  return null;
}

function isWell({ status, error }: Sight): boolean {
  return status === 200 && error === null;
}

function outcome({ status, error }: Sight): string {
  return error === null ? `answered ${status}` : `no whole answer (${error})`;
}
