import type { ArchiveJobs, NewArchiveJob } from '../../src/ports/archive-jobs.port.js';
import type { Dataset, Datasets, ShownFiles } from '../../src/ports/datasets.port.js';
import type {
  JobPage,
  NewTransferJob,
  OpenJobs,
  TransferJobs,
  Viewer,
} from '../../src/ports/transfer-jobs.port.js';
import {
  isOurs,
  isOurWord,
  showsEnded,
  type TransferJobDocument,
} from '../../src/domain/job-reading.js';
import { field } from '../../src/domain/untyped.js';
import type { JobView } from '../../src/domain/job-view.js';
import type { LifecycleFound } from '../../src/domain/dataset-lifecycle.js';
import type { CreatedJob } from '../../src/domain/transfer.js';
import { sealRecord } from '../../src/domain/transfer-record.js';
import { aDataset, aJob, jobIdOf, SERVICE_USER, uuid } from './builders.js';
import { Faults } from './faults.js';
import { datasetDeleted, rejected, unreadable } from './upstream-failures.js';

type JobCall =
  | 'create'
  | 'findByKey'
  | 'read'
  | 'listOpen'
  | 'listOpenIds'
  | 'listRewritten'
  | 'list'
  | 'write'
  | 'remove';

/** One PATCH that was stored. */
export interface StoredWrite {
  readonly jobId: string;
  readonly view: JobView;
}

/** Transfer jobs that are stored as SciCat stores them, and every call can be told to fail. */
export class FakeTransferJobs implements TransferJobs {
  readonly faults = new Faults<JobCall>();
  readonly stored = new Map<string, TransferJobDocument>();
  /** Every write that was stored, in order: each one makes SciCat run the job's e-mail actions. */
  readonly writes: StoredWrite[] = [];
  /** Jobs that are too large to be read. */
  readonly unreadable = new Set<string>();
  /** Jobs whose dataset is gone: they can be read and removed, but not written. */
  readonly withoutDataset = new Set<string>();
  /** Writes of one job that were under way at the same time, at most. */
  mostWritesAtOnce = 0;
  accounts: readonly string[] = [SERVICE_USER];
  /** The account that writes. */
  writer: string = SERVICE_USER;
  private readonly writing = new Map<string, number>();
  private made = 900;

  constructor(private readonly now: () => number) {}

  /** Puts a job there, as if it had been made earlier. */
  put(...jobs: readonly TransferJobDocument[]): void {
    for (const job of jobs) this.stored.set(job.id, job);
  }

  /** `jobResultObject.status` and status code of a job, for short assertions. */
  shown(jobId: string): string | undefined {
    const job = this.stored.get(jobId);
    return job === undefined
      ? undefined
      : `${job.statusCode} ${String(field(job.result, 'status'))}: ${job.statusMessage}`;
  }

  ownAccounts(): readonly string[] {
    return this.accounts;
  }

  ownWriters(): readonly string[] {
    return [...this.accounts, this.writer];
  }

  create(job: NewTransferJob): Promise<CreatedJob> {
    return this.faults.run('create', () => {
      this.made += 1;
      const id = jobIdOf(this.made);
      const createdAt = this.now();
      this.put(
        aJob({
          id,
          record: job.record,
          ownerUser: job.ownerUser,
          ownerGroup: job.ownerGroup,
          createdAt,
          updatedAt: createdAt,
          globusTransfer: { sealed: sealRecord(job.record), key: job.record.key },
        }),
      );
      return { jobId: id, createdAt };
    });
  }

  findByKey(key: string): Promise<TransferJobDocument | undefined> {
    return this.faults.run('findByKey', () =>
      [...this.stored.values()].find((job) => field(job.globusTransfer, 'key') === key),
    );
  }

  read(jobId: string): Promise<TransferJobDocument | undefined> {
    return this.faults.run('read', () => {
      if (this.unreadable.has(jobId)) throw unreadable();
      return this.stored.get(jobId);
    });
  }

  listOpen(after: string | undefined, limit: number): Promise<OpenJobs> {
    return this.faults.run('listOpen', () => this.pageOf(this.open(after).slice(0, limit)));
  }

  private pageOf(page: readonly TransferJobDocument[]): OpenJobs {
    return {
      jobs: page.filter(({ id }) => !this.unreadable.has(id)),
      unreadable: page
        .filter(({ id }) => this.unreadable.has(id))
        .map(({ id }) => ({ id, reason: 'it is too large' })),
      last: page.at(-1)?.id,
    };
  }

  listOpenIds(after: string | undefined, limit: number): Promise<readonly string[]> {
    return this.faults.run('listOpenIds', () =>
      this.open(after)
        .slice(0, limit)
        .map(({ id }) => id),
    );
  }

  listRewritten(after: string | undefined, limit: number): Promise<OpenJobs> {
    return this.faults.run('listRewritten', () =>
      this.pageOf(
        [...this.stored.values()]
          .filter((job) => isOurs(job, this.accounts) && showsEnded(job))
          .filter((job) => !isOurWord(job, this.ownWriters()))
          .filter((job) => after === undefined || job.id > after)
          .sort((a, b) => (a.id < b.id ? -1 : 1))
          .slice(0, limit),
      ),
    );
  }

  list(viewer: Viewer | 'everybody', page: number, pageSize: number): Promise<JobPage> {
    return this.faults.run('list', () => {
      const jobs = [...this.stored.values()]
        .filter(
          (job) =>
            isOurs(job, this.accounts) &&
            (viewer === 'everybody' ||
              job.ownerUser === viewer.username ||
              viewer.accessGroups.includes(job.ownerGroup)),
        )
        .sort((a, b) => b.createdAt - a.createdAt);
      return { total: jobs.length, jobs: jobs.slice((page - 1) * pageSize, page * pageSize) };
    });
  }

  async write(jobId: string, view: JobView): Promise<void> {
    const atOnce = (this.writing.get(jobId) ?? 0) + 1;
    this.writing.set(jobId, atOnce);
    this.mostWritesAtOnce = Math.max(this.mostWritesAtOnce, atOnce);
    try {
      await this.faults.run('write', () => {
        const job = this.stored.get(jobId);
        if (job === undefined) throw rejected(404);
        if (this.withoutDataset.has(jobId)) throw datasetDeleted();
        this.writes.push({ jobId, view });
        this.stored.set(jobId, {
          ...job,
          statusCode: view.statusCode,
          statusMessage: view.statusMessage,
          result: JSON.parse(JSON.stringify(view.jobResultObject)) as unknown,
          updatedAt: this.now(),
          updatedBy: this.writer,
        });
      });
    } finally {
      this.writing.set(jobId, (this.writing.get(jobId) ?? 1) - 1);
    }
  }

  remove(jobId: string): Promise<void> {
    return this.faults.run('remove', () => {
      this.stored.delete(jobId);
    });
  }

  private open(after: string | undefined): readonly TransferJobDocument[] {
    return [...this.stored.values()]
      .filter((job) => isOurs(job, this.accounts) && !showsEnded(job))
      .filter((job) => after === undefined || job.id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

/** Archive jobs, kept by the key of their transfer. */
export class FakeArchiveJobs implements ArchiveJobs {
  readonly faults = new Faults<'findByKey' | 'create'>();
  readonly made: NewArchiveJob[] = [];

  findByKey(transferKey: string): Promise<string | undefined> {
    return this.faults.run('findByKey', () => {
      const position = this.made.findIndex((job) => job.transferKey === transferKey);
      return position < 0 ? undefined : uuid('99999999', position);
    });
  }

  create(job: NewArchiveJob): Promise<string> {
    return this.faults.run('create', () => {
      this.made.push(job);
      return uuid('99999999', this.made.length - 1);
    });
  }
}

/** A dataset's initial lifecycle. */
export const UNTOUCHED: LifecycleFound = {
  archivable: false,
  archiveStatusMessage: 'datasetCreated',
  retrievable: false,
};

/** Datasets by PID; each is untouched, unless told otherwise. */
export class FakeDatasets implements Datasets {
  readonly faults = new Faults<'readAs' | 'readAsService' | 'markArchivable' | 'files'>();
  readonly datasets = new Map<string, Dataset>();
  /** Lifecycles that differ from {@link UNTOUCHED}; undefined: the dataset is gone. */
  readonly lifecycles = new Map<string, LifecycleFound | undefined>();
  readonly marked: string[] = [];
  readonly paths = new Map<string, readonly string[]>();
  /** Datasets whose file list SciCat shows to none of the service's accounts. */
  readonly hidden = new Set<string>();

  readAs(_userToken: string, pid: string): Promise<Dataset> {
    return this.faults.run('readAs', () => {
      const dataset = this.datasets.get(pid);
      if (dataset === undefined) throw rejected(404);
      return dataset;
    });
  }

  readAsService(pid: string): Promise<Dataset | undefined> {
    return this.faults.run('readAsService', () => {
      const lifecycle = this.lifecycles.has(pid) ? this.lifecycles.get(pid) : UNTOUCHED;
      if (lifecycle === undefined) return undefined;
      return { ...(this.datasets.get(pid) ?? aDataset({ pid })), lifecycle };
    });
  }

  markArchivable(pid: string): Promise<void> {
    return this.faults.run('markArchivable', () => {
      this.marked.push(pid);
      this.lifecycles.set(pid, {
        archivable: true,
        archiveStatusMessage: 'datasetCreated',
        retrievable: false,
      });
    });
  }

  files(pid: string): Promise<ShownFiles> {
    return this.faults.run('files', (): ShownFiles => {
      if (this.isDeleted(pid)) return { kind: 'no-dataset' };
      const paths = this.paths.get(pid);
      if (this.hidden.has(pid)) return { kind: 'hidden' };
      return paths === undefined ? { kind: 'none' } : { kind: 'listed', paths };
    });
  }

  private isDeleted(pid: string): boolean {
    return this.lifecycles.has(pid) && this.lifecycles.get(pid) === undefined;
  }
}
