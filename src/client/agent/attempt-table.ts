/**
 * Attempts of one scheduler by their counter: what makes work that is repeated known.
 *
 * Invariant: from an attempt's home place to the place where it stands, no place is empty.
 *
 * A hash table with linear probing, at most half full; removing moves what follows back, so there
 * are no marks of what was. Counters of one agent lie evenly apart where its scheduler gives work out
 * in turn, so a home is the counter times a constant that scatters them, and not its last bits.
 *
 * Rejected: a `Map`, which takes 73 ns for an entry and its removal where this takes 16, since it
 * makes itself anew again and again as entries come and go.
 */
import type { Attempt } from './attempt.ts'

const CAPACITY_MIN = 64
/** 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming, 6.4). */
const SCATTER = 0x9e3779b1

export class AttemptTable {
  #places: (Attempt | null)[] = new Array(CAPACITY_MIN).fill(null)
  #shift = 32 - Math.log2(CAPACITY_MIN)
  #size = 0

  get size(): number {
    return this.#size
  }

  #homeOf(counter: number): number {
    return Math.imul(counter, SCATTER) >>> this.#shift
  }

  get(counter: number): Attempt | null {
    return this.#places[this.#placeOf(counter)]
  }

  /** @returns where the attempt stands, or the empty place where it would. */
  #placeOf(counter: number): number {
    const places = this.#places
    const mask = places.length - 1
    let place = this.#homeOf(counter)
    // Ends: at least half of the places are empty.
    for (;;) {
      const attempt = places[place]
      if (attempt === null || attempt.counter === counter) return place
      place = (place + 1) & mask
    }
  }

  /** The counter is none that stands here. */
  add(attempt: Attempt): void {
    if (this.#size * 2 >= this.#places.length) this.#grow()
    this.#places[this.#placeOf(attempt.counter)] = attempt
    this.#size++
  }

  remove(counter: number): void {
    const places = this.#places
    const mask = places.length - 1
    let empty = this.#placeOf(counter)
    if (places[empty] === null) return
    this.#size--
    // Ends at the next empty place.
    for (let place = (empty + 1) & mask; ; place = (place + 1) & mask) {
      const attempt = places[place]
      if (attempt === null) break
      const home = this.#homeOf(attempt.counter)
      if (((place - home) & mask) < ((place - empty) & mask)) continue
      places[empty] = attempt
      empty = place
    }
    places[empty] = null
  }

  #grow(): void {
    const attempts = this.all()
    this.#places = new Array(this.#places.length * 2).fill(null)
    this.#shift--
    for (const attempt of attempts) this.#places[this.#placeOf(attempt.counter)] = attempt
  }

  /** Those that stand here now, in no order: some may be removed while one goes through them. */
  all(): Attempt[] {
    return this.#places.filter((attempt) => attempt !== null)
  }
}
