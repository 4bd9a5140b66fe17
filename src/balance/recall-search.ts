/**
 * Who is asked for what was sent and not begun, and for whom. Front-end thread, some ten times a second
 * at most.
 *
 * Invariant: an attempt is asked for once in a lease, and no thief is to have more than it has credit
 * for; those that are asked for count as moved already, though they may not come back.
 *
 * The word to the agent and back costs a trip, so little is asked for where tasks are short: the
 * prefetch is as long as that trip by its own rule. It is what an agent holds that has become slow
 * that comes back.
 */
import { type AgentIndex, type ClassIndex, nextInBoth } from '../../native-free/index.ts'
import type { StealingOptions } from '../balance-options.ts'
import type { AgentState } from '../policy/agents.ts'
import type { PolicyCore } from '../policy/core.ts'
import { unbegunOf } from '../policy/recalls.ts'
import { mayServe } from '../policy/stealing.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { type Costs, doneAtThief } from './costs.ts'
import type { BalanceCounters } from './counters.ts'
import { isCloser, waitingAt } from './load.ts'

/** So long an attempt that was asked for is counted on; by then its agent has begun it, or is away. */
const ANSWER_MS = 1_000
/** Of one look. */
const RECALLS_MAX = 64
/** Of one attempt. */
const THIEVES_MAX = 32
/** Reading an agent's object that is in no cache, in steps. */
const AGENT_STEPS = 5
const PASSED_SHARE = 0.1
/** Steps of one look's search for thieves, 0.4 ms, 1.6 at worst: where nothing pays, nothing else ends it. */
const STEPS_MAX = 20_000

export class RecallSearch {
  private readonly core: PolicyCore
  private readonly costs: Costs
  private readonly options: StealingOptions
  private readonly counters: BalanceCounters
  private readonly victims: AgentState[] = []
  /** On their way to an agent: asked for in this look, or lately. */
  private readonly coming = new Map<AgentState, number>()
  /** Attempts that were not begun, by the last look. */
  unbegun = 0
  steps = 0
  /** The victim to go on with, where the steps of a look were spent. */
  private nextVictim = 0

  constructor(core: PolicyCore, costs: Costs, options: StealingOptions, counters: BalanceCounters) {
    this.core = core
    this.costs = costs
    this.options = options
    this.counters = counters
  }

  /** @returns attempts that were asked for. */
  run(nowMs: number): number {
    this.steps = 0
    this.unbegun = 0
    if (this.core.totalFree === 0) return 0
    this.lookForVictims(nowMs)
    this.victims.sort((a, b) => waitingAt(b) - waitingAt(a))
    const asked = this.askEach(nowMs)
    this.victims.length = 0
    this.coming.clear()
    this.counters.recalls += asked
    return asked
  }

  private askEach(nowMs: number): number {
    const { victims } = this
    const stepsMax = this.steps + STEPS_MAX
    const from = this.nextVictim
    this.nextVictim = 0
    let asked = 0
    for (let i = 0; i < victims.length && asked < RECALLS_MAX; i++) {
      const at = (from + i) % victims.length
      if (this.steps >= stepsMax) {
        this.nextVictim = at
        break
      }
      asked += this.askOf(victims[at], RECALLS_MAX - asked, nowMs)
    }
    return asked
  }

  private lookForVictims(nowMs: number): void {
    const { core, victims } = this
    const { table } = core
    const high = table.agentHigh()
    this.steps += high * PASSED_SHARE
    for (let index = 0; index < high; index++) {
      // With one task in its hands it has begun that.
      if (table.inUse(index as AgentIndex) < 2) continue
      const agent = core.agentAt[index]
      this.steps += AGENT_STEPS
      if (agent === undefined) continue
      const unbegun = unbegunOf(agent)
      if (unbegun === 0) continue
      this.unbegun += unbegun
      victims.push(agent)
      this.countComing(agent, unbegun, nowMs)
    }
  }

  /** What is on its way already is not asked for twice, nor its thief's credit promised twice. */
  private countComing(victim: AgentState, unbegun: number, nowMs: number): void {
    let record = victim.running.tail
    for (let left = unbegun; record !== null && left > 0; left--, record = record.prev) {
      const { recalledAtMs, recallTo } = record.attempt!
      this.steps++
      if (recalledAtMs === 0 || recallTo === null || nowMs - recalledAtMs >= ANSWER_MS) continue
      this.coming.set(recallTo, (this.coming.get(recallTo) ?? 0) + 1)
    }
  }

  private askOf(victim: AgentState, max: number, nowMs: number): number {
    const { core } = this
    const again = core.options.leaseMs
    let left = unbegunOf(victim)
    let asked = 0
    let gone = 0
    // The newest first: agents begin what they have in order.
    let record = victim.running.tail
    while (record !== null && left > 0 && asked < max) {
      const before: TaskRecord | null = record.prev
      const { recalledAtMs } = record.attempt!
      left--
      this.steps++
      if (recalledAtMs > 0 && nowMs - recalledAtMs < again) gone++
      else if (this.ask(record, victim, gone, nowMs)) {
        asked++
        gone++
      }
      record = before
    }
    return asked
  }

  private ask(record: TaskRecord, victim: AgentState, gone: number, nowMs: number): boolean {
    if (record.baseLevel >= this.core.options.protectFrom) return false
    const thief = this.thiefFor(record, victim, gone, nowMs)
    if (thief === null || this.core.recall(record, thief, nowMs) !== null) return false
    this.coming.set(thief, (this.coming.get(thief) ?? 0) + 1)
    return true
  }

  private thiefFor(
    record: TaskRecord,
    victim: AgentState,
    gone: number,
    nowMs: number,
  ): AgentState | null {
    const { core, costs, coming } = this
    const { table } = core
    const cls = record.cls!
    const leastMs = costs.roundTripMs(victim) + this.options.gainMs
    const candidates = table.candidates(cls.index as ClassIndex)
    let best: AgentState | null = null
    let bestDone = 0
    let looked = 0
    let at = nextInBoth(candidates, table.free, 0)
    for (; at >= 0 && looked < THIEVES_MAX; at = nextInBoth(candidates, table.free, at + 1)) {
      this.steps += AGENT_STEPS
      const agent = core.agentAt[at]
      if (agent === undefined || agent === victim || agent.bound.length > 0) continue
      const more = coming.get(agent) ?? 0
      if (table.credit(at as AgentIndex) <= more || !mayServe(core, record, agent)) continue
      looked++
      if (!isCloser(victim, agent, gone, more)) continue
      const done = doneAtThief(costs, cls, victim, agent, gone, more, leastMs, nowMs)
      if (done < 0 || (best !== null && done >= bestDone)) continue
      best = agent
      bestDone = done
    }
    return best
  }
}
