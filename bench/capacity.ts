/**
 * What does it cost to know an hour of each agent, and whether its promises were kept?
 *
 * ```
 *  ours   counters that exist ── a look each 5 s ──► 12 buckets of 5 minutes      a bit for each promise
 *  twin   the same counters ──── a look each 5 s ──► an object a sample, in a list of the last hour;
 *                                                    a list of the last hundred results
 * ```
 *
 * A fleet that works: each agent has done one task more at each look. Looks cover a whole hour, so that
 * both hold what they will ever hold. Times are CPU time: a look must not hold tasks up.
 *
 * Runs on: child processes, one for each side.
 */
import { FrontEnd } from '../src/front-end/turn.ts'
import { METRICS_DEFAULTS } from '../src/options.ts'
import type { AgentState } from '../src/policy/agents.ts'
import { TaskRecord } from '../src/policy/task-record.ts'
import { frontEndOptions } from '../src/scheduler-options.ts'
import { cpuUs } from './cpu.ts'
import {
  type Benchmark,
  type Configuration,
  column,
  type Extent,
  type Parameters,
  type Report,
  type Row,
  ratios,
  type Samples,
  type Values,
} from './harness.ts'
import { residentBytes } from './resident.ts'
import { median } from './statistics.ts'

const SAMPLE_MS = METRICS_DEFAULTS.sampleMs
const CHECK_MS = 1_000
const CHECKS = SAMPLE_MS / CHECK_MS
const HOUR_MS = 3_600_000
const LAST = 100
/** Places come in words of 32. */
const PLACES = 32
const BYTES_MAX = 400
const TASK_NS_MAX = 100

const LINK = { dispatch() {}, cancel() {}, drain() {}, fenced() {} }

function fleetOf(count: number) {
  const agentsMax = Math.ceil(count / PLACES) * PLACES
  const { context } = new FrontEnd(frontEndOptions({ routers: 0, agentsMax }), () => {})
  const agents: AgentState[] = []
  for (let i = 0; i < count; i++) {
    const spec = { queues: ['*'], capabilities: [], labels: {}, specializations: {}, link: LINK }
    const can = { beats: false, keeps: false, pull: false, leased: false, preemptible: false }
    const id = {
      id: `agent-${i}`,
      instance: 'only',
      concurrency: 4,
      recalls: false,
      claims: false,
      declines: false,
    }
    const agent = context.core.hello({ ...id, ...spec, ...can }, 0)
    if (typeof agent === 'string') throw new Error(agent)
    agents.push(agent)
  }
  return { context, agents }
}

/** Looks for an hour. @throws Error unless each agent's last task is in its hour. */
async function fleet({ agents: count, hourMs }: Parameters): Promise<Values> {
  const { context, agents } = fleetOf(count as number)
  const before = await residentBytes()
  let looks = 0
  let us = 0
  let worstUs = 0
  for (let nowMs = 0; nowMs < (hourMs as number); nowMs += SAMPLE_MS) {
    for (const agent of agents) agent.completed++
    for (let check = 0; check < CHECKS; check++) {
      const startUs = cpuUs()
      context.capacity.check(nowMs + check * CHECK_MS)
      const tookUs = cpuUs() - startUs
      us += tookUs
      // What is allocated is allocated once.
      if (nowMs > 0) worstUs = Math.max(worstUs, tookUs)
    }
    looks++
  }
  const after = await residentBytes()
  const { hour } = context.capacity.profile(agents.at(-1)!, (hourMs as number) - 1)
  const done = Math.round((hour.tasksPerHour * ((hourMs as number) - 1)) / HOUR_MS)
  if (done !== looks) throw new Error(`${done} tasks are in the hour, ${looks} were done`)
  return {
    ...bytesEach(before, after, agents.length),
    lookMs: us / looks / 1e3,
    worstMs: worstUs / 1e3,
  }
}

interface Sample {
  atMs: number
  load: number
  done: number
  errors: number
}

/** What somebody would write first. */
async function naiveFleet({ agents: count, hourMs }: Parameters): Promise<Values> {
  const { agents } = fleetOf(count as number)
  const samples = new Map<string, Sample[]>()
  const before = await residentBytes()
  let looks = 0
  let us = 0
  for (let nowMs = 0; nowMs < (hourMs as number); nowMs += SAMPLE_MS) {
    for (const agent of agents) agent.completed++
    const startUs = cpuUs()
    for (const agent of agents) {
      let own = samples.get(agent.id)
      if (own === undefined) {
        own = []
        samples.set(agent.id, own)
      }
      const load = (agent.charged + agent.bound.length) / agent.concurrency
      own.push({ atMs: nowMs, load, done: agent.completed, errors: agent.failed })
      if (own[0].atMs <= nowMs - HOUR_MS) own.shift()
    }
    us += cpuUs() - startUs
    looks++
  }
  const after = await residentBytes()
  const done = samples.get(agents.at(-1)!.id)!.at(-1)!.done
  if (done !== looks) throw new Error(`${done} tasks were sampled, ${looks} were done`)
  return { ...bytesEach(before, after, agents.length), lookMs: us / looks / 1e3 }
}

function bytesEach(before: Values, after: Values, count: number): Values {
  return { bytes: (after.heapBytes - before.heapBytes) / count }
}

/** What the end of an attempt costs. @throws Error unless all promises are in it. */
async function task({ tasks, slaMs }: Parameters): Promise<Values> {
  const { context, agents } = fleetOf(PLACES)
  const record = promising(context, slaMs as number)
  const startUs = cpuUs()
  for (let i = 0; i < (tasks as number); i++) {
    context.capacity.ended(record, agents[i % PLACES], 'succeeded', 1)
  }
  const us = cpuUs() - startUs
  const { slaCompliance } = context.capacity.profile(agents[0], 1).last
  if (slaCompliance !== (slaMs === 0 ? null : 1)) throw new Error(`${slaCompliance} were kept`)
  return { ns: (us * 1e3) / (tasks as number) }
}

function promising(context: ReturnType<typeof fleetOf>['context'], slaMs: number): TaskRecord {
  const own = { ttlMs: null, deadlineMs: null, slaTargetMs: slaMs, retryDelayMs: null, delayMs: 0 }
  const options = { level: 3, requires: [], timeoutMs: null, retryCount: null }
  const origin = { accepted() {}, outcome() {}, refused() {} }
  const given = slaMs === 0 ? options : { ...options, own }
  const record = new TaskRecord(
    '',
    'q',
    given,
    new Uint8Array(0),
    0,
    0,
    origin,
    null,
    true,
    true,
    0,
  )
  const refusal = context.core.submit(record, 0)
  if (refusal !== null) throw new Error(refusal.message)
  return record
}

/** A list of the last hundred for each agent. */
async function naiveTask({ tasks }: Parameters): Promise<Values> {
  const kept = new Map<string, boolean[]>()
  const ids = Array.from({ length: PLACES }, (_, i) => `agent-${i}`)
  const startUs = cpuUs()
  for (let i = 0; i < (tasks as number); i++) {
    const id = ids[i % PLACES]
    let own = kept.get(id)
    if (own === undefined) {
      own = []
      kept.set(id, own)
    }
    own.push(true)
    if (own.length > LAST) own.shift()
  }
  const us = cpuUs() - startUs
  if (kept.get(ids[0])!.length > LAST) throw new Error('more than a hundred are kept')
  return { ns: (us * 1e3) / (tasks as number) }
}

function configurations({ isQuick }: Extent): Configuration[] {
  const agents = isQuick ? 320 : 100_000
  const hourMs = isQuick ? 60_000 : HOUR_MS
  // 720 objects for each of 100,000 agents would not fit into most machines.
  const few = { agents: isQuick ? 320 : 10_000, hourMs }
  const tasks = isQuick ? 10_000 : 20_000_000
  return [
    { name: 'fleet', run: 'fleet', parameters: { agents, hourMs } },
    { name: 'fleet, few', run: 'fleet', parameters: few },
    { name: 'fleet, lists', run: 'naiveFleet', parameters: few },
    { name: 'task', run: 'task', parameters: { tasks, slaMs: 0 } },
    { name: 'promise', run: 'task', parameters: { tasks, slaMs: 60_000 } },
    { name: 'promise, lists', run: 'naiveTask', parameters: { tasks } },
  ]
}

function report(samples: Samples): Report {
  const of = (name: string, value: string) => column(samples, name, value)
  const beside = (what: string, unit: string, ours: string, twin: string, value: string): Row => {
    const [a, b] = [of(ours, value), of(twin, value)]
    return { what, unit, ours: a, twin: b, ratio: ratios(a, b) }
  }
  const agentBytes = of('fleet', 'bytes')
  const taskNs = of('task', 'ns')
  return {
    figures: {
      agentBytes: { value: median(agentBytes), atMost: BYTES_MAX },
      taskNs: { value: median(taskNs), below: TASK_NS_MAX },
      lookMs: { value: median(of('fleet', 'lookMs')) },
    },
    rows: [
      { what: 'an hour of an agent, 100,000', unit: 'B', ours: agentBytes, figure: 'agentBytes' },
      beside('the same, 10,000', 'B', 'fleet, few', 'fleet, lists', 'bytes'),
      { what: 'a look at 100,000 agents', unit: 'ms', ours: of('fleet', 'lookMs') },
      { what: 'its longest piece', unit: 'ms', ours: of('fleet', 'worstMs') },
      beside('a look at 10,000 agents', 'ms', 'fleet, few', 'fleet, lists', 'lookMs'),
      { what: 'a task without a promise', unit: 'ns', ours: taskNs, figure: 'taskNs' },
      beside('a task with one', 'ns', 'promise', 'promise, lists', 'ns'),
    ],
  }
}

export const capacity: Benchmark = {
  name: 'capacity',
  question: 'What does it cost to know an hour of each agent, and whether its promises were kept?',
  doesNotShow:
    'The windows of results, which are learning’s, and what a look costs the caches of others.',
  configurations,
  runs: { fleet, naiveFleet, task, naiveTask },
  report,
}
