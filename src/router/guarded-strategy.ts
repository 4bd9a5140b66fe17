/**
 * A user's strategy in a router's hands: asked like any other, and left out once it did what it must
 * not.
 *
 * Runs on: router threads, one around each user's strategy.
 * Invariant: `choose` never throws, and answers a member of `candidates`, or NONE when there is none,
 * or when it has nobody to stand in; whatever the strategy does, except not to come back.
 *
 * ```
 *        ┌── threw ── an answer that cannot be one ── three that are no candidate ── three slow ──┐
 *  ON ───┤                                                                                        ├─► OFF
 *        └── the front end says so: another router met it, or this router's predecessor never ────┘
 *            came back from it
 * ```
 *
 * Once it is off, and for the task at which that happened, the default decides in its place. It stays
 * off until the scheduler is started again: what failed once would fail again, and a strategy that
 * comes and goes is worse than one that is gone. One that never comes back is left to the pool, which
 * finds in the router's status whose code it stood still in.
 *
 * NONE from a strategy while there are candidates is not nonsense, but it is not taken either: the
 * task would come back at once, for ever. The default decides about that one task.
 *
 * **No candidate.** An agent may cease to be one between the strategy's look and ours, so one that was
 * in the table is asked about twice more. No race makes that three times in a row.
 *
 * **Slow.** A thread without a core, or one that collects garbage, makes any decision slow now and
 * then; so it takes three within 64 decisions.
 */
import type { RouterStatusWriter } from '../../native-free/router-status.ts'
import type { StrategySwitchesReader } from '../../native-free/strategy-switches.ts'
import { elapsedUs, nowUs } from '../clock.ts'
import type { AgentView } from '../routing/agent-view.ts'
import type { Candidates } from '../routing/candidates.ts'
import { NONE, type PlacementTask, type Scratch, type Strategy } from '../routing/strategy.ts'
import type { StrategyFault, StrategyFaultKind } from './messages.ts'

/** Answers in a row that name no candidate. */
const WRONG_MAX = 3
/** So many slow decisions … */
const SLOW_MAX = 3
/** … among so many. */
const SLOW_WINDOW = 64
const REASON_LENGTH_MAX = 200

/** What the guard needs to know. */
export interface GuardParts {
  readonly strategy: Strategy
  readonly index: number
  /** Decides in its place; null where nobody needs to (shadows). */
  readonly standIn: Strategy | null
  readonly switches: StrategySwitchesReader
  readonly status: RouterStatusWriter
  readonly budgetUs: number
  readonly onFault: (fault: StrategyFault) => void
}

/** Stands around a user's strategy. */
export class GuardedStrategy implements Strategy {
  readonly name: string
  private readonly parts: GuardParts
  private isOff = false
  private decisions = 0
  /** Numbers of the last slow decisions, as a ring. */
  private readonly slow = new Int32Array(SLOW_MAX).fill(-SLOW_WINDOW)
  private slowCount = 0

  constructor(parts: GuardParts) {
    this.name = parts.strategy.name
    this.parts = parts
  }

  choose(task: PlacementTask, candidates: Candidates, agents: AgentView, scratch: Scratch): number {
    const { switches, index, standIn } = this.parts
    let agent: number = NONE
    if (!this.isOff && !switches.isOff(index)) agent = this.ask(task, candidates, agents, scratch)
    if (agent !== NONE || standIn === null) return agent
    return standIn.choose(task, candidates, agents, scratch)
  }

  private ask(
    task: PlacementTask,
    candidates: Candidates,
    agents: AgentView,
    scratch: Scratch,
  ): number {
    for (let wrong = 1; wrong <= WRONG_MAX; wrong++) {
      const answer = this.guarded(task, candidates, agents, scratch)
      if (answer === NONE || this.isOff) return NONE
      if (!isAgent(answer, candidates.limit)) {
        this.fail('nonsense', `answered ${shown(answer)}, which is no agent`)
        return NONE
      }
      if (candidates.has(answer)) return answer
      if (wrong === WRONG_MAX) {
        this.fail('nonsense', `answered ${answer}, which is no candidate, ${wrong} times in a row`)
      }
    }
    return NONE
  }

  /** @returns whatever the strategy answered; NONE when it threw or came too late. */
  private guarded(
    task: PlacementTask,
    candidates: Candidates,
    agents: AgentView,
    scratch: Scratch,
  ): unknown {
    const { strategy, index, status } = this.parts
    const startedUs = nowUs()
    let answer: unknown = NONE
    status.enter(index)
    try {
      answer = strategy.choose(task, candidates, agents, scratch)
    } catch (threw) {
      this.fail('threw', `threw ${shown(threw instanceof Error ? threw.message : threw)}`)
    }
    status.leave()
    this.time(elapsedUs(startedUs, nowUs()))
    return answer
  }

  private time(tookUs: number): void {
    const { slow, parts } = this
    this.decisions = (this.decisions + 1) | 0
    if (tookUs <= parts.budgetUs) return
    slow[this.slowCount % SLOW_MAX] = this.decisions
    this.slowCount++
    const oldest = slow[this.slowCount % SLOW_MAX]
    if (this.slowCount < SLOW_MAX || ((this.decisions - oldest) | 0) >= SLOW_WINDOW) return
    const limits = `${SLOW_MAX} of ${SLOW_WINDOW} decisions took over ${parts.budgetUs} µs`
    this.fail('slow', `is too slow: ${limits}, the last ${tookUs} µs`)
  }

  private fail(kind: StrategyFaultKind, reason: string): void {
    if (this.isOff) return
    this.isOff = true
    this.parts.onFault({ strategy: this.parts.index, kind, reason })
  }
}

function isAgent(answer: unknown, limit: number): answer is number {
  return Number.isInteger(answer) && (answer as number) >= 0 && (answer as number) < limit
}

function shown(value: unknown): string {
  try {
    const text = typeof value === 'string' ? `"${value}"` : String(value)
    return text.slice(0, REASON_LENGTH_MAX)
  } catch {
    // An object may refuse to become a string.
    return `a ${typeof value}`
  }
}
