/** Bounds of a {@link FairLine}; each is 1 or more. */
export interface LineBounds {
  /** Items that run at the same time … */
  readonly running: number;
  /** … and those of them with the same key. */
  readonly runningPerKey: number;
  /** Items that wait … */
  readonly waiting: number;
  /** … and those of them with the same key. */
  readonly waitingPerKey: number;
}

/** What an operation has changed. An entering item that is in neither list waits. */
export interface LineChange<Item> {
  /** These run from now on, in this order. */
  readonly begun: readonly Item[];
  /** These are out of the line for good: there is no room to wait. */
  readonly refused: readonly Item[];
}

/**
 * Decides who runs and who waits. Whoever is over the share of their key waits in the line of that
 * key; the lines are served in turn, one item each, so that a key with one item waits for one turn
 * of the others at most, however many items those have. A place that is free never stays free while
 * an item waits whose key has a share left.
 *
 * When all lines together are full, the newest item of the longest line gives way to an item whose
 * key has a shorter one, so that a few keys can't shut the others out.
 *
 * Knows no time and no network; `Item`s are compared by identity.
 */
export class FairLine<Item> {
  /** The key of every item that runs. */
  private readonly runs = new Map<Item, string>();
  private readonly runsOf = new Map<string, number>();
  /** The key of every item that waits. */
  private readonly waits = new Map<Item, string>();
  /** The lines, none of them empty, in the order of their turns; each oldest first. */
  private readonly lines = new Map<string, Set<Item>>();

  /** Begun by the current operation. */
  private fresh: Item[] = [];

  /** @param bounds read at each operation, as they may change */
  constructor(private readonly bounds: () => LineBounds) {}

  get running(): number {
    return this.runs.size;
  }

  get waiting(): number {
    return this.waits.size;
  }

  /** How many items with this key run or wait. */
  countOf(key: string): number {
    return (this.runsOf.get(key) ?? 0) + (this.lines.get(key)?.size ?? 0);
  }

  isRunning(item: Item): boolean {
    return this.runs.has(item);
  }

  /** A new item. */
  enter(item: Item, key: string): LineChange<Item> {
    return this.changed(this.queue(item, key));
  }

  /**
   * A running item turns out to be of another key. If that one has no share left, the item stops
   * running and waits in its line. Of no effect for other items.
   */
  move(item: Item, key: string): LineChange<Item> {
    const before = this.runs.get(item);
    if (before === undefined || before === key) return this.changed([]);
    this.stop(item, before);
    if ((this.runsOf.get(key) ?? 0) >= this.bounds().runningPerKey) {
      return this.changed(this.queue(item, key));
    }
    // It keeps its place, even if others of its key wait for one.
    this.start(item, key);
    return this.changed([]);
  }

  /** An item has ended, or its caller has left. May be called twice. */
  leave(item: Item): LineChange<Item> {
    const key = this.runs.get(item);
    if (key === undefined) this.unqueue(item);
    else this.stop(item, key);
    return this.changed([]);
  }

  /** @returns who is refused */
  private queue(item: Item, key: string): readonly Item[] {
    const { waiting, waitingPerKey } = this.bounds();
    const own = this.lines.get(key)?.size ?? 0;
    if (this.hasRoomFor(key)) {
      this.start(item, key);
      this.fresh.push(item);
      return [];
    }
    if (own >= waitingPerKey) return [item];
    const givesWay = this.waits.size < waiting ? undefined : this.newestOfLongest(own + 1);
    if (this.waits.size >= waiting && givesWay === undefined) return [item];
    if (givesWay !== undefined) this.unqueue(givesWay);
    this.waits.set(item, key);
    const line = this.lines.get(key) ?? new Set();
    line.add(item);
    this.lines.set(key, line);
    return givesWay === undefined ? [] : [givesWay];
  }

  private changed(refused: readonly Item[]): LineChange<Item> {
    for (let next = this.next(); next !== undefined; next = this.next()) {
      const [key, line, item] = next;
      this.unqueue(item);
      if (line.size > 0) {
        // It is the turn of all others before this key's next one.
        this.lines.delete(key);
        this.lines.set(key, line);
      }
      this.start(item, key);
      this.fresh.push(item);
    }
    const begun = this.fresh;
    this.fresh = [];
    return { begun, refused };
  }

  private next(): readonly [string, Set<Item>, Item] | undefined {
    if (this.runs.size >= this.bounds().running) return undefined;
    // Those that are skipped run as many as they may, so there are few of them.
    for (const [key, line] of this.lines) {
      if (!this.hasRoomFor(key)) continue;
      for (const item of line) return [key, line, item];
    }
    return undefined;
  }

  private hasRoomFor(key: string): boolean {
    const { running, runningPerKey } = this.bounds();
    return this.runs.size < running && (this.runsOf.get(key) ?? 0) < runningPerKey;
  }

  /** @param than only of lines longer than this */
  private newestOfLongest(than: number): Item | undefined {
    let longest: Set<Item> | undefined;
    for (const line of this.lines.values()) {
      if (line.size > Math.max(than, longest?.size ?? 0)) longest = line;
    }
    return longest === undefined ? undefined : [...longest].at(-1);
  }

  private start(item: Item, key: string): void {
    this.runs.set(item, key);
    this.runsOf.set(key, (this.runsOf.get(key) ?? 0) + 1);
  }

  private stop(item: Item, key: string): void {
    this.runs.delete(item);
    const left = (this.runsOf.get(key) ?? 0) - 1;
    if (left > 0) this.runsOf.set(key, left);
    else this.runsOf.delete(key);
  }

  private unqueue(item: Item): void {
    const key = this.waits.get(item);
    if (key === undefined) return;
    this.waits.delete(item);
    const line = this.lines.get(key);
    line?.delete(item);
    if (line?.size === 0) this.lines.delete(key);
  }
}
