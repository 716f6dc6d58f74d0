import type { LockReading } from '../data-folder/data-dir-lock.js';
import { broken, type Check, type DoctorDeps, ok, unclear, type Verdict } from './check.js';
import type { FolderReading, SpaceReading } from './probes/data-folder-probe.js';

type DataFolderDeps = Pick<DoctorDeps, 'dataFolder' | 'settings' | 'user' | 'write'>;

const MIB = 1024 * 1024;
/** A list of 400,000 files takes about 10 MiB. */
const TOO_LITTLE_BYTES = 16 * MIB;
const LITTLE_BYTES = 512 * MIB;
const LITTLE_FILES = 100;

/** All checks of the data folder, in order. */
export function dataFolderChecks(dataDir: string, deps: DataFolderDeps): readonly Check[] {
  const { dataFolder: probe } = deps;
  const folder: Check = {
    check: 'data-folder',
    subject: dataDir,
    needs: [],
    run: async () => folderVerdict(await probe.folder(), deps),
  };
  const space: Check = {
    check: 'data-space',
    subject: dataDir,
    needs: [folder],
    run: async () => spaceVerdict(await probe.space()),
  };
  return [folder, space];
}

async function folderVerdict(reading: FolderReading, deps: DataFolderDeps): Promise<Verdict> {
  const { dataFolder: probe, write, user } = deps;
  switch (reading.kind) {
    case 'unusable':
      return unusable(reading, deps);
    case 'missing':
      return unclear(
        `It does not exist yet. The service creates it in ${reading.parent}, where ${user} may write.`,
        'If the service has run before, check the path: its data is elsewhere.',
      );
    case 'usable': {
      const written = write ? await probe.tryToWrite() : reading;
      if (written.kind === 'unusable') return unusable(written, deps);
      const message = `Writable by ${user}, ${lockText(await probe.lock())}.`;
      const lost = probe.volatility();
      return lost === undefined
        ? ok(message)
        : unclear(`${message} ${lost}`, 'See "In the image" in docs/configuration.md.');
    }
  }
}

function lockText(lock: LockReading): string {
  switch (lock.kind) {
    case 'free':
      return 'and not in use';
    case 'held':
      return `and in use by the running service (${lock.holder})`;
    case 'left-behind':
      return 'and not in use; a lock left by a service that no longer runs will be taken over at the next start';
  }
}

function unusable(
  { path, code }: Extract<FolderReading, { readonly kind: 'unusable' }>,
  { settings, user }: DataFolderDeps,
): Verdict {
  const setting = settings.isSet('dataDir')
    ? `change ${settings.of('dataDir')}`
    : 'set dataDir in the configuration';
  return broken(
    `Not usable by ${user}: ${path} (${code}).`,
    `Make it a folder that the service's user may write to, or ${setting}. If the service runs as a different user from ${user}, run doctor as that user.`,
  );
}

function spaceVerdict({ freeBytes, freeFiles }: SpaceReading): Verdict {
  const free = `${Math.floor(freeBytes / MIB)} MiB`;
  const fewFiles = freeFiles !== undefined && freeFiles < LITTLE_FILES;
  const left = fewFiles ? `${free} and ${freeFiles} inodes` : free;
  const advice = 'Free up space on that disk: without it, requests with file lists are refused.';
  if (freeBytes < TOO_LITTLE_BYTES || freeFiles === 0) {
    return broken(`No space for file lists: ${left} free.`, advice);
  }
  return freeBytes < LITTLE_BYTES || fewFiles
    ? unclear(`Low disk space: ${left} free.`, advice)
    : ok(`${free} free.`);
}
