/**
 * The table of agents: what a chooser may know about each, and who is free for what.
 *
 * Runs on: `AgentTableWriter` on the front end, `AgentTableReader` on routers.
 * Invariant, as the writer sees it: an agent's free bit is set exactly when its status is neither
 * offline nor maintenance and its credit in use is below its capacity; exactly then it also stands in
 * one load level, `floor(inUse * 32 / capacity)`. Its room bit is set when it is free, or would be but
 * for its credit and its own queue is not full.
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
 * The load levels cost a take or give two more bits to write, 10 ns together, and make the least
 * loaded of 100,000 as cheap to find as of ten. `moves` and `moved` name the agents that changed
 * last: who remembers something about a set of agents looks at these instead of at all.
 *
 * Not taken: credit claimed by routers with compare-exchange: it strands agents whose free bit is
 * cleared late.
 */

import { AgentColumns, AgentStatus, moveEntry, setsEntry } from './agent-columns.ts'
import type { Bitset } from './bitset.ts'
import type { AgentIndex, ClassIndex } from './brands.ts'
import { AGENT_ROW_WORDS, LOAD_LEVELS, MATCH_ROW_COUNT_MAX, MOVED_COUNT } from './memory-map.ts'

/** In place of how many are queued. */
const NO_QUEUE = -1

/** The front end's handle. */
export class AgentTableWriter extends AgentColumns {
  /**
   * Fills a row for an agent that said hello: next generation, nothing in use, nothing queued.
   * @param capacity tasks at once, 0 or more.
   */
  join(agent: AgentIndex, capacity: number): void {
    this.expectAgent(agent, 'join')
    const { words } = this
    const { map } = this.memory
    this.bumpGeneration(agent)
    if (this.status(agent) !== AgentStatus.OFFLINE) this.countKind(this.capacity(agent), -1)
    this.countKind(capacity, 1)
    words[this.inUseAt + agent * AGENT_ROW_WORDS] = 0
    words[this.capacityAt + agent * AGENT_ROW_WORDS] = capacity
    words[this.queuedAt + agent * AGENT_ROW_WORDS] = 0
    words[this.statusAt + agent] = AgentStatus.AVAILABLE
    if (agent >= words[map.agentHigh]) words[map.agentHigh] = agent + 1
    this.derive(agent)
    this.ease()
  }

  /** Ends a row: next generation, offline, not free. Its candidate bits are the caller's. */
  leave(agent: AgentIndex): void {
    this.expectAgent(agent, 'leave')
    this.bumpGeneration(agent)
    this.writeStatus(agent, AgentStatus.OFFLINE)
    this.derive(agent)
  }

  /** Sets OFFLINE or MAINTENANCE; any other status ends them and follows from the credit. */
  setStatus(agent: AgentIndex, status: AgentStatus): void {
    this.expectAgent(agent, 'set the status')
    this.writeStatus(agent, status)
    this.derive(agent)
    this.ease()
  }

  /** @param capacity tasks at once, 0 or more; may be below what is in use. */
  setCapacity(agent: AgentIndex, capacity: number): void {
    this.expectAgent(agent, 'set the capacity')
    if (this.status(agent) !== AgentStatus.OFFLINE) {
      this.countKind(this.capacity(agent), -1)
      this.countKind(capacity, 1)
    }
    this.words[this.capacityAt + agent * AGENT_ROW_WORDS] = capacity
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
    this.words[this.inUseAt + agent * AGENT_ROW_WORDS] = inUse + 1
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
    this.words[this.inUseAt + agent * AGENT_ROW_WORDS] = inUse - 1
    this.derive(agent)
    this.ease()
  }

  /** @param count tasks that wait in the agent's own queue, 0 or more; may be above the bound. */
  setQueued(agent: AgentIndex, count: number): void {
    this.expectAgent(agent, 'set what is queued')
    const before = this.queued(agent)
    this.words[this.queuedAt + agent * AGENT_ROW_WORDS] = count
    this.derive(agent)
    if (count < before) this.ease()
  }

  /** Says whether the agent may have a queue of its own; nothing is queued then. As after `join`: yes. */
  setQueues(agent: AgentIndex, is: boolean): void {
    this.expectAgent(agent, 'set whether it queues')
    this.words[this.queuedAt + agent * AGENT_ROW_WORDS] = is ? 0 : NO_QUEUE
    this.derive(agent)
    if (is) this.ease()
  }

  /** @param count tasks that may wait in each agent's own queue. *Cost* every agent once. */
  setQueueMax(count: number): void {
    this.words[this.queueMaxAt] = count
    const high = this.agentHigh()
    for (let agent = 0; agent < high; agent++) this.derive(agent as AgentIndex)
    this.ease()
  }

  /** Says whether an agent can do a class's tasks. */
  setCandidate(classIndex: ClassIndex, agent: AgentIndex, is: boolean): void {
    this.setMember(this.candidates(classIndex), agent, is)
    this.words[this.memory.map.candidatesVersion + classIndex]++
  }

  /** Says whether an agent is taken first for a class's tasks; it has to be a candidate as well. */
  setPreferred(classIndex: ClassIndex, agent: AgentIndex, is: boolean): void {
    this.setMember(this.preferred(classIndex), agent, is)
    this.words[this.memory.map.preferredVersion + classIndex]++
  }

  /**
   * Writes what part of a match row's requirements an agent meets.
   * @param matchRow 1 … MATCH_ROW_COUNT_MAX - 1: row 0 is "everybody matches".
   * @param fraction 0 … 1.
   */
  setMatch(matchRow: number, agent: AgentIndex, fraction: number): void {
    this.expectAgent(agent, 'set the match')
    if (matchRow < 1 || matchRow >= MATCH_ROW_COUNT_MAX) {
      throw new Error(`match row ${matchRow}: outside of 1 to ${MATCH_ROW_COUNT_MAX - 1}`)
    }
    this.matches[matchRow * this.agentCountMax + agent] = fraction
  }

  private setMember(set: Bitset, agent: AgentIndex, is: boolean): void {
    if (is) set.set(agent)
    else set.clear(agent)
    this.move(setsEntry(agent))
    if (is) this.ease()
  }

  /** Makes status and sets follow from credit and queue, unless the status was set by hand. */
  private derive(agent: AgentIndex): void {
    const { words } = this
    const status = words[this.statusAt + agent]
    const capacity = words[this.capacityAt + agent * AGENT_ROW_WORDS]
    const inUse = words[this.inUseAt + agent * AGENT_ROW_WORDS]
    if (status === AgentStatus.OFFLINE || status === AgentStatus.MAINTENANCE) {
      this.free.clear(agent)
      this.room.clear(agent)
      this.setLevel(agent, 0)
    } else if (inUse >= capacity) {
      words[this.statusAt + agent] = AgentStatus.OVERLOADED
      this.free.clear(agent)
      const queued = words[this.queuedAt + agent * AGENT_ROW_WORDS]
      if (queued !== NO_QUEUE && queued < words[this.queueMaxAt]) this.room.set(agent)
      else this.room.clear(agent)
      this.setLevel(agent, 0)
    } else {
      words[this.statusAt + agent] = inUse === 0 ? AgentStatus.AVAILABLE : AgentStatus.BUSY
      this.free.set(agent)
      this.room.set(agent)
      this.setLevel(agent, 1 + Math.floor((inUse * LOAD_LEVELS) / capacity))
    }
  }

  /** @param level from 1, or 0 for none. */
  private setLevel(agent: AgentIndex, level: number): void {
    const { words, levels, levelCountsAt } = this
    const at = this.levelAt + agent * AGENT_ROW_WORDS
    const before = words[at]
    if (before !== level) {
      words[at] = level
      // In the new one first: who looks from below finds an agent that gets busier in one of the two.
      if (level > 0) {
        levels[level - 1].set(agent)
        words[levelCountsAt + level - 1]++
      }
      if (before > 0) {
        levels[before - 1].clear(agent)
        words[levelCountsAt + before - 1]--
      }
    }
    this.move(moveEntry(agent, before, level))
  }

  /** Comes after the change: otherwise somebody looks at the agent too early, and not again. */
  private move(entry: number): void {
    const { words } = this
    const moves = words[this.movesAt]
    words[this.movedAt + (moves & (MOVED_COUNT - 1))] = entry
    words[this.movesAt] = (moves + 1) | 0
  }

  /** An agent that is offline is of no kind. */
  private writeStatus(agent: AgentIndex, status: AgentStatus): void {
    const at = this.statusAt + agent
    const wasHere = this.words[at] !== AgentStatus.OFFLINE
    const isHere = status !== AgentStatus.OFFLINE
    if (wasHere !== isHere) this.countKind(this.capacity(agent), isHere ? 1 : -1)
    this.words[at] = status
  }

  /** Counts agents by capacity, and the capacities that there are; those above LOAD_LEVELS as two. */
  private countKind(capacity: number, change: 1 | -1): void {
    const { words } = this
    const { map } = this.memory
    const isLarge = capacity > LOAD_LEVELS
    const at = map.agentKindCounts + (isLarge ? LOAD_LEVELS + 1 : capacity)
    const before = words[at]
    words[at] = before + change
    if (before === 0) words[map.agentKinds] += isLarge ? 2 : 1
    else if (words[at] === 0) words[map.agentKinds] -= isLarge ? 2 : 1
  }

  /** Comes after the change: otherwise a scan in between counts as one that has seen it. */
  private ease(): void {
    this.words[this.memory.map.agentEasings]++
  }

  private bumpGeneration(agent: AgentIndex): void {
    const at = this.generationAt + agent
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
