/**
 * Pull: an agent that has credit and nothing of its own to do takes one task from the busiest that has
 * something for it, and begins it at once. Front-end thread, in the turn that left credit free.
 *
 *   longest queue ──its newest task (or oldest)──► a free agent that may serve it, done first ──► steal
 *        ▲ └── nobody for any of them: set aside ──┐
 *        └───────────── next longest ◄─────────────┘
 *
 * Invariant: each agent is taken from only while nobody who has more to give could give to the same
 * thief; a search that finds nothing has looked at every victim, and at every thief or `THIEVES_MAX`
 * of each class.
 *
 * It goes from victims to thieves, though it is the thieves who ask: of a class there is one set of
 * free agents that may serve it, so one search serves them all, and where nobody is free for a class
 * none of its tasks is looked at again.
 *
 * Source of the idea: Blumofe and Leiserson, "Scheduling multithreaded computations by work stealing",
 * 1999; they steal from a random victim because nobody there knows who is busy. Here one table knows.
 */
import { type AgentIndex, type ClassIndex, nextInBoth } from '../../native-free/index.ts'
import type { StealingOptions } from '../balance-options.ts'
import type { AgentState } from '../policy/agents.ts'
import type { PolicyCore } from '../policy/core.ts'
import { mayServe } from '../policy/stealing.ts'
import { RUNNING, type TaskRecord } from '../policy/task-record.ts'
import { Busiest } from './busiest.ts'
import { type Costs, doneAtThief } from './costs.ts'
import type { BalanceCounters } from './counters.ts'
import { isCloser } from './load.ts'

/** Of one class and victim, in one look. */
export const THIEVES_MAX = 16
/** In steps: passing over an agent in the table; reading an agent, and a task, that is in no cache. */
const PASSED = 0.1
const AGENT_STEPS = 8
const TASK_STEPS = 4
/** With more classes than these it is not asked beforehand whether anybody is free for each. */
const MARKED_MAX = 256
/** Of one search: 0.2 ms, 0.8 at worst. */
const STEPS_MAX = 10_000

export class Pull {
  private readonly core: PolicyCore
  private readonly costs: Costs
  private readonly options: StealingOptions
  private readonly counters: BalanceCounters
  private readonly started: (record: TaskRecord) => void
  private readonly busiest: Busiest
  /** Int32Array[classes]: search in which nobody was free for a class; victim that it does not pay for. */
  private readonly nobodyIn: Int32Array
  private readonly triedIn: Int32Array
  private search = 0
  private victims = 0
  /** Where among the agents the next thief is looked for: everybody gets a turn. */
  private cursor = 0
  private steps = 0
  /** Its time was up: those that were set aside stay so. */
  isCut = false
  /** More may be found than was looked at. */
  isUnfinished = false
  /** A move would not pay, yet: the longer its victim has not begun anything, the more it would. */
  isUnpaid = false

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
    const { agentsMax, agentQueueMax } = core.options
    this.busiest = new Busiest(core.table, agentsMax, agentQueueMax)
    this.nobodyIn = new Int32Array(core.options.classesMax)
    this.triedIn = new Int32Array(core.options.classesMax)
  }

  /** Moves what free agents can take now. @returns steps that it took in vain. */
  run(nowMs: number): number {
    const { core, busiest, counters } = this
    this.search = (this.search + 1) | 0
    this.steps = 0
    this.isUnfinished = false
    if (!this.isCut) this.isUnpaid = false
    const isAnybody = this.markClasses()
    if (!this.isCut)
      this.steps += isAnybody ? busiest.look(this.options.freeTakesAbove) * PASSED : 0
    this.isCut = this.isCut && isAnybody
    // Ends: each round moves a task or sets an agent aside, or is the last.
    while (isAnybody && core.totalFree > 0 && core.freeSlots.size > 0) {
      const victim = this.nextVictim()
      this.isCut = victim !== null && this.steps >= STEPS_MAX
      if (victim === null || this.isCut) break
      counters.attempts++
      const { steps } = this
      if (this.takeFrom(victim, nowMs)) {
        // What moves something is no search in vain: it is paid for by what it gains.
        this.steps = steps
        counters.stolen++
        busiest.fell(victim.bound.length)
      } else {
        counters.failed++
        busiest.setAside()
      }
    }
    this.isUnfinished ||= this.isCut
    return this.steps
  }

  /** Notes for which classes nobody is free. @returns whether somebody is for any. */
  private markClasses(): boolean {
    const { core, nobodyIn, search } = this
    const { classes, table } = core
    if (classes.length > MARKED_MAX) return true
    const passed = 1 + (table.agentHigh() >> 10)
    let isAnybody = false
    for (const { index, early } of classes) {
      if (!early) continue
      this.steps += passed
      const candidates = table.candidates(index as ClassIndex)
      if (nextInBoth(candidates, table.free, 0) >= 0) isAnybody = true
      else nobodyIn[index] = search
    }
    return isAnybody
  }

  private nextVictim(): AgentState | null {
    const { busiest, core, options } = this
    // Ends: each round takes an agent out of the list or puts it further down, or is the last.
    for (let index = busiest.first; index >= 0; index = busiest.first) {
      const agent = core.agentAt[index]
      const length = agent === undefined ? 0 : agent.bound.length
      this.steps += AGENT_STEPS
      if (length <= options.freeTakesAbove) busiest.setAside()
      else if (length < busiest.length) busiest.fell(length)
      else return agent!
    }
    return null
  }

  /** @returns whether one task of it was moved. */
  private takeFrom(victim: AgentState, nowMs: number): boolean {
    const { core, nobodyIn, triedIn, search } = this
    const isNewest = this.options.order === 'newest'
    this.victims = (this.victims + 1) | 0
    const tried = this.victims
    let record = isNewest ? victim.bound.tail : victim.bound.head
    for (; record !== null; record = isNewest ? record.prev : record.next) {
      this.steps += TASK_STEPS
      if (record.baseLevel >= core.options.protectFrom) continue
      const cls = record.cls!
      if (nobodyIn[cls.index] === search || triedIn[cls.index] === tried) continue
      triedIn[cls.index] = tried
      const thief = this.thiefFor(victim, record, nowMs)
      if (thief === null || core.steal(record, thief, nowMs) !== null) continue
      if (record.state === RUNNING) this.started(record)
      return true
    }
    return false
  }

  /** @returns who would be done with it first among those that it pays for; null for nobody. */
  private thiefFor(victim: AgentState, record: TaskRecord, nowMs: number): AgentState | null {
    const { core, costs, options } = this
    const cls = record.cls!
    const { table } = core
    const candidates = table.candidates(cls.index as ClassIndex)
    let best: AgentState | null = null
    let bestDone = 0
    let looked = 0
    const from = this.cursor
    let at = nextInBoth(candidates, table.free, from)
    let isRound = at < 0
    if (isRound) at = nextInBoth(candidates, table.free, 0)
    // Ends: it goes round the sets once.
    while (at >= 0 && !(isRound && at >= from)) {
      const agent = table.queued(at as AgentIndex) > 0 ? undefined : core.agentAt[at]
      if (agent !== undefined && mayServe(core, record, agent)) {
        looked++
        if (isCloser(victim, agent)) {
          const done = doneAtThief(costs, cls, victim, agent, 0, 0, options.gainMs, nowMs)
          if (done < 0) this.isUnpaid = true
          else if (best === null || done < bestDone) {
            best = agent
            bestDone = done
          }
        }
        if (looked === THIEVES_MAX) {
          this.isUnfinished ||= best === null
          break
        }
      }
      at = nextInBoth(candidates, table.free, at + 1)
      if (at < 0 && !isRound) {
        isRound = true
        at = nextInBoth(candidates, table.free, 0)
      }
    }
    this.steps += looked * AGENT_STEPS
    if (looked === 0) this.nobodyIn[cls.index] = this.search
    if (at >= 0) this.cursor = at + 1
    return best
  }
}
