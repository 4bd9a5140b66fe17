/**
 * What both sides read of agents, and how a change of one is told.
 *
 * Runs on: every thread; written by `AgentTableWriter` (agent-table.ts), whose head tells the states.
 * Invariant: nothing here writes shared memory.
 */
import { Bitset } from './bitset.ts'
import type { AgentIndex, ClassIndex, Generation } from './brands.ts'
import {
  AGENT_ROW_WORDS,
  LOAD_LEVELS,
  MATCH_ROW_COUNT_MAX,
  MOVED_COUNT,
  type SharedMemory,
} from './memory-map.ts'

/** What an agent is ready for. OFFLINE and MAINTENANCE are set, others follow from its credit. */
export const AgentStatus = {
  OFFLINE: 0,
  AVAILABLE: 1,
  BUSY: 2,
  OVERLOADED: 3,
  MAINTENANCE: 4,
} as const
export type AgentStatus = (typeof AgentStatus)[keyof typeof AgentStatus]

/** What `moved` tells: agent, and load levels before and after, from 1, 0 for none. */
const AGENT_BITS = 20
const LEVEL_BITS = 6
const LEVEL_MASK = (1 << LEVEL_BITS) - 1
/** Instead of the level before: the agent came into a class's set, or left it. */
const SETS_CHANGED = LEVEL_MASK

/** @returns a change as it is kept; `before` and `after` are levels from 1, 0 for none. */
export function moveEntry(agent: number, before: number, after: number): number {
  return agent | (before << AGENT_BITS) | (after << (AGENT_BITS + LEVEL_BITS))
}

/** @returns the change of a set of a class: the agent came into it, or left it. */
export function setsEntry(agent: number): number {
  return moveEntry(agent, SETS_CHANGED, 0)
}

/** @returns the agent of a change. */
export function movedAgent(entry: number): number {
  return entry & ((1 << AGENT_BITS) - 1)
}

/** @returns its load level before, or -1. */
export function movedFrom(entry: number): number {
  return ((entry >>> AGENT_BITS) & LEVEL_MASK) - 1
}

/** @returns its load level after, or -1. */
export function movedTo(entry: number): number {
  return (entry >>> (AGENT_BITS + LEVEL_BITS)) - 1
}

/** Tells whether the change was one of a class's candidates or preferred agents. */
export function movedSets(entry: number): boolean {
  return ((entry >>> AGENT_BITS) & LEVEL_MASK) === SETS_CHANGED
}

/** Reads of a row; both handles have them. */
export class AgentColumns {
  /** Agents with credit who may be given work. `Bitset` over agentCountMax, plain. */
  readonly free: Bitset
  /** Agents who may be given work and have credit or a place in their own queue. The same. */
  readonly room: Bitset
  /** The free agents by the share of their capacity in use, LOAD_LEVELS sets. The same. */
  readonly levels: readonly Bitset[]
  protected readonly words: Int32Array
  protected readonly memory: SharedMemory
  protected readonly agentCountMax: number
  /** Float32Array[match rows × agents], 0 … 1, written by the front end, plain. */
  protected readonly matches: Float32Array
  private readonly candidateViews: (Bitset | undefined)[] = []
  private readonly preferredViews: (Bitset | undefined)[] = []
  /** Offsets: generation and status are at `+ agent`, the others at `+ agent * AGENT_ROW_WORDS`. */
  protected readonly generationAt: number
  protected readonly statusAt: number
  protected readonly levelAt: number
  protected readonly capacityAt: number
  protected readonly inUseAt: number
  protected readonly queuedAt: number
  protected readonly queueMaxAt: number
  protected readonly movesAt: number
  protected readonly movedAt: number
  protected readonly levelCountsAt: number

  constructor(memory: SharedMemory) {
    const { map, shape, buffer } = memory
    this.words = memory.words
    this.memory = memory
    this.agentCountMax = shape.agentCountMax
    this.generationAt = map.agentGeneration
    this.statusAt = map.agentStatus
    this.capacityAt = map.agentRows
    this.inUseAt = map.agentRows + 1
    this.queuedAt = map.agentRows + 2
    this.levelAt = map.agentRows + 3
    this.queueMaxAt = map.agentQueueMax
    this.movesAt = map.agentMoves
    this.movedAt = map.agentMoved
    this.levelCountsAt = map.agentLevelCounts
    this.free = new Bitset(memory.words, map.agentFree, shape.agentCountMax)
    this.room = new Bitset(memory.words, map.agentRoom, shape.agentCountMax)
    this.levels = Array.from(
      { length: LOAD_LEVELS },
      (_, level) =>
        new Bitset(
          memory.words,
          map.agentLevels + level * map.agentLevelsStride,
          this.agentCountMax,
        ),
    )
    this.matches = new Float32Array(
      buffer,
      map.match * Float32Array.BYTES_PER_ELEMENT,
      MATCH_ROW_COUNT_MAX * shape.agentCountMax,
    )
  }

  generation(agent: AgentIndex): Generation {
    return this.words[this.generationAt + agent] as Generation
  }

  status(agent: AgentIndex): AgentStatus {
    return this.words[this.statusAt + agent] as AgentStatus
  }

  /** @returns tasks that the agent may hold at once: its concurrency and its prefetch. */
  capacity(agent: AgentIndex): number {
    return this.words[this.capacityAt + agent * AGENT_ROW_WORDS]
  }

  /** @returns tasks that are charged to the agent. */
  inUse(agent: AgentIndex): number {
    return this.words[this.inUseAt + agent * AGENT_ROW_WORDS]
  }

  /** @returns tasks that it could still be given; negative after its capacity was lowered. */
  credit(agent: AgentIndex): number {
    return this.capacity(agent) - this.inUse(agent)
  }

  /** @returns tasks that are bound to the agent and wait in its own queue. */
  queued(agent: AgentIndex): number {
    // Below 0 it has no queue of its own.
    return Math.max(0, this.words[this.queuedAt + agent * AGENT_ROW_WORDS])
  }

  /** @returns how many may wait in an agent's own queue; 0 until it is set. */
  queueMax(): number {
    return this.words[this.queueMaxAt]
  }

  /** @returns the load level of a free agent, 0 … LOAD_LEVELS - 1, or -1. */
  level(agent: AgentIndex): number {
    return this.words[this.levelAt + agent * AGENT_ROW_WORDS] - 1
  }

  /** @returns how many agents stand in a load level, 0 … LOAD_LEVELS - 1. */
  levelCount(level: number): number {
    return this.words[this.levelCountsAt + level]
  }

  /**
   * @param matchRow 1 … MATCH_ROW_COUNT_MAX - 1.
   * @returns the part of a class's requirements that the agent meets, 0 … 1.
   */
  match(matchRow: number, agent: AgentIndex): number {
    return this.matches[matchRow * this.agentCountMax + agent]
  }

  /**
   * Counts the changes of agents: load, capacity, status, queue, sets of classes. Wrapping: while it
   * stands still, all of that does.
   */
  moves(): number {
    return this.words[this.movesAt]
  }

  /**
   * @param move one of the last MOVED_COUNT changes; whoever asks compares with `moves`, before and
   * after.
   * @returns who changed, to be read with `movedAgent` and its neighbours.
   */
  moved(move: number): number {
    return this.words[this.movedAt + (move & (MOVED_COUNT - 1))]
  }

  /**
   * Tells whether all agents here are of one capacity of at most LOAD_LEVELS: those of one load level
   * have the same load then.
   */
  isUniform(): boolean {
    return this.words[this.memory.map.agentKinds] === 1
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
    return (
      this.candidateViews[classIndex] ??
      this.view(this.candidateViews, this.memory.map.candidates, classIndex)
    )
  }

  /** Those of them who are taken first. Allocates on a class's first use only. */
  preferred(classIndex: ClassIndex): Bitset {
    return (
      this.preferredViews[classIndex] ??
      this.view(this.preferredViews, this.memory.map.preferred, classIndex)
    )
  }

  /** @returns a number that changes when somebody becomes a candidate of the class, or ends to be. */
  candidatesVersion(classIndex: ClassIndex): number {
    return this.words[this.memory.map.candidatesVersion + classIndex]
  }

  /** The same of its preferred agents. */
  preferredVersion(classIndex: ClassIndex): number {
    return this.words[this.memory.map.preferredVersion + classIndex]
  }

  private view(views: (Bitset | undefined)[], from: number, classIndex: ClassIndex): Bitset {
    const { map, shape } = this.memory
    if (classIndex < 0 || classIndex >= shape.classCountMax) {
      throw new Error(`class ${classIndex}: outside of ${shape.classCountMax} classes`)
    }
    const offset = from + classIndex * map.candidatesStride
    const view = new Bitset(this.words, offset, shape.agentCountMax)
    views[classIndex] = view
    return view
  }
}
