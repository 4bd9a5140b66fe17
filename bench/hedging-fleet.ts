/**
 * Agents in virtual time of which some runs take ten times as long, a real policy core, and the real
 * hedger. Durations are drawn for each run, not for each task: the same work elsewhere is most likely fast.
 *
 * Runs on: a child process of the hedging benchmark, or a test; one thread. Invariant: the same
 * specification gives the same result on any machine; every task has one outcome, or there is an Error.
 *
 * ```
 *   arrival ─► core ─► an idle agent ─► end of the run ─► result ───► outcome
 *                 ▲                 hedger ─► twin ─► another agent ─┘   └─► the other run is cancelled:
 *                 └──────── its credit comes back ◄── a millisecond later, or at its own end ◄──┘
 * ```
 */
import { EventHeap } from '../src/fleet-model/event-heap.ts'
import { Hedger } from '../src/hedging/hedger.ts'
import { type AgentState, SILENT } from '../src/policy/agents.ts'
import { COMMITTED, type PolicyCore } from '../src/policy/core.ts'
import { NoEffects } from '../src/policy/no-effects.ts'
import type { AttemptEnd } from '../src/policy/state.ts'
import { COMPLETED, NOBODY, TaskRecord } from '../src/policy/task-record.ts'
import { Random } from '../src/routing/generator.ts'
import { loneCore } from './lone-core.ts'

const NO_BYTES = new Uint8Array(0)
const QUEUE = 'bench'
const LEVEL = 3
const MS_US = 1_000
/** From the decision to cancel until the agent has stopped. */
const STOP_US = 1_000
const UNPARK_MAX = 256
const WARM_SHARE = 0.02
/** Of `#events`: an arrival; all others are counters of runs. */
const ARRIVAL = 0

export interface HedgedSpec {
  readonly tasks: number
  readonly agents: number
  /** Of all agents' time, without slow runs' cancellation. */
  readonly load: number
  /** A run takes this in the middle, give or take `spread` of it. */
  readonly runMs: number
  readonly spread: number
  readonly slowShare: number
  readonly slowTimes: number
  /** 0 for the twin. */
  readonly percentile: number
  readonly budget: number
  /** Whether a cancelled run stops, or goes on to its end. */
  readonly stops: boolean
  readonly seed: number
}

export interface HedgedResult {
  /** By task that came after the warm-up: from its first start to its result, µs. */
  readonly runUs: Float64Array
  /** Agents' time: of all runs, and of the second ones. */
  readonly workUs: number
  readonly extraUs: number
  readonly hedged: number
  readonly won: number
}

interface Run {
  readonly record: TaskRecord
  readonly agent: AgentState
  readonly slot: number
  readonly counter: number
  readonly startUs: number
  readonly isTwin: boolean
  isCut: boolean
}

export class HedgedFleet extends NoEffects {
  readonly #spec: HedgedSpec
  readonly #core: PolicyCore
  readonly #hedger: Hedger
  readonly #events: EventHeap
  readonly #runs = new Map<number, Run>()
  readonly #idle: AgentState[] = []
  readonly #arrivals: Random
  readonly #durations: Random
  readonly #others: Random
  readonly #startUs: Float64Array
  readonly #endUs: Float64Array
  readonly #taskOf = new Map<TaskRecord, number>()
  #nowUs = 0
  #arrived = 0
  #ended = 0
  #workUs = 0
  #extraUs = 0

  constructor(spec: HedgedSpec) {
    super()
    this.#spec = spec
    const { tasks, agents, seed, percentile, budget } = spec
    this.#arrivals = new Random(seed)
    this.#durations = new Random(seed + 1)
    this.#others = new Random(seed + 2)
    this.#startUs = new Float64Array(tasks).fill(Number.NaN)
    this.#endUs = new Float64Array(tasks).fill(Number.NaN)
    this.#events = new EventHeap(3 * tasks)
    this.#core = loneCore(
      {
        slots: 4 * agents + 64,
        agents,
        queueDefaults: { hedgePercentile: percentile, hedgeBudget: budget, timeoutMs: 2 ** 30 },
      },
      this,
    )
    this.#hedger = new Hedger(this.#core, {
      twinOf: () => this.#record(),
      hedged: () => {},
      refused: () => {
        throw new Error('a second attempt was refused')
      },
    })
    for (let i = 0; i < agents; i++) this.#idle.push(this.#join(`agent-${i}`))
  }

  /** @throws Error when a task has no outcome in the end. */
  run(): HedgedResult {
    this.#events.push(0, ARRIVAL)
    // Ends: each round takes one of finitely many events, or is the hedger's, who is due once for each run.
    for (;;) {
      const dueUs = Math.max(this.#nowUs, this.#hedger.nextMs() * MS_US)
      const nextUs = Math.min(this.#events.nextUs, dueUs)
      if (nextUs === Number.POSITIVE_INFINITY) break
      this.#nowUs = nextUs
      if (this.#events.nextUs === nextUs) this.#take(this.#events.pop())
      this.#place()
      if (this.#hedger.run(this.#nowMs)) this.#place()
    }
    const { tasks } = this.#spec
    if (this.#ended !== tasks) throw new Error(`${tasks - this.#ended} tasks have no outcome`)
    if (this.#hedger.out !== 0) throw new Error(`${this.#hedger.out} second attempts are left over`)
    const from = Math.floor(tasks * WARM_SHARE)
    const runUs = this.#endUs.map((endUs, task) => endUs - this.#startUs[task]).slice(from)
    const { hedged, hedgesWon: won } = this.#core.counters
    return { runUs, workUs: this.#workUs, extraUs: this.#extraUs, hedged, won }
  }

  override ended(record: TaskRecord, counter: number, agent: AgentState, how: AttemptEnd): void {
    this.#hedger.ended(record, agent, how, this.#nowMs)
    const run = this.#runs.get(counter)!
    if (how === 'cancelled') {
      run.isCut = true
      if (this.#spec.stops) this.#events.push(this.#nowUs + STOP_US, counter)
    } else if (how !== 'succeeded') throw new Error(`a run ended as ${how}`)
  }

  override outcome(record: TaskRecord): void {
    this.#hedger.over(record)
    const task = this.#taskOf.get(record)
    if (task === undefined) return
    if (record.state !== COMPLETED) throw new Error(`task ${task} did not complete`)
    this.#taskOf.delete(record)
    this.#endUs[task] = this.#nowUs
    this.#ended++
  }

  get #nowMs(): number {
    return Math.floor(this.#nowUs / MS_US)
  }

  #take(event: number): void {
    if (event === ARRIVAL) this.#arrive()
    else this.#end(event)
  }

  #arrive(): void {
    const { tasks, agents, load } = this.#spec
    const record = this.#record()
    this.#taskOf.set(record, this.#arrived)
    const refusal = this.#core.submit(record, this.#nowMs)
    if (refusal !== null) throw new Error(`a task was refused: ${refusal.code}`)
    if (++this.#arrived === tasks) return
    const gapUs = this.#meanUs() / (agents * load)
    const waitUs = -Math.log(1 - this.#arrivals.nextFloat()) * gapUs
    this.#events.push(this.#nowUs + waitUs, ARRIVAL)
  }

  #meanUs(): number {
    const { runMs, slowShare, slowTimes } = this.#spec
    return runMs * MS_US * (1 + slowShare * (slowTimes - 1))
  }

  /** A run is over, or a cancelled one has stopped: the first of both counts. */
  #end(counter: number): void {
    const run = this.#runs.get(counter)
    if (run === undefined) return
    this.#runs.delete(counter)
    const { record, agent, slot, startUs, isTwin, isCut } = run
    const tookUs = this.#nowUs - startUs
    this.#workUs += tookUs
    if (isTwin) this.#extraUs += tookUs
    if (isCut) {
      const late = this.#core.attempt(agent.id, slot, 1, counter)
      if (late !== 'late_result') throw new Error('a cancelled run was taken')
    } else this.#core.succeeded(record, this.#nowMs)
    this.#idle.push(agent)
  }

  /** As a turn does: what waits goes to whoever is idle and may have it. */
  #place(): void {
    const core = this.#core
    if (core.parkedToTry > 0) core.unpark(UNPARK_MAX)
    // Ends: each round places or parks one, or is the last.
    for (let record = core.nextOffer(this.#nowMs); record !== null; ) {
      const apart = record.extras?.apart?.agents ?? []
      const at = this.#idle.findIndex(({ id }) => !apart.includes(id))
      if (at < 0) core.park(record)
      else this.#start(record, this.#idle.splice(at, 1)[0])
      record = core.nextOffer(this.#nowMs)
    }
  }

  #start(record: TaskRecord, agent: AgentState): void {
    const { slot, generation } = record.attempt!
    const answer = this.#core.propose(slot, generation, agent.index, agent.generation, this.#nowMs)
    if (answer !== COMMITTED) throw new Error('an idle agent was refused')
    const { counter } = record.attempt!
    const isTwin = record.extras !== null && record.extras.standsFor !== null
    const task = this.#taskOf.get(record)
    if (task !== undefined) this.#startUs[task] = this.#nowUs
    const startUs = this.#nowUs
    this.#runs.set(counter, { record, agent, slot, counter, startUs, isTwin, isCut: false })
    const random = isTwin ? this.#others : this.#durations
    this.#events.push(this.#nowUs + this.#durationUs(random), counter)
    this.#hedger.started(record, this.#nowMs)
  }

  /** Two draws for each run, so that the first runs are the same with and without second ones. */
  #durationUs(random: Random): number {
    const { runMs, spread, slowShare, slowTimes } = this.#spec
    const isSlow = random.nextFloat() < slowShare
    const us = runMs * MS_US * (1 + spread * (2 * random.nextFloat() - 1))
    return isSlow ? us * slowTimes : us
  }

  #record(): TaskRecord {
    const options = { level: LEVEL, requires: [], timeoutMs: null, retryCount: 0 }
    return new TaskRecord('', QUEUE, options, NO_BYTES, 0, 0, NOBODY, null, false, false, 0)
  }

  #join(id: string): AgentState {
    const joined = this.#core.hello(
      {
        id,
        instance: 'one',
        queues: ['*'],
        capabilities: [],
        labels: {},
        specializations: {},
        concurrency: 1,
        ...SILENT,
        link: null,
      },
      0,
    )
    if (typeof joined === 'string') throw new Error(`agent ${id} was refused: ${joined}`)
    return joined
  }
}
