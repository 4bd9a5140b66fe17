/**
 * What a type of task takes: for each row the mean over the agents of their mean latencies, each agent
 * counting once, however much it did. Front end's thread.
 *
 * Invariant: a row's mean is exactly that of the means, each rounded to a whole µs, of the agents that
 * have one. Whole numbers, because a sum of them does not drift: `LATENCY_US_MAX` (2^37) times the
 * most pairs there may be (2^16) is 2^53.
 */

export class RowMeans {
  /** µs, 0 without an agent that has a mean. */
  readonly meansUs: Float64Array
  private readonly agentMeansUs: Float64Array
  private readonly sumUs: Float64Array
  private readonly agentCounts: Int32Array

  /** @param agentMeansUs by pair, whole µs, 0 for none. */
  constructor(rowCountMax: number, agentMeansUs: Float64Array) {
    this.agentMeansUs = agentMeansUs
    this.meansUs = new Float64Array(rowCountMax)
    this.sumUs = new Float64Array(rowCountMax)
    this.agentCounts = new Int32Array(rowCountMax)
  }

  /** The mean of an agent is about to change: it does not count for now. */
  leave(row: number, pair: number): void {
    const us = this.agentMeansUs[pair]
    if (us === 0) return
    this.sumUs[row] -= us
    this.agentCounts[row]--
  }

  /** It has changed, or been forgotten, and counts as it is. */
  enter(row: number, pair: number): void {
    const us = this.agentMeansUs[pair]
    if (us > 0) {
      this.sumUs[row] += us
      this.agentCounts[row]++
    }
    const agents = this.agentCounts[row]
    this.meansUs[row] = agents === 0 ? 0 : this.sumUs[row] / agents
  }
}
