import type { Decision, Merger } from 'holdfast/merge';
import { etagOf, jsonAnswer, versionNamed, type Answer } from 'holdfast/server';
import type { Queryable } from './database.js';
import {
  changeOrder, findOrderToChange, findVersion, illegalStatus, patched, patchOrder, preconditionFailed, refuse,
  type Order, type OrderPatch, type Patching, type Written,
} from './orders.js';
import type { Fault } from './validation.js';

/** Who accepts this gets `{ document, decisions }` for a merge; everybody else the document alone. */
export const MERGE_TYPE = 'application/vnd.holdfast.merge+json';

export interface Merging extends Patching {
  merger: Merger;
  /** Whether the answer tells what was decided. */
  explain: boolean;
  /** What is wrong with the fields of a merged order; null: nothing. */
  check(fields: OrderPatch): Fault | null;
}

/**
 * A patch that was made upon the version that If-Match names, put together with what others have changed since. Without
 * one version, or with one that isn't kept any more, it is a patch like any other, and its precondition holds or fails.
 */
export async function mergeOrder(tx: Queryable, id: string, patch: OrderPatch, how: Merging): Promise<Written> {
  const version = versionNamed(how.ifMatch);
  if (version === null) return patchOrder(tx, id, patch, how);
  const current = await findOrderToChange(tx, id);
  if (!current) return patchOrder(tx, id, patch, how);
  const base = version === current.version ? current : await findVersion(tx, id, version);
  if (!base) return preconditionFailed(current, how.ifMatch);
  const { answer, applied } = await mergeUpon(tx, base, patch, current, how);
  return { answer: { ...answer, headers: { ...answer.headers, 'preference-applied': 'merge' } }, applied };
}

async function mergeUpon(tx: Queryable, base: Order, patch: OrderPatch, current: Order, how: Merging): Promise<Written> {
  const { document: suggested, changed, decisions } = how.merger.merge({ base, mine: patched(base, patch), theirs: current });
  if (!suggested) throw new Error(`order ${current.id} was merged away, although nobody has deleted it`);
  const conflict = { current, base, suggested, decisions };

  const asked = decisions.filter(({ verdict }) => verdict === 'ask').map(({ path }) => path.slice(1).replaceAll('/', '.') || 'the order');
  if (asked[0] !== undefined) {
    return refuse(409, 'merge-asks',
      `Others have changed ${asked.join(', ')}, too, and no rule puts that together. Send what is to be, with If-Match: ${etagOf(current.version)}.`,
      { field: asked[0], ...conflict });
  }
  if (!changed) return { answer: merged(current, decisions, how), applied: null };
  const { customer, restaurant, items, note, tip, status, courier } = suggested;
  const fault = how.check({ customer, restaurant, items, note, tip, status, courier });
  if (fault) {
    return refuse(409, 'merge-invalid', `Both changes together make an order that cannot be: ${fault.field} ${fault.sentence}.`,
      { field: fault.field, ...conflict });
  }
  const illegal = illegalStatus(current, status, { seen: true, exceptions: how.exceptions });
  if (illegal) return illegal;
  const order = await changeOrder(tx, suggested, how.now, how.writer);
  return { answer: merged(order, decisions, how), applied: order.id };
}

function merged(order: Order, decisions: Decision[], { explain }: Merging): Answer {
  const etag = etagOf(order.version);
  return explain
    ? jsonAnswer(200, { document: order, decisions }, { 'content-type': MERGE_TYPE, etag })
    : jsonAnswer(200, order, { etag });
}
