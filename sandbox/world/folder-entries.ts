import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from './clean-up.js';

/** An entry of a folder, at any depth. */
export interface FolderEntry {
  /** Relative to the folder, `/`-separated. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  /** Bytes; 0 for folders and links. */
  readonly size: number;
}

/** An entry of a transfer request's file list. */
export interface ListedPath {
  readonly path: string;
  readonly isSymlink: boolean;
}

/**
 * Lists a folder recursively, without the folder itself: parents first, names in order. Links are not
 * followed; devices, pipes and sockets are left out.
 *
 * @throws Error naming the path that could not be read
 */
export async function readFolder(folder: string): Promise<readonly FolderEntry[]> {
  const entries: FolderEntry[] = [];
  await collect(folder, '', entries);
  return entries;
}

async function collect(folder: string, parent: string, entries: FolderEntry[]): Promise<void> {
  const names = await orSay(join(folder, parent), readdir(join(folder, parent)));
  for (const name of names.sort()) {
    const path = parent === '' ? name : `${parent}/${name}`;
    const stats = await orSay(join(folder, path), lstat(join(folder, path)));
    if (stats.isSymbolicLink()) entries.push({ path, kind: 'link', size: 0 });
    else if (stats.isFile()) entries.push({ path, kind: 'file', size: stats.size });
    else if (stats.isDirectory()) {
      entries.push({ path, kind: 'folder', size: 0 });
      await collect(folder, path, entries);
    }
  }
}

async function orSay<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw new Error(`${path} can't be read (${reasonOf(error)}).`, { cause: error });
  }
}

/** The file list as the Ingestor builds it: every file, folder and link of the dataset. */
export function listForTransfer(entries: readonly FolderEntry[]): readonly ListedPath[] {
  return entries.map(({ path, kind }) => ({ path, isSymlink: kind === 'link' }));
}

/** Number of files and their size. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** What a transfer of all entries copies: each file once. Folders and links have no size. */
export function amountOf(entries: readonly FolderEntry[]): Amount {
  const files = entries.filter(({ kind }) => kind === 'file');
  return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}

export function countOf(entries: readonly FolderEntry[], kind: FolderEntry['kind']): number {
  return entries.filter((entry) => entry.kind === kind).length;
}
