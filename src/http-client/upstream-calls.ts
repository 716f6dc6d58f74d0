import type { ObservedCall } from './upstream-caller.js';

/** Learns of every call to SciCat and Globus. Must never throw, never block. */
type CallListener = (call: ObservedCall) => void;

/** Where the callers of all upstream services report their calls. */
export class UpstreamCalls {
  private readonly listeners: CallListener[] = [];

  listen(listener: CallListener): void {
    this.listeners.push(listener);
  }

  /** For `observe` of an `UpstreamCaller`. */
  readonly observe: CallListener = (call) => {
    for (const listener of this.listeners) listener(call);
  };
}
