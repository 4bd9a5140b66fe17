/** A journal of the real core under a load in which all goes wrong that can. */

import type { RecordedCore } from '../../src/journal/recorder.ts'
import { JournalWriter } from '../../src/journal/writer.ts'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { CONFLICT, STALE } from '../../src/policy/core.ts'
import {
  BOUND,
  OFFERED,
  RUNNING,
  SCHEDULED,
  type TaskRecord,
  WAITING,
} from '../../src/policy/task-record.ts'
import { Policy } from '../policy/support.ts'

const QUEUES = ['q', 'r', 's', 'timed', 'urgent', 'q']
const AGENTS = [
  { queues: ['q', 'timed', 'urgent'], concurrency: 4, preemptible: true, recalls: true },
  { queues: ['q', 'r'], capabilities: ['gpu'], concurrency: 3, keeps: true },
  { queues: ['*'], concurrency: 2, labels: { memory: 16 }, preemptible: true, recalls: true },
  { queues: ['s', 'r'], capabilities: ['gpu', 'ocr'], concurrency: 2, recalls: true },
  { queues: ['r', 's'], keeps: true, pull: true },
]
const QUEUE = { retryCount: 1, lossLimit: 1, timeoutMs: 300 }
/** Everything that a queue can promise, at times that a short run comes to. */
const TIMED = {
  ...{ retryCount: 3, retryDelayMs: 20, exponentialBackoff: true, retryDelayMaxMs: 100 },
  ...{ ttlMs: 400, slaTargetMs: 200, heartbeatTimeoutMs: 250, deadlineMs: 1_500, maxAgeMs: 100 },
  ...{ retryOn: ['error', 'timeout', 'heartbeat_timeout'], boostAfterMs: boostsOf(60) },
}
const URGENT = {
  ...{ concurrency: 3, slaTargetMs: 40, slaTargetsMs: { critical: 10 }, escalateTo: 'desk' },
  ...{ escalateOn: ['human_timeout', 'odd'], deadLetterQueue: 'lost', ttlMs: 300 },
  ...{ retryDelayMs: 10, retryJitter: 'full' as const, boostAfterMs: boostsOf(30) },
}
const DESK = { retryCount: 0, deadLetterQueue: 'lost', boostAfterMs: boostsOf(0) }
const CODES = ['error', 'error', 'odd', 'strange']
/** What few tasks promise for themselves. */
const OWN = [
  { delayMs: 50 },
  { deadlineMs: 200 },
  { ttlMs: 60, slaTargetMs: 30 },
  { retryDelayMs: 0 },
  { slaTargetMs: 500, delayMs: 10 },
]
const STEPS = 3_000

function boostsOf(ms: number) {
  return { background: ms, low: ms, normal: 2 * ms }
}

/**
 * @param take is given the bytes as they are written, with the core that they are of.
 * @returns the journal of one run; equal seeds make equal ones.
 */
export function recorded(
  seed: number,
  take: (bytes: Uint8Array, core: RecordedCore) => void = () => {},
): Uint8Array {
  const policy = new Policy({
    leaseMs: 400,
    keep: { count: 50, ageSeconds: 5, bytes: 10_000 },
    agentQueueMax: 3,
    protectFrom: 4,
    queue: QUEUE,
    queues: {
      s: { ...QUEUE_DEFAULTS, ...QUEUE, binding: 'early' },
      r: { ...QUEUE_DEFAULTS, ...QUEUE, binding: 'early', match: 'best_fit' },
      timed: { ...QUEUE_DEFAULTS, ...QUEUE, ...TIMED },
      urgent: { ...QUEUE_DEFAULTS, ...QUEUE, ...URGENT },
      desk: { ...QUEUE_DEFAULTS, ...QUEUE, ...DESK },
    },
    deadLetterMoves: { timed: 'desk', lost: 'desk' },
    dedup: { windowSeconds: 1, count: 20 },
  })
  const chunks: Uint8Array[] = []
  const sink = (bytes: Uint8Array) => {
    chunks.push(bytes)
    take(bytes, policy.core)
  }
  const writer = new JournalWriter({ sink })
  policy.core.record(writer)
  policy.core.onEvent = () => writer.flush()
  const load = new Load(policy, seed)
  for (let step = 0; step < STEPS; step++) load.step()
  load.settle()
  policy.core.stopRecording()
  return Buffer.concat(chunks)
}

class Load {
  readonly #policy: Policy
  readonly #tasks: TaskRecord[] = []
  readonly #instances = AGENTS.map(() => 0)
  #seed: number

  constructor(policy: Policy, seed: number) {
    this.#policy = policy
    this.#seed = seed
    AGENTS.forEach((_, index) => {
      this.#join(index)
    })
  }

  step(): void {
    const act = this.#dice(100)
    if (act < 35) this.#submit()
    else if (act < 60) this.#place()
    else if (act < 80) this.#finish()
    else if (act < 85) this.#promise()
    else if (act < 87) this.#with(OFFERED, (record) => this.#policy.core.withdraw(record, 0))
    else if (act < 90) this.#cancel()
    else if (act < 97) this.#beat()
    else this.#comeAndGo()
    if (this.#dice(8) === 0) this.#moves()
    if (this.#dice(4) === 0) this.#policy.pass(this.#dice(40))
  }

  /** What queues promise: paused and resumed, configured anew, interrupted, heard of. */
  #promise(): void {
    const { core, nowMs } = this.#policy
    const queue = QUEUES[this.#dice(QUEUES.length)]
    const act = this.#dice(8)
    if (act === 0) core.pauseQueue(queue)
    else if (act === 1) for (const name of QUEUES) core.resumeQueue(name)
    else if (act === 2) this.#configure()
    else if (act === 3) this.#with(RUNNING, (record) => core.heard(record, 'on', nowMs))
    else this.#interrupt()
  }

  #configure(): void {
    const { core } = this.#policy
    const isHard = this.#dice(2) === 0
    const before = core.queues.get('timed')?.options
    if (before === undefined) return
    core.configureQueue('timed', {
      ...before,
      ttlMs: isHard ? 150 : 400,
      slaTargetMs: isHard ? 80 : 200,
    })
  }

  /** Anything is stolen by or called back for anybody, of which the core takes what may be. */
  #moves(): void {
    const { core, nowMs } = this.#policy
    for (const thief of this.#agents()) {
      this.#with(BOUND, (record) => core.steal(record, thief, nowMs))
      const to = this.#dice(4) > 0 ? thief : null
      this.#with(RUNNING, (record) => core.recall(record, to, nowMs))
      if (this.#dice(30) === 0) core.limitAgent(thief.id, [-1, -1, 0, 1][this.#dice(4)])
    }
    for (const record of this.#tasks) {
      const isAsked = record.state === RUNNING && record.attempt!.recalledAtMs > 0
      if (isAsked && record.extras?.preempting !== true && this.#dice(2) === 0) {
        this.#policy.yield(record, null)
      }
    }
  }

  /** Those that were asked hand back what they have, or go on. */
  #interrupt(): void {
    const policy = this.#policy
    // More than there is credit for, so that some of them wait.
    for (let i = 0; i < 4; i++) this.#tasks.push(policy.submit('timed', { level: 5 }))
    policy.place()
    policy.interrupt()
    for (const record of this.#tasks) {
      if (record.state !== RUNNING || record.extras?.preempting !== true) continue
      if (this.#dice(3) > 0) policy.yield(record, this.#dice(2) > 0 ? Buffer.from('half') : null)
    }
  }

  /** Everything stops and what is open is done; then it is quiet. */
  settle(): void {
    const policy = this.#policy
    for (const name of QUEUES) policy.core.resumeQueue(name)
    for (const record of policy.offered()) policy.core.bounce(record)
    const can = { capabilities: ['gpu', 'ocr'], labels: { memory: 16 } }
    const end = { queues: ['*'], ...can, concurrency: 50, leased: false }
    policy.agent('last', end)
    // Ends: each round finishes all that run, and each task has few retries.
    for (let open = 1; open > 0; ) {
      policy.startBound()
      policy.place()
      const running = this.#tasks.filter(({ state }) => state === RUNNING)
      for (const record of running) policy.succeed(record)
      open = running.length
    }
    for (let round = 0; round < 40; round++) {
      policy.pass(50)
      policy.place()
      for (const record of this.#tasks) if (record.state === RUNNING) policy.succeed(record)
    }
    policy.pass(10_000)
  }

  #submit(): void {
    const requires = [[], [], [], ['gpu'], ['memory>=16']][this.#dice(5)]
    const level = 1 + this.#dice(5)
    const queue = QUEUES[this.#dice(QUEUES.length)]
    const own = this.#dice(8) > 0 ? undefined : OWN[this.#dice(OWN.length)]
    const id = this.#dice(6) > 0 ? undefined : `id-${this.#dice(30)}`
    const record = Policy.record(queue, { level, requires, own, id })
    if (this.#policy.core.submit(record, this.#policy.nowMs) === null) this.#tasks.push(record)
  }

  #place(): void {
    this.#policy.startBound()
    for (let i = this.#dice(4); i >= 0; i--) {
      const record = this.#policy.offer() ?? this.#policy.core.nextBounced(this.#policy.nowMs)
      if (record === null) return
      if (this.#dice(6) > 0) this.#propose(record)
    }
    this.#with(OFFERED, (record) => this.#propose(record))
  }

  #propose(record: TaskRecord): void {
    const answer = this.#dice(8) === 0 ? CONFLICT : this.#policy.propose(record)
    if (answer === STALE || answer === CONFLICT) this.#policy.core.bounce(record)
  }

  #finish(): void {
    const end = this.#dice(10)
    this.#with(RUNNING, (record) => {
      if (end < 6) this.#policy.succeed(record)
      else if (end < 8) this.#policy.fail(record, true, CODES[this.#dice(CODES.length)])
      else if (end < 9) this.#policy.fail(record, false)
      else this.#policy.core.dispatchFailed(record, this.#policy.nowMs)
    })
  }

  #cancel(): void {
    this.#with([WAITING, OFFERED, RUNNING, BOUND, SCHEDULED][this.#dice(5)], (record) => {
      this.#policy.cancel(record)
    })
  }

  /** Some beats lack what the agent runs. */
  #beat(): void {
    for (const agent of this.#agents()) {
      const running = this.#tasks.filter(
        (task) => task.attempt?.agent === agent && this.#dice(5) > 0,
      )
      const { id, instance } = agent
      const counters = new Set(running.map((task) => task.attempt!.counter))
      const foreign = this.#dice(4) === 0 ? this.#dice(3) : 0
      const { core, nowMs } = this.#policy
      if (this.#dice(5) > 0) core.beat(id, instance, counters, nowMs, foreign)
      if (agent.pull) this.#policy.pull(agent, 1 + this.#dice(5))
      else this.#policy.core.setPrefetch(agent, this.#dice(4))
    }
  }

  #comeAndGo(): void {
    const index = this.#dice(AGENTS.length)
    const agent = this.#policy.core.agents.get(`a${index}`)
    if (agent === undefined || this.#dice(3) === 0) this.#join(index)
    else if (this.#dice(4) === 0) this.#allocate()
    else if (this.#dice(2) === 0) this.#policy.core.drainAgent(agent.id)
    else this.#policy.bye(agent)
  }

  #allocate(): void {
    const agent = this.#policy.allocate(QUEUES[this.#dice(QUEUES.length)])
    if (typeof agent === 'object' && agent !== null && this.#dice(2) === 0) {
      this.#policy.core.release(agent.id)
    }
  }

  #join(index: number): void {
    const instance = `i${this.#instances[index]++}`
    this.#policy.agent(`a${index}`, { ...AGENTS[index], instance })
  }

  #agents(): AgentState[] {
    return [...this.#policy.core.agents.values()]
  }

  #with(state: number, act: (record: TaskRecord) => void): void {
    const candidates = this.#tasks.filter((record) => record.state === state)
    if (candidates.length > 0) act(candidates[this.#dice(candidates.length)])
  }

  /** @returns 0 … sides - 1. Source: Numerical Recipes' linear congruential generator. */
  #dice(sides: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) | 0
    return Math.floor(((this.#seed >>> 8) / 2 ** 24) * sides)
  }
}
