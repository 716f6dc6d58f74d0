import type { TransferEvents } from '../../ports/transfer-events.port.js';

/** Every kind of alarm. The metric `globus_proxy_alarms` has a series for each. */
export const ALARM_KINDS = [
  /** Globus refuses the service's credentials. */
  'globus-account',
  /** Transfers wait that were submitted under another Globus client id. */
  'globus-client-id',
  /** Globus refuses the scopes of two facilities' collections; the detail names both. */
  'globus-scopes',
  /** The SciCat account can't log in or can't read jobs. */
  'scicat-account',
  /** The SciCat account may not create jobs. */
  'scicat-account-create',
  /** The SciCat account may not write jobs. */
  'scicat-account-write',
  /** The SciCat account may not remove jobs. */
  'scicat-account-remove',
  /** A job and its Globus task contradict each other; the detail is the job's id. */
  'task',
  /** A defect of the service; the detail says where. */
  'internal',
] as const;

/** One of {@link ALARM_KINDS}. */
export type AlarmKind = (typeof ALARM_KINDS)[number];

/** The kind of an alarm, by its name. */
export function alarmKind(alarm: AlarmName): AlarmKind {
  return alarm.split(':', 1)[0] as AlarmKind;
}

/** An alarm: its kind, and what it is about where there may be several of a kind. */
export type AlarmName = AlarmKind | `${AlarmKind}:${string}`;

/**
 * What needs an operator now. Each alarm is raised under a name, told once, shown by the health
 * check until it is cleared by what raised it.
 */
export class Alarms {
  private readonly standing = new Map<AlarmName, string>();

  constructor(private readonly events: TransferEvents) {}

  raise(alarm: AlarmName, reason: string): void {
    if (this.standing.get(alarm) === reason) return;
    this.standing.set(alarm, reason);
    this.events.emit({ kind: 'alarm', alarm, reason });
  }

  clear(alarm: AlarmName): void {
    if (this.standing.delete(alarm)) this.events.emit({ kind: 'alarm-cleared', alarm });
  }

  isRaised(alarm: AlarmName): boolean {
    return this.standing.has(alarm);
  }

  /** Alarm by name, with its reason. */
  active(): ReadonlyMap<AlarmName, string> {
    return this.standing;
  }
}
