import type { ObservedCall } from './upstream-caller.js';

/** Somebody who wants to know of every call to SciCat and Globus. Must never throw, never block. */
export type CallListener = (call: ObservedCall) => void;

/** Where the callers of all upstream services tell what became of their calls. */
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
