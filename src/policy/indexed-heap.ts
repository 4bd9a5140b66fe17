/**
 * A binary heap whose items know their place, so that one can be taken out of the middle, or moved when
 * what it is ordered by has changed. That is why mnemonist's heap does not do: with stale entries left in
 * it, it would hold a cancelled task for as long as its deadline.
 *
 * Invariant: an item is in at most one such heap, at its `heapAt`, which is -1 outside; nothing stands
 * above what is before it.
 *
 * `HeadHeap` is one of its own: it is touched by every event, and code that several kinds of items go
 * through is slower.
 */
export interface Placed {
  /** Place in the heap; -1 outside. */
  heapAt: number
}

export abstract class IndexedHeap<T extends Placed> {
  /** In heap order. */
  readonly items: T[] = []

  /** Whether one stands above the other. */
  protected abstract isBefore(a: T, b: T): boolean

  get size(): number {
    return this.items.length
  }

  /** @returns the first of all; null when there is none. */
  get top(): T | null {
    return this.items.length === 0 ? null : this.items[0]
  }

  /** Puts an item in, or to its place when it is in. *Cost* logarithmic. */
  place(item: T): void {
    if (item.heapAt < 0) {
      item.heapAt = this.items.length
      this.items.push(item)
    }
    this.#up(item)
    this.#down(item)
  }

  /** Takes an item out, if it is in. */
  remove(item: T): void {
    const at = item.heapAt
    if (at < 0) return
    item.heapAt = -1
    const last = this.items.pop()!
    if (last === item) return
    this.#put(last, at)
    this.#up(last)
    this.#down(last)
  }

  #put(item: T, at: number): void {
    this.items[at] = item
    item.heapAt = at
  }

  #up(item: T): void {
    let at = item.heapAt
    while (at > 0) {
      const parent = this.items[(at - 1) >> 1]
      if (!this.isBefore(item, parent)) break
      this.#put(parent, at)
      at = (at - 1) >> 1
    }
    this.#put(item, at)
  }

  #down(item: T): void {
    const { items } = this
    let at = item.heapAt
    for (let child = 2 * at + 1; child < items.length; child = 2 * at + 1) {
      const right = child + 1
      if (right < items.length && this.isBefore(items[right], items[child])) child++
      if (!this.isBefore(items[child], item)) break
      this.#put(items[child], at)
      at = child
    }
    this.#put(item, at)
  }
}
