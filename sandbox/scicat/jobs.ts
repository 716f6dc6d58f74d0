import type { EmulatedResponse } from '../http/emulator.js';
import type { Accounts, Caller } from './accounts.js';
import { parseBody, requireCaller, type Call } from './call.js';
import type { DatasetDocument, Datasets } from './datasets.js';
import {
  compileProjection,
  finishList,
  isRecord,
  parseListFilter,
  valueAt,
  type FilterRules,
  type ListFilter,
} from './filter.js';
import {
  badRequest,
  created,
  forbidden,
  invalidBody,
  jobRefusal,
  notFound,
  ok,
  Refusal,
} from './responses.js';
import { SortedIds } from './sorted-ids.js';

/** A job as SciCat stores and shows it. */
export interface JobDocument {
  readonly _id: string;
  /** The same as `_id`: a UUID made by SciCat. */
  readonly id: string;
  readonly type: string;
  readonly ownerUser?: string;
  readonly ownerGroup?: string;
  readonly contactEmail?: string;
  readonly accessGroups: readonly string[];
  readonly isPublished: boolean;
  readonly statusCode: string;
  readonly statusMessage: string;
  readonly jobParams: Readonly<Record<string, unknown>>;
  /** Null only if somebody patched it to null. */
  readonly jobResultObject: Readonly<Record<string, unknown>> | null;
  readonly configVersion: string;
  /** User name; the only word on this that no client can forge. */
  readonly createdBy: string;
  readonly updatedBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly __v: number;
}

/** Who may create or update jobs of a type: one of SciCat's words, `@group`, or a user name. */
type JobAuth = string;

/** One job type of SciCat's job configuration file. */
export interface JobTypeConfig {
  readonly create: {
    /** `#all #authenticated #datasetPublic #datasetAccess #datasetOwner #jobAdmin @group username` */
    readonly auth: JobAuth;
    /** Dotted paths in the datasets, and what must stand there. */
    readonly datasetsMustHave?: Readonly<Record<string, unknown>>;
  };
  /** `#all #jobOwnerUser #jobOwnerGroup #jobAdmin @group username` */
  readonly update: { readonly auth: JobAuth };
}

/** What SciCat's administrators are advised to configure for the proxy. */
export const DEFAULT_JOB_TYPES: Readonly<Record<string, JobTypeConfig>> = {
  globus_transfer_job: { create: { auth: '#jobAdmin' }, update: { auth: '#jobAdmin' } },
  archive: {
    create: { auth: '#datasetOwner', datasetsMustHave: { 'datasetlifecycle.archivable': true } },
    update: { auth: '@archivemanager' },
  },
};

/** What can be switched on jobs while the machine runs. */
interface JobSwitches {
  /** Types whose create action (an e-mail, say) fails: 400, but the job is stored. */
  readonly failingCreateActions: ReadonlySet<string>;
  /** Types whose update action fails: 400, but the update is stored. */
  readonly failingUpdateActions: ReadonlySet<string>;
}

/** What the jobs need of the rest of the machine. */
export interface JobsOptions {
  readonly accounts: Accounts;
  readonly datasets: Datasets;
  /** Types can be taken out and put in while the machine runs. */
  readonly jobTypes: ReadonlyMap<string, JobTypeConfig>;
  readonly switches: JobSwitches;
  /** Makes the ids of jobs. */
  readonly newId: () => string;
}

/** Above this many, SciCat says that the rest of the datasets do not exist. */
const MAX_DATASETS = 100;

const CREATE_FIELDS = new Set(['type', 'jobParams', 'ownerUser', 'ownerGroup', 'contactEmail']);
const UPDATE_FIELDS = new Set(['statusCode', 'statusMessage', 'jobResultObject']);

const JOB_FILTER: FilterRules = {
  fields: [
    'id',
    'type',
    'statusCode',
    'statusMessage',
    'ownerUser',
    'ownerGroup',
    'contactEmail',
    'createdBy',
    'updatedBy',
    'createdAt',
    'updatedAt',
    'configVersion',
  ],
  freeFields: ['jobParams', 'jobResultObject'],
  dateFields: ['createdAt', 'updatedAt'],
  mandatoryFields: ['_id', 'id', 'type', 'ownerGroup', 'ownerUser'],
};

/** Jobs and their routes. Stored documents are never changed, only replaced. */
export class Jobs {
  /** In the order of creation, which is the order of a list without `sort`. */
  private readonly byId = new Map<string, JobDocument>();
  private readonly byType = new Map<string, Map<string, JobDocument>>();
  private readonly sortedIds = new SortedIds();
  private readonly updateActionCounts = new Map<string, number>();

  constructor(private readonly options: JobsOptions) {}

  /** The stored documents, in the order of creation. */
  get all(): ReadonlyMap<string, JobDocument> {
    return this.byId;
  }

  /** How often the update actions of a job ran: somebody got an e-mail each time. */
  updateActions(id: string): number {
    return this.updateActionCounts.get(id) ?? 0;
  }

  /** Stores a job as it is, behind SciCat's rules. */
  store(job: JobDocument): void {
    if (!this.byId.has(job.id)) this.sortedIds.add(job.id);
    this.byId.set(job.id, job);
    const ofType = this.byType.get(job.type);
    if (ofType === undefined) this.byType.set(job.type, new Map([[job.id, job]]));
    else ofType.set(job.id, job);
  }

  /** @returns the job that was there */
  remove(id: string): JobDocument | undefined {
    const job = this.byId.get(id);
    if (job === undefined) return undefined;
    this.byId.delete(id);
    this.byType.get(job.type)?.delete(id);
    this.sortedIds.delete(id);
    return job;
  }

  /** `POST v4 jobs` */
  create(call: Call): EmulatedResponse {
    const body = parseBody(call.request);
    const caller = requireCaller(call.who);
    const wish = createWishOf(body);
    const config = this.configOf(wish.type);
    const datasets = this.checkDatasetList(wish.jobParams);
    const owner = this.ownerOf(wish, caller);
    this.checkCreateRights(config, caller, owner, datasets, 'datasetList' in wish.jobParams);
    for (const [path, wanted] of Object.entries(config.create.datasetsMustHave ?? {})) {
      if (datasets.some((dataset) => valueAt(dataset, path) !== wanted)) {
        return jobRefusal(`Invalid request. Invalid value for '${path}'`);
      }
    }
    const id = this.options.newId();
    const time = new Date(call.now).toISOString();
    // A text under this key is taken out of jobParams and becomes the status.
    const { jobStatusMessage, ...rest } = wish.jobParams;
    const ownStatus = typeof jobStatusMessage === 'string' && jobStatusMessage !== '';
    const job: JobDocument = {
      createdBy: caller.account.username,
      updatedBy: caller.account.username,
      createdAt: time,
      updatedAt: time,
      ...(owner.group === undefined ? {} : { ownerGroup: owner.group }),
      accessGroups: [],
      isPublished: false,
      _id: id,
      id,
      ...(owner.user === undefined ? {} : { ownerUser: owner.user }),
      type: wish.type,
      statusCode: ownStatus ? jobStatusMessage : 'jobSubmitted',
      statusMessage: ownStatus ? jobStatusMessage : 'Job submitted.',
      jobParams: ownStatus ? rest : wish.jobParams,
      contactEmail: owner.contactEmail,
      configVersion: '1',
      jobResultObject: {},
      __v: 0,
    };
    this.store(job);
    // Surprise: 400 although the job is stored.
    if (this.options.switches.failingCreateActions.has(wish.type)) {
      return jobRefusal('Unable to perform the create action of this job.');
    }
    return created(job);
  }

  /** `PATCH v4 jobs/{id}` */
  update(id: string, call: Call): EmulatedResponse {
    const body = parseBody(call.request);
    const caller = requireCaller(call.who);
    const { rights, account } = caller;
    // Surprise: the guard is a chain of else-ifs, administrator before create-privileged before
    // update-privileged. Who may create jobs for others but is no administrator may update none,
    // whatever other groups it is in and whatever the job type says.
    if (rights.createJobPrivileged && !rights.admin) return forbidden();
    const change = updateOf(body);
    const job = this.byId.get(id);
    if (job === undefined) return jobRefusal('Invalid job id.');
    const config = this.configOf(job.type);
    if (!rights.updateJobPrivileged && !mayUpdateByConfig(config.update.auth, job, caller)) {
      return forbidden('Unauthorized to update this job.');
    }
    const missing = datasetListOf(job.jobParams).filter(
      (pid) => !this.options.datasets.all.has(pid),
    );
    // Surprise: the state of a running job can't be written any more once its dataset is deleted.
    if (missing.length > 0) {
      return notFound(`Unable to get a dataset. (${JSON.stringify(missing)})`);
    }

    const updated: JobDocument = {
      ...job,
      statusCode: change.statusCode,
      statusMessage: change.statusMessage,
      // Surprise: replaced as a whole (merged only under `application/merge-patch+json`, which is not
      // emulated).
      jobResultObject:
        change.jobResultObject === undefined ? job.jobResultObject : change.jobResultObject,
      updatedBy: account.username,
      updatedAt: new Date(call.now).toISOString(),
    };
    this.store(updated);
    this.updateActionCounts.set(id, this.updateActions(id) + 1);
    // Surprise: 400 although the update is stored.
    if (this.options.switches.failingUpdateActions.has(job.type)) {
      return jobRefusal('Unable to perform the update action of this job.');
    }
    return ok(updated);
  }

  /** `GET v4 jobs/{id}` */
  get(id: string, call: Call): EmulatedResponse {
    const caller = requireCaller(call.who);
    const fields = fieldsOf(call.request.query.get('filter'));
    const job = this.byId.get(id);
    // Surprise: 400, not 404.
    if (job === undefined) return jobRefusal('Invalid job id.');
    this.configOf(job.type);
    if (!mayRead(job, caller)) return forbidden('Unauthorized to get this job.');
    return ok(fields === undefined ? job : compileProjection(fields)(job));
  }

  /**
   * `GET v4 jobs` and `GET v4 jobs/fullquery`
   *
   * Surprises: without a limit all jobs come back, and whoever may read none gets an empty list.
   */
  list(call: Call): EmulatedResponse {
    const caller = requireCaller(call.who);
    const filter = parseListFilter(call.request.query.get('filter'), JOB_FILTER);
    const [first] = filter.sort;
    const byId = filter.sort.length === 1 && first?.[0] === 'id' && first[1] === 1;
    // In the order wanted, there is no need to look further than the limit.
    const enough = filter.sort.length === 0 || byId ? filter.limit : undefined;
    const matched: JobDocument[] = [];
    for (const job of this.candidates(filter, byId)) {
      if (!mayList(job, caller, this.options.jobTypes) || !filter.matches(job)) continue;
      matched.push(job);
      if (matched.length === enough) break;
    }
    return ok(
      finishList(matched, byId ? { ...filter, sort: [] } : filter, JOB_FILTER.mandatoryFields),
    );
  }

  /**
   * `DELETE v4 jobs/{id}`
   *
   * Surprise: administrators may not, unless they are in a group of DELETE_JOB_GROUPS too.
   */
  delete(id: string, call: Call): EmulatedResponse {
    if (!requireCaller(call.who).rights.deleteJob) return forbidden();
    const job = this.remove(id);
    return job === undefined ? jobRefusal(`Job id ${id} doesn't exist.`) : ok(job);
  }

  private configOf(type: string): JobTypeConfig {
    const config = this.options.jobTypes.get(type);
    if (config === undefined) throw new Refusal(jobRefusal(`Invalid job type: ${type}`));
    return config;
  }

  private *candidates(filter: ListFilter, byId: boolean): Iterable<JobDocument> {
    const { id, type } = filter.where;
    if (typeof id === 'string') {
      const job = this.byId.get(id);
      if (job !== undefined) yield job;
      return;
    }
    const ofType = typeof type === 'string' ? (this.byType.get(type) ?? NO_JOBS) : this.byId;
    if (!byId) {
      yield* ofType.values();
      return;
    }
    const after = isRecord(id) ? (id['$gt'] ?? id['$gte']) : undefined;
    for (const next of this.sortedIds.from(typeof after === 'string' ? after : '')) {
      const job = ofType.get(next);
      if (job !== undefined) yield job;
    }
  }

  private checkDatasetList(jobParams: Readonly<Record<string, unknown>>): DatasetDocument[] {
    if (!('datasetList' in jobParams)) return [];
    const list = jobParams['datasetList'];
    if (!Array.isArray(list)) throw new Refusal(jobRefusal('Invalid dataset list'));
    if (list.length === 0) throw new Refusal(jobRefusal('List of passed datasets is empty.'));
    const entries = list.map((entry: unknown) => {
      const { pid, files, ...others } = isRecord(entry) ? entry : {};
      if (pid === undefined || files === undefined || Object.keys(others).length > 0) {
        throw new Refusal(jobRefusal('Dataset list is expected to contain sets of pid and files.'));
      }
      if (typeof pid !== 'string') {
        throw new Refusal(jobRefusal("In datasetList each 'pid' field should be a string."));
      }
      if (!Array.isArray(files)) {
        throw new Refusal(jobRefusal("In datasetList each 'files' field should be an array."));
      }
      return { pid, files: files as readonly unknown[] };
    });
    const { all } = this.options.datasets;
    // Surprise: no more than 100 are looked up, and the others "do not exist".
    const unknown = entries.filter(({ pid }, index) => index >= MAX_DATASETS || !all.has(pid));
    if (unknown.length > 0) {
      const pids = unknown.map(({ pid }) => pid).join(',');
      throw new Refusal(jobRefusal(`Datasets with pid ${pids} do not exist.`));
    }
    this.checkFiles(entries.filter(({ files }) => files.length > 0));
    const pids = new Set(entries.map(({ pid }) => pid));
    // Surprise: the same dataset twice is a dataset that is not found.
    if (pids.size < entries.length) {
      throw new Refusal(notFound(`Unable to get a dataset. (${JSON.stringify([...pids])})`));
    }
    return [...pids].flatMap((pid) => all.get(pid) ?? []);
  }

  private checkFiles(
    entries: readonly { readonly pid: string; readonly files: readonly unknown[] }[],
  ): void {
    // Surprise: of several datasets only the last one's files are kept for the comparison.
    const last = entries.at(-1);
    if (last === undefined) return;
    const paths = this.options.datasets.filePaths(last.pid);
    const missing = entries
      .map(({ pid, files }) => ({
        pid,
        nonExistFiles: files.filter((file) => typeof file !== 'string' || !paths.has(file)),
      }))
      .filter(({ nonExistFiles }) => nonExistFiles.length > 0);
    if (missing.length > 0) {
      throw new Refusal(
        jobRefusal('At least one requested file could not be found.', JSON.stringify(missing)),
      );
    }
  }

  private ownerOf(wish: CreateWish, caller: Caller): JobOwner {
    const { account, rights } = caller;
    if (rights.createJobPrivileged) {
      if (
        wish.ownerUser === undefined &&
        wish.ownerGroup === undefined &&
        wish.contactEmail === undefined
      ) {
        throw new Refusal(jobRefusal('Contact email should be specified for an anonymous job.'));
      }
      const wished =
        wish.ownerUser === undefined ? undefined : this.options.accounts.find(wish.ownerUser);
      // Surprise: a user who never logged in is unknown, and the job silently becomes the caller's.
      const user = wished?.account.known === true ? wished : undefined;
      return {
        user: wish.ownerUser === undefined ? undefined : (user ?? caller).account.username,
        groups: (user ?? caller).account.groups,
        group: wish.ownerGroup,
        contactEmail: wish.contactEmail ?? user?.account.email ?? account.email,
      };
    }
    if (wish.ownerGroup === undefined) {
      throw new Refusal(jobRefusal('Invalid new job. Owner group should be specified.'));
    }
    if (wish.ownerUser !== undefined && wish.ownerUser !== account.username) {
      throw new Refusal(
        jobRefusal('Invalid new job. User owning the job should match user logged in.'),
      );
    }
    if (!account.groups.includes(wish.ownerGroup)) {
      throw new Refusal(jobRefusal('Invalid new job. User needs to belong to job owner group.'));
    }
    return {
      user: account.username,
      groups: account.groups,
      group: wish.ownerGroup,
      contactEmail: wish.contactEmail ?? account.email,
    };
  }

  private checkCreateRights(
    config: JobTypeConfig,
    caller: Caller,
    owner: JobOwner,
    datasets: readonly DatasetDocument[],
    hasDatasetList: boolean,
  ): void {
    const { auth } = config.create;
    const { rights, account } = caller;
    if (auth.startsWith('#dataset') && !hasDatasetList) {
      throw new Refusal(jobRefusal('Dataset ids list was not provided in jobParams'));
    }
    // Administrators need no access to the datasets; a merely job-privileged account must name an
    // owner that has it.
    if (rights.admin) return;
    const byType =
      rights.createJobPrivileged ||
      auth === '#all' ||
      auth === '#authenticated' ||
      auth.startsWith('#dataset') ||
      auth === account.username ||
      (auth.startsWith('@') && account.groups.includes(auth.slice(1)));
    if (!byType || !datasets.every((dataset) => ownerHasAccess(auth, dataset, owner))) {
      throw new Refusal(forbidden('Unauthorized to create this job.'));
    }
  }
}

const NO_JOBS: ReadonlyMap<string, JobDocument> = new Map();

interface CreateWish {
  readonly type: string;
  readonly jobParams: Readonly<Record<string, unknown>>;
  readonly ownerUser: string | undefined;
  readonly ownerGroup: string | undefined;
  readonly contactEmail: string | undefined;
}

interface JobOwner {
  readonly user: string | undefined;
  readonly groups: readonly string[];
  readonly group: string | undefined;
  readonly contactEmail: string;
}

interface JobUpdate {
  readonly statusCode: string;
  readonly statusMessage: string;
  readonly jobResultObject: Readonly<Record<string, unknown>> | null | undefined;
}

function createWishOf(body: Readonly<Record<string, unknown>>): CreateWish {
  const { type, jobParams } = body;
  const messages = Object.keys(body)
    .filter((key) => !CREATE_FIELDS.has(key))
    .map((key) => `property ${key} should not exist`);
  if (typeof type !== 'string' || type === '') messages.push('type must be a string');
  if (!isRecord(jobParams)) messages.push('jobParams must be an object');
  const optional = (key: string): string | undefined => {
    const value = body[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value;
    messages.push(`${key} must be a string`);
    return undefined;
  };
  const ownerUser = optional('ownerUser');
  const ownerGroup = optional('ownerGroup');
  const { contactEmail } = body;
  const hasEmail = contactEmail !== undefined && contactEmail !== null;
  // An empty text is no address either; only an absent one and null are no parameters.
  if (hasEmail && !isEmail(contactEmail)) messages.push('contactEmail must be an email');
  if (messages.length > 0 || typeof type !== 'string' || !isRecord(jobParams)) {
    throw new Refusal(invalidBody(messages));
  }
  return {
    type,
    jobParams,
    ownerUser: ownerUser === '' ? undefined : ownerUser,
    ownerGroup: ownerGroup === '' ? undefined : ownerGroup,
    contactEmail: hasEmail && isEmail(contactEmail) ? contactEmail : undefined,
  };
}

/** Both status fields are mandatory in every update; any text is a status, the empty one too. */
function updateOf(body: Readonly<Record<string, unknown>>): JobUpdate {
  const { statusCode, statusMessage, jobResultObject } = body;
  const messages = Object.keys(body)
    .filter((key) => !UPDATE_FIELDS.has(key))
    .map((key) => `property ${key} should not exist`);
  if (typeof statusCode !== 'string') messages.push('statusCode must be a string');
  if (typeof statusMessage !== 'string') messages.push('statusMessage must be a string');
  // Surprise: null is accepted, and stored.
  const result = jobResultObject ?? null;
  if (result !== null && !isRecord(result)) messages.push('jobResultObject must be an object');
  if (
    messages.length > 0 ||
    typeof statusCode !== 'string' ||
    typeof statusMessage !== 'string' ||
    (result !== null && !isRecord(result))
  ) {
    throw new Refusal(invalidBody(messages));
  }
  return {
    statusCode,
    statusMessage,
    jobResultObject: jobResultObject === undefined ? undefined : result,
  };
}

function isEmail(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}$/.test(value)
  );
}

function mayRead(job: JobDocument, { rights, account }: Caller): boolean {
  return (
    rights.createJobPrivileged ||
    rights.updateJobPrivileged ||
    job.ownerUser === account.username ||
    (job.ownerGroup !== undefined && account.groups.includes(job.ownerGroup))
  );
}

/** Jobs of a type that the configuration no longer knows are listed for administrators only. */
function mayList(
  job: JobDocument,
  caller: Caller,
  jobTypes: ReadonlyMap<string, JobTypeConfig>,
): boolean {
  return mayRead(job, caller) && (caller.rights.admin || jobTypes.has(job.type));
}

function mayUpdateByConfig(auth: JobAuth, job: JobDocument, { account }: Caller): boolean {
  switch (auth) {
    case '#all':
      return true;
    case '#jobOwnerUser':
      return job.ownerUser === account.username;
    case '#jobOwnerGroup':
      return job.ownerGroup !== undefined && account.groups.includes(job.ownerGroup);
    case '#jobAdmin':
      return false;
    default:
      // Surprise: a name without an @ is a user's, not a group's.
      return auth.startsWith('@')
        ? account.groups.includes(auth.slice(1))
        : auth === account.username;
  }
}

/** Whether the job's owner (user, group, or both) has the access to a dataset that `auth` asks for. */
function ownerHasAccess(auth: JobAuth, dataset: DatasetDocument, owner: JobOwner): boolean {
  const groups =
    owner.group === undefined
      ? owner.user === undefined
        ? []
        : owner.groups
      : owner.user === undefined || owner.groups.includes(owner.group)
        ? [owner.group]
        : [];
  switch (auth) {
    case '#datasetPublic':
      return dataset.isPublished;
    case '#datasetAccess':
      return (
        dataset.isPublished ||
        groups.some((group) => group === dataset.ownerGroup || dataset.accessGroups.includes(group))
      );
    case '#datasetOwner':
      return groups.includes(dataset.ownerGroup);
    default:
      return true;
  }
}

function datasetListOf(jobParams: Readonly<Record<string, unknown>>): string[] {
  const list = jobParams['datasetList'];
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) =>
    isRecord(entry) && typeof entry['pid'] === 'string' ? [entry['pid']] : [],
  );
}

function fieldsOf(filter: string | null): readonly unknown[] | undefined {
  if (filter === null) return undefined;
  const given = jsonParameter(filter);
  const fields = isRecord(given) ? given['fields'] : undefined;
  return Array.isArray(fields) && fields.length > 0 ? fields : undefined;
}

function jsonParameter(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal(badRequest(`Invalid JSON in filter: ${(error as Error).message}`));
  }
}
