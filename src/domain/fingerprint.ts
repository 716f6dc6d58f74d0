import { createHash } from 'node:crypto';
import { notedAnew } from './file-list-digest.js';
import type { TransferRecord } from './transfer-record.js';

/** Stands for the transfer's key in a path; no path contains a control character. */
const ANY_KEY = '\0';

/**
 * Identifies the requested copy: a second request with the same fingerprint, by any user, gets the
 * job of the first. Two requests differ in their keys, so the key in the destination's path does not
 * count. Nor does what happens to symbolic links and to the dataset: only the configuration and the
 * dataset decide that, and a retry has to find its transfer although they have changed.
 */
export function fingerprint(
  record: Pick<
    TransferRecord,
    'key' | 'datasetPid' | 'source' | 'destination' | 'copy' | 'autoArchive' | 'fileList'
  >,
): string {
  const { key, source, destination, copy, fileList } = record;
  const requested = [
    record.datasetPid,
    [source.facility, source.collection, source.path],
    [destination.facility, destination.collection, destination.path.replaceAll(key, ANY_KEY)],
    [
      copy.verifyChecksum,
      copy.preserveTimestamp,
      copy.encryptData,
      copy.syncLevel ?? null,
      copy.deadlineHours ?? null,
    ],
    record.autoArchive,
    fileList === undefined ? null : [fileList.count, fileList.sha256, notedAnew(fileList.symlinks)],
  ];
  return createHash('sha256').update(JSON.stringify(requested)).digest('hex');
}
