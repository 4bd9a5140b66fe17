/**
 * Who has the longest queues of their own: one pass over the agent table's column, not over objects.
 * Front-end thread.
 *
 * ```
 *   heads   by length of queue   ┌ – ┬ 7 ┬ – ┬ 2 ┬ … ┐      agents of that length, linked through `next`
 *                                      │       └─► 9 ─► 4
 *                                      └─► 3                top: the longest that may hold any
 * ```
 *
 * Invariant: after `look`, each agent whose queue was longer than asked for stands in the list of its
 * length, once; lists above `top` are empty. Agents only go down or out until the next look.
 *
 * A queue may have changed since: who takes an agent compares. Not taken: a heap that is kept up to date;
 * each task that is bound, and each that begins, would pay for it.
 */
import type { AgentIndex, AgentTableWriter } from '../../native-free/index.ts'

const NOBODY = -1

export class Busiest {
  private readonly table: AgentTableWriter
  /** Int32Array[longest queue + 1], an agent or NOBODY. */
  private readonly heads: Int32Array
  /** Int32Array[agents], the next of the same length, or NOBODY. */
  private readonly next: Int32Array
  private top = 0

  constructor(table: AgentTableWriter, agentsMax: number, lengthMax: number) {
    this.table = table
    this.heads = new Int32Array(lengthMax + 1).fill(NOBODY)
    this.next = new Int32Array(agentsMax)
  }

  /** Finds all whose queues are longer than `above`. @returns agents that were passed over. */
  look(above: number): number {
    const { table, heads, next } = this
    const longest = heads.length - 1
    const high = table.agentHigh()
    let top = 0
    heads.fill(NOBODY)
    for (let agent = high - 1; agent >= 0; agent--) {
      const length = Math.min(table.queued(agent as AgentIndex), longest)
      if (length <= above) continue
      next[agent] = heads[length]
      heads[length] = agent
      if (length > top) top = length
    }
    this.top = top
    return high
  }

  /** @returns an agent with the longest queue, as it was; -1 for nobody. */
  get first(): number {
    const { heads } = this
    while (this.top > 0 && heads[this.top] === NOBODY) this.top--
    return this.top === 0 ? NOBODY : heads[this.top]
  }

  /** How long the first one's queue was. */
  get length(): number {
    return this.top
  }

  /** The first one's queue is of another length by now, not longer. */
  fell(length: number): void {
    const { heads, next } = this
    const agent = heads[this.top]
    heads[this.top] = next[agent]
    const at = Math.min(length, this.top)
    if (at === 0) return
    next[agent] = heads[at]
    heads[at] = agent
  }

  /** Nobody can take anything from the first one. */
  setAside(): void {
    this.heads[this.top] = this.next[this.heads[this.top]]
  }
}
