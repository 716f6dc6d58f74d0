import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readFolder, type FolderEntry } from '../world/folder-entries.js';

/** What was compared, and what differs. */
export interface Comparison {
  readonly files: number;
  readonly folders: number;
  readonly links: number;
  /** Total size of the files whose contents were compared. */
  readonly bytes: number;
  /** A sentence each. */
  readonly differences: readonly string[];
}

/**
 * Compares a copy with its original, file contents included.
 *
 * @throws Error naming the path that could not be read
 */
export async function compareFolders(original: string, copy: string): Promise<Comparison> {
  const [expected, found] = await Promise.all([readFolder(original), readFolder(copy)]);
  const foundByPath = new Map(found.map((entry) => [entry.path, entry]));
  const counts = { file: 0, folder: 0, link: 0 };
  let bytes = 0;
  const differences: string[] = [];
  for (const entry of expected) {
    const { path, kind, size } = entry;
    const twin = foundByPath.get(path);
    foundByPath.delete(path);
    counts[kind] += 1;
    if (twin?.kind === 'file' && kind === 'file') bytes += size;
    const difference = await differenceOf(join(original, path), join(copy, path), entry, twin);
    if (difference !== undefined) differences.push(`${JSON.stringify(path)} ${difference}.`);
  }
  for (const path of foundByPath.keys()) {
    differences.push(`${JSON.stringify(path)} is at the destination, but not in the source.`);
  }
  return { files: counts.file, folders: counts.folder, links: counts.link, bytes, differences };
}

/** @returns the predicate of a sentence about the path, if its copy differs */
async function differenceOf(
  from: string,
  to: string,
  { kind, size }: FolderEntry,
  twin: FolderEntry | undefined,
): Promise<string | undefined> {
  if (twin === undefined) return 'is missing at the destination';
  if (twin.kind !== kind)
    return `is a ${kind} in the source, but a ${twin.kind} at the destination`;
  switch (kind) {
    case 'folder':
      return undefined;
    case 'link': {
      const [expected, found] = await Promise.all([readlink(from), readlink(to)]);
      if (expected === found) return undefined;
      return `points to ${JSON.stringify(expected)} in the source, but to ${JSON.stringify(found)} at the destination`;
    }
    case 'file': {
      if (size !== twin.size) {
        return `has ${size} bytes in the source, but ${twin.size} at the destination`;
      }
      const [expected, found] = await Promise.all([sha256(from), sha256(to)]);
      return expected === found ? undefined : 'has other content than in the source';
    }
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
