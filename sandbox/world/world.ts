import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { startGlobusSandbox, type GlobusSandbox } from '../globus/globus-sandbox.js';
import type { DatasetDocument } from '../scicat/datasets.js';
import { DEFAULT_GENERATION, type ScicatGeneration } from '../scicat/generation.js';
import { startScicatSandbox, type ScicatSandbox } from '../scicat/scicat-sandbox.js';
import { amountOf, type FolderEntry } from './folder-entries.js';
import type { CleanUp } from './clean-up.js';
import { proxyConfigText, type ProxyConfigInput, type SandboxFacility } from './proxy-config.js';

/**
 * The service's accounts in SciCat.
 *
 * - `one-account`: an administrator
 * - `least-privilege`: two accounts, neither an administrator
 * - `one-group`: an account that is no administrator, whose group has all rights that the service needs;
 *   enough for a SciCat later than 5.2.1 only
 */
type ServiceAccountsKind = 'one-account' | 'least-privilege' | 'one-group';

export interface WorldOptions {
  /**
   * One SciCat account with an administrator's rights, or two with just the rights that the proxy
   * needs: in SciCat only administrators may both create jobs for others and update them.
   * @default 'one-account'
   */
  readonly serviceAccounts?: ServiceAccountsKind;
  /** @default {@link DEFAULT_GENERATION} */
  readonly scicatGeneration?: ScicatGeneration;
  /** The dataset's folder. @default a temporary folder */
  readonly sourceFolder?: string;
  /** Root of the archive collection. @default a temporary folder */
  readonly archiveFolder?: string;
  /** @default on free ports of 127.0.0.1 */
  readonly reach?: Reach;
}

/** How a proxy on another machine or in another container reaches the emulators. */
export interface Reach {
  /** Address to listen on. */
  readonly listen: string;
  /** Host name or address of the emulators, seen from the proxy. */
  readonly name: string;
  readonly scicatPort: number;
  readonly globusPort: number;
}

interface Scientist {
  readonly username: string;
  /** Group that owns the datasets. */
  readonly ownerGroup: string;
  readonly groups: readonly string[];
  /** SciCat token, valid for a week. */
  readonly token: string;
}

export interface RegisteredDataset {
  readonly document: DatasetDocument;
  /** Where the transfer copies its files to. */
  readonly destinationFolder: string;
}

/** Two emulated services with matching users, facilities and proxy configuration. */
export interface World {
  readonly scicat: ScicatSandbox;
  readonly globus: GlobusSandbox;
  /** Contains everything that the world has on disk, except for given folders. */
  readonly folder: string;
  /** The dataset's folder, absolute and without symbolic links. */
  readonly sourceFolder: string;
  readonly facilities: Readonly<Record<'beamline' | 'archive' | 'vault', SandboxFacility>>;
  readonly alice: Scientist;
  readonly bob: Scientist;
  /** Environment variables for the proxy. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Registers a dataset of Alice's as an ingestor does: its files are not yet available. */
  registerDataset(entries: readonly FolderEntry[]): RegisteredDataset;
  /** Writes a configuration for the proxy and returns its path. */
  writeConfig(port: number): string;
  /**
   * Writes configuration and secrets for a proxy that is started elsewhere and mounts the folder. Each
   * secret is a file named like its variable, in kebab case.
   *
   * @param port for the proxy to listen on, on all addresses
   */
  writeSettings(folder: string, port: number): void;
}

export const CONFIG_FILE = 'scicat-globus-proxy-config.yaml';

/** Removes the configuration written by {@link World.writeSettings}, which fits no other world. */
export function discardSettings(folder: string): Promise<void> {
  return rm(join(folder, CONFIG_FILE), { force: true });
}

const WEEK_SECONDS = 7 * 24 * 3600;

const SCIENTISTS = {
  alice: { ownerGroup: 'p10001', groups: ['p10001', 'BEAMLINE-users', 'ARCHIVE-users'] },
  bob: {
    ownerGroup: 'p20002',
    groups: ['p20002', 'BEAMLINE-users', 'ARCHIVE-users', 'VAULT-users'],
  },
} as const;

/** Starts a world. Registers each part with `cleanUp`, so that nothing is left if a later part fails. */
export async function startWorld(cleanUp: CleanUp, options: WorldOptions = {}): Promise<World> {
  // Without links, because the paths of a collection are compared with the targets of links.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'scicat-globus-sandbox-')));
  cleanUp.add({
    name: `the folder ${folder}`,
    remove: () => rm(folder, { recursive: true, force: true }),
    abandon: () => rmSync(folder, { recursive: true, force: true }),
  });
  const serviceAccounts = accountsOf(options.serviceAccounts ?? 'one-account');
  const { reach } = options;
  const scicat = await startScicatSandbox({
    jwtSecret: randomUUID(),
    generation: options.scicatGeneration ?? DEFAULT_GENERATION,
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
  // As seen from the proxy.
  const reachable = (url: string): string =>
    reach === undefined ? url : url.replace(/\/\/[^/]*:/, `//${reach.name}:`);
  const configText = (more: Pick<ProxyConfigInput, 'port' | 'host' | 'dataDir'>): string =>
    proxyConfigText({
      scicatUrl: reachable(scicat.url),
      globus: { authUrl: reachable(globus.authUrl), transferUrl: reachable(globus.transferUrl) },
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
          document.pid,
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
      // Last: the proxy may start as soon as it exists.
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
      collection: '9d3f6b1e-2c4a-4b7d-8e5f-60718293a4b5',
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
      collection: 'c2a5e8f7-90b1-4d3c-a6e4-17283940b5c6',
      direction: 'DST',
      accessValue: 'ARCHIVE-users',
      folder: options.archiveFolder ?? join(folder, 'archive'),
      destinationPath: '/{{ .Username }}/{{ .Pid }}/{{ .DatasetFolder }}',
    },
    vault: {
      name: 'VAULT',
      collection: 'e7b49d02-5f6a-4c81-b3d9-2839405160d7',
      direction: 'DST',
      accessValue: 'VAULT-users',
      folder: join(folder, 'vault'),
      destinationPath: '/{{ .Pid }}',
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

/** No group name is contained in another: SciCat searches for them in one long string. */
function accountsOf(kind: ServiceAccountsKind): ServiceAccounts {
  const passwords = [randomUUID(), randomUUID()] as const;
  if (kind === 'one-group') {
    const groups = ['globusproxy'];
    const withArchiver = ['archivemanager', ...groups];
    return {
      accounts: [{ username: 'globus-proxy', password: passwords[0], groups }],
      groupRights: {
        createJobPrivileged: groups,
        updateJobPrivileged: groups,
        updateDatasetLifecycle: withArchiver,
        deleteJob: withArchiver,
      },
      secrets: {
        SCICAT_SERVICE_USER_USERNAME: 'globus-proxy',
        SCICAT_SERVICE_USER_PASSWORD: passwords[0],
      },
    };
  }
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
