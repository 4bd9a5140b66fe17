/**
 * What will happen, soonest first: a binary heap in two typed arrays. Any thread.
 *
 * Invariant: no entry is due before its parent. The capacity is fixed: at most one entry for each
 * task that can run at once, so nothing is allocated after the constructor.
 */
export class EventHeap {
  size = 0
  private readonly atUs: Float64Array
  private readonly items: Int32Array

  constructor(capacity: number) {
    this.atUs = new Float64Array(capacity)
    this.items = new Int32Array(capacity)
  }

  /** @returns when the first is due, Infinity when there is none. */
  get nextUs(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.atUs[0]
  }

  /** @throws Error when it is full. */
  push(atUs: number, item: number): void {
    const times = this.atUs
    if (this.size === times.length) throw new Error(`more than ${times.length} events`)
    let at = this.size++
    // Ends: each round goes up one level.
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (times[parent] <= atUs) break
      this.move(parent, at)
      at = parent
    }
    times[at] = atUs
    this.items[at] = item
  }

  /** Takes the first out. @returns its item. @throws Error when there is none. */
  pop(): number {
    if (this.size === 0) throw new Error('no event is due')
    const times = this.atUs
    const first = this.items[0]
    const last = --this.size
    const lastUs = times[last]
    let at = 0
    // Ends: each round goes down one level.
    for (let child = 1; child < last; child = 2 * at + 1) {
      if (child + 1 < last && times[child + 1] < times[child]) child++
      if (lastUs <= times[child]) break
      this.move(child, at)
      at = child
    }
    times[at] = lastUs
    this.items[at] = this.items[last]
    return first
  }

  private move(from: number, to: number): void {
    this.atUs[to] = this.atUs[from]
    this.items[to] = this.items[from]
  }
}
