import { createHash } from 'node:crypto';
import type { TransferRecord } from './transfer-record.js';

/**
 * Two requests with the same fingerprint ask for the same copy, so the second one is answered with
 * the first one's job. Who asked, and when, makes no difference.
 */
export function fingerprint(
  record: Pick<
    TransferRecord,
    'datasetPid' | 'source' | 'destination' | 'copy' | 'autoArchive' | 'fileList'
  >,
): string {
  const { source, destination, copy, fileList } = record;
  const asked = [
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
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}
