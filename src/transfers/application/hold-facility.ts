import type { Requester } from '../../auth/caller.js';
import type { FacilityHold } from '../../domain/facility-hold.js';
import { noteProblem } from '../../domain/one-line.js';
import { quoted } from '../../facilities/path-text.js';
import { FacilityNotFoundError, requestIsInvalid } from '../../errors/request.errors.js';
import type { FacilityHolds } from '../../ports/facility-holds.port.js';
import { readHoldEnd } from './hold-end.js';
import { requireOperator } from './operators.js';
import type { TransferDeps } from './transfer-deps.js';

/** What an operator states about a hold, as it came. */
export interface StatedHold {
  readonly message: unknown;
  /** Undefined for a hold without an end. */
  readonly until: unknown;
}

/** Holds facilities for operators, and releases them. */
export class HoldFacility {
  constructor(
    private readonly deps: Pick<TransferDeps, 'facilities' | 'config' | 'events' | 'clock'> & {
      readonly holds: FacilityHolds;
    },
  ) {}

  /**
   * Holds a facility, in place of an earlier hold of it.
   *
   * @param read reads what is stated; called only for operators, and if the facility exists
   * @throws AccessDeniedError FacilityNotFoundError InvalidRequestError SpoolUnavailableError, and
   *   what `read` throws
   */
  async place(
    requester: Requester,
    facility: string,
    read: () => Promise<StatedHold>,
  ): Promise<FacilityHold> {
    const { holds, clock } = this.deps;
    requireOperator(requester, { operation: 'hold', facility: shortened(facility) }, this.deps);
    this.requireKnown(facility, this.configured());
    const { message, until } = await read();
    const now = clock.now();
    const end = until === undefined ? undefined : readHoldEnd(until, now);
    const inMessage = noteProblem(message);
    const problems = [
      ...(inMessage === undefined ? [] : [`message ${inMessage}`]),
      ...(end?.kind === 'problem' ? [`until ${end.problem}`] : []),
    ];
    if (problems.length > 0) throw requestIsInvalid(problems, String);
    const hold: FacilityHold = {
      facility,
      message: String(message).trim(),
      since: now,
      until: end?.kind === 'moment' ? end.at : undefined,
      by: requester.identity.username,
    };
    await holds.place(hold, requester.requestId);
    return hold;
  }

  /**
   * Ends the hold of a facility, also of one that is no longer configured.
   *
   * @returns undefined if it was not held
   * @throws AccessDeniedError FacilityNotFoundError SpoolUnavailableError
   */
  async release(requester: Requester, facility: string): Promise<FacilityHold | undefined> {
    const { holds } = this.deps;
    requireOperator(requester, { operation: 'release', facility: shortened(facility) }, this.deps);
    const held = holds.inForce().map((hold) => hold.facility);
    this.requireKnown(facility, [...new Set([...this.configured(), ...held])]);
    const { identity, requestId } = requester;
    return holds.release(facility, identity.username, requestId);
  }

  private configured(): readonly string[] {
    return this.deps.facilities.all().map(({ name }) => name);
  }

  private requireKnown(facility: string, known: readonly string[]): void {
    if (known.includes(facility)) return;
    throw new FacilityNotFoundError(
      `Unknown facility ${quoted(facility)}. Available facilities: ${known.join(', ')}.`,
    );
  }
}

/** Longer than any name of a facility; bounds the audit line. */
const LONGEST_AUDITED = 200;

function shortened(name: string): string {
  return name.slice(0, LONGEST_AUDITED);
}
