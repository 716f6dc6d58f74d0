import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Alias,
  type Document,
  type Node,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Problem } from './problem.js';

/** A place in the file, both counted from 1. */
export interface FilePosition {
  readonly line: number;
  readonly column: number;
}

/** What a YAML text says, and where it says it. */
export interface YamlSource {
  /** Plain objects, arrays and scalars; `undefined` for a text without content. */
  readonly value: unknown;
  /** Syntax errors, unknown aliases, duplicate keys. */
  readonly problems: readonly Problem[];
  /** Whether there are syntax errors: then `value` is `undefined`, and no place is known. */
  readonly broken: boolean;
  /** Where the value at a path stands, or the nearest thing around it that does exist. */
  positionOf(path: string): FilePosition | undefined;
  /** Where the key stands that has the value at a path. */
  positionOfKey(path: string): FilePosition | undefined;
  /**
   * Where the character at `offset` (0-based) of the text at `path` stands in the file: exactly for
   * texts on one line and for `|` blocks, else where the text begins.
   */
  positionWithin(path: string, offset: number): FilePosition | undefined;
}

/** Which key a key stands for, given the path of the mapping it is in. */
export type KeySpelling = (parentPath: string, key: string) => string;

/** Aliases can make a small file huge ("billion laughs"); no honest configuration is this large. */
const MOST_VALUES = 100_000;

/** Path of the value under `key` of the value at `parent`; the document's own path is empty. */
export function pathOf(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key.toString()}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

/**
 * Reads a YAML 1.2 text with merge keys (`<<: *anchor`), as the Go version's parser did: a key that
 * stands in the mapping itself wins over a merged one, and of several merged ones the first wins.
 */
export function parseYamlSource(text: string, file: string, spelling: KeySpelling): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    // Checked below, where the path of the mapping is known.
    uniqueKeys: false,
  });
  const place = (offset: number): FilePosition => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({
      file,
      ...place(error.pos[0]),
      path: 'YAML syntax',
      message:
        error.code === 'MULTIPLE_DOCS'
          ? 'starts a second document, but only one is allowed; remove this line and what does not belong here'
          : withoutStop(error.message),
      severity: 'error' as const,
    }));
    return {
      value: undefined,
      problems,
      broken: true,
      positionOf: () => undefined,
      positionOfKey: () => undefined,
      positionWithin: () => undefined,
    };
  }

  const reader = new DocumentReader(document, spelling);
  const value = reader.read();
  const positionOf = (path: string): FilePosition | undefined => {
    for (let at: string | undefined = path; at !== undefined; at = parentOf(at)) {
      const node = reader.nodes.get(at);
      if (node !== undefined) return place(startOf(node));
    }
    return undefined;
  };
  return {
    value,
    broken: false,
    problems: [
      ...reader.findings.map(({ offset, ...finding }) => ({ file, ...place(offset), ...finding })),
      ...document.warnings.map((warning) => ({
        file,
        ...place(warning.pos[0]),
        path: 'YAML syntax',
        message: withoutStop(warning.message),
        severity: 'warning' as const,
      })),
    ],
    positionOf,
    positionOfKey: (path) => {
      const offset = reader.keyOffsets.get(path);
      return offset === undefined ? positionOf(path) : place(offset);
    },
    positionWithin: (path, offset) => {
      const node = reader.nodes.get(path);
      if (!isScalar(node) || typeof node.value !== 'string') return positionOf(path);
      return place(offsetWithin(text, node, node.value, offset));
    },
  };
}

interface Finding {
  readonly offset: number;
  readonly path: string;
  readonly message: string;
  readonly severity: 'error';
}

/** One entry of a mapping, its own or a merged one. */
interface Entry {
  readonly key: string;
  readonly keyOffset: number;
  readonly value: Node | null;
}

/** Turns a document's nodes into plain values and remembers where each of them stands. */
class DocumentReader {
  readonly nodes = new Map<string, Node>();
  readonly keyOffsets = new Map<string, number>();
  readonly findings: Finding[] = [];
  /** Nodes that are being read: an alias to one of them would never end. */
  readonly #open = new Set<Node>();
  readonly #targets = new Map<Alias, Node>();
  #count = 0;

  constructor(
    private readonly document: Document<ParsedNode>,
    private readonly spelling: KeySpelling,
  ) {}

  read(): unknown {
    return this.document.contents === null ? undefined : this.#value(this.document.contents, '');
  }

  #value(node: Node | null, path: string): unknown {
    const target = this.#target(node, path);
    if (target === null) return null;
    this.nodes.set(path, target);
    this.#count++;
    if (this.#count > MOST_VALUES) {
      this.#report(target, path, 'is one value too many: aliases make the file huge');
      return undefined;
    }
    if (isScalar(target)) return target.value;
    if (this.#open.has(target)) {
      this.#report(target, path, 'contains itself through an alias');
      return undefined;
    }
    this.#open.add(target);
    const value = isMap(target)
      ? this.#mapping(target, path)
      : isSeq<Node | null>(target)
        ? target.items.map((item, index) => this.#value(item, pathOf(path, index)))
        : undefined;
    this.#open.delete(target);
    return value;
  }

  #mapping(map: YAMLMap, path: string): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const { key, keyOffset, value } of this.#entries(map, path)) {
      const at = pathOf(path, key);
      this.keyOffsets.set(at, keyOffset);
      // Not by assignment: a key `__proto__` must be a key like any other.
      Object.defineProperty(result, key, {
        value: this.#value(value, at),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return result;
  }

  /** The entries of a mapping with its merges resolved, each key once. */
  #entries(map: YAMLMap, path: string): readonly Entry[] {
    const own = new Map<string, Entry>();
    const merged: Entry[] = [];
    for (const pair of map.items) {
      const keyNode = pair.key as Node;
      const value = pair.value as Node | null;
      if (isMergeKey(keyNode)) {
        merged.push(...this.#merged(value, path));
        continue;
      }
      const written = isScalar(keyNode) ? String(keyNode.value) : undefined;
      if (written === undefined) {
        this.#report(keyNode, path, 'has a key that is not a plain word');
        continue;
      }
      const key = this.spelling(path, written);
      if (own.has(key)) {
        this.#report(
          keyNode,
          pathOf(path, key),
          'is given twice in the same block; keep one of them',
        );
        continue;
      }
      own.set(key, { key, keyOffset: startOf(keyNode), value });
    }
    for (const entry of merged) if (!own.has(entry.key)) own.set(entry.key, entry);
    return [...own.values()];
  }

  #merged(node: Node | null, path: string): readonly Entry[] {
    const target = this.#target(node, path);
    if (target === null) return [];
    if (isSeq<Node | null>(target)) {
      return target.items.flatMap((item) => this.#merged(item, path));
    }
    if (!isMap(target)) {
      this.#report(target, path, 'merges something that is not a mapping; "<<" takes "*anchor"');
      return [];
    }
    if (this.#open.has(target)) {
      this.#report(target, path, 'merges itself through an alias');
      return [];
    }
    this.#open.add(target);
    const entries = this.#entries(target, path);
    this.#open.delete(target);
    return entries;
  }

  #target(node: Node | null, path: string): Node | null {
    if (node === null || !isAlias(node)) return node;
    const known = this.#targets.get(node);
    // The library looks through the whole document for each alias.
    const target = known ?? node.resolve(this.document);
    if (target !== undefined) {
      this.#targets.set(node, target);
      return target;
    }
    this.#report(node, path, `uses the anchor "${node.source}", which is not defined above`);
    return null;
  }

  /** Once for each place: a shared anchor is read for each of its aliases. */
  #report(node: Node, path: string, message: string): void {
    const offset = startOf(node);
    if (this.findings.some((finding) => finding.offset === offset)) return;
    this.findings.push({
      offset,
      path: path === '' ? 'document' : path,
      message,
      severity: 'error',
    });
  }
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
  const raw = text.slice(start, end);
  if (node.type === 'BLOCK_LITERAL') {
    const before = value.slice(0, offset).split('\n');
    const lines = text.slice(start).split('\n');
    const line = lines[before.length] ?? '';
    const indent =
      line.replace(/\r$/, '').length - (value.split('\n')[before.length - 1] ?? '').length;
    const lineStart = lines.slice(0, before.length).join('\n').length + 1;
    return start + lineStart + Math.max(0, indent) + (before.at(-1)?.length ?? 0);
  }
  if (raw === value) return start + offset;
  // Quoted, on one line and without escapes, the text stands there as it is.
  return raw.slice(1, -1) === value ? start + 1 + offset : start;
}

function parentOf(path: string): string | undefined {
  if (path === '') return undefined;
  return path.slice(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['), 0));
}

function withoutStop(message: string): string {
  return message.replace(/\.$/, '');
}
