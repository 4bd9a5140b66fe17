/**
 * Graphs, rules, votes, second attempts and people, for the model-based property tests: each door beside
 * what it must answer by the rules alone.
 */
import { expect } from 'vitest'
import { LIMITS } from '../../src/options.ts'
import { Flow, type GraphNode } from '../../src/policy/graphs.ts'
import type { Resolution } from '../../src/policy/hedges.ts'
import {
  BOUND,
  isFinal,
  OFFERED,
  PARKED,
  RUNNING,
  type TaskRecord,
  WAITING,
} from '../../src/policy/task-record.ts'
import { PARENT_FAILURES } from '../../src/task.ts'
import { accepts, freeOf, mayHave, meetsAll, serves } from './agent-oracle.ts'
import { equal, holds } from './claims.ts'
import { event, eventOf, type Weighted } from './events.ts'
import { ballotOf, toDead, toQueue, twinFor } from './graph-support.ts'
import { Policy } from './support.ts'
import { at, isHeld, type Model, QUEUES, SERVES, type World } from './world.ts'

function nextOf(number: number) {
  if (number % 6 === 0) return toDead('rejected', 3)
  return toQueue(at([...QUEUES, 'by_hand'], number)!, (number >> 3) % 6, number % 3)
}

/** One that depends on tasks that are there, open or over, and now and then on none that is. */
function submitDependent(world: World, number: number, model: Model): void {
  const { core } = world.policy
  const known = [...core.index.records()]
  const after: string[] = []
  for (let i = 0; i <= number % 3; i++) {
    const parent = at(known, number >> (3 + 2 * i))
    if (parent !== undefined) after.push(`${parent.queueName}/${parent.id}`)
  }
  if (number % 40 === 0) after.push('nobody')
  if (after.length === 0) return
  world.submit(model, at(QUEUES, number >> 5)!, {
    level: 1 + ((number >> 2) % 5),
    after,
    onParentFailure: at(PARENT_FAILURES, number >> 7),
    own: number % 5 === 0 ? { delayMs: number % 200 } : undefined,
    id: number % 9 === 0 ? `id-${(number >> 8) % 9}` : undefined,
  })
}

/** Up to twelve tasks; whole, or not at all. */
function submitFlow(world: World, number: number, model: Model): void {
  const { policy } = world
  const { core } = policy
  const nodes: GraphNode[] = []
  for (let i = 0; i < 1 + (number % 12); i++) {
    const after = Array.from({ length: i }, (_, k) => k).filter(
      (k) => (number >> (i + k)) % 3 === 0,
    )
    const id = number % 7 === 0 && i === 3 ? `id-${(number >> 8) % 9}` : undefined
    nodes.push({
      record: Policy.record(at(QUEUES, (number >> i) + i)!, { level: 1 + ((number >> i) % 5), id }),
      name: `n${i}`,
      after,
      onFailure: at(PARENT_FAILURES, number >> (i % 8))!,
      held: false,
      apart: null,
    })
  }
  const { accepted, flows } = core.counters
  const { length } = policy.effects.outcomes
  const known = core.flows.size
  const id = number % 4 === 0 ? `flow-${(number >> 9) % 3}` : ''
  const answer = core.submitGraph({ flow: { id, queue: 'q' }, nodes }, policy.nowMs)
  if (answer instanceof Flow) {
    equal(core.counters.accepted, accepted + nodes.length, 'accepted of a flow')
    equal(core.flows.get(answer.id), answer, 'flow')
    for (const { record } of nodes) world.accept(model, record)
    return
  }
  const codes = ['duplicate', 'bad_flow', 'queue_full', 'too_many_classes']
  holds(codes.includes(answer!.code), `a flow is refused: ${answer!.code}`)
  equal(core.counters.accepted, accepted, 'accepted of a flow that was refused')
  equal(core.counters.flows, flows, 'flows')
  equal(core.flows.size, known, 'known flows')
  equal(policy.effects.outcomes.length, length, 'outcomes of a flow that was refused')
}

function ask(world: World, number: number, model: Model): void {
  const { policy } = world
  const queue = at(QUEUES, number >> 3)!
  const { record, votes, nodes } = ballotOf(2 + (number % 3), queue, {
    level: 1 + ((number >> 2) % 5),
    id: number % 5 === 0 ? `id-${(number >> 8) % 9}` : undefined,
  })
  const { accepted } = policy.core.counters
  const answer = policy.core.submitGraph({ flow: null, nodes }, policy.nowMs)
  if (answer !== null) {
    equal(policy.core.counters.accepted, accepted, 'accepted of a question that was refused')
    return
  }
  for (const vote of votes) world.accept(model, vote, true)
  world.accept(model, record)
}

function resolve(world: World, record: TaskRecord, number: number): void {
  const next = number % 3 === 0 ? nextOf(number >> 2) : null
  const code = at(['consensus_required', 'other'], number >> 4)!
  const how: Resolution =
    number % 2 === 0 ? { ok: true, next } : { ok: false, code, message: 'They do not agree.' }
  const votes = record.extras?.links?.parents ?? []
  const isLegal = isHeld(record)
  const wasFinal = isFinal(record.state)
  const answer = world.policy.core.resolve(record, how, world.policy.nowMs)
  equal(answer, isLegal ? null : wasFinal ? 'finished' : 'not_held', `${record.id}: resolved`)
  if (answer !== null) return
  for (const vote of votes) holds(isFinal(vote.state), `${vote.id}: a vote that nobody counts`)
}

function hedge(world: World, record: TaskRecord, model: Model): void {
  const { core, nowMs } = world.policy
  const twin = twinFor(record)
  const { queue } = record
  const isFull = queue!.open >= queue!.options.tasksMax
  const isOne = record.extras?.standsFor != null || record.extras?.twin != null
  const isMoved = record.cls!.queue !== queue
  const answer = core.hedge(record, twin, nowMs)
  if (record.state !== RUNNING) equal(answer, 'not_running', `${record.id} is hedged`)
  else if (isOne) equal(answer, 'hedged', `${record.id} is hedged`)
  else if (isMoved) equal(answer, 'moved', `${record.id} is hedged`)
  else if (isFull) equal(answer, 'queue_full', `${record.id} is hedged`)
  else if (queue!.openBytes + twin.payloadBytes <= queue!.options.bytesMax) {
    equal(answer, null, `${record.id} is hedged`)
  }
  if (answer === null) world.accept(model, twin, true)
}

function assign(world: World, record: TaskRecord, number: number): void {
  const { core, nowMs } = world.policy
  const agent = world.agent(number)
  if (agent === undefined) return
  const cls = record.cls!
  const { paused, held } = cls.queue
  const { state } = record
  const isOffer = state === OFFERED
  const isLegal =
    [WAITING, OFFERED, PARKED].includes(state as 0) &&
    !paused &&
    (!held || isOffer) &&
    accepts(agent) &&
    mayHave(record, agent) &&
    serves(agent, cls) &&
    meetsAll(agent, cls) &&
    agent.bound.length === 0 &&
    freeOf(agent) > 0 &&
    (core.freeSlots.size > 0 || isOffer)
  const answer = core.assign(record, agent, nowMs)
  equal(answer === null, isLegal, `${record.id} is ${answer ?? 'assigned'}`)
  if (answer !== null) {
    equal(record.state, state, `${record.id}: refused, and changed`)
    return
  }
  equal(record.attempt?.agent, agent, `${record.id}: whose it is`)
  world.started(record)
}

function claim(world: World, record: TaskRecord): void {
  const { core, nowMs } = world.policy
  const { agent, claimedAtMs } = record.attempt!
  const answer = core.claim(record, nowMs)
  const refusal = claimedAtMs > 0 ? 'claimed' : null
  equal(answer, agent!.claims ? refusal : 'not_supported', `${record.id}: claimed`)
}

function hasAgent({ state }: TaskRecord): boolean {
  return state === RUNNING || state === BOUND
}

function handOn(world: World, record: TaskRecord): void {
  const { policy } = world
  const { agent } = record.attempt!
  const from = record.cls!.queue
  const answer = policy.core.handedOn(record, policy.nowMs)
  const target = from.options.escalateTo || from.options.escalateToAgent
  if (answer !== null) {
    equal(record.attempt?.agent, agent, `${record.id}: refused, and gone`)
    return
  }
  equal(record.cls!.queue.name, target, `${record.id}: handed to`)
}

/** As a front end does when somebody has credit again. */
function placeAll(world: World, number: number): void {
  const { core } = world.policy
  const before = core.parked.length
  const count = core.unpark(1 + (number % 4))
  equal(core.parked.length, before - count, 'parked')
  holds(core.parkedToTry <= core.parked.length, 'more to try than is parked')
  world.offer(9)
  for (const record of world.policy.offered()) world.propose(record)
}

export const GRAPHS: Weighted[] = [
  { weight: 10, arbitrary: event('dependent', submitDependent) },
  { weight: 5, arbitrary: event('flow', submitFlow) },
  { weight: 6, arbitrary: event('ask', ask) },
  {
    weight: 5,
    arbitrary: event('resolve', (world, number) => {
      const record =
        number % 9 === 0 ? at(world.open, number) : at(world.open.filter(isHeld), number)
      if (record !== undefined) resolve(world, record, number >> 4)
    }),
  },
  {
    weight: 8,
    arbitrary: event('hedge', (world, number, model) => {
      const record = number % 9 === 0 ? at(world.open, number) : world.pick(RUNNING, number)
      if (record !== undefined) hedge(world, record, model)
    }),
  },
  {
    weight: 5,
    arbitrary: event('twinSucceeds', ({ open, policy }, number) => {
      const record = at(
        open.filter(({ state, extras }) => state === RUNNING && extras?.standsFor != null),
        number,
      )
      if (record === undefined) return
      policy.core.succeeded(record, policy.nowMs, number % 4 === 0 ? nextOf(number >> 3) : null)
      holds(isFinal(record.state), `${record.id}: a twin that goes on`)
    }),
  },
  { weight: 10, arbitrary: event('placeAll', placeAll) },
  {
    weight: 2,
    arbitrary: event('cancelTree', ({ open, policy }, number) => {
      const record = at(open, number)
      if (record === undefined) return
      const { length } = policy.effects.outcomes
      const count = policy.core.cancelSubtree(record, policy.nowMs)
      holds(isFinal(record.state) && count > 0, `${record.id}: its tree is cancelled`)
      // Votes go with their question, and second attempts with their tasks.
      holds(policy.effects.outcomes.length - length >= count, 'cancelled')
    }),
  },
  {
    weight: 6,
    arbitrary: eventOf('advance', RUNNING, ({ policy }, record, number) => {
      const stages = record.extras?.stages.length ?? 0
      policy.core.succeeded(record, policy.nowMs, nextOf(number))
      expect(record.extras?.stages.length ?? 0).toBeLessThanOrEqual(stages + 1)
      expect(stages).toBeLessThanOrEqual(LIMITS.stagesMax)
    }),
  },
  {
    weight: 5,
    arbitrary: event('person', (world, number) => {
      const id = `p${number % 3}`
      const instance = `i${(number >> 3) % 4}`
      const queues = at(SERVES, number >> 5)
      const given = { queues, capabilities: ['gpu', 'ocr'], labels: { memory: 16 } }
      const concurrency = 1 + ((number >> 9) % 3)
      const person = { claims: true, declines: true, beats: false, leased: false }
      world.policy.hello(id, { instance, ...given, concurrency, ...person })
    }),
  },
  {
    weight: 8,
    arbitrary: event('claim', (world, number) => {
      const assigned = world.open.filter(({ attempt }) => attempt?.agent?.claims)
      const record = number % 5 === 0 ? world.pick(RUNNING, number) : at(assigned, number)
      if (record !== undefined) claim(world, record)
    }),
  },
  {
    weight: 6,
    arbitrary: event('assign', (world, number) => {
      const record = at(world.open, number)
      if (record !== undefined) assign(world, record, number >> 4)
    }),
  },
  {
    weight: 6,
    arbitrary: eventOf('decline', RUNNING, ({ policy }, record) => {
      const { failures } = record
      const { agent } = record.attempt!
      const { twin = null, standsFor = null } = record.extras ?? {}
      const isTried = twin !== null && hasAgent(twin)
      policy.core.declined(record, policy.nowMs)
      if (isTried) holds(hasAgent(twin), `${record.id}: declined, and its twin is taken away`)
      if (standsFor !== null && isFinal(record.state) && !isFinal(standsFor.state)) {
        const isLeft = standsFor.cls!.queue === record.cls!.queue && !hasAgent(standsFor)
        holds(!isLeft, `${standsFor.id}: waits for its twin, which was declined`)
      }
      const isHere = record.attempt?.agent === agent
      holds(!isHere, `${record.id}: declined, and there`)
      holds(record.failures <= failures, `${record.id}: declined, which is no failure`)
    }),
  },
  { weight: 3, arbitrary: eventOf('handOn', RUNNING, (world, record) => handOn(world, record)) },
]
