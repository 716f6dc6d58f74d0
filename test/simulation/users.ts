import type { Requester } from '../../src/auth/caller.js';
import { ProxyError } from '../../src/errors/proxy-error.js';
import type { Life } from './life.js';
import type { TransferParameters } from './ledger.js';
import { HOUR, MINUTE, SECOND } from './plan.js';
import { DESTINATIONS, FORGER, USERS, type World } from './world.js';
import { fileListOf } from '../support/file-lists.js';

type User = (typeof USERS)[number] | typeof FORGER;

/** Where the source collection's files are. */
const ROOT = '/data';

/**
 * The scientists: request transfers, retry (immediately, later, without an answer), poll,
 * cancel. They go through the application services as the controller does, and write down what they
 * were told.
 */
export class Users {
  private readonly requests: TransferParameters[] = [];
  private asking = 0;

  constructor(
    private readonly world: World,
    private readonly life: () => Life,
  ) {}

  /** Creates the datasets and all users' plans. */
  plan(): void {
    const { world } = this;
    const { dice, plan } = world;
    for (let number = 0; number < plan.transfers; number += 1) {
      const parameters = this.parametersOf(number);
      this.requests.push(parameters);
      const at = dice.between(0, plan.arrivalsUntil);
      const user = dice.pick(USERS);
      this.askAt(at, user, parameters, 6);
      // Twice at the same time, as with a double click, and by another member of the group.
      if (dice.chance(0.25))
        this.askAt(at + dice.pick([0, 1, 10, 100]), dice.pick(USERS), parameters, 2);
      while (dice.chance(0.3))
        this.askAt(at + dice.between(0, HOUR), dice.pick(USERS), parameters, 1);
      if (dice.chance(plan.cancels)) this.cancelAt(at + dice.between(0, 40 * MINUTE), parameters);
    }
    for (let at = MINUTE; at < plan.faultsUntil; at += dice.between(MINUTE, 20 * MINUTE)) {
      world.clock.schedule(at, () => {
        this.look();
      });
    }
  }

  /** Requests that are under way or will be repeated. */
  get busy(): boolean {
    return this.asking > 0;
  }

  /** Asks for the end of a job, until it is promised or there is nothing to end. */
  cancel(user: User, jobId: string, remove: boolean, tries: number): void {
    const { world } = this;
    const { ledger } = world;
    const life = this.life();
    if (user !== FORGER) ledger.endsAsked.set(jobId, ledger.endsAsked.get(jobId) ?? world.elapsed);
    world.note(`${user} cancels ${jobId.slice(0, 8)}${remove ? ' and removes it' : ''}`);
    void this.as(user, life, async (requester) => {
      await life.cancels.execute(requester, jobId, remove);
      world.note(`${user} is told that ${jobId.slice(0, 8)} is being cancelled`);
      if (user === FORGER) world.violated('a forged job was taken for one of ours');
      ledger.ends.push({ jobId, remove, at: world.elapsed, life: life.number });
      this.checkWishIsKept(jobId, remove);
    }).then((error) => {
      const again =
        error instanceof ProxyError &&
        !['ALREADY_ENDED', 'JOB_NOT_FOUND', 'ACCESS_DENIED'].includes(error.code);
      if (again && tries > 1) {
        world.clock.schedule(world.dice.between(SECOND, 3 * MINUTE), () => {
          this.cancel(user, jobId, remove, tries - 1);
        });
      }
    });
  }

  private parametersOf(number: number): TransferParameters {
    const { world } = this;
    const { dice, scicat } = world;
    const earlier = this.requests.at(-1);
    const destination = dice.pick(DESTINATIONS);
    // Sometimes one dataset to two places, or twice with and without archiving.
    if (earlier !== undefined && dice.chance(0.1)) {
      return { ...earlier, number, destination, autoArchive: dice.chance(0.7) };
    }
    const pid = `20.500/d${number}`;
    const paths = Array.from({ length: dice.whole(1, 4) }, (_, index) => `run/f${index}.h5`);
    scicat.addDataset({
      pid,
      ownerGroup: 'p123',
      sourceFolder: `${ROOT}/d${number}`,
      size: dice.whole(0, 1e6),
      numberOfFiles: paths.length,
      datasetlifecycle: dice.chance(0.85)
        ? { archivable: false, archiveStatusMessage: 'filesNotYetAvailable', retrievable: false }
        : { archivable: true, archiveStatusMessage: 'datasetCreated', retrievable: false },
    });
    scicat.addOrigDatablock(
      pid,
      paths.map((path) => ({ path, size: 10 })),
    );
    const all = paths.map((path) => ({ path, isSymlink: dice.chance(0.1) }));
    const files = dice.chance(0.5) ? undefined : dice.chance(0.5) ? all : all.slice(0, 1);
    return { number, pid, destination, autoArchive: dice.chance(0.7), files };
  }

  private askAt(at: number, user: User, parameters: TransferParameters, tries: number): void {
    const { world } = this;
    this.asking += 1;
    world.clock.schedule(at, () => {
      const life = this.life();
      let answered = false;
      world.note(`${user} asks for ${parameters.number}`);
      void this.as(user, life, async (requester, token) => {
        const jobId = await life.requests.execute({
          requester: requester,
          dataset: life.datasets.readAs(token, parameters.pid),
          parameters: {
            sourceFacility: 'PSI',
            destFacility: parameters.destination,
            scicatPid: parameters.pid,
            collectionRootPath: ROOT,
            autoArchive: parameters.autoArchive,
          },
          files: () =>
            Promise.resolve(
              parameters.files === undefined ? undefined : fileListOf(parameters.files),
            ),
        });
        answered = true;
        world.note(`${user} is promised ${parameters.number} as ${jobId}`);
        world.ledger.promises.push({ jobId, parameters, at: world.elapsed, life: life.number });
      });
      // The Ingestor's user retries after an error or without an answer.
      world.clock.schedule(world.dice.between(2 * MINUTE, 6 * MINUTE), () => {
        this.asking -= 1;
        if (!answered && tries > 1) this.askAt(0, user, parameters, tries - 1);
      });
    });
  }

  private cancelAt(at: number, parameters: TransferParameters): void {
    const { world } = this;
    this.asking += 1;
    world.clock.schedule(at, () => {
      this.asking -= 1;
      const promised = world.ledger.promises.findLast(
        (promise) => promise.parameters === parameters,
      );
      if (promised === undefined) return;
      this.cancel(world.dice.pick(USERS), promised.jobId, world.dice.chance(0.4), 5);
    });
  }

  private look(): void {
    const { world } = this;
    const { dice, ledger } = world;
    const promised = ledger.promises[dice.whole(0, ledger.promises.length - 1)];
    if (promised === undefined) return;
    const life = this.life();
    void this.as(dice.pick(USERS), life, async (requester) => {
      if (dice.chance(0.2)) await life.lookUps.list(requester, 1, 10);
      else await life.lookUps.one(requester, promised.jobId);
    });
  }

  /** Carries an operation out as a user. @returns the error that the user was told, if any */
  private async as(
    user: User,
    life: Life,
    operation: (requester: Requester, token: string) => Promise<void>,
  ): Promise<unknown> {
    const { world } = this;
    try {
      const token = world.scicat.mintToken(user, { now: world.trueNow });
      const identity = await life.identities.identify(token);
      await operation({ identity, requestId: `a request of ${user}` }, token);
      return undefined;
    } catch (error) {
      world.note(`${user} is told: ${String(error)}`);
      // While the process stops, waiting users get a clear error.
      if (!(error instanceof ProxyError) && !life.stopping) {
        world.violated(`a user got an unexpected error: ${String(error)}`);
      }
      return error;
    }
  }

  /** Before the answer, the parameters must be where a restart finds it. */
  private checkWishIsKept(jobId: string, remove: boolean): void {
    const { world } = this;
    const job = world.scicat.job(jobId);
    const history = world.ledger.jobs.get(jobId);
    // A late write of an older state can undo any confirmed one; SciCat has no versions.
    if (job === undefined || history?.writes.some(({ late }) => late) === true) return;
    // The proxy remembers it elsewhere, too, against those who write into jobs.
    if (world.ledger.wasRewritten(jobId)) return;
    const result = job.jobResultObject ?? {};
    const end = result['endRequested'] as { readonly remove?: boolean } | undefined;
    const ended = ['finished', 'failed', 'cancelled'].includes(String(result['status']));
    if (end === undefined && !ended) {
      world.violated(`the end of job ${jobId} was promised, and SciCat does not know of it`);
    }
    if (remove && !ended && end?.remove !== true) {
      world.violated(`the removal of job ${jobId} was promised, and SciCat does not know of it`);
    }
  }
}
