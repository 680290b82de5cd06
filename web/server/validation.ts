import { problemAnswer, type Answer } from 'holdfast/server';
import { PATTERN_WORDS } from './order-schema.js';

/** What ajv tells in its verbose mode, as far as it is used here. */
export interface Finding {
  keyword: string;
  instancePath: string;
  params: Record<string, unknown>;
  message?: string;
  parentSchema?: { properties?: Record<string, unknown> };
}

/** Turns ajv's finding into one sentence that names the field and says what is allowed, and both as data. */
export function validationAnswer(finding: Finding, where: string): Answer {
  const { field, sentence, allowed } = faultOf(finding, where);
  return problemAnswer(400, 'invalid', `${field} ${sentence}.`, { field, ...(allowed ? { allowed } : {}) });
}

/** `sentence` goes on from the field's name, without a full stop. */
export interface Fault { field: string; sentence: string; allowed: unknown[] | null }

export function faultOf(finding: Finding, where: string): Fault {
  const { keyword, params } = finding;
  const path = finding.instancePath.slice(1).replaceAll('/', '.');
  const inner = keyword === 'additionalProperties' ? params['additionalProperty']
    : keyword === 'required' ? params['missingProperty'] : undefined;
  const field = [path, inner].filter(part => typeof part === 'string' && part !== '').join('.') || where;
  const allowed = allowedOf(finding);
  return { field, sentence: sentenceOf(finding, allowed), allowed };
}

function allowedOf({ keyword, params, parentSchema }: Finding): unknown[] | null {
  if (keyword === 'additionalProperties') return Object.keys(parentSchema?.properties ?? {});
  return Array.isArray(params['allowedValues']) ? params['allowedValues'] : null;
}

function sentenceOf({ keyword, params, message }: Finding, allowed: unknown[] | null): string {
  if (keyword === 'additionalProperties') return `is not accepted here; allowed: ${allowed?.join(', ')}`;
  if (keyword === 'required') return 'is missing';
  if (keyword === 'enum') return `must be ${allowed?.length === 1 ? '' : 'one of '}${allowed?.join(', ')}`;
  if (keyword === 'pattern') return `must be ${PATTERN_WORDS[String(params['pattern'])] ?? `text like ${String(params['pattern'])}`}`;
  return message ?? 'is not valid';
}
