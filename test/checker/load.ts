/** A journal of the real core under a load in which all goes wrong that can. */

import { JournalWriter } from '../../src/journal/writer.ts'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { CONFLICT, STALE } from '../../src/policy/core.ts'
import { BOUND, OFFERED, RUNNING, type TaskRecord, WAITING } from '../../src/policy/task-record.ts'
import { Policy } from '../policy/support.ts'

const QUEUES = ['q', 'r', 's']
const AGENTS = [
  { queues: ['q'], concurrency: 4 },
  { queues: ['q', 'r'], capabilities: ['gpu'], concurrency: 3, keeps: true },
  { queues: ['*'], concurrency: 2, labels: { memory: 16 } },
  { queues: ['s'], capabilities: ['gpu', 'ocr'], concurrency: 2 },
  { queues: ['r', 's'], keeps: true, pull: true },
]
const QUEUE = { retryCount: 1, lossLimit: 1, timeoutMs: 300 }
const STEPS = 3_000

/** @returns the journal of one run; equal seeds make equal ones. */
export function recorded(seed: number): Uint8Array {
  const policy = new Policy({
    leaseMs: 400,
    keep: { count: 50, ageSeconds: 5, bytes: 10_000 },
    agentQueueMax: 3,
    queue: QUEUE,
    queues: {
      s: { ...QUEUE_DEFAULTS, ...QUEUE, binding: 'early' },
      r: { ...QUEUE_DEFAULTS, ...QUEUE, binding: 'early', match: 'best_fit' },
    },
  })
  const chunks: Uint8Array[] = []
  policy.core.record(new JournalWriter({ sink: (bytes) => chunks.push(bytes) }))
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
    else if (act < 82) this.#finish()
    else if (act < 86) this.#with(OFFERED, (record) => this.#policy.core.withdraw(record, 0))
    else if (act < 90) this.#cancel()
    else if (act < 97) this.#beat()
    else this.#comeAndGo()
    if (this.#dice(4) === 0) this.#policy.pass(this.#dice(40))
  }

  /** Everything stops and what is open is done; then it is quiet. */
  settle(): void {
    const policy = this.#policy
    for (const record of policy.offered()) policy.core.bounce(record)
    const end = { queues: ['*'], capabilities: ['gpu', 'ocr'], concurrency: 50, leased: false }
    policy.agent('last', end)
    // Ends: each round finishes all that run, and each task has few retries.
    for (let open = 1; open > 0; ) {
      policy.startBound()
      policy.place()
      const running = this.#tasks.filter(({ state }) => state === RUNNING)
      for (const record of running) policy.succeed(record)
      open = running.length
    }
    policy.pass(10_000)
  }

  #submit(): void {
    const requires = [[], [], [], ['gpu'], ['memory>=16']][this.#dice(5)]
    const level = 1 + this.#dice(5)
    this.#tasks.push(this.#policy.submit(QUEUES[this.#dice(3)], { level, requires }))
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
      else if (end < 8) this.#policy.fail(record)
      else if (end < 9) this.#policy.fail(record, false)
      else this.#policy.core.dispatchFailed(record, this.#policy.nowMs)
    })
  }

  #cancel(): void {
    this.#with([WAITING, OFFERED, RUNNING, BOUND][this.#dice(4)], (record) => {
      this.#policy.cancel(record)
    })
  }

  /** Some beats lack what the agent runs. */
  #beat(): void {
    for (const agent of this.#agents()) {
      const running = this.#tasks.filter(
        (task) => task.attempt?.agent === agent && this.#dice(5) > 0,
      )
      if (this.#dice(5) > 0) this.#policy.beat(agent, running)
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
    const agent = this.#policy.allocate(QUEUES[this.#dice(3)])
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
