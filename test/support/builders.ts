import type { Requester } from '../../src/auth/caller.js';
import type { Identity } from '../../src/ports/identities.port.js';
import type { AppConfig } from '../../src/config/app-config.js';
import type { FacilityHold, FacilityPair } from '../../src/domain/facility-hold.js';
import { ConfigSnapshots } from '../../src/config/config-snapshots.js';
import { type ConfiguredFacility, FacilitySettings } from '../../src/config/facility-settings.js';
import { Secret } from '../../src/config/secret.js';
import { FileSettings } from '../../src/config/service-settings.js';
import {
  DESTINATION_FIELDS,
  type DestinationField,
  FOLDER_FIELDS,
  type FolderField,
  PATH_FIELDS,
  type PathField,
} from '../../src/facilities/facility.js';
import { FacilityAuthorization } from '../../src/facilities/facility-authorization.js';
import { compileTemplate, type Template } from '../../src/templates/template.js';
import type { Dataset } from '../../src/ports/datasets.port.js';
import type { GlobusTask } from '../../src/ports/globus-transfers.port.js';
import { TRANSFER_JOB_TYPE, type TransferJobDocument } from '../../src/domain/job-reading.js';
import { fatalErrorKind } from '../../src/globus/task-status.js';
import { taskLabel } from '../../src/domain/task-label.js';
import {
  type EndRequest,
  type Owner,
  ownerOf,
  type Transfer,
  type TransferStatus,
} from '../../src/domain/transfer.js';
import {
  type CopyOptions,
  sealRecord,
  type TransferRecord,
} from '../../src/domain/transfer-record.js';

/** The service's SciCat account in tests. */
export const SERVICE_USER = 'globus-proxy';
/** The service's Globus client id in tests. */
export const CLIENT_ID = 'c1c1c1c1-0000-4000-8000-000000000001';
/** When tests begin, and when their jobs were made. */
export const START = Date.UTC(2026, 0, 1);

/** A UUID that differs by its number. */
export function uuid(kind: string, number: number): string {
  return `${kind.padEnd(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** Job ids in the order of their numbers. */
export const jobIdOf = (number: number): string => uuid('aaaaaaaa', number);
/** Keys of transfers. */
export const keyOf = (number: number): string => uuid('bbbbbbbb', number);
/** Globus task ids. */
export const taskIdFor = (number: number): string => uuid('dddddddd', number);

/** How files are copied unless a configuration says otherwise. */
export const USUAL_COPY: CopyOptions = {
  verifyChecksum: true,
  preserveTimestamp: false,
  encryptData: false,
  fileList: 'leaves',
  recursiveSymlinks: 'keep',
};

/** A record of a whole dataset folder, without a submission id. */
export function aRecord(parts: Partial<TransferRecord> = {}): TransferRecord {
  return {
    version: 2,
    key: keyOf(1),
    datasetPid: '20.500.12345/e001',
    source: {
      facility: 'PSI',
      collection: 'eeeeeeee-0000-4000-8000-000000000001',
      path: '/data/run1',
      scopes: ['scope:source'],
    },
    destination: {
      facility: 'CSCS',
      collection: 'ffffffff-0000-4000-8000-000000000001',
      path: '/archive/run1',
      scopes: ['scope:destination'],
    },
    copy: USUAL_COPY,
    autoArchive: true,
    finalize: 'archive',
    requestedBy: { username: 'alice', email: 'alice@example.org', ownerGroup: 'p123' },
    dataset: { bytes: 1000, files: 10 },
    globusClientId: CLIENT_ID,
    ...parts,
  };
}

/** Whose transfers they are, unless a test says otherwise. */
export const OWNER: Owner = ownerOf({ origin: { kind: 'recorded', record: aRecord() } });

/** Their facilities, unless a test says otherwise. */
export const FACILITIES: FacilityPair = { source: 'PSI', destination: 'CSCS' };

/** A hold of PSI without an end, unless a test says otherwise. */
export function aHold(parts: Partial<FacilityHold> = {}): FacilityHold {
  return {
    facility: 'PSI',
    message: 'maintenance of the storage',
    since: START,
    until: undefined,
    by: 'olivia',
    ...parts,
  };
}

/** What a transfer may differ by from the usual one. */
export interface TransferParts extends Partial<Omit<Transfer, 'origin' | 'status'>> {
  readonly number?: number;
  readonly record?: Partial<TransferRecord>;
  readonly status?: TransferStatus;
}

/** A transfer whose number tells its ids; waiting with a submission id, unless said otherwise. */
export function aTransfer(parts: TransferParts = {}): Transfer {
  const { number = 1, record: recordParts, ...rest } = parts;
  const record = aRecord({
    key: keyOf(number),
    datasetPid: `20.500.12345/e${number}`,
    submissionId: uuid('cccccccc', number),
    ...recordParts,
  });
  return {
    jobId: jobIdOf(number),
    key: record.key,
    datasetPid: record.datasetPid,
    origin: { kind: 'recorded', record },
    requestedAt: START + number,
    submissionId: record.submissionId,
    endRequested: undefined,
    progress: {
      bytesTransferred: 0,
      filesTransferred: 0,
      filesTotal: record.fileList?.count ?? record.dataset.files,
      bytesTotal: record.dataset.bytes,
      faults: 0,
    },
    attempts: 0,
    status: { state: 'waiting', reason: 'for a test', submission: 'not-sent' },
    ...rest,
  };
}

/** A transfer that Globus runs as the task of the same number. */
export function aRunningTransfer(parts: TransferParts = {}): Transfer {
  return aTransfer({
    status: { state: 'transferring', taskId: taskIdFor(parts.number ?? 1), trouble: undefined },
    ...parts,
  });
}

/** A user's request to end a transfer. */
export function aWish(parts: Partial<EndRequest> = {}): EndRequest {
  return { reason: 'user', by: 'alice', at: '2026-01-01T00:00:00.000Z', remove: false, ...parts };
}

/** The Globus task of {@link aRunningTransfer} with the same number, going well. */
export function aTask(parts: Partial<GlobusTask> & { readonly number?: number } = {}): GlobusTask {
  const { number = 1, ...rest } = parts;
  return {
    taskId: taskIdFor(number),
    status: 'ACTIVE',
    label: taskLabel(jobIdOf(number)),
    sourceCollection: 'eeeeeeee-0000-4000-8000-000000000001',
    destinationCollection: 'ffffffff-0000-4000-8000-000000000001',
    niceStatus: 'OK',
    isPaused: false,
    fatalError: undefined,
    canceledByAdmin: undefined,
    canceledByAdminMessage: undefined,
    faults: 0,
    files: 10,
    filesTransferred: 0,
    filesSkipped: 0,
    bytesTransferred: 0,
    bytesPerSecond: 0,
    skippedErrors: 0,
    requestedAt: START + number,
    completedAt: undefined,
    ...rest,
  };
}

/** A task that has ended well. */
export function aSucceededTask(parts: Partial<GlobusTask> & { readonly number?: number } = {}) {
  return aTask({
    status: 'SUCCEEDED',
    niceStatus: undefined,
    filesTransferred: 10,
    bytesTransferred: 1000,
    completedAt: START,
    ...parts,
  });
}

/** A task that has ended badly. */
export function aFailedTask(
  code: string | undefined,
  parts: Partial<GlobusTask> & { readonly number?: number } = {},
): GlobusTask {
  return aTask({
    status: 'FAILED',
    niceStatus: undefined,
    fatalError:
      code === undefined
        ? undefined
        : { kind: fatalErrorKind(code), code, description: `words for ${code}` },
    completedAt: START,
    ...parts,
  });
}

/** A job as SciCat holds it just after it was made for this record. */
export function aJob(
  parts: Partial<TransferJobDocument> & {
    readonly number?: number;
    readonly record?: TransferRecord;
  } = {},
): TransferJobDocument {
  const { number = 1, record, ...rest } = parts;
  const its = record ?? aRecord({ key: keyOf(number), datasetPid: `20.500.12345/e${number}` });
  return {
    id: jobIdOf(number),
    type: TRANSFER_JOB_TYPE,
    createdBy: SERVICE_USER,
    updatedBy: SERVICE_USER,
    ownerUser: its.requestedBy.username,
    ownerGroup: its.requestedBy.ownerGroup,
    createdAt: START + number,
    updatedAt: START + number,
    statusCode: 'jobCreated',
    statusMessage: 'Job created.',
    datasetPids: [its.datasetPid],
    globusTransfer: { sealed: sealRecord(its) },
    result: null,
    ...rest,
  };
}

/** The job of a transfer whose present state SciCat shows. */
export function aJobOf(
  transfer: Transfer,
  view: { statusCode: string; statusMessage: string; jobResultObject: unknown },
): TransferJobDocument {
  const { origin } = transfer;
  return {
    id: transfer.jobId,
    type: TRANSFER_JOB_TYPE,
    createdBy: SERVICE_USER,
    updatedBy: SERVICE_USER,
    ownerUser: origin.kind === 'recorded' ? origin.record.requestedBy.username : '',
    ownerGroup:
      origin.kind === 'recorded' ? origin.record.requestedBy.ownerGroup : origin.ownerGroup,
    createdAt: transfer.requestedAt,
    updatedAt: transfer.requestedAt,
    statusCode: view.statusCode,
    statusMessage: view.statusMessage,
    datasetPids: [transfer.datasetPid],
    globusTransfer: origin.kind === 'recorded' ? { sealed: sealRecord(origin.record) } : undefined,
    // As it comes back from SciCat: through JSON.
    result: JSON.parse(JSON.stringify(view.jobResultObject)) as unknown,
  };
}

/** A facility open to members of the group of its name. */
export function aFacility(
  name: string,
  parts: Partial<ConfiguredFacility> = {},
): ConfiguredFacility {
  return {
    ...plain(new FacilitySettings()),
    name,
    collection: `${name === 'PSI' ? 'eeeeeeee' : 'ffffffff'}-0000-4000-8000-000000000001`,
    scopes: [`scope:${name}`],
    accessValue: name,
    sourcePath: compileTemplate('/{{ .RelativeSourceFolder }}', PATH_FIELDS),
    destinationPath: compileTemplate('/archive/{{ .PidShort }}', DESTINATION_FIELDS),
    allowedSourceFolders: undefined,
    ...parts,
  };
}

/** A facility's `sourcePath`, or a `destinationPath` without the transfer's key. */
export function aPathTemplate(text: string): Template<PathField> {
  return compileTemplate(text, PATH_FIELDS);
}

/** A facility's `destinationPath`, which may contain the transfer's key. */
export function aDestinationTemplate(text: string): Template<DestinationField> {
  return compileTemplate(text, DESTINATION_FIELDS);
}

/** An entry of a facility's `allowedSourceFolders`. */
export function aFolderTemplate(text: string): Template<FolderField> {
  return compileTemplate(text, FOLDER_FIELDS);
}

/** What a configuration may differ by from the usual one. */
export interface ConfigParts extends Partial<Omit<AppConfig, 'task'>> {
  readonly task?: Partial<AppConfig['task']>;
}

/** A configuration with the facilities PSI and CSCS and the defaults of the file. */
export function aConfig(parts: ConfigParts = {}): AppConfig {
  const { task, ...rest } = parts;
  const defaults = plain(new FileSettings());
  return {
    ...defaults,
    scicatUrl: 'https://scicat.example.org',
    port: 8080,
    facilities: [aFacility('PSI'), aFacility('CSCS')],
    task: { ...plain(defaults.task), ...task },
    server: { ...plain(defaults.server), host: '127.0.0.1' },
    globus: { authUrl: 'https://auth.example.org', transferUrl: 'https://transfer.example.org' },
    dataDir: '/nowhere',
    secrets: {
      globusClientId: CLIENT_ID,
      globusClientSecret: new Secret('globus-secret'),
      scicatServiceUser: { username: SERVICE_USER, password: new Secret('scicat-secret') },
    },
    source: { file: 'test.yaml' },
    ...rest,
  };
}

/** The members of a settings class, with its defaults. */
function plain<Settings extends object>(
  settings: Settings,
): { readonly [Name in keyof Settings]: Settings[Name] } {
  return Object.assign({}, settings);
}

/** The configuration in force, in the wrapping that the service reads it from. */
export function configOf(parts: ConfigParts = {}): ConfigSnapshots {
  return new ConfigSnapshots(aConfig(parts));
}

/** Authorization by the facilities of a configuration. */
export function authorizationOf(config: ConfigSnapshots): FacilityAuthorization {
  return new FacilityAuthorization(() => config.current().facilities);
}

/** Alice, who may use both facilities and is in the dataset's group. */
export function anIdentity(parts: Partial<Identity> = {}): Identity {
  const accessGroups = parts.accessGroups ?? ['PSI', 'CSCS', 'p123'];
  const username = parts.username ?? 'alice';
  return {
    username,
    email: 'alice@example.org',
    accessGroups,
    document: { profile: { username, accessGroups } },
    ...parts,
  };
}

/** The HTTP request in which tests ask for things. */
export const REQUEST_ID = 'request-1';

/** Alice, or another user, in a request. */
export function anAsker(parts: Partial<Identity> = {}): Requester {
  return { identity: anIdentity(parts), requestId: REQUEST_ID };
}

/** A dataset of group p123. */
export function aDataset(parts: Partial<Dataset> = {}): Dataset {
  return {
    pid: '20.500.12345/e001',
    ownerGroup: 'p123',
    sourceFolder: '/data/run1',
    size: 1000,
    numberOfFiles: 10,
    lifecycle: {
      archivable: false,
      archiveStatusMessage: 'filesNotYetAvailable',
      retrievable: false,
    },
    ...parts,
  };
}
