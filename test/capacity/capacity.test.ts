import { expect, test } from 'vitest'
import { AGENTS_PER_CHECK, Capacity } from '../../src/capacity/capacity.ts'
import { HOUR_MS } from '../../src/capacity/hours.ts'
import { agentProfile, getUtilization } from '../../src/front-end/calls/capacity.ts'
import type { FrontEndContext } from '../../src/front-end/context.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import type { PolicyState } from '../../src/policy/state.ts'
import { contextOf, leave, NOW_MS } from '../front-end/large-fleet.ts'
import { answer, joinSilent, placed } from '../front-end/placing.ts'
import { learner } from '../learning/columns.ts'
import type { TaskSpec } from '../policy/support.ts'

const MINUTE_MS = 60_000
const WITHIN_A_SECOND = { own: { slaTargetMs: 1_000 } }

/** Tasks one after the other, each ended at once. */
function run(context: FrontEndContext, count: number, code: string | null = null, us = 1_000) {
  for (let i = 0; i < count; i++) {
    answer(context, placed(context, 'q', { retryCount: 0 }), us, code)
  }
}

/** One task that is answered so long after it was accepted. */
function runFor(context: FrontEndContext, ms: number, spec: TaskSpec, code: string | null = null) {
  const record = placed(context, 'q', { retryCount: 0, ...spec })
  context.nowMs = NOW_MS + ms
  answer(context, record, ms * 1_000, code)
}

test('capacity: an agent that is given nothing, or one task at a time, has no more slots than that', () => {
  const context = contextOf()
  const agent = joinSilent(context, 'a', { concurrency: 3 })
  const slots = () => context.capacity.utilization(agent).available_slots
  for (const [limit, left] of [
    [0, 0],
    [1, 1],
    [-1, 3],
  ]) {
    context.core.limitAgent('a', limit)
    expect(slots()).toBe(left)
  }
  context.core.drainAgent('a')
  expect(slots()).toBe(0)
})

const hourOf = (context: FrontEndContext, agent: AgentState, nowMs: number) =>
  context.capacity.profile(agent, nowMs).hour

test('capacity [004]: an agent takes a task while it has fewer than its capacity, and no more', () => {
  const context = contextOf()
  const agent = joinSilent(context, 'gap_analyzer_001', { concurrency: 3 })
  const slots = () => context.capacity.utilization(agent).available_slots
  for (const left of [2, 1, 0]) {
    expect(placed(context, 'q').attempt?.agent).toBe(agent)
    expect(slots()).toBe(left)
  }
  const fourth = placed(context, 'q')
  expect(fourth.attempt).toBe(null)
  const asked = { queue: 'q', level: 3, requires: [], routing: null }
  expect(context.core.allocate(asked)).toBe(null)
  expect(context.capacity.utilization(agent).current_load).toBe(3)
  answer(context, agent.running.head!, 1_000)
  expect(slots()).toBe(1)
  expect(context.core.allocate(asked)).toBe(agent)
  expect(slots()).toBe(0)
})

test('capacity [004]: get_utilization has the keys of the source, and what they say', () => {
  const context = contextOf()
  const agent = joinSilent(context, 'gap_analyzer_001', { concurrency: 3 })
  expect(getUtilization(context, { agent: agent.id }).agents).toEqual([
    {
      agent_id: 'gap_analyzer_001',
      current_load: 0,
      max_capacity: 3,
      utilization_percent: 0,
      available_slots: 3,
      avg_task_time: null,
      success_rate: null,
      sla_compliance_percent: null,
    },
  ])
  run(context, 3, null, 42_300_000)
  run(context, 1, 'error', 42_300_000)
  runFor(context, 400, WITHIN_A_SECOND)
  placed(context, 'q')
  placed(context, 'q')
  const [known] = getUtilization(context, {}).agents
  expect(known.avg_task_time).toBeCloseTo((4 * 42.3 + 0.4) / 5, 6)
  expect(known).toMatchObject({
    current_load: 2,
    utilization_percent: (2 / 3) * 100,
    available_slots: 1,
    success_rate: 0.8,
    sla_compliance_percent: 100,
  })
})

test('capacity [004]: the profile of gap_analyzer_001', () => {
  const queues = { q: { slaClock: 'completed' } } as const
  const context = contextOf({ learning: { windowSize: 125 }, queues })
  const agent = joinSilent(context, 'gap_analyzer_001', { concurrency: 3 })
  for (let i = 0; i < 98; i++) runFor(context, 900, WITHIN_A_SECOND)
  for (let i = 0; i < 2; i++) runFor(context, 1_100, WITHIN_A_SECOND)
  context.nowMs = NOW_MS
  run(context, 124, null, 42_300_000)
  run(context, 1, 'api_error', 42_300_000)
  placed(context, 'q', { id: 'cardio_001' })
  placed(context, 'q', { id: 'ortho_002' })
  const profile = context.capacity.profile(agent, NOW_MS + 25_000)
  expect(profile).toMatchObject({ agent: 'gap_analyzer_001', capacity: 3, load: 2 })
  expect(profile.running).toEqual([
    { task: 'cardio_001', queue: 'q', forMs: 25_000 },
    { task: 'ortho_002', queue: 'q', forMs: 25_000 },
  ])
  expect(profile).toMatchObject({ queued: 0, unbegun: 0 })
  expect(profile.last).toEqual({
    results: 125,
    meanMs: 42_300,
    successRate: 0.992,
    slaCompliance: 0.98,
    errors: 1,
  })
})

test('capacity: what an agent does beside our tasks is in its hands too', () => {
  const context = contextOf()
  const agent = joinSilent(context, 'a', { concurrency: 4, beats: true })
  placed(context, 'q')
  const running = new Set([agent.running.head!.attempt!.counter])
  context.core.beat('a', 'only', running, NOW_MS, 2)
  expect(context.capacity.utilization(agent)).toMatchObject({
    current_load: 3,
    utilization_percent: 75,
    available_slots: 1,
  })
})

test('capacity: an agent that says it has nothing, after ten were sent to it, is no freer for that', () => {
  const context = contextOf({ strategy: 'least_loaded' })
  const spec = { concurrency: 30, beats: true, leased: true }
  const [a, b] = [
    joinSilent(context, 'a', { ...spec, queues: ['own', 'both'] }),
    joinSilent(context, 'b', { ...spec, queues: ['both'] }),
  ]
  for (let i = 0; i < 10; i++) placed(context, 'own')
  // Sent before any of them had arrived.
  context.core.beat('a', 'only', new Set(), NOW_MS, 0)
  expect(context.capacity.utilization(a).current_load).toBe(10)
  const next = Array.from({ length: 10 }, () => placed(context, 'both').attempt!.agent)
  expect(next.every((agent) => agent === b)).toBe(true)
  const more = Array.from({ length: 10 }, () => placed(context, 'both').attempt!.agent)
  expect(more.filter((agent) => agent === a)).toHaveLength(5)
})

test('capacity: a promise is kept by the clock that it is made by; only one that there was counts', () => {
  const context = contextOf({ queues: { q: { slaClock: 'completed' } } })
  const agent = joinSilent(context, 'a')
  const compliance = () => context.capacity.profile(agent, NOW_MS).last.slaCompliance
  runFor(context, 5_000, {})
  expect(compliance()).toBe(null)
  runFor(context, 1_000, WITHIN_A_SECOND)
  expect(compliance()).toBe(1)
  runFor(context, 1_001, WITHIN_A_SECOND)
  expect(compliance()).toBe(1 / 2)
  runFor(context, 10, WITHIN_A_SECOND, 'error')
  expect(compliance()).toBe(1 / 3)
  const cancelled = placed(context, 'q', WITHIN_A_SECOND)
  context.core.cancel(cancelled, NOW_MS)
  expect(compliance()).toBe(1 / 3)
})

test('capacity: by the clock of assignments how long a task runs does not matter', () => {
  const context = contextOf({ queues: { q: { slaTargetMs: 1_000, slaClock: 'assigned' } } })
  const agent = joinSilent(context, 'a')
  runFor(context, 60_000, {})
  expect(context.capacity.profile(agent, NOW_MS).last.slaCompliance).toBe(1)
})

test('capacity: an hour has throughput, errors of all kinds and the range of loads', () => {
  const context = contextOf()
  const agent = joinSilent(context, 'a', { concurrency: 2 })
  context.capacity.check(NOW_MS)
  run(context, 40)
  run(context, 1, 'error')
  placed(context, 'q', { timeoutMs: 500, retryCount: 0 })
  context.capacity.check(NOW_MS + 5_000)
  context.nowMs = NOW_MS + 6_000
  context.core.tick(context.nowMs)
  const hour = hourOf(context, agent, NOW_MS + 30 * MINUTE_MS)
  expect(hour).toMatchObject({ tasksPerHour: 80, errors: 2, loadMin: 0, loadMax: 0.5 })
})

test('capacity: who comes back under its id within the hour goes on with it, and begins its results anew', () => {
  const context = contextOf()
  const first = joinSilent(context, 'a')
  run(context, 30)
  context.nowMs = NOW_MS + MINUTE_MS
  leave(context, 'a')
  const again = joinSilent(context, 'a', { instance: 'next' })
  run(context, 12)
  const profile = context.capacity.profile(again, NOW_MS + MINUTE_MS)
  expect(first).not.toBe(again)
  expect(profile.last.results).toBe(12)
  expect(hourOf(context, again, NOW_MS + 42 * MINUTE_MS).tasksPerHour).toBeCloseTo(60, 6)
})

test('capacity: who comes back after more than an hour, or under another id, is a stranger', () => {
  const context = contextOf()
  joinSilent(context, 'a')
  run(context, 30)
  leave(context, 'a')
  const other = joinSilent(context, 'b')
  expect(hourOf(context, other, NOW_MS + MINUTE_MS).tasksPerHour).toBe(0)
  leave(context, 'b')
  context.capacity.check(NOW_MS + HOUR_MS + 2 * MINUTE_MS)
  const again = joinSilent(context, 'a')
  const late = NOW_MS + HOUR_MS + 3 * MINUTE_MS
  expect(context.capacity.profile(again, late).hour).toMatchObject({ tasksPerHour: 0, errors: 0 })
})

test('capacity: the fleet is sampled at its interval, the newest last, and no more than an hour is kept', () => {
  const context = contextOf()
  const { capacity } = context
  joinSilent(context, 'a')
  placed(context, 'q')
  placed(context, 'q')
  for (let ms = 0; ms < 20_000; ms += 1_000) capacity.check(NOW_MS + ms)
  expect(capacity.samples.list()).toHaveLength(4)
  expect(capacity.samples.list().at(-1)).toMatchObject({ waiting: 1, bound: 0, running: 1 })
  answer(context, context.core.agents.get('a')!.running.head!, 1_000)
  for (let i = 1; i <= 1_000; i++) capacity.check(NOW_MS + 20_000 + i * 5_000)
  const samples = capacity.samples.list()
  expect(samples).toHaveLength(720)
  expect(samples.map(({ at }) => at)).toEqual(samples.map(({ at }) => at).sort((a, b) => a - b))
  expect(samples.every(({ running }) => running === 0)).toBe(true)
  expect(capacity.samples.list(3)).toEqual(samples.slice(-3))
})

test('capacity: many agents are sampled in several checks, each once a round', () => {
  const agentsMax = 3 * AGENTS_PER_CHECK
  const places = [0, AGENTS_PER_CHECK - 1, AGENTS_PER_CHECK, agentsMax - 1]
  const agentAt: (AgentState | undefined)[] = new Array(agentsMax).fill(undefined)
  const { learning } = learner({ agentCountMax: agentsMax })
  for (const index of places) {
    const { ...plain } = joinSilent(contextOf(), `a${index}`)
    agentAt[index] = { ...plain, index, charged: 1 } as unknown as AgentState
  }
  const core = { options: { agentsMax }, agentAt, queues: new Map() } as unknown as PolicyState
  const capacity = new Capacity(core, learning, { sampleMs: 5_000 })
  const sampled = () => places.map((index) => seenMax(capacity, agentAt[index]!))
  capacity.check(0)
  expect(sampled()).toEqual([1, 1, 0, 0])
  capacity.check(1_000)
  expect(sampled()).toEqual([1, 1, 1, 0])
  capacity.check(2_000)
  expect(sampled()).toEqual([1, 1, 1, 1])
  capacity.check(3_000)
  expect(capacity.samples.count).toBe(1)
})

/** The highest load that was sampled: the one at the moment is 0. */
function seenMax(capacity: Capacity, agent: AgentState): number {
  const idle = Object.assign(agent, { charged: 0 })
  const { loadMax } = capacity.profile(idle, 4_000).hour
  Object.assign(agent, { charged: 1 })
  return loadMax
}

test('capacity: of agents that are away a thousand are remembered, and no more', () => {
  const context = contextOf()
  for (let i = 0; i < 1_500; i++) {
    joinSilent(context, `a${i}`)
    run(context, 1)
    leave(context, `a${i}`)
  }
  const { bytes } = context.capacity.hours
  expect(bytes).toBeLessThan(1_100 * 256)
  expect(hourOf(context, joinSilent(context, 'a1499'), NOW_MS).tasksPerHour).toBeGreaterThan(0)
  expect(hourOf(context, joinSilent(context, 'a3'), NOW_MS).tasksPerHour).toBe(0)
})

test('capacity: nobody is asked about who is not there', () => {
  const context = contextOf()
  for (const call of [getUtilization, agentProfile] as const) {
    const asked = (id: unknown) =>
      call === getUtilization ? getUtilization(context, { agent: id }) : agentProfile(context, id)
    expect(() => asked('nobody')).toThrowError(/No agent "nobody" is registered/)
    expect(() => asked('a b')).toThrowError(/agent id/)
  }
})

test('capacity: all agents are listed in pages, none twice and none left out', () => {
  const context = contextOf()
  for (let i = 0; i < 25; i++) joinSilent(context, `a${i}`)
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const page = getUtilization(context, { limit: 10, ...(cursor === null ? {} : { cursor }) })
    seen.push(...page.agents.map(({ agent_id }) => agent_id))
    cursor = page.cursor
  } while (cursor !== null)
  expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `a${i}`))
})
