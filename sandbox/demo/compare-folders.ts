import { open, readlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { readFolder, type FolderEntry } from '../world/folder-entries.js';

/** One thing in which a copy is not like its original. */
export type Difference =
  | { readonly kind: 'missing'; readonly path: string }
  | { readonly kind: 'extra'; readonly path: string }
  | {
      readonly kind: 'other-kind';
      readonly path: string;
      readonly expected: FolderEntry['kind'];
      readonly found: FolderEntry['kind'];
    }
  | {
      readonly kind: 'other-size';
      readonly path: string;
      readonly expected: number;
      readonly found: number;
    }
  | {
      readonly kind: 'other-bytes';
      readonly path: string;
      /** Of the first byte that differs, counted from 0. */
      readonly offset: number;
    }
  | {
      readonly kind: 'other-target';
      readonly path: string;
      readonly expected: string;
      readonly found: string;
    };

/** What a comparison looked at, and what it found. */
export interface Comparison {
  readonly files: number;
  readonly folders: number;
  readonly links: number;
  /** Bytes of the files that were compared byte for byte. */
  readonly bytes: number;
  readonly differences: readonly Difference[];
}

/**
 * Compares a copy with its original, byte for byte, both as they are now.
 *
 * @throws Error naming the path that could not be read
 */
export async function compareFolders(original: string, copy: string): Promise<Comparison> {
  const [expected, found] = await Promise.all([readFolder(original), readFolder(copy)]);
  const foundByPath = new Map(found.map((entry) => [entry.path, entry]));
  const counts = { file: 0, folder: 0, link: 0 };
  let bytes = 0;
  const differences: Difference[] = [];
  for (const entry of expected) {
    const twin = foundByPath.get(entry.path);
    foundByPath.delete(entry.path);
    counts[entry.kind] += 1;
    if (twin?.kind === 'file' && entry.kind === 'file') bytes += entry.size;
    const difference = await compareEntries(original, copy, entry, twin);
    if (difference !== undefined) differences.push(difference);
  }
  for (const path of foundByPath.keys()) differences.push({ kind: 'extra', path });
  return {
    files: counts.file,
    folders: counts.folder,
    links: counts.link,
    bytes,
    differences,
  };
}

async function compareEntries(
  original: string,
  copy: string,
  entry: FolderEntry,
  twin: FolderEntry | undefined,
): Promise<Difference | undefined> {
  const { path, kind } = entry;
  if (twin === undefined) return { kind: 'missing', path };
  if (twin.kind !== kind) return { kind: 'other-kind', path, expected: kind, found: twin.kind };
  const [from, to] = [join(original, path), join(copy, path)];
  switch (kind) {
    case 'folder':
      return undefined;
    case 'link': {
      const [expected, found] = await Promise.all([readlink(from), readlink(to)]);
      return expected === found ? undefined : { kind: 'other-target', path, expected, found };
    }
    case 'file': {
      if (entry.size !== twin.size) {
        return { kind: 'other-size', path, expected: entry.size, found: twin.size };
      }
      const offset = await firstDifference(from, to);
      return offset === undefined ? undefined : { kind: 'other-bytes', path, offset };
    }
  }
}

const CHUNK_BYTES = 1024 * 1024;

/** Where two files differ first, a shorter one at its end; `undefined` if they are equal. */
async function firstDifference(left: string, right: string): Promise<number | undefined> {
  const one = await open(left);
  try {
    const other = await open(right);
    try {
      return await firstDifferenceOf(one, other);
    } finally {
      await other.close();
    }
  } finally {
    await one.close();
  }
}

async function firstDifferenceOf(one: FileHandle, other: FileHandle): Promise<number | undefined> {
  const [a, b] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
  for (let offset = 0; ;) {
    const [left, right] = await Promise.all([chunk(one, a, offset), chunk(other, b, offset)]);
    if (Buffer.compare(left, right) !== 0) {
      const length = Math.min(left.length, right.length);
      for (let index = 0; index < length; index += 1) {
        if (left[index] !== right[index]) return offset + index;
      }
      return offset + length;
    }
    if (left.length < CHUNK_BYTES) return undefined;
    offset += CHUNK_BYTES;
  }
}

/** As many bytes as fit, fewer only at the end of the file. */
async function chunk(file: FileHandle, buffer: Buffer, offset: number): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** A difference in words, as a line for people. */
export function describeDifference(difference: Difference): string {
  const path = JSON.stringify(difference.path);
  switch (difference.kind) {
    case 'missing':
      return `${path} is missing at the destination.`;
    case 'extra':
      return `${path} is at the destination, but not in the source.`;
    case 'other-kind':
      return `${path} is a ${difference.expected} in the source, but a ${difference.found} at the destination.`;
    case 'other-size':
      return `${path} has ${difference.expected} bytes in the source, but ${difference.found} at the destination.`;
    case 'other-bytes':
      return `${path} differs from the source, first at byte ${difference.offset}.`;
    case 'other-target':
      return `${path} leads to ${JSON.stringify(difference.expected)} in the source, but to ${JSON.stringify(difference.found)} at the destination.`;
  }
}
