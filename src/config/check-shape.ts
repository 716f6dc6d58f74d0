import { plainOrQuoted } from './advice.js';
import { settingsOf, type SettingsClass, type StatedSetting } from './define-setting.js';
import type { Findings } from './findings.js';
import { formerKeyMistake } from './former-keys.js';
import { isObject } from '../domain/untyped.js';
import { didYouMean } from './problem.js';
import { FileSettings } from './service-settings.js';
import { oddCharacter, oddMistake, withoutOdd } from './odd-characters.js';
import { shown } from './value-kinds.js';
import { inQuotes, keyMistake } from './yaml-lines.js';
import { pathOf, type YamlSource } from './yaml-source.js';

type Mapping = Readonly<Record<string, unknown>>;

const UNKNOWN_AT_TOP =
  'is not a known setting and has no effect; if it only holds YAML anchors, start its name with "x-"';

/** Of the unknown keys in one block, so many are reported: more are another kind of file. */
const MOST_UNKNOWN = 20;

/** The file as the settings classes take it, by member name. */
interface Shape {
  readonly settings: Mapping;
  /**
   * Paths of required settings whose line was found elsewhere or misspelled, and reported there: that
   * they are missing is not another mistake.
   */
  readonly found: ReadonlySet<string>;
  /** By path: what is said of values with characters that can't be seen. */
  readonly odd: ReadonlyMap<string, string>;
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
    let unknowns = 0;
    for (const [key, value] of Object.entries(written)) {
      const at = pathOf(path, key);
      const setting = known.find((one) => one.key === key);
      if (setting === undefined) {
        const former = path === '' ? formerKeyMistake(key, value) : undefined;
        if (former !== undefined) {
          found.add('facilities');
          findings.error(at, former, { at: source.positionOfKey(at) });
        } else if (++unknowns <= MOST_UNKNOWN)
          unknown(key, at, { path, known, missing: (one) => !(one.key in written) });
      } else if (setting.entries !== undefined) {
        result[setting.name] = list(value, setting.entries, at);
      } else if (setting.section !== undefined) {
        // A heading whose lines are all commented out is not a mistake.
        if (value !== null) result[setting.name] = section(value, setting.section, at);
      } else if (value === null) {
        // `key:` without a value is an unfinished line.
        if (!findings.hasErrorAbove(at)) {
          findings.error(
            at,
            valueMistake(source.lineAt(at)) ?? 'has no value; add one, or remove the line',
          );
        }
      } else {
        checkQuotes(value, at, findings);
        noteOdd(value, at);
        result[setting.name] = value;
      }
    }
    return result;
  };

  const odd = new Map<string, string>();
  const noteOdd = (value: unknown, at: string): void => {
    if (Array.isArray(value)) {
      for (const [index, one] of value.entries()) noteOdd(one, pathOf(at, index));
    } else if (typeof value === 'string' && !findings.hasErrorAbove(at)) {
      const message = oddMistake(value, (text) =>
        /^(?:-?[\d.]+|true|false)$/.test(text) ? text : plainOrQuoted(text),
      );
      if (message === undefined) return;
      odd.set(at, message);
      findings.warning(at, message);
    }
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
    const meant = known.find((setting) => setting.key === meantKey(key, keys, path));
    const position = source.positionOfKey(at);
    // A missing key was meant by this one: a message about the missing key would only repeat that.
    const isNeeded = meant?.required === true && block.missing(meant);
    if (isNeeded) found.add(pathOf(path, meant.key));
    if (meant !== undefined) findings.settle(pathOf(path, meant.key));
    const report = path !== '' || isNeeded ? 'error' : 'warning';
    const special = path === '' ? topLevelMistake(key, keys) : undefined;
    if (special !== undefined) {
      if (special.meant !== undefined) found.add(special.meant);
      findings.error(at, special.message, { at: position });
      return;
    }
    const hidden = invisibleFault(key, meant?.key);
    const line = hidden === undefined ? keyMistake(key, placesOf) : undefined;
    if (line !== undefined && placesOf(line.key).includes(path.replace(/\[\d+\]$/, ''))) {
      found.add(pathOf(path, line.key));
      findings.settle(pathOf(path, line.key));
      findings.error(pathOf(path, line.key), line.message, { at: position });
      return;
    }
    const together = keysAtTop.find((one) => bareKey(one) === bareKey(`${path}${key}`));
    if (path !== '' && together !== undefined && meant === undefined) {
      found.add(together);
      const message = `is not a known setting here; write "${together}: …" at the start of a line, before or after this block`;
      findings.error(at, message, { at: position });
      return;
    }
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
    for (const place of places)
      findings.settle(`${place === 'facilities' ? 'facilities[]' : place}.${key}`);
    if (places.length > 0 && meant === undefined) {
      const belongs = `belongs to ${places.map(placeInWords).join(' or ')}; write it there, indented like the other lines of that block`;
      const message = `is not a known setting ${path === '' ? 'and has no effect' : 'here'}: it ${belongs}`;
      findings[report](at, message, { at: position });
      return;
    }
    const invisible = hidden;
    const unknownHere =
      path === '' && !isNeeded
        ? UNKNOWN_AT_TOP
        : `is not a known setting here; known settings: ${keys.join(', ')}`;
    if (path === '' && key.startsWith('x-')) return;
    findings[report](at, invisible ?? unknownHere, {
      suggestion:
        invisible === undefined && meant !== undefined ? `did you mean "${meant.key}"?` : undefined,
      at: position,
    });
  };

  const section = (value: unknown, settings: SettingsClass, path: string): Mapping => {
    const named = nameAsKey(value, settings);
    if (named !== undefined) {
      findings.error(
        pathOf(path, named),
        `is the name of an entry, with its keys below; write "- name: ${plainOrQuoted(named)}", and its other keys below "name", with the same indentation`,
        { at: source.positionOfKey(pathOf(path, named)) },
      );
      markFound(settings, path);
      return {};
    }
    if (isObject(value)) return mapping(value, settings, path);
    const keys = settingsOf(settings).map(({ key }) => key);
    if (findings.hasErrorAbove(path)) {
      markFound(settings, path);
      return {};
    }
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
    if (findings.hasErrorAbove(path)) return undefined;
    findings.error(path, `is ${shown(value)}; it must be a list of ${path}`, {
      suggestion: listAdvice(value, settings),
    });
    return undefined;
  };

  const whole = wholeFileMistake(file);
  if (whole !== undefined) {
    findings.error(whole.path, whole.message, { at: source.positionOfKey(whole.path) ?? START });
    markFound(FileSettings, '');
    findings.settle('transfer');
    return { settings: {}, found, odd };
  }
  return { settings: mapping(file, FileSettings, ''), found, odd };
}

const START = { line: 1, column: 1 };

/** A file that has nothing of what is needed at its top level, and why. */
function wholeFileMistake(
  file: Mapping,
): { readonly path: string; readonly message: string } | undefined {
  const keys = Object.keys(file);
  const keysAtTop = settingsOf(FileSettings).map(({ key }) => key);
  const [first = 'file'] = keys;
  const numbered = keys.filter(
    (key) => LINE_NUMBER.test(key) && placesOf(key.replace(LINE_NUMBER, '')).length > 0,
  );
  if (numbered.length > 1) {
    const message =
      'begins with a line number, which came along when the file was copied (and so do the other lines); copy the file again, or remove the numbers';
    return { path: numbered[0] ?? first, message };
  }
  if (
    keys.some(
      (key) =>
        meantKey(key, keysAtTop, '') !== undefined ||
        formerKeyMistake(key, file[key]) !== undefined,
    )
  )
    return undefined;
  if ('apiVersion' in file && 'kind' in file) {
    const message = `is a line of a Kubernetes object, not of the configuration itself; write only what stands below "scicat-globus-proxy-config.yaml: |" in it, indented to the start of the line`;
    return { path: 'apiVersion', message };
  }
  const root = keys.find((key) => {
    const value = file[key];
    return isObject(value) && ('scicatUrl' in value || 'facilities' in value);
  });
  if (root !== undefined) {
    const message =
      'is not a setting, but the settings are below it; remove this line, and begin "scicatUrl", "facilities" and the others at the start of the line';
    return { path: root, message };
  }
  // One that has other mistakes says more.
  return keys.some((key) => isObject(file[key]) || placesOf(key).length > 0 || SECRET.test(key))
    ? undefined
    : {
        path: 'file',
        message:
          'contains no settings of this service; compare it with scicat-globus-proxy-config.example.yaml. Is it the right file?',
      };
}

const LINE_NUMBER = /^\d+[:.|]?\s+(?:- +)?/;

const keysAtTop: readonly string[] = settingsOf(FileSettings).map(({ key }) => key);

/** What is wrong with a key at the top level that is a line of something else. */
function topLevelMistake(
  key: string,
  keys: readonly string[],
): { readonly message: string; readonly meant: string | undefined } | undefined {
  const meant = keys.find((one) => new RegExp(`\\b${one}\\b["']?$`).test(key));
  if (key.startsWith('//')) {
    return { meant, message: 'begins with "//"; a comment begins with "#"' };
  }
  if (meant !== undefined && key.slice(0, -meant.length) === '-') {
    return { meant, message: `begins with "-", but is not a list entry; write "${meant}: …"` };
  }
  if (/^[\p{L}\d]+(?: [\p{L}\d']+){2,}$/u.test(key) && meantKey(key, keys, '') === undefined) {
    return {
      meant: undefined,
      message: 'looks like a sentence, not like a setting; begin a comment with "#"',
    };
  }
  return undefined;
}

/** Why a key has no value although something is written behind it. */
function valueMistake(line: string): string | undefined {
  const [, comment] = /:\s+#(\S.*)$/.exec(line) ?? [];
  if (comment !== undefined) {
    return `has no value, because "#" begins a comment; put the value in quotes if the "#" belongs to it: ${inQuotes(`#${comment}`)}`;
  }
  const [entity] = /&(?:quot|amp|lt|gt|nbsp|apos|#\d+);/.exec(line) ?? [];
  return entity === undefined
    ? undefined
    : `contains "${entity}", which is a character written as in HTML; retype the value`;
}

/** The key of an entry that is a mapping of its name to its settings. */
function nameAsKey(value: unknown, settings: SettingsClass): string | undefined {
  if (!isObject(value)) return undefined;
  const keys = settingsOf(settings).map(({ key }) => key);
  const [[name, inner] = ['', undefined], ...others] = Object.entries(value);
  if (others.length > 0 || keys[0] !== 'name' || !isObject(inner) || keys.includes(name))
    return undefined;
  return Object.keys(inner).filter((key) => keys.includes(key)).length > 1 ? name : undefined;
}

const SECRET = /[sS]ecret|SECRET|[pP]assw|PASSW|[tT]oken|[cC]lient_?[iI][dD]|^(?:GLOBUS|SCICAT)_/;

const UNINDENT = 'begin it at the start of the line, before or after this block';

function placeInWords(place: string): string {
  return place === 'facilities' ? 'an entry of "facilities"' : `the section "${place}"`;
}

function bareKey(key: string): string {
  return withoutOdd(key)
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase();
}

/** The key that was meant by one in other capitals, with other separators, abbreviated or misspelt. */
function meantKey(written: string, keys: readonly string[], path: string): string | undefined {
  const same = keys.find((key) => bareKey(key) === bareKey(written));
  if (same !== undefined) return same;
  const other = path.startsWith('facilities') ? OTHER_WORDS[bareKey(written)] : undefined;
  return (
    other ??
    singular(written, keys) ??
    abbreviated(written, keys) ??
    /"(.*)"/.exec(didYouMean(written, keys) ?? '')?.[1]
  );
}

/** What people call a setting of a facility. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  endpoint: 'collection',
  endpointid: 'collection',
  guid: 'collection',
  id: 'collection',
  uuid: 'collection',
  root: 'collectionRootPath',
  rootpath: 'collectionRootPath',
  group: 'accessValue',
};

/** The only key that has all words of the written one, each at least in its beginning. */
function abbreviated(written: string, keys: readonly string[]): string | undefined {
  const wordsOf = (key: string): readonly string[] =>
    (key.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []).map((word) => word.toLowerCase());
  const words = wordsOf(written);
  if (words.length < 2) return undefined;
  const fits = keys.filter((key) => {
    let rest = wordsOf(key);
    return words.every((word) => {
      const at = rest.findIndex((one) => word.length > 1 && one.startsWith(word));
      rest = rest.slice(at + 1);
      return at >= 0;
    });
  });
  return fits.length === 1 ? fits[0] : undefined;
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
  const odd = oddCharacter(written);
  if (odd !== undefined && withoutOdd(written).trim() === meant) {
    return `contains ${odd.name}, which can't be seen; retype ${meant}`;
  }
  if (written.normalize('NFKC') === meant) {
    return `is written in fullwidth characters; retype ${meant}`;
  }
  if (written.startsWith('-')) {
    return `needs a space after the dash; write "- ${written.slice(1)}: …"`;
  }
  return undefined;
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
