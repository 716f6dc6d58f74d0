interface Entry<T> {
  readonly dueAt: number;
  readonly value: T;
}

/**
 * A priority queue by due time, as a binary heap. Entries can't be removed early: the caller checks
 * whether a popped entry is still valid.
 */
export class DueQueue<T> {
  private readonly entries: Entry<T>[] = [];

  nextDueAt(): number | undefined {
    return this.entries[0]?.dueAt;
  }

  push(dueAt: number, value: T): void {
    const entry = { dueAt, value };
    let index = this.entries.length;
    this.entries.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.entries[parentIndex];
      if (parent === undefined || parent.dueAt <= dueAt) break;
      this.entries[index] = parent;
      index = parentIndex;
    }
    this.entries[index] = entry;
  }

  /** Removes the earliest entry. */
  pop(): Entry<T> | undefined {
    const first = this.entries[0];
    const last = this.entries.pop();
    if (last === undefined || this.entries.length === 0) return first;
    let index = 0;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = this.entries[leftIndex];
      if (left === undefined) break;
      const right = this.entries[leftIndex + 1];
      const useRight = right !== undefined && right.dueAt < left.dueAt;
      const child = useRight ? right : left;
      if (child.dueAt >= last.dueAt) break;
      this.entries[index] = child;
      index = useRight ? leftIndex + 1 : leftIndex;
    }
    this.entries[index] = last;
    return first;
  }
}
