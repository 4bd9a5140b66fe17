/**
 * First in, first out, for whoever waits: calls for room in a window, outcomes for their reader.
 *
 * Runs in the thread that submits. Invariant: what is taken is what was put in earliest.
 *
 * An array with a head, as the front end's inbox has it: taking from the front of a long array by
 * `shift` copies all of it each time.
 */

/** The head of the array is cut off when it is at least so long, and half of all. */
const CUT_MIN = 1_024

export class Fifo<Item> {
  #items: (Item | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  /** @returns undefined when there is none. */
  shift(): Item | undefined {
    if (this.#head === this.#items.length) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    if (this.#head === this.#items.length) {
      this.#items.length = 0
      this.#head = 0
    } else if (this.#head >= CUT_MIN && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** The item that `shift` would give. */
  first(): Item | undefined {
    return this.#items[this.#head]
  }

  /** The item `place` behind the first. */
  at(place: number): Item | undefined {
    return this.#items[this.#head + place]
  }

  /** Takes out all but those that are to stay. *Cost* a look at each. */
  filter(stays: (item: Item) => boolean): void {
    this.#items = (this.#items.slice(this.#head) as Item[]).filter(stays)
    this.#head = 0
  }

  clear(): void {
    this.#items.length = 0
    this.#head = 0
  }
}
