/**
 * The one interface of placement strategies: who gets the next task.
 *
 * Runs on: wherever placement happens, the front end (inline) or a router; the very same code.
 * Invariant: `choose` is pure but for its own counters and the generator it was given: no clock, no
 * allocation, no I/O, and it returns a member of `candidates` or NONE.
 *
 * A strategy is one file of this folder whose default export is a `StrategyFactory`; its name is the
 * file's name with `-` as `_`. Each chooser has its own instance: what several threads must share
 * belongs in shared memory, written by the front end.
 *
 * Source of the idea: hono's routers: one interface file, a file per router, one contract suite.
 */

import type { StrategyOptions } from '../strategy-options.ts'
import type { AgentView } from './agent-view.ts'
import type { Candidates } from './candidates.ts'
import type { Random } from './generator.ts'

/** "Nobody is free." */
export { NONE } from '../../native-free/brands.ts'

/** What a strategy may know of the task; one object a chooser, filled anew for every choice. */
export interface PlacementTask {
  /** The interned class: queue, capabilities, match mode, strategy. */
  classIndex: number
  /** Priority level, 0 … 4; 4 is critical. */
  level: number
  /** Row of the slot table. */
  slot: number
  /** Learning row of its type; 0 is over all types. */
  row: number
  /** Row of match fractions; 0: everybody matches. */
  matchRow: number
  /** Hash of the key by which tasks go to the same agent, 32 bits, signed; 0 without. */
  key: number
  /** Bound early: a member may have no credit, only room in its own queue; its load may exceed 1. */
  early: boolean
}

/** Memory for a choice's own use, so that it need not allocate; holds garbage between choices. */
export interface Scratch {
  /** Int32Array[256]. */
  readonly ints: Int32Array
  /** Float64Array[256]. */
  readonly floats: Float64Array
}

/** A way to choose agents. */
export interface Strategy {
  readonly name: string
  /**
   * Chooses the agent of one task.
   * @param candidates the agents that can do it and have room, as this thread sees them.
   * @returns an agent's index, a member of `candidates`, or NONE.
   * *Threads* the one whose chooser holds the instance. *Cost* no allocation.
   */
  choose(task: PlacementTask, candidates: Candidates, agents: AgentView, scratch: Scratch): number
  /**
   * Tells why an agent would be chosen: named terms, and their result as `score`; higher is better
   * unless the strategy's head says otherwise. Off the path: may allocate.
   */
  explain?(task: PlacementTask, agent: number, agents: AgentView): Record<string, number>
  /**
   * Learns from a finished attempt. A scheduler does not call it, since its choosers have instances of
   * their own: what results teach stands in the columns that `AgentView` reads. Whoever drives a
   * single chooser may, as `fleet-model/` does.
   * @param latencyUs dispatch to result, µs.
   */
  record?(agent: number, latencyUs: number, ok: boolean): void
  /** Numbers to show; may allocate. */
  stats?(): Record<string, number>
}

/** What a strategy is made from. */
export interface StrategyContext {
  /** The only source of chance. */
  readonly random: Random
  /** Weights and numbers of all strategies. */
  readonly options: StrategyOptions
  readonly agentCountMax: number
  readonly classCountMax: number
  /**
   * Where in a rotation this chooser starts, 0 … 1 of the agents in use: 0 on the front end, spread
   * over routers, so that choosers that rotate alike do not walk in step and propose the same agent.
   */
  readonly phase: number
}

/** Makes an instance; each strategy's file has one as its default export, named `create`. */
export type StrategyFactory = (context: StrategyContext) => Strategy
