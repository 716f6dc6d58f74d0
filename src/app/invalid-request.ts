import { getMetadataStorage, type ValidationError } from 'class-validator';
import { didYouMean } from '../config/problem.js';
import { type InvalidRequestError, requestIsInvalid } from '../errors/request.errors.js';

/** Longer names are shortened in messages. */
const LONGEST_SHOWN_NAME = 100;

/** The error for parameters that the framework's validation has refused. */
export function invalidRequest(errors: readonly ValidationError[]): InvalidRequestError {
  return requestIsInvalid(errors, problemOf);
}

function problemOf({ property, value, target, constraints = {} }: ValidationError): string {
  const name = property.slice(0, LONGEST_SHOWN_NAME);
  if ('whitelistValidation' in constraints) {
    const meant = name === property ? didYouMean(name, parametersOf(target)) : undefined;
    return `unknown parameter "${name}"${meant === undefined ? '' : ` (${meant})`}`;
  }
  if (value === undefined || (value === '' && 'isNotEmpty' in constraints)) {
    return `${name} is missing`;
  }
  if (Array.isArray(value)) return `${name} is given ${value.length} times`;
  // The type comes before length or size.
  const kind = ['isString', 'isInt', 'isBoolean'].find((rule) => rule in constraints);
  const rule = kind ?? Object.keys(constraints)[0] ?? '';
  return constraints[rule] ?? `${name} is invalid`;
}

function parametersOf(query: object | undefined): readonly string[] {
  if (query === undefined) return [];
  return getMetadataStorage()
    .getTargetValidationMetadatas(query.constructor, '', false, false)
    .map(({ propertyName }) => propertyName);
}
