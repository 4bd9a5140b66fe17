/**
 * Free slots: those that were used before, oldest first, then those that never were.
 *
 * A slot's generations should be as far apart as they can be, which speaks for going through all of
 * them in turn; but then every offer meets memory that no cache holds any more. So a slot is used
 * again once more than `REST_MIN` others rest beside it: as many slots are in rotation as tasks were
 * ever out at a time, and some.
 */
import { FixedDeque } from 'mnemonist'

/** Slots that rest before the oldest of them is used again. */
const REST_MIN = 256

export class FreeSlots {
  private readonly slotCount: number
  private readonly resting: FixedDeque<number>
  /** From here on no slot was ever used. */
  private fresh = 0

  constructor(slotCount: number) {
    this.slotCount = slotCount
    this.resting = new FixedDeque(Int32Array as unknown as ArrayConstructor, slotCount)
  }

  get size(): number {
    return this.resting.size + this.slotCount - this.fresh
  }

  /** @returns a slot; there is one. */
  take(): number {
    const isRested = this.resting.size > REST_MIN || this.fresh === this.slotCount
    return isRested ? this.resting.shift()! : this.fresh++
  }

  give(slot: number): void {
    this.resting.push(slot)
  }

  /** Every free slot once. */
  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.resting.size; i++) yield this.resting.get(i)!
    for (let slot = this.fresh; slot < this.slotCount; slot++) yield slot
  }
}
