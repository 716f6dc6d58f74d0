import { linkCount } from './file-list-digest.js';
import type { TransferRecord } from './transfer-record.js';

/** How much of a transfer has been copied, and how much there is to copy. */
export interface Amounts {
  readonly bytesTransferred: number;
  readonly filesTransferred: number;
  /** 0 if unknown. */
  readonly filesTotal: number;
  /** 0 if unknown. */
  readonly bytesTotal: number;
}

/** What is shown of {@link Amounts}. */
export interface ShownAmounts extends Omit<Amounts, 'bytesTotal'> {
  /** Absent if unknown. */
  readonly bytesTotal?: number;
}

/**
 * The amounts as shown in SciCat, the REST API and the command line. Until Globus reports success the
 * totals are expectations: Globus states no size, and finds more files while it copies. So nothing is
 * shown as complete before, and everything after: then the totals are what was copied.
 *
 * @param isCopied Globus has copied everything
 */
export function shownAmounts(amounts: Amounts, isCopied: boolean): ShownAmounts {
  const { bytesTransferred, filesTransferred, filesTotal, bytesTotal } = amounts;
  if (isCopied) return allOf({ bytesTransferred, filesTransferred });
  return {
    bytesTransferred,
    // More than expected: at least one more byte is to come, or the check of the last one.
    ...(bytesTotal === 0
      ? {}
      : { bytesTotal: atMostSafe(Math.max(bytesTotal, bytesTransferred + 1)) }),
    // The last of the files found so far counts once Globus has ended.
    filesTransferred: Math.max(0, Math.min(filesTransferred, filesTotal - 1)),
    filesTotal,
  };
}

/** The amounts when everything has been copied: the totals are what was copied. */
export function allOf<T extends number | undefined>({
  bytesTransferred,
  filesTransferred,
}: Readonly<Record<'bytesTransferred' | 'filesTransferred', T>>): Readonly<
  Record<keyof Amounts, T>
> {
  return {
    bytesTransferred,
    bytesTotal: bytesTransferred,
    filesTransferred,
    filesTotal: filesTransferred,
  };
}

function atMostSafe(amount: number): number {
  return Math.min(amount, Number.MAX_SAFE_INTEGER);
}

/**
 * How much a transfer is expected to copy, before Globus knows. SciCat's numbers may include folders and
 * links, which Globus does not count.
 *
 * The size of a list is unknown, even if it has as many entries as the dataset has files: its entries may
 * be files, folders to be copied whole or empty folders.
 *
 * @param parents number of folders in the file list that have a listed entry below them; undefined if
 *   unknown, and so the number of files of a list without them
 */
export function expectedAmounts(
  { dataset, fileList, copy }: Pick<TransferRecord, 'dataset' | 'fileList' | 'copy'>,
  parents: number | undefined,
): Pick<Amounts, 'filesTotal' | 'bytesTotal'> {
  if (fileList === undefined) return { filesTotal: dataset.files, bytesTotal: dataset.bytes };
  const links = linkCount(fileList.symlinks);
  const count = Math.max(0, fileList.count - links);
  if (copy.fileList === 'as-listed') return { filesTotal: count, bytesTotal: 0 };
  if (parents === undefined) return { filesTotal: 0, bytesTotal: 0 };
  const leaves = Math.max(0, count - parents);
  // Empty folders are among these; no more files are copied than the dataset has.
  return {
    filesTotal: dataset.files > 0 ? Math.min(leaves, dataset.files) : leaves,
    bytesTotal: 0,
  };
}
