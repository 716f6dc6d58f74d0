import type { EmulatedResponse } from '../http/emulator.js';
import type { Caller, Identification } from './accounts.js';
import { parseBody, requireCaller, type ApiVersion, type Call } from './call.js';
import type { Traits } from './generation.js';
import { finishList, isRecord, parseListFilter, type FilterRules } from './filter.js';
import {
  badRequest,
  emptySuccess,
  forbidden,
  invalidBody,
  notFound,
  ok,
  Refusal,
} from './responses.js';

export type DatasetLifecycle = Readonly<Record<string, unknown>>;

/** A dataset as returned by SciCat, reduced to the emulated fields. */
export interface DatasetDocument {
  readonly _id: string;
  readonly pid: string;
  readonly owner: string;
  readonly ownerEmail: string;
  readonly contactEmail: string;
  readonly ownerGroup: string;
  readonly accessGroups: readonly string[];
  /** E-mail addresses of individual readers. */
  readonly sharedWith: readonly string[];
  readonly isPublished: boolean;
  readonly type: string;
  readonly datasetName: string;
  readonly sourceFolder: string;
  readonly sourceFolderHost?: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes. */
  readonly packedSize: number;
  readonly numberOfFiles: number;
  readonly creationTime: string;
  readonly datasetlifecycle: DatasetLifecycle;
  /** Anything, up to MongoDB's limit of 16 MB for the whole document. */
  readonly scientificMetadata?: Readonly<Record<string, unknown>>;
  readonly createdBy: string;
  readonly updatedBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A dataset to add; absent fields get defaults. */
export type DatasetInput = Partial<Omit<DatasetDocument, '_id'>> &
  Pick<DatasetDocument, 'pid' | 'ownerGroup' | 'sourceFolder'>;

/** A block of a dataset's file list. */
export interface OrigDatablockDocument {
  readonly _id: string;
  readonly datasetId: string;
  /** Bytes. */
  readonly size: number;
  readonly chkAlg: string;
  readonly dataFileList: readonly {
    readonly path: string;
    /** Bytes. */
    readonly size: number;
    readonly time: string;
  }[];
}

const START = '2026-01-01T00:00:00.000Z';

/** Lists of datasets and of origdatablocks end after this many, unless `limits.limit` is given. */
const DEFAULT_LIMIT = 10;

const DATASET_FILTER: FilterRules = {
  fields: [
    'pid',
    'owner',
    'ownerEmail',
    'ownerGroup',
    'accessGroups',
    'isPublished',
    'type',
    'datasetName',
    'sourceFolder',
    'sourceFolderHost',
    'size',
    'numberOfFiles',
    'createdBy',
    'updatedBy',
  ],
  freeFields: ['datasetlifecycle'],
  dateFields: [],
  mandatoryFields: ['pid'],
  sort: 'top-level',
  defaultLimit: DEFAULT_LIMIT,
};

const BLOCK_FILTER: FilterRules = {
  fields: ['_id', 'datasetId', 'size', 'chkAlg'],
  freeFields: ['dataFileList'],
  dateFields: [],
  mandatoryFields: ['_id'],
  sort: 'top-level',
  defaultLimit: DEFAULT_LIMIT,
};

/** Surprise: the v3 file list of a dataset is silently truncated to this length. */
const MAX_V3_BLOCKS = 100;

const LIFECYCLE_BOOLEANS = new Set([
  'archivable',
  'retrievable',
  'publishable',
  'isOnCentralDisk',
  'retrieveIntegrityCheck',
]);
const LIFECYCLE_TEXTS = new Set([
  'archiveStatusMessage',
  'retrieveStatusMessage',
  'dateOfDiskPurging',
  'archiveRetentionTime',
  'dateOfPublishing',
  'publishedOn',
  'exportedTo',
  'storageLocation',
]);
const LIFECYCLE_ANYTHING = new Set(['archiveReturnMessage', 'retrieveReturnMessage']);

/** Datasets, their file lists and their routes. */
export class Datasets {
  constructor(private readonly traits: Traits) {}

  private readonly byPid = new Map<string, DatasetDocument>();
  private readonly blocks = new Map<string, OrigDatablockDocument[]>();
  private blockCount = 0;

  /** In order of creation. */
  get all(): ReadonlyMap<string, DatasetDocument> {
    return this.byPid;
  }

  /** Adds a dataset, or replaces the one with the same PID. */
  add(input: DatasetInput): DatasetDocument {
    const owner = input.owner ?? 'owner';
    const ownerEmail = input.ownerEmail ?? `${owner}@scicat.example`;
    const dataset: DatasetDocument = {
      _id: input.pid,
      owner,
      ownerEmail,
      contactEmail: ownerEmail,
      accessGroups: [],
      sharedWith: [],
      isPublished: false,
      type: 'raw',
      datasetName: input.pid,
      size: 0,
      packedSize: 0,
      numberOfFiles: 0,
      creationTime: START,
      createdBy: 'ingestor',
      updatedBy: 'ingestor',
      createdAt: START,
      updatedAt: START,
      ...input,
      datasetlifecycle: {
        archivable: true,
        retrievable: false,
        publishable: false,
        isOnCentralDisk: true,
        archiveStatusMessage: 'datasetCreated',
        retrieveStatusMessage: '',
        retrieveIntegrityCheck: false,
        ...input.datasetlifecycle,
      },
    };
    this.byPid.set(dataset.pid, dataset);
    return dataset;
  }

  /** Adds files to a dataset's list, without changing its size and file count. */
  addBlock(
    pid: string,
    files: readonly { readonly path: string; readonly size?: number }[],
  ): OrigDatablockDocument {
    const dataFileList = files.map((file) => ({
      path: file.path,
      size: file.size ?? 0,
      time: START,
    }));
    const block: OrigDatablockDocument = {
      _id: `block-${++this.blockCount}`,
      datasetId: pid,
      size: dataFileList.reduce((sum, file) => sum + file.size, 0),
      chkAlg: 'sha256',
      dataFileList,
    };
    const blocks = this.blocks.get(pid);
    if (blocks === undefined) this.blocks.set(pid, [block]);
    else blocks.push(block);
    return block;
  }

  delete(pid: string): boolean {
    this.blocks.delete(pid);
    return this.byPid.delete(pid);
  }

  /** Changes fields of a dataset without any checks. */
  change(pid: string, change: Partial<Omit<DatasetDocument, '_id' | 'pid'>>): DatasetDocument {
    const dataset = this.byPid.get(pid);
    if (dataset === undefined) throw new RangeError(`There is no dataset "${pid}".`);
    const changed = { ...dataset, ...change };
    this.byPid.set(pid, changed);
    return changed;
  }

  /** Paths in a dataset's file list that SciCat's job checks see (100 blocks). */
  filePaths(pid: string): ReadonlySet<string> {
    const blocks = (this.blocks.get(pid) ?? []).slice(0, MAX_V3_BLOCKS);
    return new Set(blocks.flatMap((block) => block.dataFileList.map((file) => file.path)));
  }

  /** `GET datasets/{pid}` */
  get(version: ApiVersion, pid: string, call: Call): EmulatedResponse {
    const dataset = this.readable(version, pid, call.who);
    return ok(dataset);
  }

  /** `GET v3 datasets/{pid}/origdatablocks` */
  getBlocksV3(pid: string, call: Call): EmulatedResponse {
    this.readable('v3', pid, call.who);
    return ok((this.blocks.get(pid) ?? []).slice(0, MAX_V3_BLOCKS));
  }

  /** `GET datasets` and `GET datasets/fullquery`: all that the caller may read; v4 requires a login. */
  list(version: ApiVersion, call: Call): EmulatedResponse {
    return ok(this.find(version, call));
  }

  /**
   * `GET datasets/findOne`
   *
   * Surprise: as it is a route, a request for a dataset with this PID returns another one.
   */
  findOne(version: ApiVersion, call: Call): EmulatedResponse {
    const [first] = this.find(version, call);
    return first === undefined ? emptySuccess : ok(first);
  }

  /**
   * `GET v4 origdatablocks`; limit and skip work as expected here.
   *
   * Surprise: an account that may read any dataset by its lifecycle right gets an empty list.
   */
  listBlocks(call: Call): EmulatedResponse {
    const caller = requireCaller(call.who);
    const filter = parseListFilter(call.request.query.get('filter'), BLOCK_FILTER);
    const wanted = filter.where['datasetId'];
    const candidates =
      typeof wanted === 'string'
        ? (this.blocks.get(wanted) ?? [])
        : [...this.blocks.values()].flat();
    const matched = candidates.filter((block) => {
      const dataset = this.byPid.get(block.datasetId);
      return dataset !== undefined && mayReadBlocks(dataset, caller) && filter.matches(block);
    });
    return ok(page(matched, filter, BLOCK_FILTER));
  }

  /**
   * `PATCH datasets/{pid}/datasetlifecycle`: merges, and changes nothing else.
   *
   * Surprise: the present state is not checked. A retry after the archiver has started sets
   * `archivable` to true again.
   */
  patchLifecycle(version: ApiVersion, pid: string, call: Call): EmulatedResponse {
    const patch = parseBody(call.request);
    const caller = requireCaller(call.who);
    const { rights, account } = caller;
    const anywhere = rights.admin || rights.updateDatasetLifecycle;
    if (!anywhere && !rights.createDataset) throw new Refusal(forbidden());
    checkLifecycle(patch);
    const dataset = this.byPid.get(pid);
    if (dataset === undefined) return notFound(`dataset with pid ${pid} not found`);
    if (!anywhere && !account.groups.includes(dataset.ownerGroup)) {
      return forbidden(
        version === 'v3' ? 'Unauthorized to update this dataset' : 'Unauthorized access',
      );
    }
    // Surprise: null is not "no": the flag gets the value that a new dataset has.
    const changes = Object.entries(patch).map(([key, value]) => [
      key,
      value === null && key === 'archivable' ? true : value,
    ]);
    const datasetlifecycle = {
      ...dataset.datasetlifecycle,
      ...(Object.fromEntries(changes) as DatasetLifecycle),
    };
    this.byPid.set(pid, {
      ...dataset,
      datasetlifecycle,
      updatedAt: new Date(call.now).toISOString(),
      // Surprise: only v4 records who it was.
      ...(version === 'v4' ? { updatedBy: account.username } : {}),
    });
    return ok(datasetlifecycle);
  }

  private find(version: ApiVersion, call: Call): unknown[] {
    const caller = version === 'v4' ? this.listingCaller(call.who) : callerOf(call.who);
    const filter = parseListFilter(call.request.query.get('filter'), DATASET_FILTER);
    const { pid } = filter.where;
    const wanted = typeof pid === 'string' ? this.byPid.get(pid) : undefined;
    const candidates = typeof pid === 'string' ? (wanted ? [wanted] : []) : this.byPid.values();
    // Surprise: version 4 lists a dataset that is shared by e-mail, although it does not show it alone.
    const matched = [...candidates].filter(
      (dataset) => mayRead('v3', dataset, caller) && filter.matches(dataset),
    );
    return page(matched, filter, DATASET_FILTER);
  }

  private listingCaller(who: Identification): Caller {
    if (who.type === 'user' || this.traits.publishedNeedsLogin) return requireCaller(who);
    // As published ones can be read without a login, it is the list that refuses.
    throw new Refusal(forbidden('Unauthorized access'));
  }

  private readable(version: ApiVersion, pid: string, who: Identification): DatasetDocument {
    const dataset = this.byPid.get(pid);
    const needsLogin = version === 'v4' && this.traits.publishedNeedsLogin;
    const caller = needsLogin ? requireCaller(who) : callerOf(who);
    if (dataset === undefined) {
      // Surprise: v4 does not name the PID.
      throw new Refusal(notFound(`dataset: ${version === 'v4' ? 'null' : pid} not found`));
    }
    if (!mayRead(version, dataset, caller)) throw new Refusal(forbidden('Unauthorized access'));
    return dataset;
  }
}

function callerOf(who: Identification): Caller | undefined {
  return who.type === 'user' ? who : undefined;
}

/**
 * Whether a caller may read a dataset. Surprises: lifecycle groups may read all; accounts that are only
 * job-privileged none; a dataset shared by e-mail is readable in v3, but not in v4; a published one is
 * readable without a token in v3 only.
 */
function mayRead(
  version: ApiVersion,
  dataset: DatasetDocument,
  caller: Caller | undefined,
): boolean {
  if (dataset.isPublished) return true;
  if (caller === undefined) return false;
  const { rights, account } = caller;
  return (
    rights.admin ||
    rights.updateDatasetLifecycle ||
    account.groups.includes(dataset.ownerGroup) ||
    account.groups.some((group) => dataset.accessGroups.includes(group)) ||
    (version === 'v3' && dataset.sharedWith.includes(account.email))
  );
}

/** Whether a caller may read a dataset's file list in version 4. */
function mayReadBlocks(dataset: DatasetDocument, { rights, account }: Caller): boolean {
  const groups = [dataset.ownerGroup, ...dataset.accessGroups];
  return (
    dataset.isPublished || rights.admin || account.groups.some((group) => groups.includes(group))
  );
}

function page(
  matched: readonly unknown[],
  filter: ReturnType<typeof parseListFilter>,
  rules: FilterRules,
): unknown[] {
  const all = finishList(matched, { ...filter, limit: undefined, skip: 0 }, rules.mandatoryFields);
  return all.slice(filter.skip, filter.skip + (filter.limit ?? all.length));
}

function checkLifecycle(patch: Readonly<Record<string, unknown>>): void {
  const messages = Object.entries(patch).flatMap(([key, value]) => {
    if (LIFECYCLE_BOOLEANS.has(key)) {
      return typeof value === 'boolean' || value === null ? [] : [`${key} must be a boolean value`];
    }
    if (LIFECYCLE_TEXTS.has(key)) {
      return typeof value === 'string' ? [] : [`${key} must be a string`];
    }
    return LIFECYCLE_ANYTHING.has(key) ? [] : [`property ${key} should not exist`];
  });
  if (messages.length > 0) throw new Refusal(invalidBody(messages));
  if (!isRecord(patch) || Object.keys(patch).length === 0) {
    throw new Refusal(badRequest('dataset lifecycle DTO must not be empty'));
  }
}
