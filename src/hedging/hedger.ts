/**
 * The hedger: which running tasks take so long that a second attempt is begun elsewhere. It finds them;
 * the core does it (`hedge`), or refuses. Front-end thread, at the end of each turn; no clock, no I/O.
 *
 * ```
 *   started ──► running, by kind, in order ──► late? ──► hands free elsewhere? ──► budget? ──► core.hedge
 *   ended ────► run times, by kind ──► percentile ─┘                             ▲
 *     └───────► work done ──────────────────────── its share ────────────────────┘
 * ```
 *
 * A kind is a queue and a type. Late is who has run longer than the queue's percentile of the kind, of
 * at least `RESULTS_MIN` runs. A run that was cut because its second attempt won counts as long as it
 * lasted: without it the percentile would be that of the fast ones, and go down and down. Second attempts
 * themselves are not counted: those that lose are cut when the first one ends, and look fast.
 *
 * Invariant: of a queue without `hedgePercentile` nothing is looked at or kept; a task has at most one
 * second attempt at a time, and all of them together take no more than `WorkBudget` says.
 *
 * Source: Dean and Barroso, "The Tail at Scale" (2013): hedged requests after the 95th percentile, which
 * add about 5 % of work.
 */
import type { AgentState } from '../policy/agents.ts'
import type { ClassState } from '../policy/classes.ts'
import type { PolicyCore } from '../policy/core.ts'
import type { QueueState } from '../policy/queues.ts'
import type { AttemptEnd } from '../policy/state.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { WorkBudget } from './budget.ts'
import { hasFreeHands } from './free-hands.ts'
import { RunTimes } from './run-times.ts'
import { RunningAttempts } from './running.ts'

const NEVER = Number.POSITIVE_INFINITY
/** Late attempts of a kind that are looked at in a turn, while the first of them cannot be helped. */
const LOOK_MAX = 16

/** What became of a look at a late attempt. */
const DONE = 0
/** Not now: nobody is free, or it is just being taken back. */
const LATER = 1
/** Not now, and no other of its queue either. */
const BROKE = 2
type Look = typeof DONE | typeof LATER | typeof BROKE

export interface HedgeSink {
  /** @returns a record of the same payload that nobody waits for; null while there is no memory for it. */
  twinOf(record: TaskRecord): TaskRecord | null
  /** The twin waits for an agent. @param limitMs what the first attempt has taken longer than. */
  hedged(record: TaskRecord, twin: TaskRecord, limitMs: number): void
  /** The core did not take the twin: it is nobody's. */
  refused(twin: TaskRecord): void
}

/** Tasks of a queue and a type. */
class Kind {
  readonly queue: QueueState
  readonly budget: WorkBudget
  readonly times = new RunTimes()
  readonly running = new RunningAttempts()
  /** As it was last read. */
  limitMs = NEVER
  /** Second attempts that have not begun. */
  waiting = 0

  constructor(queue: QueueState, budget: WorkBudget) {
    this.queue = queue
    this.budget = budget
  }
}

/** A second attempt. */
interface Twin {
  readonly kind: Kind
  readonly expectedMs: number
  tookMs: number
  hasBegun: boolean
}

export class Hedger {
  readonly #core: PolicyCore
  readonly #sink: HedgeSink
  /** By index of the class; classes of one kind share it. */
  readonly #byClass: (Kind | undefined)[] = []
  readonly #kinds = new Map<string, Kind>()
  readonly #budgets = new Map<QueueState, WorkBudget>()
  readonly #twins = new Map<TaskRecord, Twin>()
  /** Tasks whose running attempt was late, and was helped. */
  readonly #hedged = new Set<TaskRecord>()
  /** When the next attempt is late. */
  #dueMs = NEVER
  /** Somebody is late already; they are looked at when something about an agent has changed. */
  #isLate = false
  #seenMoves = -1

  constructor(core: PolicyCore, sink: HedgeSink) {
    this.#core = core
    this.#sink = sink
  }

  /** An attempt has begun. *Cost* of a queue that is not hedged: a comparison. */
  started(record: TaskRecord, nowMs: number): void {
    const cls = record.cls!
    if (cls.queue.options.hedgePercentile === 0) return
    if (record.extras !== null && record.extras.standsFor !== null) {
      this.#begun(record)
      return
    }
    const { agent, counter } = record.attempt!
    // Who decides when it begins is not late.
    if (agent!.claims) return
    const kind = this.#kindOf(cls)
    kind.running.push(record, counter, record.startedAtMs)
    const dueMs = nowMs + kind.limitMs + 1
    if (dueMs < this.#dueMs) this.#dueMs = dueMs
  }

  /**
   * An attempt has ended. An effect: the core is in the middle of a change.
   * @returns whether it was late, and was cut because a second one came first, or with its task.
   */
  ended(record: TaskRecord, agent: AgentState, how: AttemptEnd, nowMs: number): boolean {
    const cls = record.cls!
    const isOff = cls.queue.options.hedgePercentile === 0
    if (isOff && this.#twins.size === 0 && this.#hedged.size === 0) return false
    const tookMs = nowMs - record.startedAtMs
    const twin = this.#twins.get(record)
    if (twin !== undefined) {
      // One that is cut may go on until its agent has heard of it, and some never stop.
      twin.tookMs += how === 'cancelled' ? Math.max(tookMs, twin.expectedMs) : tookMs
      return false
    }
    if (agent.claims) return false
    const kind = this.#kindOf(cls)
    kind.running.live = Math.max(0, kind.running.live - 1)
    const wasHedged = this.#hedged.delete(record)
    if (how === 'succeeded' || how === 'timeout' || wasHedged) this.#learn(kind, tookMs, nowMs)
    return wasHedged && how === 'cancelled'
  }

  /** A task is over; of a second attempt it is known now what it took. */
  over(record: TaskRecord): void {
    if (this.#twins.size === 0) return
    const twin = this.#twins.get(record)
    if (twin === undefined) return
    this.#twins.delete(record)
    if (!twin.hasBegun) twin.kind.waiting--
    twin.kind.budget.settle(twin.expectedMs, twin.tookMs)
  }

  /** At the end of a turn. @returns whether there are tasks that were not there before. */
  run(nowMs: number): boolean {
    const isDue = nowMs >= this.#dueMs
    if (!isDue && !(this.#isLate && this.#core.table.moves() !== this.#seenMoves)) return false
    const before = this.#twins.size
    this.#isLate = false
    this.#dueMs = NEVER
    for (const kind of this.#kinds.values()) {
      this.#dueMs = Math.min(this.#dueMs, this.#look(kind, nowMs))
    }
    this.#seenMoves = this.#core.table.moves()
    return this.#twins.size > before
  }

  /** @returns when `run` has something to do though nothing else happens, policy ms; or Infinity. */
  nextMs(): number {
    return this.#dueMs
  }

  /** @returns what a kind's runs are late after, ms; Infinity while that is not known. */
  limitMsOf(cls: ClassState): number {
    return this.#byClass[cls.index]?.limitMs ?? NEVER
  }

  /** Places of attempts that are looked after. */
  get watched(): number {
    let count = 0
    for (const { running } of this.#kinds.values()) count += running.length
    return count
  }

  /** Second attempts that are not over. */
  get out(): number {
    return this.#twins.size
  }

  #begun(record: TaskRecord): void {
    const twin = this.#twins.get(record)
    if (twin === undefined || twin.hasBegun) return
    twin.hasBegun = true
    twin.kind.waiting--
  }

  #learn(kind: Kind, tookMs: number, nowMs: number): void {
    const { times, budget, queue } = kind
    const { hedgePercentile, hedgeBudget } = queue.options
    times.record(tookMs)
    budget.earn(tookMs, hedgeBudget, times.meanMs)
    const limitMs = times.limitMs(hedgePercentile)
    // Who is out may be late earlier than they were to be.
    if (limitMs < kind.limitMs) this.#dueMs = Math.min(this.#dueMs, nowMs)
    kind.limitMs = limitMs
  }

  /** @returns when the next of the kind is late. */
  #look(kind: Kind, nowMs: number): number {
    const { running, limitMs, queue } = kind
    if (queue.options.hedgePercentile === 0 || limitMs === NEVER) return NEVER
    if (running.headMs() === NEVER) return NEVER
    const end = Math.min(running.length, LOOK_MAX)
    for (let at = 0; at < end; at++) {
      if (!running.isOut(at)) continue
      const dueMs = running.startAt(at) + limitMs + 1
      if (dueMs > nowMs) return dueMs
      const look = this.#help(kind, running.recordAt(at), nowMs)
      if (look === DONE) running.drop(at)
      else this.#isLate = true
      if (look === BROKE) return NEVER
    }
    // More are late than were looked at: they have their turn when these have.
    if (running.length > end) this.#isLate = true
    return NEVER
  }

  #help(kind: Kind, record: TaskRecord, nowMs: number): Look {
    const { extras } = record
    if (extras !== null && (extras.twin !== null || extras.preempting)) return LATER
    if (!hasFreeHands(this.#core, record, kind.waiting)) return LATER
    const expectedMs = kind.times.meanMs
    if (!kind.budget.spend(expectedMs)) return BROKE
    const twin = this.#sink.twinOf(record)
    const refusal = twin === null ? null : this.#core.hedge(record, twin, nowMs)
    if (twin === null || refusal !== null) {
      kind.budget.settle(expectedMs, 0)
      if (twin === null) return LATER
      this.#sink.refused(twin)
      return DONE
    }
    kind.waiting++
    this.#twins.set(twin, { kind, expectedMs, tookMs: 0, hasBegun: false })
    this.#hedged.add(record)
    this.#sink.hedged(record, twin, kind.limitMs)
    return DONE
  }

  #kindOf(cls: ClassState): Kind {
    const known = this.#byClass[cls.index]
    if (known !== undefined) return known
    const { queue, type } = cls
    const key = `${queue.name} ${type}`
    const budget = this.#budgets.get(queue) ?? new WorkBudget()
    this.#budgets.set(queue, budget)
    const kind = this.#kinds.get(key) ?? new Kind(queue, budget)
    this.#kinds.set(key, kind)
    this.#byClass[cls.index] = kind
    return kind
  }
}
