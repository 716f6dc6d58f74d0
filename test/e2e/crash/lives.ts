import type { CrashPoint } from './crash-gate.js';
import type { CrashWorld } from './crash-world.js';

/** A course of events during which the process is killed at every upstream call. */
export interface Life {
  readonly title: string;
  /** Left out unless all points are tried. */
  readonly onlyInFull?: boolean;
  /** What comes before; no call of it counts. */
  readonly prepare?: (world: CrashWorld) => Promise<void>;
  /**
   * A first crash, after which the calls of the recovering process are what counts. None: the calls
   * of the first process are.
   */
  readonly firstCrash?: CrashPoint;
  /** What the client does; the calls from here on count. */
  readonly act: (world: CrashWorld) => Promise<void>;
  /** What a client does once the service is back: it repeats what was not confirmed. */
  readonly insist?: (world: CrashWorld) => Promise<void>;
}

const FOR_EVER_MS = 1e9;
/** The first of two transfers lasts so long that the second one certainly has to wait. */
const A_WHILE_MS = 2500;

async function startEndless(world: CrashWorld): Promise<void> {
  world.tasksTake(FOR_EVER_MS);
  await world.post({ pid: world.dataset, autoArchive: true });
  await world.shows(world.dataset, '002');
}

function cancelling(remove: boolean): Pick<Life, 'act' | 'insist'> {
  const cancel = async (world: CrashWorld): Promise<void> => {
    for (const request of world.requests) await world.cancel(request, remove);
  };
  return {
    act: cancel,
    insist: async (world) => {
      if (world.requests.some(({ end }) => end?.told !== 200)) await cancel(world);
    },
  };
}

/** All of them. */
export const LIVES: readonly Life[] = [
  {
    title: 'a whole folder, to be archived',
    act: async (world) => {
      await world.post({ pid: world.dataset, autoArchive: true });
    },
  },
  {
    title: 'a file list, not to be archived',
    act: async (world) => {
      await world.post({
        pid: world.dataset,
        autoArchive: false,
        files: ['one.dat', 'sub/two.dat'],
      });
    },
  },
  {
    title: 'waiting behind another transfer',
    prepare: async (world) => {
      world.tasksTake(A_WHILE_MS);
      await world.post({ pid: world.dataset, autoArchive: false });
      await world.shows(world.dataset, '002');
      world.tasksTake(0);
    },
    act: async (world) => {
      await world.post({ pid: world.otherDataset, autoArchive: true, files: ['three.dat'] });
    },
  },
  {
    title: 'cancelling a running transfer',
    prepare: startEndless,
    ...cancelling(false),
  },
  {
    title: 'cancelling a running transfer and removing its job',
    onlyInFull: true,
    prepare: startEndless,
    ...cancelling(true),
  },
  {
    title: 'recovering from a crash after Globus had accepted the transfer',
    onlyInFull: true,
    firstCrash: {
      call: { name: 'Globus POST /v0.10/transfer', occurrence: 1 },
      when: 'after',
    },
    act: async (world) => {
      await world.post({ pid: world.dataset, autoArchive: true, files: ['four.dat'] });
    },
  },
];
