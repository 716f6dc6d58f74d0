import type { TransferEvents } from '../../ports/transfer-events.port.js';

/**
 * What needs an operator now. Each alarm is raised under a name, said once, shown by the health
 * check as long as it stands, and cleared by what raised it.
 */
export class Alarms {
  private readonly standing = new Map<string, string>();

  constructor(private readonly events: TransferEvents) {}

  raise(alarm: string, reason: string): void {
    if (this.standing.get(alarm) === reason) return;
    this.standing.set(alarm, reason);
    this.events.emit({ kind: 'alarm', alarm, reason });
  }

  clear(alarm: string): void {
    if (this.standing.delete(alarm)) this.events.emit({ kind: 'alarm-cleared', alarm });
  }

  /** Alarm by name, with its reason. */
  active(): ReadonlyMap<string, string> {
    return this.standing;
  }
}
