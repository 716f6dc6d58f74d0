import { createHash } from 'node:crypto';
import type { TransferRecord } from './transfer-record.js';

/**
 * Identifies the requested copy: a second request with the same fingerprint, by any user, gets the
 * job of the first.
 */
export function fingerprint(
  record: Pick<
    TransferRecord,
    'datasetPid' | 'source' | 'destination' | 'copy' | 'autoArchive' | 'fileList'
  >,
): string {
  const { source, destination, copy, fileList } = record;
  const requested = [
    record.datasetPid,
    [source.facility, source.collection, source.path],
    [destination.facility, destination.collection, destination.path],
    [
      copy.verifyChecksum,
      copy.preserveTimestamp,
      copy.encryptData,
      copy.syncLevel ?? null,
      copy.deadlineHours ?? null,
    ],
    record.autoArchive,
    fileList === undefined ? null : [fileList.count, fileList.sha256, fileList.symlinks],
  ];
  return createHash('sha256').update(JSON.stringify(requested)).digest('hex');
}
