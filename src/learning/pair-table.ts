/**
 * Which pairs of an agent and a row have something learned about them: each has a small number, a
 * place in columns that are as long as there may be pairs. Front end's thread.
 *
 * Invariant: at most `pairCountMax` pairs are known. When one more is needed, the one that has had no
 * result for the longest gives its number up: nobody is asked for what stands still.
 *
 * ```
 *   numbers   [row][agent] ──► number + 1, 0 for none          nothing is touched before its first use
 *   order     oldest ⇄ … ⇄ newest                              a result moves its pair to the newest end
 * ```
 *
 * Not taken: a map keyed by row and agent, which allocates as it grows and costs three times the
 * look-up; a column of windows for every row and agent, which is 0.8 GB for 16,384 agents.
 */

export const NO_PAIR = -1

export class PairTable {
  readonly pairCountMax: number
  /** Numbers in use lie below. */
  usedEnd = 0
  private readonly agentCountMax: number
  /** Int32Array[rowCountMax * agentCountMax], number + 1. */
  private readonly numbers: Int32Array
  /** By number: its place in `numbers`. */
  private readonly placeOf: Int32Array
  private readonly newer: Int32Array
  private readonly older: Int32Array
  private newest = NO_PAIR
  private oldest = NO_PAIR
  /** Given back, linked through `newer`. */
  private free = NO_PAIR

  constructor(rowCountMax: number, agentCountMax: number, pairCountMax: number) {
    this.pairCountMax = Math.min(pairCountMax, rowCountMax * agentCountMax)
    this.agentCountMax = agentCountMax
    this.numbers = new Int32Array(rowCountMax * agentCountMax)
    this.placeOf = new Int32Array(this.pairCountMax)
    this.newer = new Int32Array(this.pairCountMax)
    this.older = new Int32Array(this.pairCountMax)
  }

  /** @returns the pair's number, or NO_PAIR. */
  find(row: number, agent: number): number {
    return this.numbers[row * this.agentCountMax + agent] - 1
  }

  rowOf(pair: number): number {
    return Math.trunc(this.placeOf[pair] / this.agentCountMax)
  }

  agentOf(pair: number): number {
    return this.placeOf[pair] % this.agentCountMax
  }

  /** @returns whom `add` would put out, NO_PAIR while there is room. */
  get victim(): number {
    return this.free === NO_PAIR && this.usedEnd === this.pairCountMax ? this.oldest : NO_PAIR
  }

  /** The pair is new and there is room for it. @returns its number, the newest. */
  add(row: number, agent: number): number {
    const place = row * this.agentCountMax + agent
    let pair = this.free
    if (pair === NO_PAIR) pair = this.usedEnd++
    else this.free = this.newer[pair]
    this.placeOf[pair] = place
    this.numbers[place] = pair + 1
    this.append(pair)
    return pair
  }

  /** It has had a result just now. */
  touch(pair: number): void {
    if (pair === this.newest) return
    this.unlink(pair)
    this.append(pair)
  }

  remove(pair: number): void {
    this.unlink(pair)
    this.numbers[this.placeOf[pair]] = 0
    this.newer[pair] = this.free
    this.free = pair
  }

  private append(pair: number): void {
    this.newer[pair] = NO_PAIR
    this.older[pair] = this.newest
    if (this.newest === NO_PAIR) this.oldest = pair
    else this.newer[this.newest] = pair
    this.newest = pair
  }

  private unlink(pair: number): void {
    const newer = this.newer[pair]
    const older = this.older[pair]
    if (newer === NO_PAIR) this.newest = older
    else this.older[newer] = older
    if (older === NO_PAIR) this.oldest = newer
    else this.newer[older] = newer
  }
}
