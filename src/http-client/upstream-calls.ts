import type { ObservedCall } from './upstream-caller.js';

/** Receives every call to SciCat and Globus. Must neither throw nor block. */
type CallListener = (call: ObservedCall) => void;

/** Forwards reports of upstream calls to listeners. */
export class UpstreamCalls {
  private readonly listeners: CallListener[] = [];

  listen(listener: CallListener): void {
    this.listeners.push(listener);
  }

  /** Pass as `observe` to an `UpstreamCaller`. */
  readonly observe: CallListener = (call) => {
    for (const listener of this.listeners) listener(call);
  };
}
