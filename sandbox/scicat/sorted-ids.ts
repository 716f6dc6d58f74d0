/** Ids in ascending order, so that paging by id need not sort a long list each time. */
export class SortedIds {
  private readonly ids: string[] = [];

  /** Adds a new id. */
  add(id: string): void {
    this.ids.splice(this.position(id), 0, id);
  }

  delete(id: string): void {
    const position = this.position(id);
    if (this.ids[position] === id) this.ids.splice(position, 1);
  }

  /** All ids from this one, inclusive. */
  *from(first: string): Iterable<string> {
    for (let index = this.position(first); index < this.ids.length; index++) {
      const id = this.ids[index];
      if (id !== undefined) yield id;
    }
  }

  /** Index of the first id that is not below this one. */
  private position(id: string): number {
    let low = 0;
    let high = this.ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ids[middle] ?? '') < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
