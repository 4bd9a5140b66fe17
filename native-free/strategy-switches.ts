/**
 * Which strategies are switched off: a user's that threw, answered nonsense or stalled.
 *
 * Runs on: `StrategySwitchesWriter` on the front end, `StrategySwitchesReader` on routers.
 * Invariant: a word is 1 while its strategy is off, else 0.
 *
 * Plain: one writer, words cannot tear; a router sees the change with the next entry that it takes
 * from a ring, and a choice made meanwhile is one of the old strategy.
 */
import { type SharedMemory, STRATEGY_COUNT_MAX } from './memory-map.ts'

/** A router's handle: reads only. */
export class StrategySwitchesReader {
  protected readonly words: Int32Array
  protected readonly offAt: number

  constructor(memory: SharedMemory) {
    this.words = memory.words
    this.offAt = memory.map.strategyOff
  }

  isOff(strategy: number): boolean {
    return this.words[this.offAt + strategy] !== 0
  }
}

/** The front end's handle. */
export class StrategySwitchesWriter extends StrategySwitchesReader {
  /** @throws Error when the strategy is outside. */
  setOff(strategy: number, isOff: boolean): void {
    if (strategy < 0 || strategy >= STRATEGY_COUNT_MAX) {
      throw new Error(`strategy ${strategy}: outside of ${STRATEGY_COUNT_MAX} strategies`)
    }
    this.words[this.offAt + strategy] = isOff ? 1 : 0
  }
}
