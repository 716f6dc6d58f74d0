import type { LifecycleFound } from './dataset-lifecycle.js';
import type { Finalization, TransferRecord } from './transfer-record.js';

/**
 * The values of `archiveStatusMessage` that a dataset has before anyone archives it: SciCat's default,
 * and what programs set that register or upload datasets (scicat-cli, the Ingestor, the archiver's
 * upload). Any other value comes from an archive: scheduled, started, on tape, or failed.
 */
const BEFORE_ARCHIVING: readonly string[] = [
  '',
  'datasetCreated',
  'filesNotYetAvailable',
  'filesNotReadyYet',
  'origDatablocksNotYetAvailable',
  'isOnCentralDisk',
];

/** Longer than any status of {@link BEFORE_ARCHIVING}. */
const NOTED_LENGTH = 200;

/**
 * The lifecycle as noted at the request. A dataset's owner can write a status of any length; only
 * statuses of usual length are compared with a later one.
 */
export function lifecycleToNote(lifecycle: LifecycleFound): LifecycleFound {
  const { archivable, archiveStatusMessage, retrievable } = lifecycle;
  return {
    archivable,
    archiveStatusMessage: archiveStatusMessage.slice(0, NOTED_LENGTH),
    retrievable,
  };
}

/** Whether a dataset is archived or being archived, or its archiving has failed. */
export function isInArchive({ retrievable, archiveStatusMessage }: LifecycleFound): boolean {
  return retrievable || !BEFORE_ARCHIVING.includes(archiveStatusMessage);
}

/**
 * What happens to a dataset once its files have arrived.
 *
 * @param lifecycle at the time of the request
 * @param wanted the destination facility's setting
 */
export function finalizationOf(
  lifecycle: LifecycleFound,
  wanted: 'archive' | 'none',
): Finalization {
  return isInArchive(lifecycle) ? 'already-archived' : wanted;
}

/** What a sentence about the end of a transfer depends on. */
export interface FinalizationFacts {
  readonly finalize: Finalization;
  readonly lifecycle?: LifecycleFound | undefined;
  /** Undefined if the request is not known. */
  readonly autoArchive: boolean | undefined;
  /** Name of the destination facility. */
  readonly destination: string;
}

/** What will happen to the dataset and why, as a sentence. */
export function finalizationPlan(facts: FinalizationFacts): string {
  const { finalize, autoArchive, destination } = facts;
  switch (finalize) {
    case 'archive': {
      const marked = 'Once its files have arrived, the dataset is marked as archivable';
      if (autoArchive === false) {
        return `${marked}. No archive job is created, because autoArchive is false.`;
      }
      const unless = autoArchive === undefined ? ', unless the request has autoArchive=false' : '';
      return `${marked}, and an archive job is created${unless}.`;
    }
    case 'none':
      return `${LEFT_ALONE}, because facility "${destination}" is configured with "finalize: none".${ignored(facts)}`;
    case 'already-archived':
      return `${LEFT_ALONE}, because it is already archived, or being archived (${archiveStatus(facts)}).${ignored(facts)}`;
  }
}

const LEFT_ALONE = 'The dataset is neither marked as archivable nor archived';

function ignored({ autoArchive }: FinalizationFacts): string {
  return autoArchive === true ? ' autoArchive=true has no effect.' : '';
}

/**
 * What was not done with the dataset of a finished transfer and why, to follow the word "finished";
 * empty if everything was done.
 */
export function finalizationNote({
  finalize,
  lifecycle,
  destination,
}: Pick<TransferRecord, 'finalize' | 'lifecycle' | 'destination'>): string {
  switch (finalize) {
    case 'archive':
      return '';
    case 'none':
      return `the dataset was neither marked as archivable nor archived, as configured for facility "${destination.facility}"`;
    case 'already-archived':
      return notArchivedAgain('already archived', 'the transfer was requested', lifecycle);
  }
}

/** The same for a dataset that was archived, or being archived, only when its files had arrived. */
export function archivedMeanwhileNote(lifecycle: LifecycleFound): string {
  return notArchivedAgain('archived', 'its files had arrived', lifecycle);
}

function notArchivedAgain(state: string, when: string, lifecycle?: LifecycleFound): string {
  return `the dataset was ${state}, or being archived, when ${when} (${archiveStatus({ lifecycle })}), so it was neither marked as archivable nor archived again`;
}

function archiveStatus({ lifecycle }: Pick<FinalizationFacts, 'lifecycle'>): string {
  if (lifecycle === undefined) return 'its lifecycle is not known';
  // Quoted with escapes: any program may have written it.
  const status = `archive status ${JSON.stringify(lifecycle.archiveStatusMessage)}`;
  return lifecycle.retrievable ? `${status}, retrievable` : status;
}
