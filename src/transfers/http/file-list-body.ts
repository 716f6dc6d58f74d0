import { InvalidRequestError } from '../../errors/request.errors.js';
import type { FileEntry } from '../domain/file-list.js';

/**
 * The file list of a parsed request body. Checked by hand: lists have up to 400,000 entries.
 *
 * @returns undefined when the whole dataset folder is meant: no body, `{}`, or no list in it
 * @throws InvalidRequestError when it is anything else
 */
export function readFileList(body: unknown): readonly FileEntry[] | undefined {
  if (body === undefined) return undefined;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new InvalidRequestError(
      'The body must be a JSON object such as {"fileList": [{"path": "a.h5", "isSymlink": false}]}, or absent.',
    );
  }
  const { fileList } = body as { readonly fileList?: unknown };
  if (fileList === undefined || fileList === null) return undefined;
  if (!Array.isArray(fileList)) {
    throw new InvalidRequestError('fileList must be a list of objects with path and isSymlink.');
  }
  return fileList.map(readEntry);
}

function readEntry(entry: unknown, position: number): FileEntry {
  if (typeof entry === 'object' && entry !== null) {
    const { path, isSymlink } = entry as { readonly path?: unknown; readonly isSymlink?: unknown };
    if (typeof path === 'string' && typeof isSymlink === 'boolean') return { path, isSymlink };
  }
  throw new InvalidRequestError(
    `Entry ${position} of fileList must be an object with path (text) and isSymlink (true or false).`,
  );
}
