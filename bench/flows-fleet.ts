/**
 * A graph on a real policy core in virtual time: who is free is given the next head, tasks take as long
 * as they say. And what it is compared with: the list schedule that knows all durations.
 *
 * Runs on: a child process of the flows benchmark, one thread. Invariant: the same graph gives the same
 * result on any machine; no task begins before those that it comes after have ended, or there is an Error.
 */
import { EventHeap } from '../src/fleet-model/event-heap.ts'
import { type AgentState, SILENT } from '../src/policy/agents.ts'
import { COMMITTED, type PolicyCore } from '../src/policy/core.ts'
import { NoEffects } from '../src/policy/no-effects.ts'
import { COMPLETED, NOBODY, TaskRecord } from '../src/policy/task-record.ts'
import { NO_OPTIONS } from '../src/wire/submit-options.ts'
import { loneCore } from './lone-core.ts'

const NO_BYTES = new Uint8Array(0)
const QUEUE = 'bench'

/** By node: how long it takes, µs, and indices of those before it, each smaller than its own. */
export interface TimedGraph {
  readonly durations: readonly number[]
  readonly after: readonly (readonly number[])[]
}

export class FlowFleet extends NoEffects {
  readonly core: PolicyCore
  readonly #free: AgentState[] = []

  constructor(agents: number) {
    super()
    this.core = loneCore(
      {
        slots: 64,
        agents,
        policy: { keep: { count: 10_000, ageSeconds: 3_600, bytes: 1024 * 1024 }, leaseMs: 10_000 },
      },
      this,
    )
    for (let i = 0; i < agents; i++) this.#join(`agent-${i}`)
  }

  #join(id: string): void {
    const can = { capabilities: [], labels: {}, specializations: {}, concurrency: 1 }
    const spec = { id, instance: 'one', queues: [QUEUE], ...can, ...SILENT, link: null }
    const agent = this.core.hello(spec, 0)
    if (typeof agent === 'string') throw new Error(`agent ${id} was refused: ${agent}`)
    this.#free.push(agent)
  }

  /** Admits the graph, and runs it to its end. @returns when that is, in the graph's own µs. */
  run({ durations, after }: TimedGraph): number {
    const records = this.admit(after)
    const numbers = new Map(records.map((record, i) => [record, i]))
    const running: TaskRecord[] = []
    const events = new EventHeap(this.#free.length)
    let nowUs = 0
    for (let ended = 0; ended < records.length; ended++) {
      for (let next = this.core.nextOffer(nowUs / 1e3); next !== null; ) {
        this.#start(next, nowUs / 1e3)
        running.push(next)
        requireParents(next)
        events.push(nowUs + durations[numbers.get(next)!], running.length - 1)
        next = this.core.nextOffer(nowUs / 1e3)
      }
      nowUs = events.nextUs
      const record = running[events.pop()]
      const { agent } = record.attempt!
      this.core.succeeded(record, nowUs / 1e3)
      this.#free.push(agent!)
    }
    if (records.some(({ state }) => state !== COMPLETED)) throw new Error('a task is not done')
    return nowUs
  }

  admit(after: TimedGraph['after']): TaskRecord[] {
    const records = after.map(() => newRecord())
    const common = { onFailure: 'fail', held: false, apart: null } as const
    const nodes = records.map((record, i) => ({
      record,
      name: `n${i}`,
      after: after[i],
      ...common,
    }))
    const flow = this.core.submitGraph({ flow: { id: '', queue: QUEUE }, nodes }, 0)
    if (flow === null || 'code' in flow) throw new Error(`the flow was refused: ${flow?.message}`)
    return records
  }

  #start(record: TaskRecord, nowMs: number): void {
    const agent = this.#free.pop()
    if (agent === undefined) throw new Error('a task was offered, and nobody is free')
    const { slot, generation } = record.attempt!
    const answer = this.core.propose(slot, generation, agent.index, agent.generation, nowMs)
    if (answer !== COMMITTED) throw new Error(`the proposal for slot ${slot} was not committed`)
  }
}

function newRecord(): TaskRecord {
  return new TaskRecord('', QUEUE, NO_OPTIONS, NO_BYTES, 0, 0, NOBODY, null, false, false, 0)
}

function requireParents({ extras }: TaskRecord): void {
  const isEarly = extras!.links!.parents.some(({ state }) => state !== COMPLETED)
  if (isEarly) throw new Error('a task has begun before one that it comes after')
}

/** The longest way from each node to the end, itself included. */
export function criticalPaths({ durations, after }: TimedGraph): number[] {
  const paths = [...durations]
  for (let i = after.length - 1; i >= 0; i--) {
    for (const parent of after[i]) {
      paths[parent] = Math.max(paths[parent], durations[parent] + paths[i])
    }
  }
  return paths
}

/**
 * List scheduling by critical path (T. C. Hu, Parallel sequencing and assembly line problems, 1961; as
 * HLFET in T. Adam, K. Chandy, J. Dickson 1974): whoever is free begins the ready task from which the way
 * to the end is longest. It knows all durations beforehand, which no scheduler does.
 */
export function criticalPathSchedule(graph: TimedGraph, agents: number): number {
  const { durations, after } = graph
  const paths = criticalPaths(graph)
  const children: number[][] = after.map(() => [])
  const open = after.map((parents) => parents.length)
  for (const [i, parents] of after.entries()) for (const parent of parents) children[parent].push(i)
  const ready = open.flatMap((count, i) => (count === 0 ? [i] : []))
  const events = new EventHeap(agents)
  let free = agents
  let nowUs = 0
  for (let ended = 0; ended < after.length; ended++) {
    ready.sort((a, b) => paths[a] - paths[b])
    for (; free > 0 && ready.length > 0; free--) {
      const next = ready.pop()!
      events.push(nowUs + durations[next], next)
    }
    nowUs = events.nextUs
    const done = events.pop()
    free++
    for (const child of children[done]) if (--open[child] === 0) ready.push(child)
  }
  return nowUs
}
