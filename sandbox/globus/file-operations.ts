import { join, locate, normalize } from './collection-paths.js';
import { troubleAt, type Collection } from './collections.js';
import { describeCode } from './event-codes.js';
import type { FileDocument, FileQuery } from './file-query.js';
import { FileTrouble, type FileEntry, type FileSystem } from './file-system.port.js';
import { TransferRefusal } from './refusals.js';
import { fileTime } from './times.js';
import type { Page } from './task-query.js';

/** `ls`, `stat`, `mkdir` and `rename` on a collection; a virtual one has only an empty root. */
export class FileOperations {
  constructor(private readonly files: FileSystem) {}

  /** @throws {@link TransferRefusal} 404 if the path is missing, 502 if it is not a directory */
  list(collection: Collection, path: string, query: FileQuery, page: Page): FileDocument {
    refuseByRule(collection, 'read', path);
    const { showHidden, passes, order } = query;
    const names = this.names(collection, path).filter(
      (name) => showHidden || !name.startsWith('.'),
    );
    const onPage = <T>(all: readonly T[]) => all.slice(page.offset, page.offset + page.limit);
    const documents = (some: readonly string[]) =>
      some.map((name) => this.document(collection, join(path, name)));
    // Without filter and order, only what is on the page needs to be looked at.
    const all =
      passes === undefined && order === undefined
        ? undefined
        : documents(names)
            .filter((file) => passes?.(file) ?? true)
            .sort(order ?? (() => 0));
    const files = all === undefined ? documents(onPage(names)) : onPage(all);
    return {
      DATA_TYPE: 'file_list',
      endpoint: collection.id,
      path: path.endsWith('/') ? path : `${path}/`,
      absolute_path: normalize(path),
      rename_supported: true,
      symlink_supported: true,
      length: files.length,
      total: (all ?? names).length,
      DATA: files,
    };
  }

  /** @throws {@link TransferRefusal} 404 NotFound */
  stat(collection: Collection, path: string): FileDocument {
    refuseByRule(collection, 'read', path);
    if (collection.folder === undefined && normalize(path) !== '/') throw notFound(collection);
    return this.document(collection, path);
  }

  /** @throws {@link TransferRefusal} 502 if it exists */
  makeDirectory(collection: Collection, path: string): void {
    refuseByRule(collection, 'write', path);
    const { folder } = collection;
    if (folder === undefined) return;
    translate(collection, () => {
      const located = locate(this.files, folder, path);
      if (located.exists) {
        throw new TransferRefusal(502, 'ExternalError.MkdirFailed.Exists', 'Path already exists');
      }
      this.files.makeDirectory(located.path);
    });
  }

  /** @throws {@link TransferRefusal} 404 if the old path is missing, 502 if the new one exists */
  rename(collection: Collection, oldPath: string, newPath: string): void {
    refuseByRule(collection, 'write', oldPath);
    refuseByRule(collection, 'write', newPath);
    const { folder } = collection;
    if (folder === undefined) throw notFound(collection);
    translate(collection, () => {
      const from = locate(this.files, folder, oldPath, false);
      if (!from.exists) throw notFound(collection);
      const to = locate(this.files, folder, newPath, false);
      if (to.exists) {
        throw new TransferRefusal(502, 'ExternalError.RenameFailed.Exists', 'Path already exists');
      }
      this.files.rename(from.path, to.path);
    });
  }

  private names(collection: Collection, path: string): readonly string[] {
    const { folder } = collection;
    if (folder === undefined) {
      if (normalize(path) !== '/') throw notFound(collection);
      return [];
    }
    return translate(collection, () => {
      const located = locate(this.files, folder, path);
      if (!located.exists) throw notFound(collection);
      return this.files.list(located.path);
    });
  }

  private document(collection: Collection, path: string): FileDocument {
    const { folder } = collection;
    if (folder === undefined) return fileDocument('', rootOfNothing, undefined, null);
    return translate(collection, () => {
      const own = locate(this.files, folder, path, false);
      const entry = own.exists ? this.files.entry(own.path) : undefined;
      if (entry === undefined) throw notFound(collection);
      const name = normalize(path).split('/').at(-1) ?? '';
      if (entry.kind !== 'symlink') return fileDocument(name, entry, undefined, null);
      return fileDocument(
        name,
        this.followed(folder, path),
        entry,
        this.files.linkTarget(own.path),
      );
    });
  }

  /** Target of a link; `undefined` if it is missing or outside of the collection. */
  private followed(folder: string, path: string): FileEntry | undefined {
    try {
      return this.files.entry(locate(this.files, folder, path).path);
    } catch (error) {
      if (error instanceof FileTrouble) return undefined;
      throw error;
    }
  }
}

const rootOfNothing: FileEntry = {
  kind: 'directory',
  size: 0,
  modifiedAt: 0,
  permissions: '0755',
};

function fileDocument(
  name: string,
  entry: FileEntry | undefined,
  link: FileEntry | undefined,
  target: string | null,
): FileDocument {
  return {
    DATA_TYPE: 'file',
    name,
    type: typeOf(entry),
    size: entry?.size ?? 0,
    last_modified: fileTime(entry?.modifiedAt ?? 0),
    permissions: entry?.permissions ?? '0000',
    user: 'sandbox',
    group: 'sandbox',
    link_group: link === undefined ? null : 'sandbox',
    link_user: link === undefined ? null : 'sandbox',
    link_last_modified: link === undefined ? null : fileTime(link.modifiedAt),
    link_size: link?.size ?? null,
    link_target: target,
  };
}

function typeOf(entry: FileEntry | undefined): string {
  switch (entry?.kind) {
    case 'directory':
      return 'dir';
    case 'file':
      return 'file';
    case 'other':
      return 'other';
    case 'symlink':
    case undefined:
      return 'invalid_symlink';
  }
}

function refuseByRule(collection: Collection, access: 'read' | 'write', path: string): void {
  const trouble = troubleAt(collection, access, path);
  if (trouble === undefined) return;
  throw refusalOf(collection, new FileTrouble(trouble.code, trouble.details));
}

function translate<T>(collection: Collection, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof FileTrouble) throw refusalOf(collection, error);
    throw error;
  }
}

/** Without the trouble's own message, which contains paths of this machine. */
function refusalOf(collection: Collection, { code }: FileTrouble): TransferRefusal {
  const endpoint = `Endpoint: ${collection.displayName} (${collection.id})`;
  switch (code) {
    case 'FILE_NOT_FOUND':
      return notFound(collection);
    case 'PERMISSION_DENIED':
      return new TransferRefusal(
        403,
        'EndpointPermissionDenied',
        `Denied by endpoint, ${collection.displayName}`,
      );
    case 'NOT_A_DIRECTORY':
      return new TransferRefusal(
        502,
        'ExternalError.DirListingFailed.NotDirectory',
        `Not a directory, Error (list)\n${endpoint}`,
      );
    default:
      return new TransferRefusal(502, 'EndpointError', `${describeCode(code)}\n${endpoint}`);
  }
}

function notFound(collection: Collection): TransferRefusal {
  return new TransferRefusal(
    404,
    'NotFound',
    `Path not found, Error (list)\nEndpoint: ${collection.displayName} (${collection.id})`,
  );
}
