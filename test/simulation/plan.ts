import { SCICAT_GENERATIONS, type ScicatGeneration } from '../../sandbox/scicat/generation.js';
import { Dice } from './dice.js';

/** Milliseconds. */
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** Kind of an outage. */
export type OutageKind =
  /** Connections are refused. */
  | 'refused'
  /** Nothing ever answers. */
  | 'hang'
  /** A proxy in front answers 503. */
  | 'errors'
  /** SciCat without its database, Globus in maintenance: as the emulator does it. */
  | 'own';

/** An outage of an upstream. In milliseconds from the start of the run. */
interface Outage {
  readonly upstream: 'scicat' | 'globus';
  readonly kind: OutageKind;
  readonly from: number;
  readonly to: number;
}

/** What may go wrong with a single call, with its probability. */
export interface FaultRates {
  /** The connection is refused; nothing is sent. */
  readonly notSent: number;
  /** The connection breaks before the service has read the request. */
  readonly lostBefore: number;
  /** The service does its work, and the connection breaks. */
  readonly answerLost: number;
  /** The service does its work, and never answers. */
  readonly silent: number;
  /** The request is silently lost. */
  readonly hang: number;
  /** The request reaches the service after its caller has given up. */
  readonly late: number;
  /** 5xx, nothing done. */
  readonly errorBefore: number;
  /** 5xx, although the work was done. */
  readonly errorAfter: number;
  /** Something unreadable with status 200, nothing done. */
  readonly garbageBefore: number;
  /** Something unreadable with status 200, the work was done. */
  readonly garbageAfter: number;
  readonly rateLimited: number;
  /** Something in between delivers a request twice that HTTP calls idempotent. */
  readonly twice: number;
  /** Globus no longer accepts this submission id. */
  readonly idRefused: number;
  /** Globus shows tasks as they were when they were last asked for. */
  readonly stale: number;
}

/** Everything about a run that is decided before it begins. All times in milliseconds. */
export interface Plan {
  readonly seed: number;
  readonly transfers: number;
  /** Requests come between 0 and this time. */
  readonly arrivalsUntil: number;
  /** No more faults from here on. */
  readonly faultsUntil: number;
  readonly rates: FaultRates;
  readonly outages: readonly Outage[];
  /** Times at which the process is killed or stopped. */
  readonly restarts: readonly { readonly at: number; readonly kind: 'crash' | 'stop' }[];
  /** Probability that the process dies within milliseconds of a call that changes something. */
  readonly crashAtCall: number;
  readonly clockJumps: readonly { readonly at: number; readonly byMs: number }[];
  /** Lists in the spool may be gone after a crash, as when the disk was replaced. */
  readonly spoolLoss: boolean;
  readonly slowestAnswer: number;
  readonly task: {
    readonly maxConcurrency: number;
    readonly queueSize: number;
    readonly pollIntervalSeconds: number;
    readonly stallTimeoutSeconds: number;
    readonly progressWritesPerSecond: number;
    readonly maxPending: number;
    readonly maxWaitHours: number;
    readonly smallTransferGiB: number;
  };
  readonly deadlineHours: number | undefined;
  readonly longestTask: number;
  readonly pendingTasks: number;
  readonly strictSubmissionIds: boolean;
  readonly cancelDelay: number;
  readonly tokenLifeSeconds: number;
  readonly twoAccounts: boolean;
  readonly scicatGeneration: ScicatGeneration;
  /** How often a task meets something, from 0 to 1. */
  readonly taskTrouble: number;
  /** Holds of facilities by an operator. */
  readonly holds: readonly {
    readonly at: number;
    readonly facility: 'PSI' | 'CSCS' | 'LTS';
    readonly lasts: number;
    /** Ends by itself; otherwise the operator releases the facility. */
    readonly endsByItself: boolean;
  }[];
  /** Probability of cancelling. */
  readonly cancels: number;
  /** How often a dataset is deleted under way. */
  readonly deletedDatasets: number;
  /** How often a dataset is given to another group under way, for good. */
  readonly revokedRights: number;
  /** How often another account, which SciCat lets update jobs, rewrites one. */
  readonly rewrites: number;
}

/** Works out a run from its seed. */
export function planOf(seed: number, transfers: number): Plan {
  const dice = new Dice(seed ^ 0x5eed);
  const arrivalsUntil = dice.pick([SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE]);
  const faultsUntil =
    arrivalsUntil + dice.between(5 * MINUTE, dice.pick([20 * MINUTE, 20 * MINUTE, 80 * MINUTE]));
  const weather = dice.pick([0, 0.02, 0.05, 0.1, 0.15]);
  const rate = (): number => (dice.chance(0.6) ? (weather * dice.next()) / 3 : 0);
  const outages: Outage[] = [];
  for (let count = dice.pick([0, 0, 1, 2, 4]); count > 0; count -= 1) {
    const from = dice.between(0, faultsUntil);
    outages.push({
      upstream: dice.pick(['scicat', 'globus']),
      kind: dice.pick(['refused', 'hang', 'errors', 'own']),
      from,
      to: Math.min(faultsUntil, from + dice.between(MINUTE, dice.pick([5 * MINUTE, HOUR]))),
    });
  }
  const restarts = Array.from({ length: dice.pick([0, 1, 1, 2, 3, 6]) }, () => ({
    at: dice.between(0, faultsUntil),
    kind: dice.pick<'crash' | 'stop'>(['crash', 'crash', 'stop']),
  }));
  const clockJumps = Array.from({ length: dice.pick([0, 0, 1, 3]) }, () => ({
    at: dice.between(0, faultsUntil),
    byMs: dice.between(-1, 1) * dice.pick([SECOND, 10 * MINUTE, 26 * HOUR]),
  }));
  // With dice of their own: the rest of the plan stays as it was.
  const hands = new Dice(seed ^ 0x401d);
  const holds = Array.from({ length: hands.pick([0, 0, 1, 2, 4]) }, () => ({
    at: hands.between(0, faultsUntil),
    facility: hands.pick(['PSI', 'CSCS', 'LTS'] as const),
    lasts: hands.between(SECOND, hands.pick([5 * MINUTE, HOUR])),
    // The end is a time of the day, which jumps of the wall clock move.
    endsByItself: clockJumps.length === 0 && hands.chance(0.5),
  }));
  const maxConcurrency = dice.pick([1, 2, 3, 5, 10]);
  return {
    seed,
    transfers,
    arrivalsUntil,
    faultsUntil,
    rates: {
      notSent: rate(),
      lostBefore: rate(),
      answerLost: rate(),
      silent: rate(),
      hang: rate(),
      late: rate(),
      errorBefore: rate(),
      errorAfter: rate(),
      garbageBefore: rate(),
      garbageAfter: rate(),
      rateLimited: rate(),
      twice: rate(),
      idRefused: rate(),
      stale: rate(),
    },
    outages,
    restarts,
    crashAtCall: dice.pick([0, 0, 0.01, 0.03]),
    clockJumps,
    holds,
    spoolLoss: dice.chance(0.15),
    slowestAnswer: dice.pick([20, 300, 3000]),
    task: {
      maxConcurrency,
      queueSize: dice.chance(0.15) ? dice.whole(2, 10) : 0,
      pollIntervalSeconds: dice.pick([10, 30, 60]),
      stallTimeoutSeconds: dice.pick([0, 0, 600]),
      progressWritesPerSecond: dice.pick([0.1, 20]),
      // Not from the dice: what follows stays as it was.
      maxPending: maxConcurrency + (seed % 3) * 10,
      maxWaitHours: seed % 2,
      smallTransferGiB: seed % 5 === 0 ? 2 : 0,
    },
    deadlineHours: dice.chance(0.3) ? dice.pick([0.2, 2]) : undefined,
    longestTask: Math.min(
      dice.pick([5 * SECOND, 2 * MINUTE, 10 * MINUTE]),
      // With very many transfers, Globus works on three at a time.
      (5 * HOUR) / transfers,
    ),
    pendingTasks: dice.chance(0.2) ? dice.whole(1, 4) : 100,
    strictSubmissionIds: dice.chance(0.3),
    cancelDelay: dice.pick([0, 0, 30 * SECOND]),
    tokenLifeSeconds: dice.pick([300, 600, 3600]),
    twoAccounts: dice.chance(0.3),
    taskTrouble: dice.pick([0, 0.1, 0.4]),
    cancels: dice.pick([0, 0.1, 0.4]),
    deletedDatasets: dice.pick([0, 0, 0, 0.05]),
    // Not from the dice: what follows stays as it was.
    revokedRights: seed % 4 === 0 ? 0.2 : 0,
    rewrites: dice.pick([0, 0, 0, 1, 3, 10]),
    scicatGeneration: dice.pick(SCICAT_GENERATIONS),
  };
}
