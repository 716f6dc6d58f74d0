import { applyDecorators } from '@nestjs/common';
import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateBy,
  type ValidationArguments,
} from 'class-validator';
import { isIP } from 'node:net';
import { UUID_PATTERN } from '../facilities/identifiers.js';

/**
 * Decorators for settings. Each stands for the class-validator rules of one kind of value, with one
 * message: what stands there, and what would be right.
 */

/** A whole number within bounds, both included. */
export function WholeNumber(least: number, most?: number): PropertyDecorator {
  const message = mustBe(`a whole number ${bounds(least, most)}`);
  return applyDecorators(
    IsInt({ message }),
    Min(least, { message }),
    ...(most === undefined ? [] : [Max(most, { message })]),
  );
}

/** A number, perhaps with a fraction, within bounds, both included. */
export function AnyNumber(least: number, most: number): PropertyDecorator {
  const message = mustBe(`a number ${bounds(least, most)}`);
  return applyDecorators(
    IsNumber({}, { message }),
    Min(least, { message }),
    Max(most, { message }),
  );
}

/** A text with at least one visible character. */
export function Text(what: string): PropertyDecorator {
  const message = mustBe(what);
  return applyDecorators(IsString({ message }), Matches(/\S/, { message }));
}

/** A list of texts, each with at least one visible character. */
export function TextList(
  what: string,
  options: { readonly mayBeEmpty: boolean },
): PropertyDecorator {
  const message = mustBe(`a list of ${what}`);
  const eachMessage = mustBe(`a list of ${what}, each a text that is not empty`);
  return applyDecorators(
    IsArray({ message }),
    ...(options.mayBeEmpty
      ? []
      : [ArrayNotEmpty({ message: mustBe(`a list of at least one of ${what}`) })]),
    IsString({ each: true, message: eachMessage }),
    Matches(/\S/, { each: true, message: eachMessage }),
  );
}

/** `true` or `false`. */
export function Flag(): PropertyDecorator {
  return IsBoolean({ message: mustBe('true or false (without quotes)') });
}

/** One of a few values. */
export function OneOf(values: readonly (string | number)[]): PropertyDecorator {
  return IsIn([...values], { message: mustBe(`one of ${values.join(', ')}`) });
}

/** A UUID of any version. */
export function Uuid(what: string): PropertyDecorator {
  const message = mustBe(`${what}, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"`);
  return applyDecorators(IsString({ message }), Matches(UUID_PATTERN, { message }));
}

/** The base address of an HTTP service, without credentials, query and fragment. */
export function HttpUrl(example: string): PropertyDecorator {
  return ValidateBy(
    { name: 'isHttpUrl', validator: { validate: isHttpUrl } },
    {
      message: mustBe(
        `an http or https address such as "${example}", without user name, password, "?" and "#"`,
      ),
    },
  );
}

/** What Express takes as `trust proxy`: a flag, a number of proxies, or their addresses. */
export function TrustProxy(): PropertyDecorator {
  return ValidateBy(
    { name: 'isTrustProxy', validator: { validate: isTrustProxy } },
    {
      message: mustBe(
        'true, false, the number of proxies in front, or their addresses such as "loopback, 10.0.0.0/8"',
      ),
    },
  );
}

/** May be left out. */
export function Optional(): PropertyDecorator {
  return IsOptional();
}

function mustBe(what: string): (args: ValidationArguments) => string {
  return ({ value }) =>
    value === undefined
      ? `is missing; it must be ${what}`
      : `is ${shown(value)}; it must be ${what}`;
}

function bounds(least: number, most: number | undefined): string {
  if (most === undefined) return `of at least ${least.toString()}`;
  return `between ${least.toString()} and ${most.toString()}`;
}

/** A value as it may stand in a message: short, and without the credentials of an address. */
export function shown(value: unknown): string {
  if (value === null) return 'without a value';
  if (value === '') return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'number' || typeof value === 'boolean') return value.toString();
  if (typeof value !== 'string') return typeof value;
  const harmless = value.replace(/\/\/[^/]*@/, '//…@');
  return `the text ${JSON.stringify(harmless.length > 80 ? `${harmless.slice(0, 80)}…` : harmless)}`;
}

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const url = new URL(value);
  return (
    ['http:', 'https:'].includes(url.protocol) &&
    // `http:host` is no address to a careful reader, although URL takes it.
    /^https?:\/\//i.test(value) &&
    url.username === '' &&
    url.password === '' &&
    !/[?#\s]/.test(value)
  );
}

function isTrustProxy(value: unknown): boolean {
  if (typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0;
  return typeof value === 'string' && value.split(',').every((part) => isProxyAddress(part.trim()));
}

function isProxyAddress(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return (
    prefix === undefined ||
    (/^\d{1,3}$/.test(prefix) &&
      Number(prefix) >= 1 &&
      Number(prefix) <= (version === 4 ? 32 : 128))
  );
}
