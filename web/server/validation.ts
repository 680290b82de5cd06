import type { FastifySchemaValidationError } from 'fastify';
import { PATTERN_WORDS } from './order-schema.js';
import { problemAnswer, type Answer } from './problem.js';

/** Turns ajv's finding into one sentence that names the field and says what is allowed. */
export function validationAnswer(finding: FastifySchemaValidationError, where: string): Answer {
  const { keyword, params } = finding;
  const path = finding.instancePath.slice(1).replaceAll('/', '.');
  const inner = keyword === 'additionalProperties' ? params['additionalProperty']
    : keyword === 'required' ? params['missingProperty'] : undefined;
  const field = [path, inner].filter(part => typeof part === 'string' && part !== '').join('.') || where;
  return problemAnswer(400, 'invalid', `${field} ${sentence(finding, where)}.`, {
    field, ...(Array.isArray(params['allowedValues']) ? { allowed: params['allowedValues'] } : {}),
  });
}

function sentence({ keyword, params, message }: FastifySchemaValidationError, where: string): string {
  if (keyword === 'additionalProperties') return `is not a field that can be given in the ${where} here`;
  if (keyword === 'required') return 'is missing';
  if (keyword === 'enum' && Array.isArray(params['allowedValues'])) return `must be one of ${params['allowedValues'].join(', ')}`;
  if (keyword === 'pattern') return `must be ${PATTERN_WORDS[String(params['pattern'])] ?? `text like ${String(params['pattern'])}`}`;
  return message ?? 'is not valid';
}
