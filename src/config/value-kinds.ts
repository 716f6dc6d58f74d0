import { withoutTrailing } from '../domain/without-trailing.js';
import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsString,
  Matches,
  Max,
  Min,
  ValidateBy,
  type ValidationArguments,
} from 'class-validator';
import { isIP } from 'node:net';
import type { SyncLevel } from '../facilities/facility.js';
import {
  adviseFlag,
  adviseHost,
  adviseList,
  adviseNumber,
  adviseOneOf,
  adviseText,
  adviseTrust,
  adviseUrl,
  adviseUuid,
  type Unit,
} from './advice.js';
import { UUID_PATTERN } from '../domain/identifiers.js';
import { isObject } from '../domain/untyped.js';
import type { JsonSchema, Kind } from './define-setting.js';

/*
 * The kinds of values that settings have. `what` completes the sentence "it must be …".
 */

/** A whole number within inclusive bounds. */
export function wholeNumber(least: number, most?: number, unit?: Unit): Kind<number> {
  const number = bounded(IsInt, 'integer', 'a whole number', least, most);
  const allowed = (value: number): boolean =>
    Number.isInteger(value) && value >= least && value <= (most ?? Number.MAX_SAFE_INTEGER);
  return { ...number, advise: adviseNumber(unit, allowed) };
}

/** A number, possibly with a fraction, within inclusive bounds. */
export function number(least: number, most: number): Kind<number> {
  return {
    ...bounded((must) => IsNumber({}, must), 'number', 'a number', least, most),
    advise: adviseNumber(undefined, (value) => value >= least && value <= most),
  };
}

/** A string with at least one visible character. */
export function text(what: string): Kind<string> {
  return {
    ...kind<string>(what, VISIBLE_STRING, (must) => [IsString(must), Matches(VISIBLE, must)]),
    advise: adviseText,
  };
}

/** The path of a folder on this machine. */
export function folderPath(what: string): Kind<string> {
  const schema = { type: 'string', pattern: `${NO_TILDE.source}[^]*${VISIBLE.source}` };
  const path = kind<string>(`${what}, without "~"`, schema, () => [
    ...text(what).rules,
    Matches(NO_TILDE, {
      message: ({ value }: ValidationArguments) =>
        `is ${shown(value)}, but "~" has no meaning here; write the whole path`,
    }),
  ]);
  return { ...path, advise: adviseText };
}

/** A list of strings, each with at least one visible character. */
export function textList(
  what: string,
  { mayBeEmpty }: { readonly mayBeEmpty: boolean },
): Kind<readonly string[]> {
  const schema = { type: 'array', ...(mayBeEmpty ? {} : { minItems: 1 }), items: VISIBLE_STRING };
  const each = { each: true, message: mustBe(`a list of ${what}, each a non-empty string`) };
  const list = kind<readonly string[]>(`a list of ${what}`, schema, (must) => [
    IsArray(must),
    ...(mayBeEmpty ? [] : [ArrayNotEmpty({ message: mustBe(`a non-empty list of ${what}`) })]),
    IsString(each),
    Matches(VISIBLE, each),
  ]);
  return { ...list, advise: adviseList };
}

/** Positive numbers by name. */
export function weights(): Kind<Readonly<Record<string, number>>> {
  const what = `a mapping from names to numbers between ${LEAST_WEIGHT} and ${MOST_WEIGHT}, such as { default: 1, p12345: 2 }`;
  const schema = {
    type: 'object',
    additionalProperties: { type: 'number', minimum: LEAST_WEIGHT, maximum: MOST_WEIGHT },
  };
  return kind(what, schema, ({ message }) => [custom('areWeights', areWeights, message)]);
}

/** `true` or `false`. */
export function flag(): Kind<boolean> {
  return {
    ...kind('true or false, without quotes', { type: 'boolean' }, (must) => [IsBoolean(must)]),
    advise: adviseFlag,
  };
}

/** One of a few values. */
export function oneOf<Value extends string | number>(values: readonly Value[]): Kind<Value> {
  const options = [...values];
  return {
    ...kind(`one of ${options.join(', ')}`, { enum: options }, (must) => [IsIn(options, must)]),
    advise: adviseOneOf(options),
  };
}

/** Which existing files are copied again. */
export function syncLevel(): Kind<SyncLevel> {
  return oneOf<SyncLevel>([0, 1, 2, 3]);
}

/** A UUID of any version; resolves to lower case. */
export function uuid(what: string): Kind<string> {
  // Patterns of JSON Schema have no flags.
  const schema = { type: 'string', pattern: UUID_PATTERN.source.replaceAll('a-f', 'a-fA-F') };
  return {
    ...kind(`${what}, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"`, schema, (must) => [
      IsString(must),
      Matches(UUID_PATTERN, must),
    ]),
    advise: adviseUuid,
    resolve: (id) => id.toLowerCase(),
  };
}

/**
 * The base address of an HTTP service, without credentials, query and fragment; resolves without
 * trailing slashes.
 */
export function httpUrl(example: string): Kind<string> {
  const schema = { type: 'string', pattern: HTTP_URL.source };
  return {
    ...kind(addressLike(example), schema, ({ message }) => [
      custom('isHttpUrl', isHttpUrl, message),
    ]),
    advise: adviseUrl,
    resolve: (url) => withoutTrailing(url, '/'),
  };
}

/** The base address of SciCat: an {@link httpUrl} without the path of SciCat's API. */
export function scicatUrl(example: string): Kind<string> {
  const url = httpUrl(example);
  const pattern = `^(?!.*${API_PATH.source})${HTTP_URL.source.slice(1)}`;
  const noApiPath = custom(
    'hasNoApiPath',
    (value) => !isHttpUrl(value) || !API_PATH.test(value),
    ({ value }) => {
      const [base = ''] = String(value).split(API_PATH);
      const path = String(value).slice(base.length);
      return `ends in "${path}", which the service adds itself; write "${base}"`;
    },
  );
  return {
    ...url,
    ...kind(
      `${addressLike(example)}, and without the path /api/v3`,
      { type: 'string', pattern },
      () => [...url.rules, noApiPath],
    ),
    advise: (value, raw) => {
      // The message about the API's path says what to write.
      if (isHttpUrl(value) || typeof value !== 'string') return undefined;
      const [base = ''] = value.replace(/[?#].*$/, '').split(API_PATH);
      return adviseUrl(base, raw);
    },
  };
}

/** What Express accepts as `trust proxy`: a flag, a number of proxies, or their addresses. */
export function trustProxy(): Kind<boolean | number | string> {
  const anyOf = [
    { type: 'boolean' },
    { type: 'integer', minimum: 0 },
    { type: 'string', pattern: PROXY_ADDRESSES },
  ];
  return {
    ...kind(
      'true, false, the number of proxies in front, or their addresses such as "loopback, 10.0.0.0/8"',
      { anyOf },
      ({ message }) => [custom('isTrustProxy', isTrustProxy, message)],
    ),
    advise: adviseTrust,
  };
}

/** An address to listen on: of this machine, or a name for one; not a URL. */
export function listenAddress(): Kind<string> {
  const what = 'an address to listen on, such as "0.0.0.0"';
  return {
    ...kind(what, { type: 'string', pattern: LISTEN_ADDRESS.source }, ({ message }) => [
      custom('isListenAddress', isListenAddress, message),
    ]),
    advise: adviseHost,
  };
}

const LEAST_WEIGHT = 0.01;
const MOST_WEIGHT = 1000;
/** At least one visible character. */
const VISIBLE = /\S/;
const VISIBLE_STRING: JsonSchema = { type: 'string', pattern: VISIBLE.source };
const NO_TILDE = /^(?!~)/;
const HTTP_URL = /^[hH][tT][tT][pP][sS]?:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/;
const API_PATH = /\/[aA][pP][iI](?:\/[vV]\d+)?\/*$/;
const LISTEN_ADDRESS = /^(?:[\w-]+(?:\.[\w-]+)*\.?|[\da-fA-F.:]*:[\da-fA-F.:]*(?:%\S+)?)$/;
const NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];
const IP_ADDRESS = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F.:]*:[0-9a-fA-F.:]*(?:%[^,/\s]+)?)`;
const PROXY_ADDRESS = String.raw`\s*(?:${NETWORKS.join('|')}|${IP_ADDRESS}(?:/\d{1,3})?)\s*`;
const PROXY_ADDRESSES = `^${PROXY_ADDRESS}(?:,${PROXY_ADDRESS})*$`;

type Message = (args: ValidationArguments) => string;
interface Must {
  readonly message: Message;
}

/** @param rules given the message that says what the value is, and what it must be */
function kind<Value>(
  what: string,
  schema: JsonSchema,
  rules: (must: Must) => readonly PropertyDecorator[],
): Kind<Value> {
  return {
    rules: rules({ message: mustBe(what) }),
    // Editors show this in place of a pattern.
    schema: { ...schema, errorMessage: `must be ${what}` },
  };
}

function bounded(
  isNumber: (must: Must) => PropertyDecorator,
  type: 'integer' | 'number',
  word: string,
  least: number,
  most: number | undefined,
): Kind<number> {
  const bounds = most === undefined ? `of at least ${least}` : `between ${least} and ${most}`;
  const schema = { type, minimum: least, ...(most === undefined ? {} : { maximum: most }) };
  return kind(`${word} ${bounds}`, schema, (must) => [
    isNumber(must),
    Min(least, must),
    ...(most === undefined ? [] : [Max(most, must)]),
  ]);
}

function custom(
  name: string,
  validate: (value: unknown) => boolean,
  message: Message,
): PropertyDecorator {
  return ValidateBy({ name, validator: { validate } }, { message });
}

function addressLike(example: string): string {
  return `an http or https URL such as "${example}", without user name, password, "?" and "#"`;
}

function mustBe(what: string): Message {
  return ({ value }) =>
    `${value === undefined ? 'is missing' : `is ${shown(value)}`}; it must be ${what}`;
}

/** A value for a message: shortened, and without the credentials of an address. */
export function shown(value: unknown): string {
  if (value === null) return 'without a value';
  if (value === '') return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'number' || typeof value === 'boolean') return value.toString();
  if (typeof value !== 'string') return typeof value;
  const harmless = value
    .replace(/^(\w*:?\/{0,2})[^\s@]*:\S*@/, '$1…@')
    .replace(/\/\/[^/]*@/, '//…@');
  return `the string ${JSON.stringify(harmless.length > 80 ? `${harmless.slice(0, 80)}…` : harmless)}`;
}

function areWeights(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.values(value).every(
      (weight) => typeof weight === 'number' && weight >= LEAST_WEIGHT && weight <= MOST_WEIGHT,
    )
  );
}

function isHttpUrl(value: unknown): value is string {
  return typeof value === 'string' && HTTP_URL.test(value) && URL.canParse(value);
}

function isListenAddress(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  return value.includes(':') ? isIP(value) === 6 : LISTEN_ADDRESS.test(value);
}

function isTrustProxy(value: unknown): boolean {
  if (typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0;
  return typeof value === 'string' && value.split(',').every((part) => isProxyAddress(part.trim()));
}

function isProxyAddress(text: string): boolean {
  if (NETWORKS.includes(text)) return true;
  const [address = '', prefix = '1', ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0 || !/^\d{1,3}$/.test(prefix)) return false;
  return Number(prefix) >= 1 && Number(prefix) <= (version === 4 ? 32 : 128);
}
