import { withoutTrailing } from '../domain/without-trailing.js';
import { inQuotes } from './yaml-lines.js';

/*
 * What to write instead of a value that a setting does not take, where it is clear what was meant.
 * Each function completes a message after a semicolon, or returns undefined.
 */

/**
 * @param value as YAML read it
 * @param raw as written in the file; undefined if that is not known
 */
export type Advise = (value: unknown, raw: string | undefined) => string | undefined;

/** What a number counts. */
export type Unit = 'seconds' | 'hours' | 'MiB';

/** For texts: numbers and the like need quotes. */
export const adviseText: Advise = (value, raw) => {
  const [only, ...others] = Array.isArray(value) ? (value as unknown[]) : [];
  if (others.length === 0 && isPlain(only)) return `write ${plainOrQuoted(String(only))}`;
  if (typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  return `put it in quotes: ${inQuotes(raw ?? String(value))}`;
};

/** For flags: YAML 1.2 knows no `yes` and `no`. */
export const adviseFlag: Advise = (value) => {
  const word = String(onlyOne(value)).trim().toLowerCase();
  if (['true', 'yes', 'y', 'on', '1', 'enabled', 'enable'].includes(word)) return 'write true';
  if (['false', 'no', 'n', 'off', '0', 'disabled', 'disable'].includes(word)) return 'write false';
  return undefined;
};

/** For lists: a single value is written as a list of one. */
export const adviseList: Advise = (value, raw) => {
  if (Array.isArray(value)) {
    const odd = (value as unknown[]).find((one) => typeof one === 'number' || isFlag(one));
    return odd === undefined ? undefined : `put ${String(odd)} in quotes: ${inQuotes(String(odd))}`;
  }
  if (typeof value === 'string') {
    // Entries on lines of their own, whose dashes are missing, in one piece with them, or another sign.
    const entries = value.trim().split(/(?<![,;\s])\s+(?:[-–—•*]\s*)?(?=[-–—•*]?\/)/);
    if (entries.length > 1 || /^[-–—•]/.test(value)) {
      const [first = ''] = entries;
      const entry = plainOrQuoted(first.replace(/^[-–—•*]\s*/, ''));
      return `write each entry on a line of its own, with "- " before it: "- ${entry}"`;
    }
    const bare = value.trim().replace(/^[[(]\s*|\s*[\])]$/g, '');
    const parts = bare
      .split(/[,;]\s*|:(?=\/(?!\/))/)
      .map((part) => part.trim().replace(/^(["'])(.*)\1$/, '$2'))
      .filter((part) => part !== '');
    return parts.length === 0 ? undefined : `write [${parts.map(inQuotes).join(', ')}]`;
  }
  return typeof value === 'number' || isFlag(value)
    ? `write [${inQuotes(raw ?? String(value))}]`
    : undefined;
};

/** For numbers: without quotes, units and separators. */
export function adviseNumber(unit: Unit | undefined, allowed: (value: number) => boolean): Advise {
  return (value, raw) => {
    const one = onlyOne(value);
    if (typeof one === 'number' && Array.isArray(value)) return `write ${one}`;
    const grouped = thousands(one, raw);
    if (grouped !== undefined && allowed(grouped)) return `write ${grouped}`;
    if (typeof one !== 'string') return undefined;
    if (/^\$\{?\w+\}?$/.test(one.trim())) return NO_VARIABLES;
    const [, commented] = /^(\d+)\s+(?:\/\/|\/\*|;|--)/.exec(one) ?? [];
    if (commented !== undefined && allowed(Number(commented))) {
      return `write ${commented}; a comment begins with "#"`;
    }
    // A time such as 1:30 is not an address with a port.
    const number = unit !== undefined && one.includes(':') ? undefined : plainNumber(one);
    const meant = number ?? inUnit(one, unit);
    if (meant === undefined || !allowed(meant)) {
      return unit === undefined || !/\d/.test(one) ? undefined : `write a number of ${unit}`;
    }
    if (unit !== undefined && number === undefined) {
      return `write ${meant}, without a unit: it is a number of ${unit}`;
    }
    return one.trim() === String(meant) ? `write ${meant}, without quotes` : `write ${meant}`;
  };
}

/** For one of a few values: another type, other capitals, or spaces around it. */
export function adviseOneOf(values: readonly (string | number)[]): Advise {
  return (value) => {
    const word = String(onlyOne(value)).trim();
    const found = values.find((one) => String(one).toLowerCase() === word.toLowerCase());
    if (found === undefined) return undefined;
    if (typeof found === 'number') return `write ${found}, without quotes`;
    return word === found ? `write ${found}` : `did you mean "${found}"?`;
  };
}

/** For directions, in everyday words. */
export function adviseDirection(values: readonly string[]): Advise {
  const oneOf = adviseOneOf(values);
  return (value, raw) => {
    const words = (Array.isArray(value) ? value.join(' ') : String(value))
      .toLowerCase()
      .split(/[^a-z]+/)
      .filter((word) => !['', 'and', 'only', 'or'].includes(word));
    const both = words.some((word) => /^(both|bi|inout|any|all)/.test(word));
    const [source, destination] = [
      /^(src|sourc|from|out|read)/,
      /^(dst|dest|target|to|in|writ)/,
    ].map((pattern) => words.some((word) => pattern.test(word)));
    const meant = both || (source && destination) ? 'BOTH' : source ? 'SRC' : 'DST';
    return both || source === true || destination === true
      ? `did you mean "${meant}"?`
      : oneOf(value, raw);
  };
}

const UUID = /([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})/i;

/** For UUIDs: one in another spelling, in an address, or with something around it. */
export const adviseUuid: Advise = (value, raw) => {
  const text = typeof value === 'string' ? value : (raw ?? '');
  const [, ...parts] = UUID.exec(text) ?? [];
  if (parts.length > 0) return `write ${parts.join('-')}`;
  return /^[[<{]|#/.test(text)
    ? 'the Globus web app shows it as "UUID" on the page of the collection'
    : undefined;
};

/** For addresses of services. */
export const adviseUrl: Advise = (value) => {
  const text = onlyOne(value);
  if (typeof text !== 'string') return undefined;
  if (/\$\{?\w+\}?/.test(text)) return NO_VARIABLES;
  const bare = text.trim().replace(/^<(.*)>$/, '$1');
  const [, scheme, host = '', path = ''] =
    /^(?:(h\w*)[:;]?[\\/]+)?(?:[^/@]*@)?([\w.-]+(?::\d+)?|\[[\da-f:]+\](?::\d+)?)((?:[\\/][^?#\s]*)?)(?:[?#]\S*)?$/i.exec(
      bare,
    ) ?? [];
  if (!/[.:]|^localhost$/.test(host)) return undefined;
  const isLocal = /^(localhost|127\.|\[::1\])/.test(host);
  const given = scheme === undefined ? undefined : /^htt?p?s/i.test(scheme) ? 'https' : 'http';
  const url = `${given ?? (isLocal ? 'http' : 'https')}://${host}${withoutTrailing(path.replaceAll('\\', '/'), '/')}`;
  return URL.canParse(url) && url !== text ? `write ${inQuotes(url)}` : undefined;
};

/** For addresses to listen on. */
export const adviseHost: Advise = (value) => {
  if (value === 0) return 'write "0.0.0.0", for all interfaces';
  if (typeof value === 'number') return 'the port is a setting of its own, "port"';
  if (typeof value !== 'string') return adviseText(value, undefined);
  const text = value.trim();
  if (text === '*') return 'write "0.0.0.0", for all interfaces';
  const [, bracketed] = /^(?:\w+:\/\/)?\[([\da-f:]+)\](?::\d+)?\/*$/i.exec(text) ?? [];
  const [, host = bracketed] = /^(?:\w+:\/\/)?([\w.-]+)(?::\d+)?(?:\/\d*)?$/.exec(text) ?? [];
  return host === undefined ? undefined : `write "${host}"; the port is a setting of its own`;
};

/** For trusted proxies. */
export const adviseTrust: Advise = (value, raw) => {
  if (Array.isArray(value)) return `write ${inQuotes(value.map(String).join(', '))}`;
  if (typeof value === 'string' && /^\s*\d+\s*$/.test(value)) return `write ${Number(value)}`;
  return adviseFlag(value, raw);
};

const NO_VARIABLES = 'variables are not replaced in this file; write the value itself';

const WRITE_SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};
const WRITE_BYTES: Readonly<Record<string, number>> = { k: 1 / 1024, m: 1, g: 1024, t: 1024 ** 2 };

/** A number with a unit, converted to the unit that the setting has. */
function inUnit(text: string, unit: Unit | undefined): number | undefined {
  const [, digits = '', word = ''] = /^([\d.]+)\s*([a-z]+)$/i.exec(text.trim()) ?? [];
  if (digits === '' || unit === undefined) return undefined;
  const name = word.toLowerCase();
  const short = name.startsWith('ms') || name.startsWith('milli') ? 'ms' : name.charAt(0);
  const factor = unit === 'MiB' ? WRITE_BYTES[short] : WRITE_SECONDS[short];
  if (factor === undefined) return undefined;
  const converted = Number(digits) * (unit === 'hours' ? factor / 3600 : factor);
  return Number.isFinite(converted) ? Math.max(1, Math.round(converted)) : undefined;
}

/** A whole number with points between its thousands, which YAML reads as a fraction. */
export function thousands(value: unknown, raw: string | undefined): number | undefined {
  return typeof value === 'number' && raw !== undefined && /^[1-9]\d{0,2}\.\d{3}$/.test(raw)
    ? Number(raw.replace('.', ''))
    : undefined;
}

/** Said where a text that somebody was to replace was left in place. */
export function placeholderIn(text: string): string | undefined {
  return /<[A-Za-z][\w ./-]*>|\/path\/to(?:\/|$)|(?:^|[/._-])your[-_ ]\w+|^\[[\w ]+\]$|^(?:X{3,}|FIXME|TBD|TODO|CHANGE[-_ ]?ME|\.\.\.)$|^\/your(?:\/|$)/i.exec(
    text,
  )?.[0];
}

/** A number in quotes, with separators, or with an address before or something behind it. */
function plainNumber(text: string): number | undefined {
  const bare = text.trim();
  const grouped = /^\d{1,3}([_ ',.]\d{3})+$/.test(bare) ? bare.replace(/\D/g, '') : bare;
  const decimal = /^\d+,\d+$/.test(grouped) ? grouped.replace(',', '.') : grouped;
  const [, digits] =
    /^(\d+(?:\.\d+)?)[,;]?$/.exec(decimal) ??
    /^(\d+)(?:\/(?:tcp|udp|s)|#.*)$/.exec(decimal) ??
    /^\S*:(\d+)$/.exec(decimal) ??
    [];
  return digits === undefined ? undefined : Number(digits);
}

function onlyOne(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? (value as unknown[])[0] : value;
}

function isPlain(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

function isFlag(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

/** A string as it can be written in the file. */
export function plainOrQuoted(text: string): string {
  return /^[A-Za-z/][\w./@-]*$/.test(text) && !/^(true|false|null)$/i.test(text)
    ? text
    : inQuotes(text);
}
