import type { TransferEvent, TransferEvents } from '../ports/transfer-events.port.js';

/** Somebody who wants to know what happens to transfers. */
export type EventListener = (event: TransferEvent) => void;

/** Tells every listener every event. What a listener throws reaches nobody else. */
export class EventHub implements TransferEvents {
  private readonly listeners: EventListener[] = [];

  /** @param onListenerError where errors of listeners go */
  constructor(private readonly onListenerError: (error: unknown) => void) {}

  listen(listener: EventListener): void {
    this.listeners.push(listener);
  }

  emit(event: TransferEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        this.onListenerError(error);
      }
    }
  }
}
