/** What goes wrong with one call of a fake. */
export interface Fault {
  /** The call is not carried out and fails with this. */
  readonly before?: unknown;
  /** The call is carried out, and fails with this all the same: the answer is lost. */
  readonly after?: unknown;
  /** The call begins only when this resolves. */
  readonly hold?: Promise<unknown>;
  /** The call is carried out, but its answer comes only when this resolves. */
  readonly holdAnswer?: Promise<unknown>;
}

/** Faults by the name of the call: some for the next calls, one for all that follow. */
export class Faults<Call extends string> {
  private readonly queued = new Map<Call, Fault[]>();
  private readonly standing = new Map<Call, Fault>();
  /** Every call that was made, in order. */
  readonly calls: Call[] = [];

  /** The next call goes wrong like this; said several times, the calls after it. */
  next(call: Call, ...faults: readonly Fault[]): void {
    this.queued.set(call, [...(this.queued.get(call) ?? []), ...faults]);
  }

  /** All calls go wrong like this until {@link clear}. */
  always(call: Call, fault: Fault): void {
    this.standing.set(call, fault);
  }

  /** All is well again with these calls, or with all. */
  clear(...calls: readonly Call[]): void {
    for (const call of calls.length > 0
      ? calls
      : [...this.standing.keys(), ...this.queued.keys()]) {
      this.standing.delete(call);
      this.queued.delete(call);
    }
  }

  /** How often a call was made. */
  count(call: Call): number {
    return this.calls.filter((made) => made === call).length;
  }

  /** Carries a call out, or does to it what was planned. */
  async run<T>(call: Call, effect: () => T): Promise<T> {
    this.calls.push(call);
    const fault = this.queued.get(call)?.shift() ?? this.standing.get(call) ?? {};
    await fault.hold;
    if (fault.before !== undefined) throw fault.before as Error;
    const result = effect();
    await fault.holdAnswer;
    if (fault.after !== undefined) throw fault.after as Error;
    return result;
  }
}

/** A promise, and what resolves it. */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/** A gate that is closed. */
export function aGate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
