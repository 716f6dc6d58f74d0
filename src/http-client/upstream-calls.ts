import type { ObservedAttempt, ObservedCall } from './upstream-caller.js';

/** Receives every call to SciCat and Globus. Must neither throw nor block. */
type CallListener = (call: ObservedCall) => void;
/** Receives every attempt of these calls. Must neither throw nor block. */
type AttemptListener = (attempt: ObservedAttempt) => void;

/** Forwards reports of upstream calls to listeners. */
export class UpstreamCalls {
  private readonly listeners: CallListener[] = [];
  private readonly attemptListeners: AttemptListener[] = [];

  listen(listener: CallListener): void {
    this.listeners.push(listener);
  }

  listenToAttempts(listener: AttemptListener): void {
    this.attemptListeners.push(listener);
  }

  /** Pass as `observe` to an `UpstreamCaller`. */
  readonly observe: CallListener = (call) => {
    for (const listener of this.listeners) listener(call);
  };

  /** Pass as `observeAttempt` to an `UpstreamCaller`. */
  readonly observeAttempt: AttemptListener = (attempt) => {
    for (const listener of this.attemptListeners) listener(attempt);
  };
}
