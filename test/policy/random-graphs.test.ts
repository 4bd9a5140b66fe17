/**
 * Random flows of a thousand tasks: whole or nothing, in order, one outcome each, and nothing is held for
 * longer than somebody needs it. A soak plays 10,000 seeds.
 */
import { expect, test } from 'vitest'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import { Flow, type GraphNode } from '../../src/policy/graphs.ts'
import {
  BLOCKED,
  CANCELLED,
  COMPLETED,
  isFinal,
  RUNNING,
  SCHEDULED,
  type TaskRecord,
} from '../../src/policy/task-record.ts'
import { Random } from '../../src/routing/generator.ts'
import { PARENT_FAILURES } from '../../src/task.ts'
import { below, chance } from './age-twin.ts'
import { equal, holds } from './claims.ts'
import { checkInvariants } from './invariants.ts'
import { Policy, seedsOr } from './support.ts'

const NODES = 1_000
const QUEUES = ['q', 'r', 's']
/** All that the checks look at costs as much as the run: now and then is enough for a thousand nodes. */
const CHECKED_EVERY = 100

/** Wide, narrow, a chain, a star: how far back a task's parents are, and how many it has. */
function parentsOf(random: Random, at: number, shape: number): number[] {
  if (at === 0) return []
  if (shape === 0) return [at - 1]
  if (shape === 1) return [0]
  const back = shape === 2 ? at : Math.min(at, 1 + below(random, 20))
  const count = below(random, shape === 3 ? 6 : 3)
  const after = new Set<number>()
  for (let i = 0; i < count; i++) after.add(at - 1 - below(random, back))
  return [...after].sort((a, b) => a - b)
}

function graphOf(random: Random): GraphNode[] {
  const shape = below(random, 5)
  const failures = below(random, 3)
  return Array.from({ length: NODES }, (_, at) => {
    const level = 1 + below(random, 5)
    const delayMs = chance(random, 20) ? below(random, 50) : 0
    const own = delayMs > 0 ? { own: { delayMs } } : {}
    const record = Policy.record(QUEUES[below(random, 3)], { level, retryCount: 1, ...own })
    const onFailure = failures === 0 ? 'fail' : PARENT_FAILURES[below(random, 3)]
    const after = parentsOf(random, at, shape)
    return { record, name: `n${at}`, after, onFailure, held: false, apart: null }
  })
}

class Run {
  readonly random: Random
  readonly policy: Policy
  readonly nodes: GraphNode[]
  /** By record: when it was begun first, counted. */
  readonly begun = new Map<TaskRecord, number>()
  flow!: Flow
  ends = 0
  /** One of so many attempts fails. */
  readonly failsIn: number

  constructor(seed: number) {
    this.random = new Random(seed)
    this.failsIn = 3 + below(this.random, 200)
    const options = { ...QUEUE_DEFAULTS, binding: 'early' as const, tasksMax: NODES }
    this.policy = new Policy({
      keep: { count: 10, ageSeconds: 60, bytes: 1_000_000 },
      queues: { s: options },
    })
    for (let i = 0; i < 8; i++) {
      this.policy.agent(`a${i}`, { concurrency: 1 + below(this.random, 4), leased: false })
    }
    this.nodes = graphOf(this.random)
  }

  submit(): void {
    const { policy, nodes } = this
    const { core } = policy
    const graph = { flow: { id: 'flow', queue: 'q' }, nodes }
    // First with one task too many that its queue has no room for: nothing of it is there.
    const last = { ...nodes[0], record: Policy.record('full', { bytes: 1 }), name: 'one-more' }
    const refusal = core.submitGraph(
      { ...graph, nodes: [...nodes, { ...last, after: [NODES - 1] }, badNode()] },
      policy.nowMs,
    )
    holds(refusal !== null && !(refusal instanceof Flow), 'a graph with a bad node is taken')
    equal(core.counters.accepted, 0, 'accepted of a graph that was refused')
    holds([...core.index.records()].length === 0, 'a part of it is there')
    const flow = core.submitGraph(graph, policy.nowMs)
    if (!(flow instanceof Flow)) throw new Error(`refused: ${flow?.code}`)
    this.flow = flow
    equal(core.counters.accepted, NODES, 'accepted')
    for (const { record, after } of nodes) {
      if (after.length > 0) equal(record.state, BLOCKED, `${record.id}: its state`)
    }
  }

  /** What runs ends somehow, until nothing is open. */
  play(): void {
    const { policy } = this
    for (let round = 0; this.flow.state === 'running'; round++) {
      if (round > 20 * NODES) throw new Error(`${this.flow.open} are stuck`)
      const started = [...policy.startBound(), ...policy.place()]
      for (const record of started) this.#started(record)
      const running = this.#running()
      if (running.length > 0) this.#end(running[below(this.random, running.length)])
      else this.#waitForNext()
      this.#takeEnds()
      if (round % CHECKED_EVERY === 0) checkInvariants(policy)
    }
  }

  #running(): TaskRecord[] {
    const running: TaskRecord[] = []
    for (const agent of this.policy.core.agents.values()) {
      for (let one = agent.running.head; one !== null; one = one.next) running.push(one)
    }
    return running
  }

  #started(record: TaskRecord): void {
    if (!this.begun.has(record)) this.begun.set(record, this.begun.size)
    const { links } = record.extras!
    for (const parent of links!.parents) {
      holds(isFinal(parent.state), `${links!.node} begins before ${parent.id} is over`)
      const isWell = parent.state === COMPLETED || links!.onFailure === 'continue'
      holds(isWell, `${links!.node} begins though ${parent.id} did not complete`)
      equal(this.policy.core.find(parent.id), parent, `${parent.id}: its result is forgotten`)
    }
  }

  #end(record: TaskRecord): void {
    const { policy, random } = this
    if (chance(random, 400)) policy.core.cancelSubtree(record, policy.nowMs)
    else if (chance(random, 200)) policy.cancel(record)
    else if (chance(random, this.failsIn)) policy.fail(record, chance(random, 2))
    else policy.succeed(record)
  }

  /** Credit of what was cancelled comes back, or a delay is over. */
  #waitForNext(): void {
    const { policy } = this
    for (const agent of policy.core.agents.values()) {
      policy.beat(agent, [])
      policy.beat(agent, [])
    }
    const isAhead = this.nodes.some(({ record }) => record.state === SCHEDULED)
    if (isAhead) policy.pass(1 + below(this.random, 20))
  }

  #takeEnds(): void {
    const { outcomes } = this.policy.effects
    // In order: nobody is over before those that it waited for, unless it was not to be any more.
    for (; this.ends < outcomes.length; this.ends++) {
      const { state, extras, code } = outcomes[this.ends]
      const { node, nodeAt, onFailure } = extras!.links!
      if (state === CANCELLED || onFailure === 'continue') continue
      const parents = this.nodes[nodeAt].after.map((index) => this.nodes[index].record)
      if (state === COMPLETED) {
        holds(
          parents.every((parent) => parent.state === COMPLETED),
          `${node} completed before its parents`,
        )
      }
      const isUntried = code === 'parent_failed'
      const isFailed = parents.some((one) => isFinal(one.state) && one.state !== COMPLETED)
      equal(isFailed, isUntried, `${node}: ${code}`)
    }
  }

  finish(): void {
    const { policy, flow, nodes } = this
    const { core, effects } = policy
    checkInvariants(policy)
    equal(effects.outcomes.length, NODES, 'outcomes')
    equal(new Set(effects.outcomes).size, NODES, 'outcomes, each once')
    equal(effects.flowEnds.length, 1, 'ends of the flow')
    equal(flow.open, 0, 'open')
    for (const { record } of nodes) {
      const wasTried = this.begun.has(record) || record.state !== COMPLETED
      holds(wasTried, `${record.id} completed untried`)
      holds(record.state !== RUNNING, `${record.id} runs`)
    }
    equal(core.pinned.length, 0, 'pinned')
    equal(effects.forgot.length, NODES - 10, 'forgotten')
    for (const { blocked, open, running, scheduled, bound } of core.queues.values()) {
      equal(blocked + open + running + scheduled + bound, 0, 'counted in a queue')
    }
    policy.pass(61_000)
    equal(core.flows.size, 0, 'flows')
    equal(effects.forgot.length, NODES, 'forgotten in the end')
    equal(core.nextTickMs(), Number.POSITIVE_INFINITY, 'a timer is left')
  }
}

/** Its queue’s requirements cannot be met: there are as many classes as there may be. */
function badNode(): GraphNode {
  const record = Policy.record('q', { id: 'x', strategy: 'nobody’s' })
  return { record, name: 'bad', after: [], onFailure: 'fail', held: false, apart: null }
}

test('graphs: of a thousand tasks none begins before its parents are over, and each ends once', () => {
  const seeds = seedsOr(20)
  let begun = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const run = new Run(seed)
    try {
      run.submit()
      run.play()
      run.finish()
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error })
    }
    begun += run.begun.size
  }
  // Else they hardly did anything.
  expect(begun).toBeGreaterThan(200 * seeds)
}, 3_600_000)
