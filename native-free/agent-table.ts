/**
 * The table of agents: what a chooser may know about each, and who is free for what.
 *
 * Runs on: `AgentTableWriter` on the front end, `AgentTableReader` on routers.
 * Invariant, as the writer sees it: an agent's free bit is set exactly when its status is neither
 * offline nor maintenance and its credit in use is below its capacity.
 *
 * ```
 *            join                take              take (full)
 *  OFFLINE ───────► AVAILABLE ◄────────► BUSY ◄──────────────► OVERLOADED
 *     ▲                   give                    give
 *     └── leave, from any      MAINTENANCE ◄── setStatus ──► back to what take and give derive
 * ```
 *
 * All accesses are plain: one writer, Int32 and Float32 cannot tear, and a router that reads a
 * stale row makes a stale proposal, which the front end refuses by its own, exact view. What a
 * router must see in time, the credit behind its own settled proposals, is published by the
 * outbox's head.
 *
 * Not taken: credit claimed by routers with compare-exchange: it strands agents whose free bit is
 * cleared late.
 */

import { Bitset } from './bitset.ts'
import type { AgentIndex, ClassIndex, Generation } from './brands.ts'
import type { SharedMemory } from './memory-map.ts'

/** What an agent is ready for. OFFLINE and MAINTENANCE are set, others follow from its credit. */
export const AgentStatus = {
  OFFLINE: 0,
  AVAILABLE: 1,
  BUSY: 2,
  OVERLOADED: 3,
  MAINTENANCE: 4,
} as const
export type AgentStatus = (typeof AgentStatus)[keyof typeof AgentStatus]

/** Reads of a row; both handles have them. */
class AgentColumns {
  /** Agents with credit who may be given work. `Bitset` over agentCountMax, plain. */
  readonly free: Bitset
  protected readonly words: Int32Array
  protected readonly memory: SharedMemory
  protected readonly agentCountMax: number
  /** Float32Array[agentCountMax], µs, written by the front end, plain. */
  protected readonly latencyMean: Float32Array
  /** Float32Array[agentCountMax], 0 … 1, written by the front end, plain. */
  protected readonly success: Float32Array
  private readonly candidateViews: (Bitset | undefined)[] = []
  /** Offsets of the two columns that choosers read most. */
  private readonly capacityAt: number
  private readonly inUseAt: number

  constructor(memory: SharedMemory) {
    const { map, shape, buffer } = memory
    this.words = memory.words
    this.memory = memory
    this.agentCountMax = shape.agentCountMax
    this.capacityAt = map.agentCapacity
    this.inUseAt = map.agentInUse
    this.free = new Bitset(memory.words, map.agentFree, shape.agentCountMax)
    const bytes = Int32Array.BYTES_PER_ELEMENT
    this.latencyMean = new Float32Array(buffer, map.agentLatencyMean * bytes, shape.agentCountMax)
    this.success = new Float32Array(buffer, map.agentSuccessRate * bytes, shape.agentCountMax)
  }

  generation(agent: AgentIndex): Generation {
    return this.words[this.memory.map.agentGeneration + agent] as Generation
  }

  status(agent: AgentIndex): AgentStatus {
    return this.words[this.memory.map.agentStatus + agent] as AgentStatus
  }

  /** @returns tasks that the agent may hold at once: its concurrency and its prefetch. */
  capacity(agent: AgentIndex): number {
    return this.words[this.capacityAt + agent]
  }

  /** @returns tasks that are charged to the agent. */
  inUse(agent: AgentIndex): number {
    return this.words[this.inUseAt + agent]
  }

  /** @returns tasks that it could still be given; negative after its capacity was lowered. */
  credit(agent: AgentIndex): number {
    return this.capacity(agent) - this.inUse(agent)
  }

  latencyMeanUs(agent: AgentIndex): number {
    return this.latencyMean[agent]
  }

  /** @returns 0 … 1. */
  successRate(agent: AgentIndex): number {
    return this.success[agent]
  }

  /** @returns 1 + the highest index that ever joined: no agent lies beyond. */
  agentHigh(): number {
    return this.words[this.memory.map.agentHigh]
  }

  /**
   * Counts the changes after which somebody may be less loaded, or newly free, for some class: while
   * it stands still, loads only rise. Wrapping: compare for equality.
   */
  easings(): number {
    return this.words[this.memory.map.agentEasings]
  }

  /** Agents who can do a class's tasks, free or not. Allocates on a class's first use only. */
  candidates(classIndex: ClassIndex): Bitset {
    const known = this.candidateViews[classIndex]
    if (known !== undefined) return known
    const { map, shape } = this.memory
    if (classIndex < 0 || classIndex >= shape.classCountMax) {
      throw new Error(`class ${classIndex}: outside of ${shape.classCountMax} classes`)
    }
    const offset = map.candidates + classIndex * map.candidatesStride
    const view = new Bitset(this.words, offset, shape.agentCountMax)
    this.candidateViews[classIndex] = view
    return view
  }
}

/** The front end's handle. */
export class AgentTableWriter extends AgentColumns {
  /**
   * Fills a row for an agent that said hello: next generation, nothing in use, no history.
   * @param capacity tasks at once, 0 or more.
   */
  join(agent: AgentIndex, capacity: number): void {
    this.expectAgent(agent, 'join')
    const { words } = this
    const { map } = this.memory
    this.bumpGeneration(agent)
    words[map.agentInUse + agent] = 0
    words[map.agentCapacity + agent] = capacity
    this.setScore(agent, 0, 1)
    words[map.agentStatus + agent] = AgentStatus.AVAILABLE
    if (agent >= words[map.agentHigh]) words[map.agentHigh] = agent + 1
    this.derive(agent)
    this.ease()
  }

  /** Ends a row: next generation, offline, not free. Its candidate bits are the caller's. */
  leave(agent: AgentIndex): void {
    this.expectAgent(agent, 'leave')
    this.bumpGeneration(agent)
    this.words[this.memory.map.agentStatus + agent] = AgentStatus.OFFLINE
    this.free.clear(agent)
  }

  /** Sets OFFLINE or MAINTENANCE; any other status ends them and follows from the credit. */
  setStatus(agent: AgentIndex, status: AgentStatus): void {
    this.expectAgent(agent, 'set the status')
    this.words[this.memory.map.agentStatus + agent] = status
    this.derive(agent)
    this.ease()
  }

  /** @param capacity tasks at once, 0 or more; may be below what is in use. */
  setCapacity(agent: AgentIndex, capacity: number): void {
    this.expectAgent(agent, 'set the capacity')
    this.words[this.memory.map.agentCapacity + agent] = capacity
    this.derive(agent)
    this.ease()
  }

  /**
   * Charges one task.
   * @throws Error when the agent has no credit, or is offline or in maintenance.
   */
  take(agent: AgentIndex): void {
    this.expectAgent(agent, 'take')
    const status = this.status(agent)
    if (status === AgentStatus.OFFLINE || status === AgentStatus.MAINTENANCE) {
      throw new Error(`agent ${agent}: take with status ${status}`)
    }
    const inUse = this.inUse(agent)
    if (inUse >= this.capacity(agent)) {
      throw new Error(`agent ${agent}: take with ${inUse} of ${this.capacity(agent)} in use`)
    }
    this.words[this.memory.map.agentInUse + agent] = inUse + 1
    this.derive(agent)
  }

  /**
   * Gives one task's credit back; allowed in every status.
   * @throws Error when nothing is in use.
   */
  give(agent: AgentIndex): void {
    this.expectAgent(agent, 'give')
    const inUse = this.inUse(agent)
    if (inUse <= 0) throw new Error(`agent ${agent}: give with ${inUse} in use`)
    this.words[this.memory.map.agentInUse + agent] = inUse - 1
    this.derive(agent)
    this.ease()
  }

  /** Says whether an agent can do a class's tasks. */
  setCandidate(classIndex: ClassIndex, agent: AgentIndex, is: boolean): void {
    const candidates = this.candidates(classIndex)
    if (is) {
      candidates.set(agent)
      this.ease()
    } else candidates.clear(agent)
  }

  /**
   * Writes what strategies score by.
   * @param latencyMeanUs µs, rounded to Float32.
   * @param successRate 0 … 1.
   */
  setScore(agent: AgentIndex, latencyMeanUs: number, successRate: number): void {
    this.latencyMean[agent] = latencyMeanUs
    this.success[agent] = successRate
  }

  /** Makes status and free bit follow from credit, unless the status was set by hand. */
  private derive(agent: AgentIndex): void {
    const { map } = this.memory
    const status = this.status(agent)
    if (status === AgentStatus.OFFLINE || status === AgentStatus.MAINTENANCE) {
      this.free.clear(agent)
      return
    }
    const inUse = this.inUse(agent)
    if (inUse >= this.capacity(agent)) {
      this.words[map.agentStatus + agent] = AgentStatus.OVERLOADED
      this.free.clear(agent)
      return
    }
    this.words[map.agentStatus + agent] = inUse === 0 ? AgentStatus.AVAILABLE : AgentStatus.BUSY
    this.free.set(agent)
  }

  /** Comes after the change: otherwise a scan in between counts as one that has seen it. */
  private ease(): void {
    this.words[this.memory.map.agentEasings]++
  }

  private bumpGeneration(agent: AgentIndex): void {
    const at = this.memory.map.agentGeneration + agent
    this.words[at] = (this.words[at] + 1) | 0
  }

  private expectAgent(agent: AgentIndex, verb: string): void {
    if (agent < 0 || agent >= this.agentCountMax) {
      throw new Error(`agent ${agent}: ${verb} outside of ${this.agentCountMax} agents`)
    }
  }
}

/** A router's handle: reads only. */
export class AgentTableReader extends AgentColumns {}
