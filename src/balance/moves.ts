/**
 * One move from one agent's queue: to whom, of all that may have it. Front-end thread, outside of turns'
 * usual way.
 *
 * Invariant: whenever there is a legal move from the victim to an agent that is asked for, one is made:
 * all agents are looked at. Of the tasks of a class the last in the queue is taken: what is legal for
 * one of them is so for each, so the first that is not protected stands for them all.
 *
 * The end of the queue is its lowest level and newest task, so lower priorities go first in any order.
 */
import { type ClassIndex, nextInBoth } from '../../native-free/index.ts'
import type { StealingOptions } from '../balance-options.ts'
import type { RebalanceReport } from '../balance-views.ts'
import type { AgentState } from '../policy/agents.ts'
import type { PolicyCore } from '../policy/core.ts'
import type { QueueState } from '../policy/queues.ts'
import { stealRefusal } from '../policy/stealing.ts'
import { RUNNING, type TaskRecord } from '../policy/task-record.ts'
import { type Costs, doneAtThief } from './costs.ts'
import type { BalanceCounters } from './counters.ts'
import { isCloser, isMember, loadRatioOf } from './load.ts'

export type Moved = RebalanceReport['moved'][number]

/** What a victim's task is looked for by. */
export interface Wanted {
  /** Tasks that this queue serves; null for any. */
  queue: QueueState | null
  /** Whether the agent is to have it. */
  accepts(thief: AgentState): boolean
}

export class Moves {
  private readonly core: PolicyCore
  private readonly costs: Costs
  private readonly options: StealingOptions
  private readonly counters: BalanceCounters
  private readonly started: (record: TaskRecord) => void
  private readonly triedIn: Int32Array
  private tries = 0
  /** Agents and tasks that were looked at; whoever counts them sets it back. */
  looks = 0
  /** The thief of the last move. */
  thief: AgentState | null = null

  constructor(
    core: PolicyCore,
    costs: Costs,
    options: StealingOptions,
    counters: BalanceCounters,
    started: (record: TaskRecord) => void,
  ) {
    this.core = core
    this.costs = costs
    this.options = options
    this.counters = counters
    this.started = started
    this.triedIn = new Int32Array(core.options.classesMax)
  }

  /** @returns what was moved; null when nothing of it may be, or nobody wants it. */
  moveFrom(victim: AgentState, wanted: Wanted, nowMs: number): Moved | null {
    const { core, triedIn } = this
    this.tries = (this.tries + 1) | 0
    const { tries } = this
    this.counters.attempts++
    for (let record = victim.bound.tail; record !== null; record = record.prev) {
      this.looks++
      const cls = record.cls!
      if (record.baseLevel >= core.options.protectFrom || triedIn[cls.index] === tries) continue
      if (wanted.queue !== null && cls.queue !== wanted.queue) continue
      triedIn[cls.index] = tries
      const thief = this.thiefFor(record, victim, wanted, nowMs)
      if (thief === null) continue
      const moved = { task: record.id, queue: cls.queue.name, from: victim.id, to: thief.id }
      if (core.steal(record, thief, nowMs) !== null) continue
      this.counters.stolen++
      this.thief = thief
      if (record.state === RUNNING) this.started(record)
      return moved
    }
    this.counters.failed++
    return null
  }

  /** @returns who would be done with it first; of equals the least loaded. */
  private thiefFor(
    record: TaskRecord,
    victim: AgentState,
    wanted: Wanted,
    nowMs: number,
  ): AgentState | null {
    const { core, costs, options } = this
    const { table } = core
    const cls = record.cls!
    const candidates = table.candidates(cls.index as ClassIndex)
    let best: AgentState | null = null
    let bestDone = 0
    let at = nextInBoth(candidates, table.room, 0)
    for (; at >= 0; at = nextInBoth(candidates, table.room, at + 1)) {
      this.looks++
      const agent = core.agentAt[at]
      if (agent === undefined || !isCloser(victim, agent)) continue
      if (!isMember(agent) || !wanted.accepts(agent)) continue
      const done = doneAtThief(costs, cls, victim, agent, 0, 0, options.gainMs, nowMs)
      if (done < 0 || (best !== null && !isBetter(agent, done, best, bestDone))) continue
      if (stealRefusal(core, record, agent) !== null) continue
      best = agent
      bestDone = done
    }
    return best
  }
}

function isBetter(a: AgentState, aDone: number, b: AgentState, bDone: number): boolean {
  return aDone === bDone ? loadRatioOf(a) < loadRatioOf(b) : aDone < bDone
}
