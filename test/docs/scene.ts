/** What stands around the commands of a block while they run. */
export interface Scene {
  /** Variables beside `PATH` and `HOME`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files to write into the working folder before, by name; they replace those of the examples. */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * Takes out what differs each time (ids, ports, durations) of what a document shows and of what
   * was printed alike.
   */
  readonly normalized?: (text: string) => string;
  /** Ends what the scene has started. */
  readonly close?: () => Promise<void>;
}
