import { oddCharacter, withoutOdd } from './odd-characters.js';
import {
  inQuotes,
  keyMistake,
  type Line,
  lineOf,
  LONGEST_LINE,
  type PlacesOf,
  shownLine,
} from './yaml-lines.js';

/*
 * Mistakes that show in a single line, whatever stands around it. They are looked for without parsing
 * the file, so that it makes no difference how many there are.
 */

export interface LineMistake {
  /** From 0. */
  readonly column: number;
  readonly key?: string | undefined;
  readonly message: string;
  /** The line as it is meant, on one line. */
  readonly corrected: string;
  /** Mistakes of a kind that is made throughout a file are said once. */
  readonly kind?: 'template line' | 'comma' | 'dash';
}

/** The mistake in a line of a file that YAML can't read. */
export function lineMistake(
  written: string,
  index: number,
  placesOf: PlacesOf,
): LineMistake | undefined {
  if (written.length > LONGEST_LINE) return undefined;
  const line = lineOf(written, index);
  if (line === undefined) return undefined;
  const keyed = keyMistake(written, placesOf);
  return (
    noLine(written) ??
    oddIndentation(written, placesOf) ??
    bullet(written, placesOf) ??
    (keyed === undefined ? undefined : { ...keyed, column: written.indexOf(keyed.key) }) ??
    allInQuotes(written, placesOf) ??
    commaAtEnd(written, line) ??
    closingAlone(written, line) ??
    secondKey(written, line, placesOf) ??
    wrongTemplate(written, line)
  );
}

/** Lines that belong to something else. */
function noLine(text: string): LineMistake | undefined {
  const column = text.search(/\S/);
  const content = text.trim();
  const at = (message: string, kind?: LineMistake['kind']): LineMistake => ({
    column,
    message,
    corrected: '',
    ...(kind === undefined ? {} : { kind }),
  });
  const [comment] = /^(?:\/\/|\/\*|\*\/|;|--(?!-)|<!--)/.exec(content) ?? [];
  if (comment !== undefined) return at(`begins with "${comment}"; a comment begins with "#"`);
  if (/^(?:```|~~~)/.test(content)) {
    return at('is a mark of Markdown, which came along when the text was copied; remove this line');
  }
  if (/^\{\{-?\s*(?:if|else|end|range|with|include|toYaml|define)\b|^\{\{-|^\{%/.test(content)) {
    return at(
      'is an instruction of a template (of Helm, Ansible or the like), which this file must not contain any more; render the template, or remove the line',
      'template line',
    );
  }
  if (/^\$ \S|^\S+@\S+[:~]\S*[#$] /.test(content)) {
    return at('is a command of the shell; remove this line');
  }
  if (/^(?:EOF|EOT|END)$/.test(content)) {
    return at('is the end of a text in a shell script ("<<EOF"); remove this line');
  }
  if (/^={7}$/.test(content)) {
    return at(
      'is a mark of a merge conflict (of git); remove this line, and one of the two versions',
    );
  }
  const [, section] = /^\[+([\w.-]+)\]+$/.exec(content) ?? [];
  if (section !== undefined && column === 0) {
    return at(
      `is a heading as in INI and TOML files; write "${section}:", and its keys below it, indented by two spaces, as "key: value"`,
    );
  }
  return undefined;
}

function oddIndentation(text: string, placesOf: PlacesOf): LineMistake | undefined {
  const beginning = text.replace(/\s#.*$/, '');
  const odd = oddCharacter(beginning);
  if (odd === undefined) return undefined;
  const isBreak = odd.kind === 'line-break';
  const lead = beginning.slice(0, odd.index);
  const key = lineOf(withoutOdd(text).split('\n')[0] ?? '', 0)?.key;
  const isInIndentation = /^ *$/.test(lead) && odd.kind === 'space';
  // Odd characters in values are no mistake of syntax; tabs and the like have a message of their own.
  if (!isBreak && (isInIndentation || !/^\s*-?\s*(?:["']?\w*["']?\s*)?$/.test(lead))) {
    return undefined;
  }
  const clean = withoutOdd(text).split('\n')[0] ?? '';
  const does = isBreak
    ? 'which is not a line break for YAML; delete it, and press Enter there'
    : `which ${odd.kind === 'space' ? 'only looks like a space' : "can't be seen"}; ${clean.trim() === '' ? 'remove the line' : `retype the line: ${shownLine(clean.trim())}`}`;
  return {
    column: odd.index,
    key: placesOf(key ?? '').length > 0 ? key : undefined,
    message: `contains ${odd.name}, ${does}`,
    corrected: clean.trimEnd(),
  };
}

function bullet(text: string, placesOf: PlacesOf): LineMistake | undefined {
  const [, lead = '', sign = '', rest = ''] = /^(\s*)([–—−‐‑‒•‣·▪●◦*+])\s+(\S.*)$/.exec(text) ?? [];
  if (sign === '') return undefined;
  const key = lineOf(rest, 0)?.key;
  if (key !== undefined && placesOf(key).length === 0 && lead === '') return undefined;
  return {
    column: lead.length,
    key,
    message: `begins with "${sign}", but a list entry begins with "-"; write ${shownLine(`- ${rest}`)}`,
    corrected: `${lead}- ${rest}`,
  };
}

/** Entries in quotes, one a line, without their dashes. */
export function entryWithoutDash(
  text: string,
  neighbours: readonly (string | undefined)[],
): LineMistake | undefined {
  const quoted = /^\s+(["'])[^"']*\1,?\s*$/;
  if (!quoted.test(text) || !neighbours.some((line) => quoted.test(line ?? ''))) return undefined;
  const entry = `- ${text.trim().replace(/,$/, '')}`;
  const lead = text.slice(0, text.search(/\S/));
  return {
    column: lead.length,
    message: `needs "- " before it, as each list entry on a line of its own; write ${shownLine(entry)}`,
    corrected: `${lead}${entry}`,
    kind: 'dash',
  };
}

function allInQuotes(text: string, placesOf: PlacesOf): LineMistake | undefined {
  const [, lead = '', , inner = '', key = ''] =
    /^(\s*(?:- +)?)(["'])((\w+):\s.*)\2\s*$/.exec(text) ?? [];
  if (placesOf(key).length === 0 || /["']/.test(inner)) return undefined;
  const message = `is in quotes as a whole, so it is not a "key: value"; write ${shownLine(inner)}`;
  return { column: lead.length, key, message, corrected: `${lead}${inner}` };
}

/** As in JSON. */
function commaAtEnd(text: string, { key, isItem, value }: Line): LineMistake | undefined {
  const [, before = ''] = /^(.*["'\]}])\s*[,;](?:\s+#.*)?$/.exec(text) ?? [];
  const isWhole =
    /^["']/.test(value) || (value.startsWith('[') ? before.endsWith(']') : before.endsWith('}'));
  if (before === '' || (key === undefined && !isItem) || !/^["'[{]/.test(value) || !isWhole) {
    return undefined;
  }
  const sign = text.slice(before.length).trim().charAt(0);
  const written = before
    .trim()
    .replace(/^((?:- )?)"(\w+)"(?=\s*:)/, '$1$2')
    .replace(/"([A-Za-z/][\w./:-]*)"$/, '$1');
  return {
    column: before.length,
    key,
    message: `ends with "${sign}", which is not needed between lines; write ${shownLine(written)}`,
    corrected: before,
    kind: 'comma',
  };
}

/** `facilities: ]`, `'/data/x']` and `syncLevel: 3 }`. */
function closingAlone(text: string, { key, value, contentIndent }: Line): LineMistake | undefined {
  const [, before = '', sign = ''] = /^(.*?)\s*([\]}])$/.exec(value) ?? [];
  if (sign === '' || key === undefined || /^[[{|>]|\{\{/.test(value)) return undefined;
  const opening = sign === ']' ? '[' : '{';
  const inQuotation = /^(["']).*\1$/.test(before);
  if (before.includes(opening) || !(before === '' || inQuotation || /:\s/.test(before))) {
    return undefined;
  }
  const head = text.slice(contentIndent, text.indexOf(value, contentIndent + key.length)).trim();
  const written =
    before === '' ? head : `${head} ${sign === ']' ? `[${before}]` : `{ ${before} }`}`;
  return {
    column: text.lastIndexOf(sign),
    key,
    message: `has "${sign}" without its opening bracket; write ${shownLine(written)}`,
    corrected: `${text.slice(0, contentIndent)}${written}`,
  };
}

/** `transfer: syncLevel: 3` and `name: PSI collection: …`. */
function secondKey(text: string, line: Line, placesOf: PlacesOf): LineMistake | undefined {
  const { key = '', value, contentIndent } = line;
  if (placesOf(key).length === 0 || /^(?:["'[{|>#&*!]|-\s)/.test(value)) {
    return undefined;
  }
  const [, before = '', second = ''] = /^(.*?)(?:^|[,;]?\s+)(\w+):(?:\s|$)/.exec(value) ?? [];
  if (placesOf(second).length === 0) return undefined;
  const rest = value.slice(value.indexOf(second, before.length));
  const column = text.indexOf(rest, contentIndent + key.length);
  const head = text.slice(contentIndent, column).replace(/[,;]?\s*$/, '');
  if (before === '' && placesOf(second).includes(key)) {
    return {
      column,
      key,
      message: `has the first line of its block on the same line; write "${key}:", and below it ${shownLine(`${' '.repeat(contentIndent + 2)}${rest}`)}`,
      corrected: `${text.slice(0, contentIndent)}${key}:`,
    };
  }
  if (before === '') return undefined;
  const [, inner] = /^\(\s*(.*?)\s*\)$/.exec(value) ?? [];
  if (inner !== undefined) {
    const written = `${key}: { ${inner} }`;
    return {
      column: text.indexOf(value, contentIndent),
      key,
      message: `is in "(…)", but a mapping on one line is written in "{…}"; write ${shownLine(written)}`,
      corrected: `${text.slice(0, contentIndent)}${written}`,
    };
  }
  return {
    column,
    key,
    message: `is followed by another key, "${second}", on the same line; write each on a line of its own: ${shownLine(head)}, and below it ${shownLine(rest)}`,
    corrected: `${text.slice(0, contentIndent)}${head}`,
  };
}

function wrongTemplate(text: string, line: Line): LineMistake | undefined {
  const { value, key, contentIndent } = line;
  if (value.startsWith('{{')) {
    const from = text.indexOf(value, contentIndent + (key?.length ?? 0));
    const corrected = `${text.slice(0, from)}${inQuotes(value)}${text.slice(from + value.length)}`;
    return { column: from, key, message: templateMistake(value), corrected };
  }
  if (!/^[[{]/.test(value)) return undefined;
  const template =
    /(?<=[[{,:]\s*)[^\s,'"[{:][^,'"[{:]*\{\{.*?\}\}[^\s,}\]]*|(?<=[[,:]\s*)\{\{.*?\}\}[^\s,}\]]*/;
  const [written] = template.exec(value) ?? [];
  if (written === undefined) return undefined;
  return {
    column: text.indexOf(written),
    key,
    message: `has "{{" in a list or mapping on one line, where YAML reads it as another mapping; put the template in quotes: ${inQuotes(written)}`,
    corrected: text.replace(new RegExp(template.source, 'g'), (one) => inQuotes(one)),
  };
}

/** What is wrong with a value that begins with a template without quotes. */
export function templateMistake(template: string): string {
  return /\.(?:Values|Release|Chart|Capabilities)\b|^\{\{-|^\{\{\s*[a-z]\w*(?:\s*\||\s*\}\})/.test(
    template,
  )
    ? `is a template of something else (of Helm, Ansible or the like), which was not rendered; write the value itself`
    : `begins with "{{", which YAML reads as a mapping; put the value in quotes: ${inQuotes(template)}`;
}
