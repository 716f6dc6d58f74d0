import { broken, type Check, ok, unclear, type Verdict } from './check.js';
import type { Places } from './places.js';
import type {
  DataFolderProbe,
  FolderReading,
  LockReading,
} from '../ports/data-folder-probe.port.js';

/** What is asked about the data folder. */
export interface DataFolderChecksDeps {
  readonly dataDir: string;
  readonly places: Places;
  readonly probe: DataFolderProbe;
  /** The user that asks, in words: rights are those of a user. */
  readonly user: string;
  /** Whether a file may be written. */
  readonly write: boolean;
}

const MIB = 1024 * 1024;
/** A list of 400,000 files takes some 10 MiB. */
const TOO_LITTLE_BYTES = 16 * MIB;
const LITTLE_BYTES = 512 * MIB;
const LITTLE_FILES = 100;

/** All that is checked of the data folder, in order. */
export function dataFolderChecks(input: DataFolderChecksDeps): readonly Check[] {
  const { dataDir, probe } = input;
  const folder: Check = {
    check: 'data-folder',
    subject: dataDir,
    needs: [],
    run: async () => folderVerdict(await probe.folder(), input),
  };
  const space: Check = {
    check: 'data-space',
    subject: dataDir,
    needs: [folder],
    run: async () => {
      const { freeBytes, freeFiles } = await probe.space();
      return spaceVerdict(freeBytes, freeFiles);
    },
  };
  return [folder, space];
}

async function folderVerdict(
  reading: FolderReading,
  input: DataFolderChecksDeps,
): Promise<Verdict> {
  const { probe, write, user } = input;
  switch (reading.kind) {
    case 'unusable':
      return unusable(reading, input);
    case 'missing':
      return unclear(
        `It is not there yet. The service makes it in ${reading.parent}, which ${user} may.`,
        'Check the path if the service has run before: what it kept is elsewhere then.',
      );
    case 'usable': {
      const written = write ? await probe.tryToWrite() : reading;
      if (written.kind === 'unusable') return unusable(written, input);
      const message = `It is writable for ${user}${inWords(await probe.lock())}.`;
      const lost = probe.volatility();
      return lost === undefined
        ? ok(message)
        : unclear(`${message} ${lost}`, 'docs/configuration.md tells more under "In the image".');
    }
  }
}

function inWords(lock: LockReading): string {
  switch (lock.kind) {
    case 'free':
      return ', and no service uses it';
    case 'held':
      return `, and in use by the running service (${lock.holder})`;
    case 'left-behind':
      return ', and holds the lock of a service that is gone, which the next one takes over';
  }
}

function unusable(
  { path, code }: Extract<FolderReading, { readonly kind: 'unusable' }>,
  { places, user }: DataFolderChecksDeps,
): Verdict {
  const setting = places.isSet('dataDir')
    ? `, or change ${places.of('dataDir')}`
    : ', or set dataDir in the configuration';
  return broken(
    `It can't be used by ${user}: ${path} (${code}).`,
    `Make it a folder that the user of the service may write to${setting}. If the service runs as another user than ${user}, run this as that user.`,
  );
}

function spaceVerdict(freeBytes: number, freeFiles: number | undefined): Verdict {
  const free = `${Math.floor(freeBytes / MIB)} MiB`;
  const files = freeFiles !== undefined && freeFiles < LITTLE_FILES;
  const room = files ? `${free} and ${freeFiles} files` : free;
  const advice = 'Free some room on that disk: without it, requests with file lists are refused.';
  if (freeBytes < TOO_LITTLE_BYTES || freeFiles === 0) {
    return broken(`There is no room for file lists: ${room} free.`, advice);
  }
  return freeBytes < LITTLE_BYTES || files
    ? unclear(`There is little room: ${room} free.`, advice)
    : ok(`${free} free.`);
}
