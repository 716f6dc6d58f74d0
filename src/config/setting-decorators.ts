import 'reflect-metadata';
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
import { UUID_PATTERN } from '../domain/identifiers.js';

/**
 * Decorators for settings. Each stands for the class-validator rules of one kind of value, with one
 * message: what stands there, and what would be right; and for the same in JSON Schema, for editors.
 * A schema may accept what the rules refuse where it can't say it better, never the other way round.
 */

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const SCHEMA = Symbol('JSON Schema of a setting');

/** What the decorators of a setting allow, as a JSON Schema; undefined for a section or a list of them. */
export function schemaOfSetting(
  settings: abstract new () => unknown,
  name: string,
): JsonSchema | undefined {
  return Reflect.getMetadata(SCHEMA, settings.prototype as object, name) as JsonSchema | undefined;
}

/** A whole number within bounds, both included. */
export function WholeNumber(least: number, most?: number): PropertyDecorator {
  const what = `a whole number ${bounds(least, most)}`;
  const message = mustBe(what);
  return applyDecorators(
    IsInt({ message }),
    Min(least, { message }),
    ...(most === undefined ? [] : [Max(most, { message })]),
    schema(what, {
      type: 'integer',
      minimum: least,
      ...(most === undefined ? {} : { maximum: most }),
    }),
  );
}

/** A number, perhaps with a fraction, within bounds, both included. */
export function AnyNumber(least: number, most: number): PropertyDecorator {
  const what = `a number ${bounds(least, most)}`;
  const message = mustBe(what);
  return applyDecorators(
    IsNumber({}, { message }),
    Min(least, { message }),
    Max(most, { message }),
    schema(what, { type: 'number', minimum: least, maximum: most }),
  );
}

/** A text with at least one visible character. */
export function Text(what: string): PropertyDecorator {
  const message = mustBe(what);
  return applyDecorators(
    IsString({ message }),
    Matches(VISIBLE, { message }),
    schema(what, { type: 'string', pattern: VISIBLE.source }),
  );
}

/** The path of a folder of this machine. */
export function FolderPath(what: string): PropertyDecorator {
  const message = mustBe(what);
  return applyDecorators(
    IsString({ message }),
    Matches(VISIBLE, { message }),
    Matches(NO_TILDE, {
      message: ({ value }: ValidationArguments) =>
        `is ${shown(value)}, but "~" has no meaning here; write the whole path`,
    }),
    schema(`${what}, without "~"`, {
      type: 'string',
      pattern: `${NO_TILDE.source}[^]*${VISIBLE.source}`,
    }),
  );
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
    Matches(VISIBLE, { each: true, message: eachMessage }),
    schema(`a list of ${what}`, {
      type: 'array',
      ...(options.mayBeEmpty ? {} : { minItems: 1 }),
      items: { type: 'string', pattern: VISIBLE.source },
    }),
  );
}

/** `true` or `false`. */
export function Flag(): PropertyDecorator {
  return applyDecorators(
    IsBoolean({ message: mustBe('true or false (without quotes)') }),
    schema('true or false, without quotes', { type: 'boolean' }),
  );
}

/** One of a few values. */
export function OneOf(values: readonly (string | number)[]): PropertyDecorator {
  return applyDecorators(
    IsIn([...values], { message: mustBe(`one of ${values.join(', ')}`) }),
    schema(`one of ${values.join(', ')}`, { enum: [...values] }),
  );
}

/** A UUID of any version. */
export function Uuid(what: string): PropertyDecorator {
  const uuid = `${what}, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"`;
  const message = mustBe(uuid);
  return applyDecorators(
    IsString({ message }),
    Matches(UUID_PATTERN, { message }),
    // Patterns of JSON Schema know no flags.
    schema(uuid, { type: 'string', pattern: UUID_PATTERN.source.replaceAll('a-f', 'a-fA-F') }),
  );
}

/** The base address of an HTTP service, without credentials, query and fragment. */
export function HttpUrl(example: string): PropertyDecorator {
  return applyDecorators(
    ValidateBy(
      { name: 'isHttpUrl', validator: { validate: isHttpUrl } },
      { message: mustBe(httpUrl(example)) },
    ),
    schema(httpUrl(example), { type: 'string', pattern: HTTP_URL.source }),
  );
}

/** The base address of SciCat: as {@link HttpUrl}, and without the path of its interface. */
export function ScicatUrl(example: string): PropertyDecorator {
  return applyDecorators(
    HttpUrl(example),
    ValidateBy(
      {
        name: 'hasNoApiPath',
        validator: { validate: (value) => !isHttpUrl(value) || !API_PATH.test(value) },
      },
      {
        message: ({ value }: ValidationArguments) => {
          const [base = ''] = String(value).split(API_PATH);
          const path = String(value).slice(base.length);
          return `ends in "${path}", which the service adds itself; write "${base}"`;
        },
      },
    ),
    schema(`${httpUrl(example)}, and without the path /api/v3`, {
      type: 'string',
      pattern: `^(?!.*${API_PATH.source})${HTTP_URL.source.slice(1)}`,
    }),
  );
}

/** What Express takes as `trust proxy`: a flag, a number of proxies, or their addresses. */
export function TrustProxy(): PropertyDecorator {
  const what =
    'true, false, the number of proxies in front, or their addresses such as "loopback, 10.0.0.0/8"';
  return applyDecorators(
    ValidateBy(
      { name: 'isTrustProxy', validator: { validate: isTrustProxy } },
      { message: mustBe(what) },
    ),
    schema(what, {
      anyOf: [
        { type: 'boolean' },
        { type: 'integer', minimum: 0 },
        { type: 'string', pattern: PROXY_ADDRESSES },
      ],
    }),
  );
}

/** May be left out. */
export function Optional(): PropertyDecorator {
  return IsOptional();
}

/** At least one character that can be seen. */
const VISIBLE = /\S/;
const NO_TILDE = /^(?!~)/;
const HTTP_URL = /^[hH][tT][tT][pP][sS]?:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/;
const API_PATH = /\/[aA][pP][iI](?:\/[vV]\d+)?\/*$/;
const NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];
const IP_ADDRESS = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F.:]*:[0-9a-fA-F.:]*(?:%[^,/\s]+)?)`;
const PROXY_ADDRESS = String.raw`\s*(?:${NETWORKS.join('|')}|${IP_ADDRESS}(?:/\d{1,3})?)\s*`;
const PROXY_ADDRESSES = `^${PROXY_ADDRESS}(?:,${PROXY_ADDRESS})*$`;

/**
 * Keeps the schema of a setting beside its rules.
 *
 * @param what a value must be; editors show it in place of a pattern
 */
function schema(what: string, allowed: JsonSchema): PropertyDecorator {
  return (target, name) => {
    Reflect.defineMetadata(SCHEMA, { ...allowed, errorMessage: `must be ${what}` }, target, name);
  };
}

function httpUrl(example: string): string {
  return `an http or https address such as "${example}", without user name, password, "?" and "#"`;
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

function isHttpUrl(value: unknown): value is string {
  return typeof value === 'string' && HTTP_URL.test(value) && URL.canParse(value);
}

function isTrustProxy(value: unknown): boolean {
  if (typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0;
  return typeof value === 'string' && value.split(',').every((part) => isProxyAddress(part.trim()));
}

function isProxyAddress(text: string): boolean {
  if (NETWORKS.includes(text)) return true;
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
