/**
 * A router's own proposals that the front end has not settled: they count as load.
 *
 * Runs on: router r, nothing of it is shared.
 * Invariant: `pending[a]` is the number of entries for agent a between `settled` and the outbox's
 * tail, and an agent without any is not blocked.
 *
 * ```
 *  outbox position   settled ─────────────────────► produced
 *  agents (FIFO)     │ 7 │ 3 │ 7 │ NONE │ 12 │ …
 *                      ▲ pending[7] = 2: agent 7 has two more in flight than its columns show
 * ```
 *
 * The front end writes the columns before it moves the outbox's head, so a proposal that is settled
 * here is charged there: it is counted twice for a moment, never not at all.
 *
 * A new thread with an old index starts with nothing outstanding: what its predecessor proposed is
 * not counted until the front end has charged it, and at worst leads to a refused proposal.
 */
import type { OutboxProducer } from '../../native-free/outbox.ts'
import type { Chooser } from '../routing/chooser.ts'
import { NONE } from '../routing/strategy.ts'

/** Keeps count of proposals in flight. */
export class Outstanding {
  private readonly outbox: OutboxProducer
  private readonly chooser: Chooser
  /** Int32Array[outbox capacity], agents or NONE, at `position & mask`. */
  private readonly agents: Int32Array
  private readonly mask: number
  /** Position up to which everything is settled; wrapping. */
  private settled: number

  /** @param capacity of the outbox, a power of two. */
  constructor(outbox: OutboxProducer, chooser: Chooser, capacity: number) {
    this.outbox = outbox
    this.chooser = chooser
    this.agents = new Int32Array(capacity)
    this.mask = capacity - 1
    this.settled = outbox.producedCount()
  }

  /** Forgets what the front end has settled; call it before each choice. *Cost* one atomic load. */
  settle(): void {
    const consumed = this.outbox.consumedCount()
    const { agents, mask, chooser } = this
    // Ends: at most as many rounds as the outbox has entries. A predecessor's entries, consumed
    // late, leave `consumed` behind `settled` for a while.
    while (((consumed - this.settled) | 0) > 0) {
      const agent = agents[this.settled & mask]
      this.settled = (this.settled + 1) | 0
      if (agent === NONE) continue
      chooser.settle(agent)
    }
  }

  /** Counts the proposal that was just pushed. @param agent its agent, or NONE. */
  add(agent: number): void {
    const { chooser } = this
    const position = (this.outbox.producedCount() - 1) | 0
    this.agents[position & this.mask] = agent
    if (agent !== NONE) chooser.propose(agent)
  }
}
