/**
 * Letters in the order of their making, of one name or of all. Main thread.
 *
 * Invariant: serials rise from the head on. A letter that is gone stays in its place until as many are
 * gone as are left; then the list is made anew, so that each costs the same however many there are.
 *
 * Not taken: a `Map` by serial, whose first entry is found by a walk over all that were deleted before
 * it: with a million letters and one overflowing a death, most of the time.
 */
import type { DeadLetter } from './letter.ts'

export interface Stretch {
  readonly letters: DeadLetter[]
  /** Serial to go on with; -1 at the end. */
  readonly next: number
}

/** Fewer that are gone are not worth making the list anew. */
const GONE_MIN = 64

export class LetterList {
  #items: DeadLetter[] = []
  #head = 0
  #count = 0

  /** Of those that are not gone. */
  get count(): number {
    return this.#count
  }

  /** @param letter made after all others. */
  add(letter: DeadLetter): void {
    this.#items.push(letter)
    this.#count++
  }

  /** One of its letters is gone since. */
  lost(): void {
    this.#count--
    const gone = this.#items.length - this.#count
    if (gone < GONE_MIN || gone < this.#count) return
    this.#items = this.#items.filter((letter) => !letter.isGone)
    this.#head = 0
  }

  oldest(): DeadLetter | null {
    // Ends: what is passed is never come to again.
    for (; this.#head < this.#items.length; this.#head++) {
      if (!this.#items[this.#head].isGone) return this.#items[this.#head]
    }
    return null
  }

  /**
   * The oldest first.
   * @param serial of the first that may be among them.
   * @param until of the first that may not.
   * @returns at most `max`, and the serial to go on with; -1 at the end.
   */
  from(serial: number, until: number, max: number): Stretch {
    const letters: DeadLetter[] = []
    let at = this.#placeOf(serial)
    for (; at < this.#items.length && letters.length < max; at++) {
      const letter = this.#items[at]
      if (letter.serial >= until) return { letters, next: -1 }
      if (!letter.isGone) letters.push(letter)
    }
    return { letters, next: at < this.#items.length ? this.#items[at].serial : -1 }
  }

  /**
   * The newest first.
   * @param serial of the first that may not be among them.
   * @param fits tells whether there is room for it; asked until it says no.
   * @param steps how many are looked at, at most.
   * @returns the serial to go on before; -1 at the end.
   */
  before(serial: number, steps: number, fits: (letter: DeadLetter) => boolean): number {
    let at = this.#placeOf(serial)
    for (let left = steps; at > this.#head; left--) {
      if (left === 0) return this.#items[at - 1].serial + 1
      const letter = this.#items[--at]
      if (!letter.isGone && !fits(letter)) return letter.serial + 1
    }
    return -1
  }

  /** @returns the place of the first letter with this serial or a later one; by halving. */
  #placeOf(serial: number): number {
    let low = this.#head
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#items[middle].serial < serial) low = middle + 1
      else high = middle
    }
    return low
  }
}
