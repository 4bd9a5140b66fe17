/**
 * The balancer: when what waits at one agent is looked at for the sake of others. It proposes; the core
 * moves, or refuses. Front-end thread, at the end of each turn; no clock, no I/O.
 *
 * ```
 *   run(now) ─┬─ credit free, something bound ─────────► pull      when something has changed, 2 % at most
 *             ├─ credit free, something not begun ─────► recalls   each 100 ms; `intervalMs` without pull
 *             └─ something bound ──────────────────────► push      each `intervalMs`
 *   rebalance(now) ────────────────────────────────────► push, until no move is legal
 * ```
 *
 * Invariant: with nothing bound and nothing sent in advance `run` reads three numbers; a search that
 * found nothing is not made again before something about an agent has changed.
 *
 * Not taken: a thread of its own that looks at queues as document 002 has it: it would need the core's
 * lists, and an agent that has nothing to do would wait for its next round.
 */
import type { StealingOptions } from '../balance-options.ts'
import type { RebalanceReport } from '../balance-views.ts'
import type { PolicyCore } from '../policy/core.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { Costs } from './costs.ts'
import type { BalanceCounters } from './counters.ts'
import { Effort } from './effort.ts'
import { type Moved, Moves } from './moves.ts'
import { Pull, THIEVES_MAX } from './pull.ts'
import { MOVES_MAX, Push } from './push.ts'
import { RecallSearch } from './recall-search.ts'
import { type Spread, spreadOf, variationOfBound } from './variation.ts'

export type { Costs } from './costs.ts'
export { NO_COSTS } from './costs.ts'
export type { BalanceCounters } from './counters.ts'
export type { Spread } from './variation.ts'

/** Between two looks for what was not begun; more where looking takes longer. */
const RECALL_MS = 100
/** Steps of a look that are followed by a millisecond without one. */
const RECALL_STEPS_PER_MS = 250

/** After a search that found only what does not pay yet: what hangs is seen by the time that passes. */
const UNPAID_MS = 100

const NEVER = Number.POSITIVE_INFINITY

/** What a push cycle did. */
export type Evened = Omit<RebalanceReport, 'reason'>

export interface BalanceSink {
  /** The task runs with another agent than it waited for: it is to be sent. */
  started(record: TaskRecord): void
  /** A push cycle, or a call for balance, has moved something or asked for something. */
  evened?(report: Evened): void
}

export class Balancer {
  readonly counters: BalanceCounters = { attempts: 0, stolen: 0, failed: 0, recalls: 0, cycles: 0 }
  private readonly core: PolicyCore
  private readonly options: StealingOptions
  private readonly sink: BalanceSink
  private readonly pull: Pull
  private readonly recalls: RecallSearch
  private readonly push: Push
  private readonly effort = new Effort()
  private readonly pulls: boolean
  private readonly pushes: boolean
  /** The table's count of changes when a search found nothing more. */
  private seenMoves = -1
  /** When that is not so any more, though nothing has changed. */
  private seenUntilMs = NEVER
  /** Searches in a row, while nothing has changed, that looked at some of the free agents only. */
  private partial = 0
  private searchedMoves = -1
  /** When the next push cycle is due; never before anything was bound. */
  private cycleAtMs = NEVER
  private readonly recallMs: number
  private recallAtMs: number
  /** The table's count of changes when unbegun attempts were looked for last. */
  private lookedMoves = -1

  constructor(core: PolicyCore, costs: Costs, options: StealingOptions, sink: BalanceSink) {
    const { mode, recall } = options
    this.core = core
    this.options = options
    this.sink = sink
    this.pulls = mode === 'pull' || mode === 'hybrid'
    this.pushes = mode === 'push' || mode === 'hybrid'
    this.recallMs = this.pulls ? RECALL_MS : options.intervalMs
    this.recallAtMs = mode !== 'off' && recall ? 0 : NEVER
    const started = (record: TaskRecord) => this.sink.started(record)
    this.pull = new Pull(core, costs, options, this.counters, started)
    this.recalls = new RecallSearch(core, costs, options, this.counters)
    this.push = new Push(core, options, new Moves(core, costs, options, this.counters, started))
  }

  /** At the end of a turn. */
  run(nowMs: number): void {
    const { core } = this
    if (core.totalBound > 0) {
      if (this.pulls && core.totalFree > 0) this.search(nowMs)
      if (this.pushes) this.beat(nowMs)
    }
    if (nowMs >= this.recallAtMs && this.isLookLeft()) this.look(nowMs)
  }

  /** @returns when `run` has something to do though nothing else happens, policy ms; or Infinity. */
  nextMs(): number {
    const { core } = this
    let dueMs = NEVER
    if (core.totalBound > 0) {
      dueMs = Math.min(this.cycleAtMs, this.searchAtMs())
    }
    return this.isLookLeft() ? Math.min(dueMs, this.recallAtMs) : dueMs
  }

  /** Moves until no move is legal, whatever the mode, or there were too many to look at in one call. */
  rebalance(nowMs: number): RebalanceReport {
    const moved: Moved[] = []
    const report = this.even(nowMs, moved, () => this.push.all(nowMs, moved))
    return { ...report, reason: this.reasonOf(report) }
  }

  /** *Cost* every agent once. */
  spread(): Spread {
    const { busyAbove, idleBelow } = this.options
    return spreadOf(this.core.agents.values(), busyAbove, idleBelow)
  }

  private search(nowMs: number): void {
    const { core, effort, pull } = this
    const before = core.table.moves()
    const isSeen = before === this.seenMoves && nowMs < this.seenUntilMs
    if (isSeen || effort.isSpent(nowMs)) return
    effort.spend(pull.run(nowMs), nowMs)
    const moves = core.table.moves()
    this.partial = moves === before && moves === this.searchedMoves ? this.partial : 0
    this.searchedMoves = moves
    const isFinished = !pull.isUnfinished || this.hasLookedAtAll()
    this.seenMoves = isFinished ? moves : -1
    this.seenUntilMs = pull.isUnpaid || pull.isUnfinished ? nowMs + UNPAID_MS : NEVER
  }

  /** Each search looks at the next of the free agents: without this nothing would end their round. */
  private hasLookedAtAll(): boolean {
    if (this.pull.isCut || ++this.partial * THIEVES_MAX < this.core.table.agentHigh()) return false
    this.partial = 0
    return true
  }

  /** @returns when there is a search to be made; Infinity while all that there is was seen. */
  private searchAtMs(): number {
    const { core, effort } = this
    if (!this.pulls || core.totalFree === 0) return NEVER
    if (core.table.moves() !== this.seenMoves) return effort.againMs
    return Math.max(effort.againMs, this.seenUntilMs)
  }

  private look(nowMs: number): void {
    this.lookedMoves = this.core.table.moves()
    this.recalls.run(nowMs)
    const restMs = Math.ceil(this.recalls.steps / RECALL_STEPS_PER_MS)
    this.recallAtMs = nowMs + this.recallMs + restMs
  }

  /** Something about an agent has changed since the last look, or it found what was not begun. */
  private isLookLeft(): boolean {
    const { core } = this
    if (this.recallAtMs === NEVER || core.totalFree === 0) return false
    // Nothing is out, so nothing can come back.
    if (core.freeSlots.size === core.options.slots) return false
    return this.recalls.unbegun > 0 || core.table.moves() !== this.lookedMoves
  }

  private beat(nowMs: number): void {
    if (this.cycleAtMs === NEVER) this.cycleAtMs = nowMs + this.options.intervalMs
    if (nowMs < this.cycleAtMs) return
    this.cycleAtMs = nowMs + this.options.intervalMs
    const moved: Moved[] = []
    this.even(nowMs, moved, () => this.push.cycle(nowMs, moved))
  }

  private even(nowMs: number, moved: Moved[], move: () => void): Evened {
    this.counters.cycles++
    const { profiles } = this.core
    const variationBefore = variationOfBound(profiles.values())
    move()
    const recalled = this.options.recall ? this.recalls.run(nowMs) : 0
    const report = {
      moved,
      recalled,
      variationBefore,
      variationAfter: variationOfBound(profiles.values()),
    }
    if (moved.length > 0 || recalled > 0) this.sink.evened?.(report)
    return report
  }

  private reasonOf({ moved, recalled }: Evened): string {
    if (moved.length >= MOVES_MAX)
      return `${MOVES_MAX} tasks were moved: there may be more, call again.`
    if (this.push.isCut) return 'Not all agents were looked at: there may be more, call again.'
    if (recalled > 0) return 'What agents hand back goes on elsewhere; nothing else may be moved.'
    if (this.core.totalBound === 0) return 'Nothing waits in agents’ own queues.'
    return moved.length === 0
      ? 'No move would bring two agents closer together and pay.'
      : 'No further move would bring two agents closer together and pay.'
  }
}
