/**
 * What moves work between agents, for the model-based property tests: steals, call-backs and limits, each
 * beside what it must answer by the rules alone.
 */
import { expect } from 'vitest'
import { toAgent } from '../../native-free/index.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import { BOUND, RUNNING, type TaskRecord } from '../../src/policy/task-record.ts'
import { accepts, freeOf, mayHave, meetsAll, placesOf, serves } from './agent-oracle.ts'
import { equal } from './claims.ts'
import { event, type Weighted } from './events.ts'
import { at, type Model, type World } from './world.ts'

/** It could start it at once. */
function canBegin({ policy: { core } }: World, agent: AgentState): boolean {
  return freeOf(agent) > 0 && agent.bound.length === 0 && core.freeSlots.size > 0
}

function mayServe(record: TaskRecord, agent: AgentState): boolean {
  return mayHave(record, agent) && serves(agent, record.cls!) && meetsAll(agent, record.cls!)
}

function steal(world: World, record: TaskRecord, thief: AgentState): void {
  const { policy } = world
  const { core } = policy
  const { state, agentId, readyAtMs, dueMs, level, pendingLevel, ageNext, agePrev } = record
  const begins = canBegin(world, thief)
  const isLegal =
    state === BOUND &&
    record.baseLevel < core.options.protectFrom &&
    agentId !== thief.id &&
    accepts(thief) &&
    mayServe(record, thief) &&
    (begins || placesOf(core, thief) > 0)
  const { inHand, held } = record.cls!.queue
  const answer = policy.steal(record, thief)
  equal(answer === null, isLegal, `${record.id} is ${answer ?? 'stolen'}`)
  equal(record.readyAtMs, readyAtMs, `${record.id}: its wait began anew`)
  equal(record.cls!.queue.inHand, inHand, 'in hand after a steal')
  equal(record.cls!.queue.held, held, 'held after a steal')
  if (answer !== null) {
    equal(record.state, state, `${record.id}: refused, and changed`)
    equal(record.agentId, agentId, `${record.id}: refused, and moved`)
    return
  }
  equal(record.agentId, thief.id, `${record.id}: whose it is`)
  equal(record.state, begins ? RUNNING : BOUND, `${record.id}: its state`)
  if (begins) {
    world.started(record)
    return
  }
  equal(record.dueMs, dueMs, `${record.id}: when it is due`)
  equal(record.level, level, `${record.id}: its level`)
  equal(record.pendingLevel, pendingLevel, `${record.id}: its level to come`)
  equal(record.ageNext, ageNext, `${record.id}: who ages behind it`)
  equal(record.agePrev, agePrev, `${record.id}: who ages before it`)
}

function recall({ policy }: World, record: TaskRecord, thief: AgentState | null): void {
  const { core, nowMs } = policy
  const agent = record.attempt!.agent!
  const { recalledAtMs } = record.attempt!
  const isAsked = recalledAtMs > 0 && nowMs < recalledAtMs + core.options.leaseMs
  const begun = Math.max(0, agent.concurrency - agent.foreign)
  const isLegal =
    record.baseLevel < core.options.protectFrom &&
    agent.recalls &&
    !agent.pull &&
    record.extras?.preempting !== true &&
    agent.running.length > begun &&
    !isAsked &&
    (thief === null ||
      (agent !== thief && accepts(thief) && mayServe(record, thief) && !record.cls!.queue.paused))
  const told = policy.effects.recalls.length
  const answer = policy.recall(record, thief)
  equal(answer === null, isLegal, `${record.id} is ${answer ?? 'called back'}`)
  equal(policy.effects.recalls.length, told + Number(isLegal), 'recalls told')
  equal(record.attempt!.agent, agent, `${record.id}: who runs it`)
}

/** Of all that could be, so that something is. */
function thiefOf(world: World, record: TaskRecord, number: number): AgentState | undefined {
  const able = [...world.policy.core.agents.values()].filter((agent) => mayServe(record, agent))
  return number % 4 === 0 ? world.agent(number) : at(able, number >> 3)
}

/** As a balancer does: agents that can do all, too much for them, and what may be moved is. */
function balance(world: World, number: number, model: Model): void {
  const { policy } = world
  for (let i = 0; i < 3; i++) {
    const id = `a${(number + i) % 5}`
    const instance = policy.core.agents.get(id)?.instance ?? `i${(number + i) % 40}`
    const [capabilities, labels] = [['gpu', 'ocr'], { memory: 16 }]
    const concurrency = 1 + ((number >> i) % 3)
    policy.hello(id, { instance, capabilities, labels, concurrency, recalls: true })
  }
  crowd(world, number, model)
  const bound = world.open.filter(({ state }) => state === BOUND)
  for (let i = 0; i < 4; i++) {
    const record = at(bound, (number >> 5) + i)
    const thief = world.agent((number >> 7) + i)
    if (record !== undefined && thief !== undefined) steal(world, record, thief)
  }
  for (const { running } of [...policy.core.agents.values()]) {
    const thief = world.agent(number >> 8)
    if (running.tail !== null && thief !== undefined) recall(world, running.tail, thief)
  }
}

/** Agents that bind early are full, and some have more than they can run. */
function crowd(world: World, number: number, model: Model): void {
  const { policy } = world
  const { core } = policy
  for (const [i, agent] of [...core.agents.values()].entries()) {
    if ((number >> i) % 2 === 0) core.setPrefetch(agent, 1 + (number % 3))
  }
  for (let i = 0; i < 6; i++) {
    world.submit(model, at(['r', 's'], number >> i)!, { level: 1 + ((number >> i) % 4) })
  }
  world.offer(20)
  for (const record of policy.offered()) world.propose(record)
}

export const MOVES: Weighted[] = [
  {
    weight: 14,
    arbitrary: event('steal', (world, number) => {
      const bound = world.open.filter(({ state }) => state === BOUND)
      const record = number % 16 === 0 ? at(world.open, number) : at(bound, number >> 8)
      const thief = record && thiefOf(world, record, number)
      if (record !== undefined && thief !== undefined) steal(world, record, thief)
    }),
  },
  {
    weight: 10,
    arbitrary: event('recall', (world, number) => {
      // The newest of each agent, or any.
      const tails = [...world.policy.core.agents.values()].flatMap(({ running }) =>
        running.tail === null ? [] : [running.tail],
      )
      const record = number % 4 === 0 ? world.pick(RUNNING, number) : at(tails, number >> 2)
      if (record === undefined) return
      const thief = number % 5 === 0 ? null : thiefOf(world, record, number >> 4)
      if (thief !== undefined) recall(world, record, thief)
    }),
  },
  {
    weight: 10,
    arbitrary: event('handBack', (world, number) => {
      // Others it ignores, since it has begun them.
      const asked = world.open.filter(({ attempt }) => attempt !== null && attempt.recalledAtMs > 0)
      const record = at(asked, number)
      if (record !== undefined) world.yield(record, number % 9 === 0 ? new Uint8Array(1) : null)
    }),
  },
  { weight: 3, arbitrary: event('crowd', crowd) },
  { weight: 6, arbitrary: event('balance', balance) },
  {
    weight: 4,
    arbitrary: event('limitAgent', (world, number) => {
      const agent = world.agent(number)
      if (agent === undefined) return
      const inUse = world.policy.inUse(agent)
      const limit = ((number >> 5) % 6) - 3
      expect(world.policy.limit(agent, limit)).toBe(null)
      expect(agent.limit).toBe(Math.max(-1, limit))
      expect(world.policy.inUse(agent)).toBe(inUse)
      if (limit === 0) expect(world.policy.table.free.has(toAgent(agent.index))).toBe(false)
    }),
  },
  {
    weight: 2,
    arbitrary: event('unlimit', ({ policy }) => {
      for (const agent of policy.core.agents.values()) policy.limit(agent, -1)
    }),
  },
]
