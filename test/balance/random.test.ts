/**
 * Random fleets against twins by brute force: what is left when nothing moves any more, and what each
 * single move does.
 */
import { expect, test } from 'vitest'
import type { AgentState } from '../../src/policy/agents.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { Random } from '../../src/routing/generator.ts'
import { checkInvariants } from '../policy/invariants.ts'
import { seedsOr } from '../policy/support.ts'
import { Fleet, queueOf } from './support.ts'

const TERMS = ['ocr', 'gpu']

/** @returns 2 to 8 agents of all kinds, up to 60 tasks bound to them at random. */
function randomFleet(seed: number): { fleet: Fleet; agents: AgentState[]; random: Random } {
  const random = new Random(seed)
  const isTimed = random.nextInt(2) === 1
  const count = 2 + random.nextInt(7)
  const names = Array.from({ length: count }, (_, i) => `a${i}`)
  const means = Object.fromEntries(names.map((name) => [name, 10 * (1 + random.nextInt(20))]))
  const fleet = new Fleet({
    means: isTimed ? means : {},
    agentQueueMax: 4 + random.nextInt(30),
    stealing: {
      order: random.nextInt(2) === 0 ? 'newest' : 'oldest',
      gainMs: random.nextInt(30),
      protectFrom: 3 + random.nextInt(4),
    },
  })
  const agents = names.map((id) =>
    fleet.agent(id, {
      concurrency: 1 + random.nextInt(4),
      capabilities: TERMS.filter(() => random.nextInt(3) > 0),
      queues: random.nextInt(4) === 0 ? ['q'] : ['*'],
    }),
  )
  for (let left = random.nextInt(60); left > 0; left--) {
    const requires = TERMS.filter(() => random.nextInt(4) === 0)
    const queue = random.nextInt(3) === 0 ? 'other' : 'q'
    const able = agents.filter((agent) => isAble(agent, requires, queue))
    if (able.length === 0) continue
    // The first ones are given most.
    const agent = able[Math.min(random.nextInt(able.length), random.nextInt(able.length))]
    const room = agent.concurrency - agent.running.length + fleet.policy.core.options.agentQueueMax
    if (agent.bound.length < room)
      fleet.give(agent, 1, { requires, level: 1 + random.nextInt(5) }, queue)
  }
  return { fleet, agents, random }
}

function isAble(agent: AgentState, requires: readonly string[], queue: string): boolean {
  const serves = agent.queues.includes('*') || agent.queues.includes(queue)
  return serves && requires.every((term) => agent.capabilities.includes(term))
}

const load = (agent: AgentState) => agent.running.length + agent.bound.length

/** As the document of balance has it, word for word. */
function isLegal(fleet: Fleet, record: TaskRecord, victim: AgentState, thief: AgentState): boolean {
  if (thief === victim || record.baseLevel >= fleet.options.protectFrom) return false
  if (!isAble(thief, record.requires, record.cls!.queue.name)) return false
  const isFree = thief.bound.length === 0 && thief.running.length < thief.concurrency
  if (!isFree && thief.bound.length >= fleet.policy.core.options.agentQueueMax) return false
  const before = load(victim) / victim.concurrency
  const after = (load(thief) + 1) / thief.concurrency
  if (after >= before) return false
  const victimMs = fleet.means[victim.id] ?? 0
  const thiefMs = fleet.means[thief.id] ?? 0
  if (victimMs === 0) return Math.max(1, before) > Math.max(1, after)
  const begun =
    victim.running.tail === null ? 0 : fleet.policy.nowMs - victim.running.tail.startedAtMs
  const beforeMs = Math.max(victimMs * Math.max(1, before), begun)
  return beforeMs - thiefMs * Math.max(1, after) > fleet.options.gainMs
}

/** @returns a legal move in words, by trying all tasks with all agents; null when there is none. */
function legalMove(fleet: Fleet, agents: readonly AgentState[], isPull: boolean): string | null {
  for (const victim of agents) {
    for (const record of queueOf(victim)) {
      for (const thief of agents) {
        const isFree = thief.bound.length === 0 && thief.running.length < thief.concurrency
        if (isPull && !isFree) continue
        if (isLegal(fleet, record, victim, thief))
          return `${record.id}: ${victim.id} to ${thief.id}`
      }
    }
  }
  return null
}

/** Half the sum of what each task would wait were all equally long: it must fall with every move. */
function effortOf(agents: readonly AgentState[]): number {
  return agents.reduce((sum, one) => sum + (load(one) * (load(one) + 1)) / one.concurrency, 0)
}

function protectedOf(fleet: Fleet, agents: readonly AgentState[]): [string, string][] {
  return agents.flatMap((agent) =>
    queueOf(agent)
      .filter(({ baseLevel }) => baseLevel >= fleet.options.protectFrom)
      .map(({ id }): [string, string] => [agent.id, id]),
  )
}

function tasksOf(agents: readonly AgentState[]): string[] {
  return agents
    .flatMap((agent) => {
      const running: string[] = []
      for (let one = agent.running.head; one !== null; one = one.next) running.push(one.id)
      return [...running, ...queueOf(agent).map(({ id }) => id)]
    })
    .sort()
}

/** Watches every single move. @returns what did not hold, in words. */
function watch(fleet: Fleet, agents: readonly AgentState[]): string[] {
  const wrong: string[] = []
  const { core } = fleet.policy
  const steal = core.steal.bind(core)
  core.steal = (record, thief, nowMs) => {
    const victim = core.agents.get(record.agentId!)!
    const before = effortOf(agents)
    if (!isLegal(fleet, record, victim, thief))
      wrong.push(`${record.id} to ${thief.id} is not legal`)
    const refusal = steal(record, thief, nowMs)
    if (refusal !== null) wrong.push(`${record.id} to ${thief.id}: ${refusal}`)
    else if (effortOf(agents) >= before - 1e-9) wrong.push(`${record.id}: nothing was gained`)
    return refusal
  }
  return wrong
}

test('balance: each move is legal and brings the fleet closer together, and none is left at the end', () => {
  let moved = 0
  for (let seed = 1; seed <= seedsOr(300); seed++) {
    const { fleet, agents } = randomFleet(seed)
    const wrong = watch(fleet, agents)
    const tasks = tasksOf(agents)
    const kept = protectedOf(fleet, agents)
    const report = fleet.balancer.rebalance(fleet.policy.nowMs)
    moved += report.moved.length
    const at = `seed ${seed}`
    expect(wrong, at).toEqual([])
    expect(legalMove(fleet, agents, false), at).toBe(null)
    expect(protectedOf(fleet, agents), at).toEqual(kept)
    expect(tasksOf(agents), at).toEqual(tasks)
    checkInvariants(fleet.policy)
    expect(fleet.balancer.rebalance(fleet.policy.nowMs).moved, at).toEqual([])
  }
  expect(moved).toBeGreaterThan(1_000)
})

test('pull: when a turn is over no free agent could take anything from anybody', () => {
  let moved = 0
  for (let seed = 1; seed <= seedsOr(300); seed++) {
    const { fleet, agents, random } = randomFleet(seed)
    const wrong = watch(fleet, agents)
    for (let turn = 0; turn < 10; turn++) {
      const busy = agents.filter(({ running }) => running.length > 0)
      if (turn > 0 && busy.length > 0) fleet.finish(busy[random.nextInt(busy.length)])
      const before = fleet.balancer.counters.stolen
      fleet.run(1 + random.nextInt(200))
      moved += fleet.balancer.counters.stolen - before
      const at = `seed ${seed}, turn ${turn}`
      expect(wrong, at).toEqual([])
      expect(legalMove(fleet, agents, true), at).toBe(null)
    }
    checkInvariants(fleet.policy)
  }
  expect(moved).toBeGreaterThan(500)
})

test('push: cycles keep their bounds, and come to rest', () => {
  let moved = 0
  for (let seed = 1; seed <= seedsOr(300); seed++) {
    const { fleet, agents } = randomFleet(seed)
    const { perPairMax } = fleet.options
    const wrong = watch(fleet, agents)
    let isMoving = true
    let cycles = 0
    // Ends: each cycle that moves something makes a finite sum smaller.
    for (; isMoving && cycles < 200; cycles++) {
      const before = fleet.reports.length
      fleet.balancer.run(fleet.policy.nowMs)
      fleet.policy.nowMs += fleet.options.intervalMs
      fleet.balancer.run(fleet.policy.nowMs)
      const report = fleet.reports[before]
      isMoving = cycles === 0 || report !== undefined
      const pairs = new Map<string, number>()
      for (const { from, to } of report?.moved ?? []) {
        pairs.set(`${from} ${to}`, (pairs.get(`${from} ${to}`) ?? 0) + 1)
      }
      const most = Math.max(0, ...pairs.values())
      expect(most, `seed ${seed}`).toBeLessThanOrEqual(fleet.options.perCycleMax + perPairMax)
      moved += report?.moved.length ?? 0
    }
    expect(isMoving, `seed ${seed}`).toBe(false)
    expect(wrong, `seed ${seed}`).toEqual([])
    checkInvariants(fleet.policy)
  }
  expect(moved).toBeGreaterThan(300)
})
