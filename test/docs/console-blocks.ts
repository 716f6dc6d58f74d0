/** One command line of a document, and what the document says it prints. */
interface ShownCommand {
  /** As it is typed; a line that ends in `\` goes on in the next one. */
  readonly typed: string;
  readonly printed: readonly string[];
  /** Line of the document, from 1. */
  readonly line: number;
}

/** A fenced block of language `console`. */
export interface ConsoleBlock {
  /** Line of the document, from 1, that opens it. */
  readonly line: number;
  /** How many lines stand between the fences. */
  readonly length: number;
  /** What stands in front of each of its lines, where it is part of a list. */
  readonly indent: string;
  /** `NAME` of `scene=NAME` behind the language; `plain` where none is named. */
  readonly scene: string;
  readonly commands: readonly ShownCommand[];
}

/** A fenced block of any language. */
interface Fence {
  readonly line: number;
  readonly indent: string;
  readonly info: string;
  readonly lines: readonly string[];
}

const PROMPT = '$ ';
/** The program's name where a shell would look for a command. */
const CALL = /(?:^|[|;&(]\s*|^(?:\w+=\S*\s+)+)scicat-globus-proxy(?:\s|$)/;

/** The console blocks of a Markdown text in which the program is called. */
export function consoleBlocks(markdown: string): readonly ConsoleBlock[] {
  return fences(markdown)
    .filter(({ info }) => /^console(\s|$)/.test(info))
    .map(({ line, indent, info, lines }) => ({
      line,
      length: lines.length,
      indent,
      scene: /\sscene=(\S+)/.exec(info)?.[1] ?? 'plain',
      commands: commandsOf(lines, line + 1),
    }))
    .filter(({ commands }) => commands.some(({ typed }) => CALL.test(typed)));
}

/**
 * Calls of the program in blocks that are not run, and so could be wrong without anybody noticing.
 * `serve` is no such call, since it does not end by itself.
 */
export function callsThatAreNotRun(markdown: string): readonly string[] {
  return fences(markdown)
    .filter(({ info }) => !/^console(\s|$)/.test(info))
    .flatMap(({ lines, line }) =>
      lines.flatMap((text, index) =>
        /^\s*(?:\$ )?scicat-globus-proxy [a-z]/.test(text) && !/ serve(\s|$)/.test(text)
          ? [`${line + 1 + index}: ${text.trim()}`]
          : [],
      ),
    );
}

/**
 * Whether a command printed what is shown. A line `…` stands for any lines, `…` in a line for any
 * text.
 */
export function isAsShown(shown: readonly string[], printed: readonly string[]): boolean {
  const pattern = shown
    .map((line) =>
      line.trim() === '…' ? '(?:[^\n]*\n)*?' : `${line.split('…').map(escaped).join('[^\n]*?')}\n`,
    )
    .join('');
  return new RegExp(`^${pattern}$`).test(printed.map((line) => `${line}\n`).join(''));
}

/** The text with other outputs in one of its blocks, one for each command. */
export function withOutputs(
  markdown: string,
  { line, length, indent, commands }: ConsoleBlock,
  outputs: readonly (readonly string[])[],
): string {
  const lines = markdown.split('\n');
  const inside = commands
    .flatMap(({ typed }, index) => [...`${PROMPT}${typed}`.split('\n'), ...(outputs[index] ?? [])])
    .map((text) => (text === '' ? '' : `${indent}${text}`));
  return [...lines.slice(0, line), ...inside, ...lines.slice(line + length)].join('\n');
}

function fences(markdown: string): readonly Fence[] {
  const found: Fence[] = [];
  const all = markdown.split(/\r?\n/);
  for (let index = 0; index < all.length; index += 1) {
    const opening = /^(\s*)(```+)(.*)$/.exec(all[index] ?? '');
    if (opening === null) continue;
    const [, indent = '', ticks = '', info = ''] = opening;
    const line = index + 1;
    const lines: string[] = [];
    for (index += 1; index < all.length; index += 1) {
      const text = all[index] ?? '';
      if (text.trim() === ticks) break;
      lines.push(text.startsWith(indent) ? text.slice(indent.length) : text);
    }
    found.push({ line, indent, info: info.trim(), lines });
  }
  return found;
}

function commandsOf(lines: readonly string[], firstLine: number): readonly ShownCommand[] {
  const commands: { typed: string; printed: string[]; line: number }[] = [];
  let goesOn = false;
  for (const [index, text] of lines.entries()) {
    const last = commands.at(-1);
    if (text.startsWith(PROMPT)) {
      commands.push({ typed: text.slice(PROMPT.length), printed: [], line: firstLine + index });
      goesOn = text.endsWith('\\');
    } else if (last !== undefined && goesOn) {
      last.typed += `\n${text}`;
      goesOn = text.endsWith('\\');
    } else last?.printed.push(text);
  }
  return commands.map((command) => ({ ...command, printed: withoutEmptyEnd(command.printed) }));
}

function withoutEmptyEnd(lines: readonly string[]): readonly string[] {
  const end = lines.findLastIndex((line) => line.trim() !== '') + 1;
  return lines.slice(0, end);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
