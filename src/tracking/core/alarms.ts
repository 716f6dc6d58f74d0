import { errorInWords } from '../../errors/error-facts.js';
import type { TransferEvents } from '../../ports/transfer-events.port.js';

/** Every kind of alarm. The metric `globus_proxy_alarms` has a series for each. */
export const ALARM_KINDS = [
  /** Globus refuses the service's credentials. */
  'globus-account',
  /** Transfers are waiting that were submitted under another Globus client id. */
  'globus-client-id',
  /** Globus refuses the scopes for a pair of facilities' collections; the detail names both. */
  'globus-scopes',
  /** The SciCat account can't log in or can't read jobs. */
  'scicat-account',
  /** The SciCat account may not create jobs. */
  'scicat-account-create',
  /** The SciCat account may not write jobs. */
  'scicat-account-write',
  /** The SciCat account may not remove jobs. */
  'scicat-account-remove',
  /**
   * SciCat's job types or its version do not let the service work; the detail says for what: `create`
   * jobs, `write` or `list` them, or create `archive` jobs.
   */
  'scicat-setup',
  /** The file of held facilities can't be read, so those it names are not held. */
  'facility-holds',
  /** Other accounts wrote into open jobs, and nothing tells whether these had ended. */
  'scicat-rewritten',
  /** No file lists can be stored: the disk is full, or lists take all the space that they may. */
  'spool',
  /** A job can't be taken up after a restart, being too large or not readable; the detail is its id. */
  'job',
  /** A job and its Globus task contradict each other; the detail is the job's id. */
  'task',
  /** A defect of the service; the detail says where. */
  'internal',
] as const;

/** One of {@link ALARM_KINDS}. */
export type AlarmKind = (typeof ALARM_KINDS)[number];

/** The kind that an alarm's name begins with. */
export function alarmKind(alarm: AlarmName): AlarmKind {
  return alarm.split(':', 1)[0] as AlarmKind;
}

/** What is shown of a defect. */
const DEFECT = 'A bug in this service. Its log says what happened: please report it with the log.';

/** An alarm's kind, with a detail where several of one kind may be active. */
export type AlarmName = AlarmKind | `${AlarmKind}:${string}`;

/**
 * Conditions that need an operator. An alarm is reported once, and shown by the health check until
 * the part that raised it clears it.
 */
export class Alarms {
  private readonly raised = new Map<AlarmName, string>();
  /** What the log says of the active alarms about defects. */
  private readonly defects = new Map<AlarmName, string>();

  constructor(private readonly events: TransferEvents) {}

  raise(alarm: AlarmName, reason: string): void {
    if (this.raised.get(alarm) === reason) return;
    this.raised.set(alarm, reason);
    this.events.emit({ kind: 'alarm', alarm, reason });
  }

  /**
   * A defect of this service. Whatever was thrown goes into the log only: alarms are shown on pages that
   * need no login, and its text may hold anything.
   *
   * @param where the detail of the alarm
   */
  raiseDefect(where: string, error: unknown): void {
    const [alarm, detail] = [`internal:${where}` as const, errorInWords(error)];
    if (this.defects.get(alarm) === detail) return;
    this.defects.set(alarm, detail);
    this.raised.set(alarm, DEFECT);
    this.events.emit({ kind: 'alarm', alarm, reason: DEFECT, error });
  }

  clear(alarm: AlarmName): void {
    this.defects.delete(alarm);
    if (this.raised.delete(alarm)) this.events.emit({ kind: 'alarm-cleared', alarm });
  }

  isRaised(alarm: AlarmName): boolean {
    return this.raised.has(alarm);
  }

  /** Active alarms, with their reasons. */
  active(): ReadonlyMap<AlarmName, string> {
    return this.raised;
  }
}
