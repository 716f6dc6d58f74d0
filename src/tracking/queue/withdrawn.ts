import type { AppConfig } from '../../config/app-config.js';
import type { Transfer } from '../../domain/transfer.js';
import type { TrackingDeps } from '../core/tracking-deps.js';

/** Why a configuration holds back a waiting transfer; running ones are not affected. */
export function withdrawnReason(
  transfer: Transfer,
  { facilities }: Pick<AppConfig, 'facilities'>,
): string | undefined {
  if (transfer.origin.kind !== 'recorded') return undefined;
  const { source, destination } = transfer.origin.record;
  const from = facilities.find((facility) => facility.name === source.facility);
  const to = facilities.find((facility) => facility.name === destination.facility);
  if (from === undefined) return `facility ${source.facility} is no longer configured`;
  if (to === undefined) return `facility ${destination.facility} is no longer configured`;
  if (from.direction === 'DST') return `facility ${from.name} is no longer a source`;
  if (to.direction === 'SRC') return `facility ${to.name} is no longer a destination`;
  return undefined;
}

/**
 * Reports facilities that were taken out of the configuration while transfers wait for them: at start
 * and after each reload, since only an operator can do something about it.
 */
export class WithdrawnFacilities {
  private reported: AppConfig | undefined;

  constructor(private readonly deps: Pick<TrackingDeps, 'config' | 'events' | 'transfers'>) {}

  /** Call it when all open transfers are known; it does nothing until there is a new configuration. */
  reportOnce(): void {
    const { config, events, transfers } = this.deps;
    const current = config.current();
    if (current === this.reported) return;
    this.reported = current;
    const waiting = new Map<string, number>();
    for (const { transfer } of transfers.all()) {
      if (transfer.status.state !== 'waiting') continue;
      const reason = withdrawnReason(transfer, current);
      if (reason !== undefined) waiting.set(reason, (waiting.get(reason) ?? 0) + 1);
    }
    for (const [reason, count] of waiting)
      events.emit({ kind: 'withdrawn', reason, waiting: count });
  }
}
