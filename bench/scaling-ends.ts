/**
 * When who runs is done: a binary heap, the least first, that can be copied out and begun from a copy.
 *
 * Runs on: child processes. Invariant: no entry is less than its parent. Not taken: the fleet model's
 * `EventHeap`, which holds items and cannot go on from where another one was.
 */
export class Ends {
  size: number
  private readonly items: Float64Array

  constructor(from: Float64Array, places: number) {
    this.items = new Float64Array(Math.max(from.length, places) + 1)
    this.items.set(from)
    this.size = from.length
  }

  get least(): number {
    return this.items[0]
  }

  values(): Float64Array {
    return this.items.slice(0, this.size)
  }

  push(value: number): void {
    const { items } = this
    let at = this.size++
    // Ends: each round goes up one level.
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (items[parent] <= value) break
      items[at] = items[parent]
      at = parent
    }
    items[at] = value
  }

  pop(): void {
    const { items } = this
    const last = items[--this.size]
    let at = 0
    // Ends: each round goes down one level.
    for (let child = 1; child < this.size; child = 2 * at + 1) {
      if (child + 1 < this.size && items[child + 1] < items[child]) child++
      if (last <= items[child]) break
      items[at] = items[child]
      at = child
    }
    items[at] = last
  }
}
