import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { startGlobusSandbox, type GlobusSandbox } from '../globus/globus-sandbox.js';
import type { DatasetDocument } from '../scicat/datasets.js';
import { startScicatSandbox, type ScicatSandbox } from '../scicat/scicat-sandbox.js';
import { amountOf, type FolderEntry } from './folder-entries.js';
import type { CleanUp } from './clean-up.js';
import { proxyConfigText, type ProxyConfigInput, type SandboxFacility } from './proxy-config.js';

/** How a world is made. */
export interface WorldOptions {
  /**
   * One SciCat account with an administrator's rights, or two that have just what the proxy needs:
   * SciCat gives no account short of an administrator both the right to create jobs for others and
   * the right to update them. @default 'one-account'
   */
  readonly serviceAccounts?: 'one-account' | 'least-privilege';
  /** A folder of this machine to be transferred. @default a folder in the world's own */
  readonly sourceFolder?: string;
  /** What the archive collection shows as `/`. @default a folder in the world's own */
  readonly archiveFolder?: string;
  /** How a proxy on another machine reaches the emulators. @default none can, and ports are free ones */
  readonly reach?: Reach;
}

/** How the emulated services are reached from elsewhere, such as from another container. */
export interface Reach {
  /** Address to listen on. */
  readonly listen: string;
  /** Host name or address under which they are known there. */
  readonly name: string;
  readonly scicatPort: number;
  readonly globusPort: number;
}

/** Somebody with a SciCat account. */
interface Scientist {
  readonly username: string;
  /** Groups that own datasets. */
  readonly ownerGroup: string;
  readonly groups: readonly string[];
  /** A SciCat token, good for a week. */
  readonly token: string;
}

/** What a dataset is registered with. */
export interface RegisteredDataset {
  readonly document: DatasetDocument;
  /** Where the transfer puts its files, by the configuration. */
  readonly destinationFolder: string;
}

/** Two emulated services, and people, sites and a configuration that fit them. */
export interface World {
  readonly scicat: ScicatSandbox;
  readonly globus: GlobusSandbox;
  /** Everything the world has on disk lies here, unless it was given. */
  readonly folder: string;
  /** Real and absolute: where the dataset's files lie. */
  readonly sourceFolder: string;
  readonly facilities: Readonly<Record<'beamline' | 'archive' | 'vault', SandboxFacility>>;
  readonly alice: Scientist;
  readonly bob: Scientist;
  /** The secrets that the proxy reads from its environment. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Registers a dataset of Alice's as an ingestor does: its files are not where they should be yet. */
  registerDataset(entries: readonly FolderEntry[]): RegisteredDataset;
  /** Writes a configuration for the proxy and gives its path. */
  writeConfig(port: number): string;
  /**
   * Leaves configuration and secrets in a folder, for a proxy that is started elsewhere and mounts
   * it: each secret in a file that is called like its variable, in small letters with dashes.
   *
   * @param port that the proxy is to listen on, at all addresses
   */
  writeSettings(folder: string, port: number): void;
}

/** What the proxy looks for. */
export const CONFIG_FILE = 'scicat-globus-proxy-config.yaml';

/** Removes the configuration that {@link World.writeSettings} has left: it fits no other world. */
export function discardSettings(folder: string): void {
  rmSync(join(folder, CONFIG_FILE), { force: true });
}

const WEEK_SECONDS = 7 * 24 * 3600;

const SCIENTISTS = {
  alice: { ownerGroup: 'p10001', groups: ['p10001', 'BEAMLINE-users', 'ARCHIVE-users'] },
  bob: {
    ownerGroup: 'p20002',
    groups: ['p20002', 'BEAMLINE-users', 'ARCHIVE-users', 'VAULT-users'],
  },
} as const;

/**
 * Makes a world and puts it into `cleanUp` piece by piece, so that nothing is left behind if one of
 * them can't be made.
 */
export async function startWorld(cleanUp: CleanUp, options: WorldOptions = {}): Promise<World> {
  // Real, because a collection's paths are compared with where links lead.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'scicat-globus-sandbox-')));
  cleanUp.add({
    name: `the folder ${folder}`,
    remove: () => rm(folder, { recursive: true, force: true }),
    abandon: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  });
  const serviceAccounts = accountsOf(options.serviceAccounts ?? 'one-account');
  const { reach } = options;
  const scicat = await startScicatSandbox({
    jwtSecret: randomUUID(),
    groupRights: serviceAccounts.groupRights,
    ...(reach === undefined ? {} : { host: reach.listen, port: reach.scicatPort }),
  });
  cleanUp.add({ name: 'the emulated SciCat', remove: () => scicat.close() });
  const globus = await startGlobusSandbox(
    reach === undefined ? {} : { host: reach.listen, port: reach.globusPort },
  );
  cleanUp.add({ name: 'the emulated Globus', remove: () => globus.close() });

  const sourceFolder =
    options.sourceFolder === undefined
      ? join(folder, 'beamline', SCIENTISTS.alice.ownerGroup, 'lysozyme run 7')
      : realpathSync(options.sourceFolder);
  mkdirSync(sourceFolder, { recursive: true });
  const facilities = facilitiesOf(folder, options, sourceFolder);
  const globusClient = { id: randomUUID(), secret: randomUUID() };
  globus.machine.addClient(globusClient);
  for (const { name, collection, folder: root } of Object.values(facilities)) {
    mkdirSync(root, { recursive: true });
    globus.machine.addCollection({ id: collection, displayName: name, folder: root });
  }
  for (const account of serviceAccounts.accounts) scicat.machine.addUser(account);
  const alice = scientist(scicat, 'alice');
  const bob = scientist(scicat, 'bob');
  const secrets = {
    GLOBUS_CLIENT_ID: globusClient.id,
    GLOBUS_CLIENT_SECRET: globusClient.secret,
    ...serviceAccounts.secrets,
  };
  // From where the proxy is, which may be another machine.
  const there = (url: string): string =>
    reach === undefined ? url : url.replace(/\/\/[^/]*:/, `//${reach.name}:`);
  const configText = (more: Pick<ProxyConfigInput, 'port' | 'host' | 'dataDir'>): string =>
    proxyConfigText({
      scicatUrl: there(scicat.url),
      globus: { authUrl: there(globus.authUrl), transferUrl: there(globus.transferUrl) },
      facilities: Object.values(facilities),
      ...more,
    });

  return {
    scicat,
    globus,
    folder,
    sourceFolder,
    facilities,
    alice,
    bob,
    secrets,
    registerDataset: (entries) => {
      const document = register(scicat, alice, sourceFolder, entries);
      return {
        document,
        destinationFolder: join(
          facilities.archive.folder,
          alice.username,
          basename(document.pid),
          basename(sourceFolder),
        ),
      };
    },
    writeConfig: (port) => {
      const file = join(folder, CONFIG_FILE);
      writeFileSync(file, configText({ port, dataDir: join(folder, 'proxy-data') }));
      return file;
    },
    writeSettings: (settings, port) => {
      for (const [name, value] of Object.entries(secrets)) {
        const file = join(settings, name.toLowerCase().replaceAll('_', '-'));
        writeFileSync(file, `${value}\n`, { mode: 0o600 });
      }
      // The last one: who sees it may begin.
      writeFileSync(join(settings, CONFIG_FILE), configText({ port, host: '0.0.0.0' }));
    },
  };
}

function facilitiesOf(
  folder: string,
  options: WorldOptions,
  sourceFolder: string,
): World['facilities'] {
  return {
    beamline: {
      name: 'BEAMLINE',
      collection: '6c54cade-bde5-45c1-bdea-f4bd71dba2cc',
      direction: 'SRC',
      accessValue: 'BEAMLINE-users',
      ...(options.sourceFolder === undefined
        ? {
            folder: join(folder, 'beamline'),
            allowedSourceFolders: [join(folder, 'beamline', SCIENTISTS.alice.ownerGroup)],
          }
        : { folder: dirname(sourceFolder), allowedSourceFolders: [sourceFolder] }),
    },
    archive: {
      name: 'ARCHIVE',
      collection: '31ce9ba0-176d-45a5-add3-f37d233ba47d',
      direction: 'DST',
      accessValue: 'ARCHIVE-users',
      folder: options.archiveFolder ?? join(folder, 'archive'),
      destinationPath: '/{{ .Username }}/{{ .PidShort }}/{{ .DatasetFolder }}',
    },
    vault: {
      name: 'VAULT',
      collection: '1b2c3d4e-0001-4002-8003-a0b0c0d0e0f0',
      direction: 'DST',
      accessValue: 'VAULT-users',
      folder: join(folder, 'vault'),
      destinationPath: '/{{ .PidShort }}',
    },
  };
}

function scientist(scicat: ScicatSandbox, username: 'alice' | 'bob'): Scientist {
  const { ownerGroup, groups } = SCIENTISTS[username];
  scicat.machine.addUser({ username, groups });
  const token = scicat.mintToken(username, { expiresInSeconds: WEEK_SECONDS });
  return { username, ownerGroup, groups, token };
}

function register(
  scicat: ScicatSandbox,
  owner: Scientist,
  sourceFolder: string,
  entries: readonly FolderEntry[],
): DatasetDocument {
  const pid = `20.500.12345/${randomUUID()}`;
  const { files, bytes } = amountOf(entries);
  const document = scicat.machine.addDataset({
    pid,
    owner: owner.username,
    ownerGroup: owner.ownerGroup,
    datasetName: basename(sourceFolder),
    sourceFolder,
    size: bytes,
    numberOfFiles: files,
    datasetlifecycle: { archivable: false, archiveStatusMessage: 'filesNotYetAvailable' },
  });
  scicat.machine.addOrigDatablock(
    pid,
    entries.filter(({ kind }) => kind === 'file'),
  );
  return document;
}

interface ServiceAccounts {
  readonly accounts: readonly {
    readonly username: string;
    readonly password: string;
    readonly groups: readonly string[];
  }[];
  readonly groupRights: Readonly<Record<string, readonly string[]>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** No group's name is part of another's: SciCat looks for them as parts of one long text. */
function accountsOf(kind: 'one-account' | 'least-privilege'): ServiceAccounts {
  const passwords = [randomUUID(), randomUUID()] as const;
  if (kind === 'one-account') {
    return {
      accounts: [{ username: 'globus-proxy', password: passwords[0], groups: ['globusproxy'] }],
      groupRights: {
        admin: ['admin', 'globusproxy'],
        deleteJob: ['archivemanager', 'globusproxy'],
      },
      secrets: {
        SCICAT_SERVICE_USER_USERNAME: 'globus-proxy',
        SCICAT_SERVICE_USER_PASSWORD: passwords[0],
      },
    };
  }
  const [creator, updater] = ['globus-proxy-creator', 'globus-proxy-updater'];
  return {
    accounts: [
      { username: creator, password: passwords[0], groups: ['globuscreators'] },
      { username: updater, password: passwords[1], groups: ['globusupdaters'] },
    ],
    groupRights: {
      createJobPrivileged: ['globuscreators'],
      updateJobPrivileged: ['globusupdaters'],
      updateDatasetLifecycle: ['archivemanager', 'globusupdaters'],
      deleteJob: ['archivemanager', 'globusupdaters'],
    },
    secrets: {
      SCICAT_SERVICE_USER_USERNAME: creator,
      SCICAT_SERVICE_USER_PASSWORD: passwords[0],
      SCICAT_UPDATE_USER_USERNAME: updater,
      SCICAT_UPDATE_USER_PASSWORD: passwords[1],
    },
  };
}
