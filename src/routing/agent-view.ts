/**
 * What a chooser may read about agents.
 *
 * Runs on: front end and routers, an instance each.
 * Invariant: `load` counts what the front end has charged plus what this chooser itself has proposed
 * and the front end has not settled, so one chooser never gives an agent more than its credit.
 *
 * On the front end `pending` stays all zero: it charges in the turn in which it chooses. On a router
 * a proposal may for a moment be counted twice (charged, and not yet seen as settled): the load then
 * is too high, which only makes the router look elsewhere.
 */
import type { AgentTableReader } from '../../native-free/agent-table.ts'
import type { AgentIndex, Generation } from '../../native-free/brands.ts'

/** Reads of one agent; no checks, an index outside reads a neighbour's column. */
export class AgentView {
  /** Int32Array[agentCountMax], proposals, written by this thread, not shared. */
  readonly pending: Int32Array
  /** Raised by whoever takes something out of `pending`: a load may have fallen. */
  ownEasings = 0
  private readonly table: AgentTableReader

  constructor(table: AgentTableReader, pending: Int32Array) {
    this.table = table
    this.pending = pending
  }

  /** @returns tasks that the agent may hold at once. */
  capacity(agent: number): number {
    return this.table.capacity(agent as AgentIndex)
  }

  /** @returns tasks that it holds, or is about to by this chooser's proposals. */
  load(agent: number): number {
    return this.table.inUse(agent as AgentIndex) + this.pending[agent]
  }

  /** @returns a number that stands still only while loads do nothing but rise; wrapping. */
  easings(): number {
    return (this.table.easings() + this.ownEasings) | 0
  }

  /** @returns tasks that it could still be given. */
  credit(agent: number): number {
    return this.capacity(agent) - this.load(agent)
  }

  /** @returns µs; 0 before it has finished anything. */
  latencyMeanUs(agent: number): number {
    return this.table.latencyMeanUs(agent as AgentIndex)
  }

  /** @returns 0 … 1. */
  successRate(agent: number): number {
    return this.table.successRate(agent as AgentIndex)
  }

  generation(agent: number): Generation {
    return this.table.generation(agent as AgentIndex)
  }
}
