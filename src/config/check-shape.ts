import { plainOrQuoted } from './advice.js';
import { settingsOf, type SettingsClass, type StatedSetting } from './define-setting.js';
import type { Findings } from './findings.js';
import { formerKeyMistake } from './former-keys.js';
import { isObject } from '../domain/untyped.js';
import { didYouMean } from './problem.js';
import { FileSettings } from './service-settings.js';
import { shown } from './value-kinds.js';
import { keyMistake } from './yaml-mistakes.js';
import { pathOf, type YamlSource } from './yaml-source.js';

type Mapping = Readonly<Record<string, unknown>>;

const UNKNOWN_AT_TOP =
  'is not a known setting and has no effect; if it only holds YAML anchors, start its name with "x-"';

/** The file as the settings classes take it, by member name. */
interface Shape {
  readonly settings: Mapping;
  /**
   * Paths of required settings whose line was found elsewhere or misspelled, and reported there: that
   * they are missing is not another mistake.
   */
  readonly found: ReadonlySet<string>;
}

/**
 * Checks the keys, and that sections are mappings. An unknown key in a section would silently leave a
 * default in effect; at the top level it may hold YAML anchors.
 */
export function checkShape(file: Mapping, source: YamlSource, findings: Findings): Shape {
  const found = new Set<string>();

  const mapping = (written: Mapping, settings: SettingsClass, path: string): Mapping => {
    const known = settingsOf(settings);
    const result: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(written)) {
      const at = pathOf(path, key);
      const setting = known.find((one) => one.key === key);
      if (setting === undefined) {
        const former = path === '' ? formerKeyMistake(key, value) : undefined;
        if (former !== undefined) {
          found.add('facilities');
          findings.error(at, former, { at: source.positionOfKey(at) });
        } else unknown(key, at, { path, known, missing: (one) => !(one.key in written) });
      } else if (setting.entries !== undefined) {
        result[setting.name] = list(value, setting.entries, at);
      } else if (setting.section !== undefined) {
        // A heading whose lines are all commented out is not a mistake.
        if (value !== null) result[setting.name] = section(value, setting.section, at);
      } else if (value === null) {
        // `key:` without a value is an unfinished line.
        if (!findings.hasErrorAbove(at)) {
          findings.error(at, 'has no value; add one, or remove the line');
        }
      } else {
        checkQuotes(value, at, findings);
        result[setting.name] = value;
      }
    }
    return result;
  };

  const unknown = (
    key: string,
    at: string,
    block: {
      readonly path: string;
      readonly known: readonly StatedSetting[];
      readonly missing: (setting: StatedSetting) => boolean;
    },
  ): void => {
    const { path, known } = block;
    const keys = known.map((setting) => setting.key);
    const meant = known.find((setting) => setting.key === meantKey(key, keys));
    const position = source.positionOfKey(at);
    // A missing key was meant by this one: a message about the missing key would only repeat that.
    const isNeeded = meant?.required === true && block.missing(meant);
    if (isNeeded) found.add(pathOf(path, meant.key));
    const report = path !== '' || isNeeded ? 'error' : 'warning';
    const bare = key.replace(/[^\x21-\x7e]/g, '');
    if (bare !== key && key.trim() === bare && placesOf(bare).length > 0 && meant === undefined) {
      const message = `begins or ends with a character that only looks like a space; retype the line, with spaces only before "${bare}"`;
      findings.error(at, message, { at: position });
      return;
    }
    if (SECRET.test(key) && meant === undefined) {
      const message =
        'is not a setting of this file: secrets are set in the environment or in .env; see "Secrets" in docs/configuration.md';
      findings[report](at, message, { at: position });
      return;
    }
    const places = placesOf(key).filter((place) => place !== path.replace(/\[\d+\]$/, ''));
    if (places.includes('')) {
      found.add(key);
      findings.error(
        at,
        `is not a known setting here: it belongs to the top level of the file; ${UNINDENT}`,
        {
          at: position,
        },
      );
      return;
    }
    if (places.length > 0 && meant === undefined) {
      const belongs = `belongs to ${places.map(placeInWords).join(' or ')}; write it there, indented like the other lines of that block`;
      const message = `is not a known setting ${path === '' ? 'and has no effect' : 'here'}: it ${belongs}`;
      findings[report](at, message, { at: position });
      return;
    }
    const invisible = invisibleFault(key, meant?.key);
    const unknownHere =
      path === '' && !isNeeded
        ? UNKNOWN_AT_TOP
        : `is not a known setting here; known settings: ${keys.join(', ')}`;
    if (path === '' && key.startsWith('x-')) return;
    findings[report](at, invisible ?? unknownHere, {
      suggestion: invisible === undefined ? didYouMean(meant?.key ?? key, keys) : undefined,
      at: position,
    });
  };

  const section = (value: unknown, settings: SettingsClass, path: string): Mapping => {
    if (isObject(value)) return mapping(value, settings, path);
    const keys = settingsOf(settings).map(({ key }) => key);
    const line = typeof value === 'string' ? keyMistake(value, placesOf) : undefined;
    if (line !== undefined) {
      findings.error(pathOf(path, line.key), line.message, { at: source.positionOf(path) });
      markFound(settings, path);
      return {};
    }
    findings.error(
      path,
      `is ${shown(value)}; it must be a mapping with keys such as ${keys.slice(0, 3).join(', ')}`,
      { suggestion: sectionAdvice(value, path, keys) },
    );
    return {};
  };

  /** Nothing is reported as missing from a section that could not be read. */
  const markFound = (settings: SettingsClass, path: string): void => {
    for (const { key } of settingsOf(settings)) found.add(pathOf(path, key));
  };

  const list = (value: unknown, settings: SettingsClass, path: string): unknown => {
    if (Array.isArray(value)) {
      const entries = value as readonly unknown[];
      return entries.map((entry, index) => {
        const at = pathOf(path, index);
        if (goesOn(entries[index - 1], entry, settings)) {
          const [key = ''] = Object.keys(entry as Mapping);
          findings.error(
            pathOf(at, key),
            'is an entry of its own, because of the "-" before it; remove the "-" to make it part of the entry above',
            { at: source.positionOf(at) },
          );
          markFound(settings, at);
          markFound(settings, pathOf(path, index - 1));
        }
        return section(entry, settings, at);
      });
    }
    findings.error(path, `is ${shown(value)}; it must be a list of ${path}`, {
      suggestion: listAdvice(value, settings),
    });
    return undefined;
  };

  return { settings: mapping(file, FileSettings, ''), found };
}

const SECRET = /[sS]ecret|SECRET|[pP]assw|PASSW|[tT]oken|[cC]lient_?[iI][dD]|^(?:GLOBUS|SCICAT)_/;

const UNINDENT = 'begin it at the start of the line, before or after this block';

function placeInWords(place: string): string {
  return place === 'facilities' ? 'an entry of "facilities"' : `the section "${place}"`;
}

/** The key that was meant by one with other capitals, other separators, or a typo. */
function meantKey(written: string, keys: readonly string[]): string | undefined {
  const bare = (key: string): string => key.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase();
  const same = keys.find((key) => bare(key) === bare(written));
  return same ?? /"(.*)"/.exec(didYouMean(written, keys) ?? '')?.[1] ?? singular(written, keys);
}

function singular(written: string, keys: readonly string[]): string | undefined {
  return keys.find((key) => key.replace(/ies$/, 'y') === written.toLowerCase());
}

/** What distinguishes a key from the one that was meant, if it can hardly be seen. */
function invisibleFault(written: string, meant: string | undefined): string | undefined {
  if (meant === undefined) return undefined;
  if (/^[“”„‘’«»].*|.*[“”‘’«»]$/.test(written)) {
    return `is in typographic quotes, which count as part of the key; write ${meant}`;
  }
  if (written.trim() === meant && written !== meant) {
    const end = written.startsWith(' ') ? 'begins' : 'ends';
    return `${end} with a space, which counts as part of the key; write ${meant}`;
  }
  if (written.startsWith('-')) {
    return `needs a space after the dash; write "- ${written.slice(1)}: …"`;
  }
  return written.replace(/[^\x21-\x7e]/g, '') === meant
    ? `contains an invisible character; retype ${meant}`
    : undefined;
}

/** Word processors and chats make typographic quotes of straight ones. */
function checkQuotes(value: unknown, path: string, findings: Findings): void {
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) checkQuotes(one, pathOf(path, index), findings);
  } else if (typeof value === 'string') {
    const [, open = '', inner = '', close = ''] =
      /^\s*([“”„‘’‚«»])(.*)([“”‘’«»])\s*$/s.exec(value) ?? [];
    if (open === '') return;
    const written = /^[\d.]+$/.test(inner) ? inner : plainOrQuoted(inner);
    const message = `is in typographic quotes (${open}…${close}), which count as part of the value; write ${written}`;
    findings.error(path, message);
  }
}

/** Whether an entry continues the one before: no key is repeated, and a needed one is missing. */
function goesOn(before: unknown, entry: unknown, settings: SettingsClass): boolean {
  if (!isObject(before) || !isObject(entry)) return false;
  const known = settingsOf(settings);
  const keys = Object.keys(entry);
  const needs = known.filter(({ required }) => required === true).map(({ key }) => key);
  return (
    keys.length > 0 &&
    keys.every((key) => placesOf(key).includes('facilities') && !(key in before)) &&
    !keys.includes(needs[0] ?? '') &&
    !needs.every((key) => key in before && !keys.includes(key))
  );
}

function sectionAdvice(value: unknown, path: string, keys: readonly string[]): string | undefined {
  if (Array.isArray(value)) return 'remove the "-" before its keys';
  const isEntry = path.endsWith(']');
  return isEntry && typeof value === 'string'
    ? `write "- ${keys[0] ?? ''}: ${plainOrQuoted(value)}", and the other keys below it`
    : undefined;
}

function listAdvice(value: unknown, settings: SettingsClass): string | undefined {
  if (typeof value === 'string') return 'begin each entry with "- name: …" on a line of its own';
  if (!isObject(value)) return undefined;
  const known = settingsOf(settings).map(({ key }) => key);
  const [first = ''] = Object.keys(value);
  const dashed = first.replace(/^-/, '');
  if (dashed !== first && known.includes(dashed)) {
    return `write a space after the dash: "- ${dashed}: …"`;
  }
  return known.includes(first)
    ? `begin the first line of each facility with "- ": "- ${first}: …"`
    : `write each facility as an entry with its name: "- name: ${plainOrQuoted(first)}", and its other keys below`;
}

/** Every key of the file, in all spellings, with the places where it is a setting. */
const PLACES: ReadonlyMap<string, readonly string[]> = placesOfKeys();

/** Where a word is a setting: the keys of its sections, '' for the top level; empty if nowhere. */
export function placesOf(word: string): readonly string[] {
  return PLACES.get(word) ?? [];
}

function placesOfKeys(): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, string[]>();
  const collect = (settings: SettingsClass, place: string): void => {
    for (const { key, alias, section, entries } of settingsOf(settings)) {
      for (const word of alias === undefined ? [key] : [key, alias]) {
        places.set(word, [...(places.get(word) ?? []), place]);
      }
      const inner = section ?? entries;
      if (inner !== undefined) collect(inner, key);
    }
  };
  collect(FileSettings, '');
  return places;
}
