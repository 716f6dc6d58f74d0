import { createHash } from 'node:crypto';
import type { StoredFileList } from '../ports/file-list-store.port.js';
import { LINE_FEED, OPENING_BRACKET } from '../file-lists/json-lines.js';

const SHORT_LIST_ENTRIES = 1_000;
const SHORT_LIST_BYTES = 128 * 1024;

/**
 * Whether a list is so short that all that is done with it may be done at once, in a few milliseconds.
 *
 * @param bytes of its paths, or of its lines
 */
export function isShort(count: number, bytes: number): boolean {
  return count <= SHORT_LIST_ENTRIES && bytes <= SHORT_LIST_BYTES;
}

/** What lines amount to, without the closing one. */
export interface LineStats {
  symlinks: number;
  bytes: number;
}

/** What a list amounts to. */
export type ListStats = Pick<StoredFileList, 'count' | 'symlinks' | 'pathBytes'>;

/** What a list was found to be. */
export interface WholeList {
  readonly amounts: ListStats;
  /** Its lines without the closing one, if it is short. */
  readonly lines: Buffer | undefined;
}

/** Goes through a list's lines without parsing them: the closing one must be the last, and fit. */
export class SpoolFileVerifier {
  private readonly hash = createHash('sha256');
  private count = 0;
  private symlinks = 0;
  private bytes = 0;
  private kept: Buffer[] | undefined = [];
  /** The last line, as far as it was read. */
  private rest: Buffer = Buffer.alloc(0);

  async take(pieces: AsyncIterable<Buffer>): Promise<void> {
    for await (const piece of pieces) this.takePiece(piece);
  }

  /** @returns undefined when the list is damaged */
  whole(): WholeList | undefined {
    // The closing line is taken for one more path up to here.
    const closing = readClosing(this.rest);
    if (closing?.count !== this.count || closing.sha256 !== this.hash.digest('hex'))
      return undefined;
    const { count, symlinks, bytes, kept } = this;
    return {
      amounts: listStats(count, { symlinks, bytes }),
      lines: kept === undefined ? undefined : Buffer.concat(kept),
    };
  }

  private takePiece(piece: Buffer): void {
    const bytes = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    const from = endOfLines(bytes);
    for (let start = 0; start < from; start = bytes.indexOf(LINE_FEED, start) + 1) {
      this.count += 1;
      if (bytes[start] === OPENING_BRACKET) this.symlinks += 1;
    }
    const lines = bytes.subarray(0, from);
    this.hash.update(lines);
    this.bytes += lines.length;
    if (!isShort(this.count, this.bytes)) this.kept = undefined;
    else if (lines.length > 0) this.kept?.push(lines);
    this.rest = bytes.subarray(from);
  }
}

export function listStats(count: number, { symlinks, bytes }: LineStats): ListStats {
  return { count, symlinks, pathBytes: bytes - count * LINE_BYTES - symlinks * '[]'.length };
}

/** Where the last line begins: it may be cut, and if it is not, it may be the closing one. */
export function endOfLines(bytes: Buffer): number {
  return bytes.subarray(0, -1).lastIndexOf(LINE_FEED) + 1;
}

/** What a line has beside its path: two quotes and the line feed. */
const LINE_BYTES = 3;

function readClosing(
  line: Buffer,
): { readonly count: unknown; readonly sha256: unknown } | undefined {
  if (line.at(-1) !== LINE_FEED) return undefined;
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    return 'count' in value && 'sha256' in value ? value : undefined;
  } catch {
    return undefined;
  }
}
