// What was changed and what was decided, in plain words. The app says them to the person whose change
// it was ("Your"), the page that frames three people to somebody who watches ("Ben's").

import type { Decision, Outcome } from 'holdfast';
import { kStatusWords, type Change, type Item, type Order, type OrderStatus } from './types.js';

/** Who speaks of whom. */
export interface Voice {
  /** `You`, `Ben`. */
  who: string;
  /** `Your`, `Ben's`. */
  whose: string;
  /** Who else changed this field, to this value where it is a status: `the desk`, `somebody else`. */
  others(field: string, value?: unknown): string;
}

export const kYou: Voice = { who: 'You', whose: 'Your', others: () => 'somebody else' };

/** One sentence, and how it went. */
export interface Said {
  text: string;
  verdict: Decision['verdict'] | 'person';
  /** The rule that decided; '' where a person did. */
  policy: string;
}

const kDid: Record<OrderStatus, string> = {
  placed: 'placed it', accepted: 'accepted it', picked_up: 'picked it up', delivered: 'delivered it', cancelled: 'cancelled it',
};
const kFieldWords: Record<string, string> = { note: 'the note', tip: 'the tip', items: 'the items', status: 'the status', courier: 'the courier' };

export const kMayCountTwice = 'the change may have arrived already, and would count twice';

/** How holdfast names what a person has decided. */
const kByPerson = 'decided by a person';

/** The names in a JSON Pointer. */
function namesIn(path: string): string[] {
  return path.split('/').slice(1).map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function fieldOf({ path }: Pick<Decision, 'path'>): string {
  return namesIn(path)[0] ?? '';
}

export function sayField(field: string): string {
  return field === '' ? 'the order' : kFieldWords[field] ?? field;
}

/** `the note`, or of a list the one element: `Lemonade`. */
export function sayPart({ path }: Pick<Decision, 'path'>): string {
  const [field = '', element] = namesIn(path);
  return element ?? sayField(field);
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** As the persons say it: 3.50. */
export function amount(cents: number): string {
  return (cents / 100).toFixed(2);
}

export function sayStatus(status: unknown): string {
  return String(kStatusWords[status as OrderStatus] ?? status).toLowerCase();
}

export function sayItems(items: unknown): string {
  if (!Array.isArray(items)) return 'nothing';
  return (items as Item[]).map(({ name, quantity }) => (quantity > 1 ? `${quantity} × ${name}` : name)).join(', ') || 'nothing';
}

export function sayValue(field: string, value: unknown): string {
  if (value === undefined || value === null) return 'not there';
  if (field === 'tip' && typeof value === 'number') return amount(value);
  if (field === 'status') return kStatusWords[value as OrderStatus] ?? String(value);
  if (field === 'items' && typeof value === 'object') return sayItems(Array.isArray(value) ? value : [value]);
  if (value === '') return 'empty';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a person did: `cancelled the order`, `added 2.00 to the tip`. */
export function sayChange(change: Change, before: Order | null): string {
  const said = Object.keys(change).map((field) => {
    if (field === 'status') return `${sayStatus(change.status)} the order`;
    if (field === 'tip') return sayTip(change.tip ?? 0, before?.tip ?? 0);
    if (field === 'items') return sayItemsChange(change.items ?? [], before?.items ?? []);
    if (field === 'note') return `wrote “${oneLine(change.note ?? '')}” as the note`;
    return `changed ${sayField(field)}`;
  });
  return said.join(' and ');
}

function sayTip(now: number, before: number): string {
  return now < before ? `took ${amount(before - now)} off the tip` : `added ${amount(now - before)} to the tip`;
}

function sayItemsChange(now: Item[], before: Item[]): string {
  const added = now.filter(({ name }) => !before.some((item) => item.name === name)).map(({ name }) => name);
  const gone = before.filter(({ name }) => !now.some((item) => item.name === name)).map(({ name }) => name);
  const parts = [added.length > 0 && `added ${added.join(', ')}`, gone.length > 0 && `took ${gone.join(', ')} off`].filter(Boolean);
  return parts.join(' and ') || 'changed how many of the items';
}

/** What became of a write, a sentence for each thing that had to be decided. */
export function sayEnding({ state, decisions }: Pick<Outcome, 'state' | 'decisions'>, voice: Voice): Said[] {
  const person = (text: string): Said => ({ text, verdict: 'person', policy: '' });
  if (state === 'rejected') return [{ text: `The server turned ${voice.whose} change down.`, verdict: 'theirs', policy: '' }];
  if (state === 'unknown') return [{ text: `${voice.who} ${has(voice)} to decide: nobody knows whether the server has the change.`, verdict: 'ask', policy: '' }];
  if (state === 'discarded') return [person(`${voice.who} decided to leave it as the server has it.`)];
  const taken = decisions.map(({ reason }) => reason).lastIndexOf(kByPerson);
  if (state === 'conflict') {
    const asked = decisions.filter(({ verdict }) => verdict === 'ask');
    if (asked.length > 0) return asked.map((one) => sayDecision(one, voice));
    return [{ text: `${voice.who} ${has(voice)} to decide: ${kMayCountTwice}.`, verdict: 'ask', policy: '' }];
  }
  const now = decisions.slice(taken + 1).map((one) => sayDecision(one, voice));
  return taken < 0 ? now : [sayPersons(decisions, taken, voice), ...now];
}

/** Why no rule could settle it. */
export function whyAsked(decision: Decision): string {
  const { reason, base, mine, theirs } = decision;
  const what = sayPart(decision);
  if (reason === 'overlap') return `both changed the same words of ${what}`;
  if (reason === 'deleted there') return `${what} was taken away while it was changed here`;
  if (reason === 'deleted here') return `${what} was changed while it was taken away here`;
  if (reason === 'unreachable') return `${sayStatus(mine)} can't follow ${sayStatus(theirs)}`;
  return base === undefined ? `both added ${what}` : `both changed ${what}`;
}

function sayPersons(decisions: Decision[], taken: number, voice: Voice): Said {
  const fields = [...new Set(decisions.slice(0, taken).filter(({ verdict }) => verdict === 'ask').map(fieldOf))];
  const result = decisions[taken]!.result as Record<string, unknown> | undefined;
  const values = fields.filter((field) => result !== undefined && field in result)
    .map((field) => `${sayField(field)} is “${oneLine(sayValue(field, result![field]))}”`);
  return { text: `${voice.who} decided${values.length > 0 ? `: ${values.join(', ')}` : ''}.`, verdict: 'person', policy: '' };
}

export function sayDecision(decision: Decision, voice: Voice): Said {
  const { policy, verdict } = decision;
  return { text: sentence(decision, voice), verdict, policy };
}

function sentence(decision: Decision, voice: Voice): string {
  const { policy, verdict, mine, theirs, reason } = decision;
  const field = fieldOf(decision);
  const others = voice.others(field, field === 'status' ? theirs : undefined);
  if (policy === 'counter' && verdict === 'merged') return sayTipSum(decision);
  if (policy === 'transitions' && verdict === 'theirs') {
    return `${voice.whose} “${sayStatus(mine)}” was overruled: ${others} had ${kDid[theirs as OrderStatus] ?? `made it ${sayStatus(theirs)}`}, `
      + `and ${aOrder(theirs)} can't be ${sayStatus(mine)}.`;
  }
  if (policy === 'transitions' && reason === 'went on') return `${voice.whose} “${sayStatus(mine)}” is past already: ${others} had ${kDid[theirs as OrderStatus]}.`;
  if (policy === 'transitions') return `${voice.whose} “${sayStatus(mine)}” stands: it follows “${sayStatus(theirs)}”.`;
  if (policy === 'text' && verdict === 'merged') return `Both notes kept: ${lower(voice.whose)} and ${owned(others)}, as they changed different lines or words.`;
  if (policy === 'list' && verdict === 'merged') return `Both changes of the items kept: ${lower(voice.whose)} and ${owned(others)}.`;
  if (verdict === 'merged') return `Both changes of ${sayField(field)} kept.`;
  if (verdict === 'mine') return `${voice.whose} change of ${sayField(field)} stands.`;
  if (verdict === 'theirs') return `${voice.whose} change of ${sayField(field)} was overruled: ${others} had changed it.`;
  return `${voice.who} ${has(voice)} to decide: ${whyAsked(decision)}.`;
}

/** `Tips added up: 1.00 + 0.50 + 2.00 = 3.50.` */
function sayTipSum({ base, mine, theirs, result }: Decision): string {
  const [from, here, there, to] = [base, mine, theirs, result].map((value) => (typeof value === 'number' ? value : 0)) as [number, number, number, number];
  const step = (by: number): string => ` ${by < 0 ? '−' : '+'} ${amount(Math.abs(by))}`;
  const bound = from + (here - from) + (there - from) === to ? '' : ', as far as a tip may go';
  return `Tips added up: ${amount(from)}${step(there - from)}${step(here - from)} = ${amount(to)}${bound}.`;
}

function aOrder(status: unknown): string {
  const word = sayStatus(status).replace(' ', '-');
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word} order`;
}

function has({ who }: Voice): string {
  return who === 'You' ? 'have' : 'has';
}

function owned(name: string): string {
  return `${name}'s`;
}

function lower(whose: string): string {
  return whose === 'Your' ? 'yours' : whose.replace(/^The /, 'the ');
}

export function oneLine(text: string): string {
  return text.trim().split(/\s*\n\s*/).join(' / ');
}
