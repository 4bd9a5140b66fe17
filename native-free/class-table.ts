/**
 * The table of classes: what a chooser must know of a task beyond its slot.
 *
 * Runs on: `ClassTableWriter` on the front end, `ClassTableReader` on routers.
 * Invariant: a class's columns are written before the first slot that names it is offered; later only
 * flags, shadow and match row change, each a word that cannot tear, and the next task sees it.
 *
 * The columns are plain: a router that took an entry from a ring saw the tail that published them.
 */
import type { ClassIndex } from './brands.ts'
import type { SharedMemory } from './memory-map.ts'

/** Bits of a class's flags. */
export const ClassFlag = {
  /** A task may be bound to an agent without credit, to the agent's own queue. */
  EARLY: 1,
  /** A preferred set exists: who is in it is taken first. */
  PREFERRED: 2,
  /** Never placed by the front end itself. */
  ROUTERS_ONLY: 4,
} as const

/** A router's handle: reads only. */
export class ClassTableReader {
  protected readonly words: Int32Array
  protected readonly rowAt: number
  protected readonly flagsAt: number
  protected readonly shadowAt: number
  protected readonly matchRowAt: number
  protected readonly classCountMax: number

  constructor(memory: SharedMemory) {
    const { map, shape } = memory
    this.words = memory.words
    this.rowAt = map.classRow
    this.flagsAt = map.classFlags
    this.shadowAt = map.classShadow
    this.matchRowAt = map.classMatchRow
    this.classCountMax = shape.classCountMax
  }

  /** @returns the learning row of its type of tasks, 0 … ROW_COUNT_MAX - 1; 0 is over all types. */
  row(classIndex: ClassIndex): number {
    return this.words[this.rowAt + classIndex]
  }

  /** @returns bits of `ClassFlag`. */
  flags(classIndex: ClassIndex): number {
    return this.words[this.flagsAt + classIndex]
  }

  /** @returns 1 + the index of the strategy that decides beside the live one; 0 without. */
  shadow(classIndex: ClassIndex): number {
    return this.words[this.shadowAt + classIndex]
  }

  /** @returns the row of match fractions, 0 … MATCH_ROW_COUNT_MAX - 1; 0: everybody matches. */
  matchRow(classIndex: ClassIndex): number {
    return this.words[this.matchRowAt + classIndex]
  }
}

/** The front end's handle; each setter throws Error when the class is outside. */
export class ClassTableWriter extends ClassTableReader {
  setRow(classIndex: ClassIndex, row: number): void {
    this.expectClass(classIndex)
    this.words[this.rowAt + classIndex] = row
  }

  setFlags(classIndex: ClassIndex, flags: number): void {
    this.expectClass(classIndex)
    this.words[this.flagsAt + classIndex] = flags
  }

  /** Sets or clears one flag of `ClassFlag`. */
  setFlag(classIndex: ClassIndex, flag: number, is: boolean): void {
    const flags = this.flags(classIndex)
    this.setFlags(classIndex, is ? flags | flag : flags & ~flag)
  }

  /** @param shadow 1 + a strategy's index, or 0 for none. */
  setShadow(classIndex: ClassIndex, shadow: number): void {
    this.expectClass(classIndex)
    this.words[this.shadowAt + classIndex] = shadow
  }

  setMatchRow(classIndex: ClassIndex, matchRow: number): void {
    this.expectClass(classIndex)
    this.words[this.matchRowAt + classIndex] = matchRow
  }

  private expectClass(classIndex: ClassIndex): void {
    if (classIndex < 0 || classIndex >= this.classCountMax) {
      throw new Error(`class ${classIndex}: outside of ${this.classCountMax} classes`)
    }
  }
}
