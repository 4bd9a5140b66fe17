/**
 * What shadow strategies would have done: counts of each router, read by the front end.
 *
 * Runs on: `ShadowCountsWriter` on router r, `ShadowCountsReader` on the front end.
 * Invariant: router r's block has one writer, the living thread of router r; the table of rows has
 * one, the front end. A row of a block counts only while its epoch is the row's own.
 *
 * ```
 *  rows (front end)     class → row + 1, 0 without            epoch of each row
 *  block of router r    row 0 │ row 1 │ …  SHADOW_ROW_COUNT_MAX of
 *     words             0 epoch  1 decisions  2 agreements  3 live wait  4 shadow wait (Float32, µs)
 *     then              Int32[agents] choices of the live one, Int32[agents] of the shadow
 * ```
 *
 * **Beginning again.** Only a router may write its block, so the front end raises the row's epoch, and
 * each router empties its own row at its next choice; until then the reader passes over it.
 *
 * Sums of waits are kept as doubles by the writer and shown as Float32, which cannot tear and is exact
 * to one in 16 million. Accesses are plain: a statistic may lag, by one choice in one of its words.
 */
import type { ClassIndex, RouterIndex } from './brands.ts'
import { LINE_WORDS, SHADOW_ROW_COUNT_MAX, type SharedMemory } from './memory-map.ts'

/** No row. */
export const NO_SHADOW_ROW = -1

const EPOCH = 0
const DECISIONS = 1
const AGREEMENTS = 2
const LIVE_WAIT = 3
const SHADOW_WAIT = 4

/** What both sides need of the layout. */
class ShadowLayout {
  protected readonly words: Int32Array
  protected readonly floats: Float32Array
  protected readonly rowsAt: number
  protected readonly epochsAt: number
  protected readonly agentCountMax: number
  private readonly blocksAt: number
  private readonly blockStride: number
  private readonly rowStride: number

  constructor({ buffer, words, map, shape }: SharedMemory) {
    this.words = words
    this.floats = new Float32Array(buffer)
    this.rowsAt = map.shadowRows
    this.epochsAt = map.shadowEpochs
    this.agentCountMax = shape.agentCountMax
    this.blocksAt = map.shadowCounts
    this.blockStride = map.shadowCountsStride
    this.rowStride = map.shadowRowStride
  }

  /** @returns where a row of a router's block begins. */
  protected rowAt(router: number, row: number): number {
    return this.blocksAt + router * this.blockStride + row * this.rowStride
  }

  protected liveAt(at: number): number {
    return at + LINE_WORDS
  }

  protected shadowAt(at: number): number {
    return at + LINE_WORDS + this.agentCountMax
  }
}

/** A router's own block. */
export class ShadowCountsWriter extends ShadowLayout {
  private readonly router: number
  /** Float64Array[2 × rows], µs: sums of waits, live and shadow. */
  private readonly waits = new Float64Array(2 * SHADOW_ROW_COUNT_MAX)

  /** *Threads* router `router`; goes on with what its predecessor counted. */
  constructor(memory: SharedMemory, router: RouterIndex) {
    super(memory)
    this.router = router
    for (let row = 0; row < SHADOW_ROW_COUNT_MAX; row++) {
      const at = this.rowAt(router, row)
      this.waits[2 * row] = this.floats[at + LIVE_WAIT]
      this.waits[2 * row + 1] = this.floats[at + SHADOW_WAIT]
    }
  }

  /** @returns the row of a class, or NO_SHADOW_ROW. */
  rowOf(classIndex: ClassIndex): number {
    return this.words[this.rowsAt + classIndex] - 1
  }

  /**
   * Counts one choice of both.
   * @param live the agent that the live strategy named, `shadow` the other's; both in the table.
   * @param liveUs what the task is expected to wait for at each, µs.
   */
  count(row: number, live: number, shadow: number, liveUs: number, shadowUs: number): void {
    const { words, floats, waits } = this
    const at = this.rowAt(this.router, row)
    if (words[at + EPOCH] !== words[this.epochsAt + row]) this.empty(row, at)
    waits[2 * row] += liveUs
    waits[2 * row + 1] += shadowUs
    floats[at + LIVE_WAIT] = waits[2 * row]
    floats[at + SHADOW_WAIT] = waits[2 * row + 1]
    words[this.liveAt(at) + live]++
    words[this.shadowAt(at) + shadow]++
    if (live === shadow) words[at + AGREEMENTS]++
    words[at + DECISIONS]++
  }

  private empty(row: number, at: number): void {
    const { words, floats, waits } = this
    waits[2 * row] = 0
    waits[2 * row + 1] = 0
    floats[at + LIVE_WAIT] = 0
    floats[at + SHADOW_WAIT] = 0
    words.fill(0, this.liveAt(at), this.shadowAt(at) + this.agentCountMax)
    words[at + AGREEMENTS] = 0
    words[at + DECISIONS] = 0
    // Last: until now the reader passed over the row.
    words[at + EPOCH] = words[this.epochsAt + row]
  }
}

/** Sums over all routers. */
export interface ShadowSums {
  decisions: number
  agreements: number
  /** µs, sums over the decisions. */
  liveUs: number
  shadowUs: number
}

/** The front end's handle: gives out rows and reads what was counted. */
export class ShadowCountsReader extends ShadowLayout {
  private readonly routerCount: number

  constructor(memory: SharedMemory) {
    super(memory)
    this.routerCount = memory.shape.routerCount
  }

  /** Empties a row: nothing that was counted before belongs to it. */
  begin(row: number): void {
    const at = this.epochsAt + row
    this.words[at] = (this.words[at] + 1) | 0
  }

  /** @param row of the class from now on, or NO_SHADOW_ROW. */
  assign(classIndex: ClassIndex, row: number): void {
    this.words[this.rowsAt + classIndex] = row + 1
  }

  /** *Stale* may lack the latest choices. */
  sums(row: number): ShadowSums {
    const sums = { decisions: 0, agreements: 0, liveUs: 0, shadowUs: 0 }
    for (let router = 0; router < this.routerCount; router++) {
      const at = this.rowAt(router, row)
      if (!this.isCurrent(at, row)) continue
      sums.decisions += this.words[at + DECISIONS] >>> 0
      sums.agreements += this.words[at + AGREEMENTS] >>> 0
      sums.liveUs += this.floats[at + LIVE_WAIT]
      sums.shadowUs += this.floats[at + SHADOW_WAIT]
    }
    return sums
  }

  /** @returns how often each of them named the agent: the live one, the shadow. */
  choices(row: number, agent: number): [live: number, shadow: number] {
    let live = 0
    let shadow = 0
    for (let router = 0; router < this.routerCount; router++) {
      const at = this.rowAt(router, row)
      if (!this.isCurrent(at, row)) continue
      live += this.words[this.liveAt(at) + agent] >>> 0
      shadow += this.words[this.shadowAt(at) + agent] >>> 0
    }
    return [live, shadow]
  }

  private isCurrent(at: number, row: number): boolean {
    return this.words[at + EPOCH] === this.words[this.epochsAt + row]
  }
}
