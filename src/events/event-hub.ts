import type { TransferEvent, TransferEvents } from '../ports/transfer-events.port.js';

/** Called with each event. */
export type EventListener = (event: TransferEvent) => void;

/** Passes every event to every listener. An error in one listener does not affect the others. */
export class EventHub implements TransferEvents {
  private readonly listeners: EventListener[] = [];

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
