import type { TransferEvent, TransferEvents } from '../../src/ports/transfer-events.port.js';

/** Remembers what happened. */
export class RecordedEvents implements TransferEvents {
  readonly all: TransferEvent[] = [];
  private readonly listeners: ((event: TransferEvent) => void)[] = [];

  emit(event: TransferEvent): void {
    this.all.push(event);
    for (const listener of this.listeners) listener(event);
  }

  /** Notifies another listener, too. */
  also(listener: (event: TransferEvent) => void): void {
    this.listeners.push(listener);
  }

  /** The events of one kind, in order. */
  of<Kind extends TransferEvent['kind']>(
    kind: Kind,
  ): readonly Extract<TransferEvent, { kind: Kind }>[] {
    return this.all.filter(
      (event): event is Extract<TransferEvent, { kind: Kind }> => event.kind === kind,
    );
  }
}
