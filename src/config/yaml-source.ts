import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Alias,
  type Document,
  type Node,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { type Problem, problemAt } from './problem.js';
import { inQuotes, type PlacesOf } from './yaml-lines.js';
import { templateMistake } from './line-mistakes.js';
import {
  conflictMark,
  parsedYaml,
  syntaxMistakes,
  TOO_DEEP,
  unquotedTemplate,
} from './yaml-mistakes.js';

/** A position in the file; both counted from 1. */
export interface FilePosition {
  readonly line: number;
  readonly column: number;
}

/** A parsed YAML file, and where each value is in it. */
export interface YamlSource {
  /** Plain objects, arrays and scalars; `undefined` for a file without content. */
  readonly value: unknown;
  /** Syntax errors, unknown aliases, duplicate keys. */
  readonly problems: readonly Problem[];
  /** Whether there are syntax errors; `value` and all positions are then `undefined`. */
  readonly broken: boolean;
  /** Where the value at a path is, or the innermost existing value around it. */
  positionOf(path: string): FilePosition | undefined;
  /** Where the key of the value at a path is. */
  positionOfKey(path: string): FilePosition | undefined;
  /** The line that the value at a path begins on. */
  lineAt(path: string): string;
  /** Whether the value at a path is a plain text on several lines. */
  isFolded(path: string): boolean;
  /** How the value at a path is written, if it is on one line. */
  writtenAt(path: string): string | undefined;
  /**
   * Where the character at `offset` (from 0) of the string at `path` is: exact for strings on one
   * line and `|` blocks, else the beginning of the string.
   */
  positionWithin(path: string, offset: number): FilePosition | undefined;
}

/** The canonical spelling of a key, given the path of the mapping it is in. */
export type KeySpelling = (parentPath: string, key: string) => string;

/** Aliases can expand a small file enormously ("billion laughs"); real configurations are smaller. */
const MOST_VALUES = 100_000;

/** Path of the value under `key` of the value at `parent`; the document's own path is empty. */
export function pathOf(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key.toString()}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

/**
 * Parses YAML 1.2 with merge keys (`<<: *anchor`), as the Go version did: a mapping's own key wins
 * over a merged one, and of several merged ones the first wins.
 */
export function parseYamlSource(
  text: string,
  file: string,
  spelling: KeySpelling,
  placesOf: PlacesOf = () => [],
): YamlSource {
  const lines = new LineCounter();
  const nowhere = (): undefined => undefined;
  const broken = (problems: readonly Problem[]): YamlSource => ({
    value: undefined,
    problems,
    broken: true,
    positionOf: nowhere,
    positionOfKey: nowhere,
    lineAt: () => '',
    isFolded: () => false,
    writtenAt: nowhere,
    positionWithin: nowhere,
  });
  let document: Document.Parsed;
  try {
    document = parsedYaml(text, lines);
  } catch (error) {
    // The library calls itself for each level.
    if (!(error instanceof RangeError)) throw error;
    return broken([problemAt(file, 1, 'file', TOO_DEEP, 'error')]);
  }
  const position = (offset: number): FilePosition => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const conflict = conflictMark(text);
  if (document.errors.length > 0 || conflict !== undefined) {
    const mistakes = conflict === undefined ? syntaxMistakes(text, placesOf) : [conflict];
    return broken(
      mistakes.map(({ key, ...mistake }) => ({
        file,
        path: key === undefined ? 'YAML syntax' : `${key} (YAML syntax)`,
        ...mistake,
        severity: 'error',
      })),
    );
  }

  const reader = new DocumentReader(document, spelling, text);
  const value = reader.read();
  const positionOf = (path: string): FilePosition | undefined => {
    for (let at: string | undefined = path; at !== undefined; at = parentOf(at)) {
      const node = reader.nodes.get(at);
      if (node !== undefined) return position(startOf(node));
    }
    return undefined;
  };
  return {
    value,
    broken: false,
    problems: [
      ...Array.from(reader.mistakes, ([offset, mistake]) => ({
        file,
        ...position(offset),
        ...mistake,
        severity: 'error' as const,
      })),
      ...document.warnings
        .filter(({ code }) => code !== 'BAD_INDENT')
        .filter(({ pos: [offset] }) => !reader.tagsAlone.has(offset))
        .map(({ code, pos: [offset] }) => ({
          file,
          ...position(offset),
          path: 'YAML syntax',
          message: warningOf(code, text.slice(offset)),
          severity: 'warning' as const,
        })),
    ],
    positionOf,
    positionOfKey: (path) => {
      const offset = reader.keyOffsets.get(path);
      return offset === undefined ? positionOf(path) : position(offset);
    },
    lineAt: (path) => {
      const { line = 0 } = positionOf(path) ?? {};
      return text.slice(lines.lineStarts[line - 1] ?? 0, lines.lineStarts[line]).trimEnd();
    },
    isFolded: (path) => {
      const node = reader.nodes.get(path);
      if (!isScalar(node) || node.type !== 'PLAIN') return false;
      return text
        .slice(...(node.range ?? [0, 0]).slice(0, 2))
        .trim()
        .includes('\n');
    },
    writtenAt: (path) => {
      const [start, end] = reader.nodes.get(path)?.range ?? [0, 0];
      const written = text.slice(start, end).trim();
      return written === '' || written.includes('\n') ? undefined : written;
    },
    positionWithin: (path, offset) => {
      const node = reader.nodes.get(path);
      if (!isScalar(node) || typeof node.value !== 'string') return positionOf(path);
      return position(offsetWithin(text, node, node.value, offset));
    },
  };
}

/** One entry of a mapping, its own or a merged one. */
interface Entry {
  readonly key: string;
  readonly keyOffset: number;
  readonly value: Node | null;
}

/** Turns a document's nodes into plain values and records where each of them is. */
class DocumentReader {
  readonly nodes = new Map<string, Node>();
  readonly keyOffsets = new Map<string, number>();
  /** By offset, so once for each place: a shared anchor is read for each of its aliases. */
  readonly mistakes = new Map<number, Pick<Problem, 'path' | 'message'>>();
  /** Offsets of values that are nothing but a tag, which is not worth a second message. */
  readonly tagsAlone = new Set<number>();
  /** Nodes being read: an alias to one of them would never end. */
  readonly #open = new Set<Node>();
  readonly #targets = new Map<Alias, Node>();
  #count = 0;

  constructor(
    private readonly document: Document<ParsedNode>,
    private readonly spelling: KeySpelling,
    private readonly text: string,
  ) {}

  read(): unknown {
    return this.document.contents === null ? undefined : this.#value(this.document.contents, '');
  }

  #value(node: Node | null, path: string): unknown {
    const target = this.#target(node, path);
    if (target === null) return null;
    this.nodes.set(path, target);
    if (++this.#count > MOST_VALUES) {
      this.#report(target, path, `exceeds the limit of ${MOST_VALUES} values; use fewer aliases`);
      return undefined;
    }
    if (/^!include/i.test(target.tag ?? '')) {
      const message = `has "${target.tag ?? ''}", but other files are not included; write the content itself in this place`;
      this.#report(target, path, message);
      this.tagsAlone.add(this.text.lastIndexOf('!', startOf(target) - 1));
      return undefined;
    }
    if (isScalar(target)) {
      if (isTagAlone(target)) {
        const quoted = inQuotes(target.tag ?? '');
        const message = `begins with "!", which has a special meaning in YAML; put the value in quotes: ${quoted}`;
        this.#report(target, path, message);
        this.tagsAlone.add(startOf(target) - (target.tag ?? '').length);
        return target.tag;
      }
      return target.value;
    }
    const template = unquotedTemplate(target, this.text);
    if (template !== undefined) {
      this.#report(target, path, templateMistake(template));
      // As it was meant, so that nothing else seems wrong with it.
      return template;
    }
    return this.#once(target, path, 'contains itself through an alias', () => {
      if (isMap(target)) return this.#mapping(target, path);
      if (!isSeq<Node | null>(target)) return undefined;
      return target.items.map((item, index) => this.#value(item, pathOf(path, index)));
    });
  }

  #mapping(map: YAMLMap, path: string): Record<string, unknown> {
    const entries = this.#entries(map, path).map(({ key, keyOffset, value }) => {
      const at = pathOf(path, key);
      this.keyOffsets.set(at, keyOffset);
      return [key, this.#value(value, at)] as const;
    });
    // Unlike assignment, this treats `__proto__` as an ordinary key.
    return Object.fromEntries(entries);
  }

  /** The entries of a mapping with its merges resolved, each key once. */
  #entries(map: YAMLMap, path: string): readonly Entry[] {
    const own = new Map<string, Entry>();
    const merged: Entry[] = [];
    let goesOn = true;
    let previous: YAMLMap['items'][number] | undefined;
    for (const pair of map.items) {
      const keyNode = pair.key as Node;
      const value = pair.value as Node | null;
      if (isMergeKey(keyNode)) {
        for (const entry of this.#merged(value, path)) merged.push(entry);
      } else if (!isScalar(keyNode)) {
        this.#report(keyNode, path, 'has a key that is not a plain word');
      } else {
        const key = this.spelling(path, String(keyNode.value));
        const [begun] = own.keys();
        const number =
          map.flow === true ? this.#numberWithComma(previous, keyNode, value) : undefined;
        if (number !== undefined) {
          const { key: of, written } = number;
          const message = `has a comma in its number, which separates two entries here; write "${of}: ${written}"`;
          this.#report(keyNode, pathOf(path, of), message);
        } else if (own.has(key)) {
          const again =
            key === begun && path.endsWith(']') && own.size > 1
              ? `is given again; if it begins another entry, write "- ${key}: …", else keep one of the two`
              : 'is given twice in the same block; keep one of them';
          // The rest of an entry without a dash repeats more.
          if (goesOn) this.#report(keyNode, pathOf(path, key), again);
          if (key === begun && path.endsWith(']')) goesOn = false;
        } else own.set(key, { key, keyOffset: startOf(keyNode), value });
      }
      previous = pair;
    }
    for (const entry of merged) if (!own.has(entry.key)) own.set(entry.key, entry);
    return [...own.values()];
  }

  /** `{ queueSize: 1,000 }`: the rest of the number is an entry of its own. */
  #numberWithComma(
    before: YAMLMap['items'][number] | undefined,
    key: Scalar,
    value: Node | null,
  ): { readonly key: string; readonly written: string } | undefined {
    if (before === undefined || (value !== null && this.#written(value) !== '')) return undefined;
    const [name, first, rest] = [before.key, before.value, key].map((node) =>
      isScalar(node) ? this.#written(node) : '',
    );
    if (!/^\d{1,3}$/.test(first ?? '') || !/^\d{1,3}$/.test(rest ?? '')) return undefined;
    return {
      key: name ?? '',
      written: `${first ?? ''}${rest?.length === 3 ? '' : '.'}${rest ?? ''}`,
    };
  }

  #written(node: Node): string {
    return this.text.slice(...(node.range ?? [0, 0]).slice(0, 2)).trim();
  }

  #merged(node: Node | null, path: string): readonly Entry[] {
    const target = this.#target(node, path);
    if (target === null) return [];
    if (isSeq<Node | null>(target)) {
      return target.items.flatMap((item) => this.#merged(item, path));
    }
    if (isMap(target)) {
      const entries = (): readonly Entry[] => this.#entries(target, path);
      return this.#once(target, path, 'merges itself through an alias', entries) ?? [];
    }
    this.#report(target, path, 'merges something that is not a mapping; write "<<: *anchor"');
    return [];
  }

  /** Reads a node, unless it is being read already. */
  #once<T>(node: Node, path: string, message: string, read: () => T): T | undefined {
    if (this.#open.has(node)) {
      this.#report(node, path, message);
      return undefined;
    }
    this.#open.add(node);
    const result = read();
    this.#open.delete(node);
    return result;
  }

  #target(node: Node | null, path: string): Node | null {
    if (node === null || !isAlias(node)) return node;
    // The library searches the whole document for each alias.
    const target = this.#targets.get(node) ?? node.resolve(this.document);
    if (target === undefined) {
      this.#report(node, path, `uses the anchor "${node.source}", which is not defined above`);
      return null;
    }
    this.#targets.set(node, target);
    return target;
  }

  #report(node: Node, path: string, message: string): void {
    const offset = startOf(node);
    if (this.mistakes.has(offset)) return;
    this.mistakes.set(offset, { path: path === '' ? 'document' : path, message });
  }
}

/** What is said of something that YAML only warns of. */
function warningOf(code: string, rest: string): string {
  const [tag = ''] = /^![^\s,[\]{}]*/.exec(rest) ?? [];
  if (tag !== '') return `has "${tag}", a type that is not known here; remove it`;
  return code === 'BAD_DIRECTIVE'
    ? 'begins with "%", which is an instruction for YAML that is not known here; remove the line'
    : 'is written in an unusual way; compare it with scicat-globus-proxy-config.example.yaml';
}

/** A value like `!admins`: YAML takes it for a type, with nothing of that type behind it. */
function isTagAlone({ tag, source }: Scalar): boolean {
  return source === '' && tag?.startsWith('!') === true;
}

/** With `merge: true` an unquoted `<<` has a symbol as its value. */
function isMergeKey(key: Node): boolean {
  return isScalar(key) && typeof key.value === 'symbol';
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function offsetWithin(text: string, node: Scalar, value: string, offset: number): number {
  const [start, end] = node.range ?? [0, 0, 0];
  if (node.type === 'BLOCK_LITERAL') {
    const before = value.slice(0, offset).split('\n');
    const row = before.length;
    const lines = text.slice(start).split('\n');
    const written = (lines[row] ?? '').replace(/\r$/, '');
    const indent = Math.max(0, written.length - (value.split('\n')[row - 1] ?? '').length);
    const lineStart = lines.slice(0, row).join('\n').length + 1;
    return start + lineStart + indent + (before.at(-1) ?? '').length;
  }
  const raw = text.slice(start, end);
  if (raw === value) return start + offset;
  // In quotes, on one line and without escapes.
  return raw.slice(1, -1) === value ? start + 1 + offset : start;
}

function parentOf(path: string): string | undefined {
  if (path === '') return undefined;
  return path.slice(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['), 0));
}
