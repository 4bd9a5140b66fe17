import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMITS } from '../../src/options.ts'
import { COMMITTED } from '../../src/policy/core.ts'
import { OFFERED, RUNNING, type TaskRecord, WAITING } from '../../src/policy/task-record.ts'
import { QUICKLY } from '../support/shrinking.ts'
import { checkInvariants, expectedOffer } from './invariants.ts'
import { ids, Policy } from './support.ts'

test('order: higher levels first, within a level the oldest, over all queues and classes', () => {
  const policy = new Policy()
  policy.agent('a', { capabilities: ['ocr'], concurrency: 20 })
  const given: [string, number, string[]][] = [
    ['q', 3, []],
    ['r', 5, []],
    ['q', 1, []],
    ['q', 5, ['ocr']],
    ['r', 3, ['ocr']],
    ['q', 5, []],
    ['q', 3, []],
  ]
  const records = given.map(([queue, level, requires]) => policy.submit(queue, { level, requires }))
  const order = policy.place().map((record) => records.indexOf(record))
  expect(order).toEqual([1, 3, 5, 0, 4, 6, 2])
})

test('order: a class waits for its own agents and does not hold up the others', () => {
  const policy = new Policy()
  policy.agent('a', { queues: ['q'], concurrency: 5 })
  policy.submit('q', { level: 5, requires: ['gpu'] })
  const others = policy.submitMany(3, 'q', { level: 1 })
  expect(ids(policy.place())).toEqual(ids(others))
})

test('order: no class is offered more often than it has free credit, nor all together', () => {
  const policy = new Policy()
  policy.agent('both', { queues: ['q', 'r'], concurrency: 3 })
  policy.agent('only-q', { queues: ['q'], concurrency: 2 })
  policy.submitMany(10, 'q')
  policy.submitMany(10, 'r', { level: 4 })
  const offered = policy.offerAll()
  expect(offered.filter((record) => record.queueName === 'r').length).toBe(3)
  expect(offered.length).toBe(5)
  checkInvariants(policy)
})

test('order: an offer that counts on credit is not offered twice while it is out', () => {
  const policy = new Policy()
  policy.agent('a', { concurrency: 2 })
  policy.submitMany(3)
  const [first] = policy.offerAll()
  expect(policy.offer()).toBe(null)
  policy.cancel(first)
  expect(policy.offerAll().length).toBe(1)
})

test('order: without a free slot nothing is offered, and the next slot is given to the next head', () => {
  const policy = new Policy({ slots: 32 })
  policy.agent('a', { concurrency: 100 })
  const records = policy.submitMany(40)
  const placed = policy.place()
  expect(ids(placed)).toEqual(ids(records.slice(0, 32)))
  expect(policy.core.placeable(8)).toBe(0)
  policy.succeed(placed[7])
  expect(ids(policy.place())).toEqual([records[32].id])
})

test('order: slots are used again oldest first', () => {
  const policy = new Policy({ slots: 32, counterStart: 2 ** 31 - 5 })
  policy.agent('a')
  const slots = Array.from({ length: 96 }, () => {
    const record = policy.run()
    const { slot } = record.attempt!
    policy.succeed(record)
    return slot
  })
  expect(slots).toEqual(Array.from({ length: 96 }, (_, i) => i % 32))
})

test('order: a retried task goes before all that waits at its level', () => {
  const policy = new Policy()
  policy.agent('a', { concurrency: 2 })
  const records = policy.submitMany(5)
  policy.place()
  policy.fail(records[0])
  expect(ids(policy.place())).toEqual([records[0].id])
})

test('order: tasks that bounce stand again as they stood, whichever bounced first', () => {
  const policy = new Policy()
  policy.agent('a', { concurrency: 4 })
  const records = policy.submitMany(6)
  policy.offerAll()
  for (const i of [1, 3, 0, 2]) policy.core.bounce(records[i])
  checkInvariants(policy)
  expect(ids(policy.offerAll())).toEqual(ids(records.slice(0, 4)))
})

test('bounced: one is placed by credit that offers in routers’ hands count on', () => {
  const policy = new Policy()
  policy.agent('a', { concurrency: 2 })
  const [first, second] = policy.submitMany(3)
  policy.offerAll()
  policy.core.bounce(first)
  policy.offer()
  policy.core.bounce(first)
  expect(policy.core.nextBounced(policy.nowMs)).toBe(first)
  expect(policy.propose(first)).toBe(COMMITTED)
  expect(second.state).toBe(OFFERED)
  expect(policy.core.nextBounced(policy.nowMs)).toBe(null)
})

test('bounced: only tasks that bounced are taken out of turn', () => {
  const policy = new Policy()
  policy.agent('a', { queues: ['q'] })
  policy.agent('b', { queues: ['r'] })
  const bounced = policy.submit('q')
  policy.submitMany(2, 'r')
  const [, offered] = policy.offerAll()
  policy.core.drainAgent('a')
  policy.core.bounce(bounced)
  // The credit of r is what its offer counts on; taking it for the other task would bounce that.
  expect(offered.queueName).toBe('r')
  expect(policy.core.nextBounced(policy.nowMs)).toBe(null)
  checkInvariants(policy)
})

test('bounced: none is found after it was cancelled or offered in turn', () => {
  const policy = new Policy()
  policy.agent('a', { concurrency: 3 })
  const [first, second, third] = policy.submitMany(3)
  policy.offerAll()
  for (const record of [first, second, third]) policy.core.bounce(record)
  policy.cancel(first)
  expect(policy.offer()).toBe(second)
  expect(policy.core.nextBounced(policy.nowMs)).toBe(third)
  expect(policy.core.nextBounced(policy.nowMs)).toBe(null)
})

test('window: a lane sends nothing that is 256 behind its oldest uncommitted task', () => {
  const policy = new Policy()
  policy.agent('a', { concurrency: 1_000 })
  const records = policy.submitMany(300)
  const low = policy.submit('q', { level: 1 })
  const other = policy.submit('r')
  const offered = policy.offerAll()
  // The class waits as a whole; other classes and levels of theirs go on.
  expect(ids(offered)).toEqual(ids([...records.slice(0, LIMITS.laneWindow), other]))
  expect(low.state).toBe(WAITING)
  for (const record of records.slice(1, 256)) policy.propose(record)
  expect(policy.offer()).toBe(null)
  policy.propose(records[0])
  expect(ids(policy.offerAll())).toEqual(ids([...records.slice(256), low]))
  checkInvariants(policy)
})

test('window: it opens when the oldest is cancelled', () => {
  const policy = new Policy()
  policy.agent('a', { concurrency: 1_000 })
  const records = policy.submitMany(300)
  policy.offerAll()
  policy.cancel(records[0])
  expect(ids(policy.offerAll())).toEqual([records[256].id])
})

/** One step of the routers and agents; each number picks among those there are. */
type Step = readonly ['submit' | 'commit' | 'bounce' | 'cancel' | 'fail' | 'succeed', number]

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant('submit'), fc.integer({ min: 1, max: 300 })) },
    { weight: 6, arbitrary: fc.tuple(fc.constant('commit'), fc.integer({ min: 1, max: 300 })) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('bounce'), fc.nat(4)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('cancel'), fc.nat(300)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('fail'), fc.nat(300)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('succeed'), fc.nat(300)) },
  ) as fc.Arbitrary<Step>,
  { minLength: 20, maxLength: 60 },
)

test('window: whatever routers do, fewer than 256 later tasks of its lane overtake one', () => {
  fc.assert(fc.property(steps, runLane), { ...QUICKLY, numRuns: 150 })
})

function runLane(given: readonly Step[]): void {
  const policy = new Policy({ slots: 2_048 })
  policy.agent('a', { concurrency: 60_000, leased: false })
  const everSubmitted: TaskRecord[] = []
  const overtaken = new Map<TaskRecord, number>()
  for (const [what, number] of given) {
    const offered = policy.offerAll().concat(policy.offered())
    if (what === 'submit') {
      for (const record of policy.submitMany(number)) {
        everSubmitted.push(record)
        overtaken.set(record, 0)
      }
    } else if (what === 'commit') {
      // The newest first: the oldest is with a router that stands still.
      for (const record of [...new Set(offered)].sort((a, b) => b.seq - a.seq).slice(0, number)) {
        if (overtaken.delete(record)) countOvertaking(record, overtaken)
        policy.propose(record)
      }
    } else if (what === 'bounce') {
      const records = [...new Set(offered)].sort((a, b) => a.seq - b.seq)
      if (records.length > 0) policy.core.bounce(records[number % records.length])
    } else apply(policy, what, everSubmitted, number, overtaken)
  }
  checkInvariants(policy)
}

function countOvertaking(record: TaskRecord, overtaken: Map<TaskRecord, number>): void {
  for (const [other, count] of overtaken) {
    if (other.seq >= record.seq) continue
    if (count + 1 >= LIMITS.laneWindow) throw new Error(`${other.id}: overtaken by ${count + 1}`)
    overtaken.set(other, count + 1)
  }
}

function apply(
  policy: Policy,
  what: 'cancel' | 'fail' | 'succeed',
  all: TaskRecord[],
  number: number,
  overtaken: Map<TaskRecord, number>,
): void {
  if (all.length === 0) return
  const record = all[number % all.length]
  if (what === 'cancel') {
    policy.cancel(record)
    overtaken.delete(record)
  } else if (record.state === RUNNING) {
    if (what === 'fail') policy.fail(record)
    else policy.succeed(record)
  }
}

/** A world of several queues, classes, levels and agents of different kinds. */
type Event = readonly [
  'submit' | 'offer' | 'commit' | 'bounce' | 'succeed' | 'fail' | 'cancel' | 'hello' | 'bye',
  number,
]
const NAMES = ['submit', 'offer', 'commit', 'bounce', 'succeed', 'fail', 'cancel', 'hello', 'bye']
const WEIGHTS = [8, 6, 5, 2, 3, 1, 1, 1, 0.5]
const events = fc.array(
  fc.oneof(
    ...NAMES.map((name, i) => ({
      weight: WEIGHTS[i] * 2,
      arbitrary: fc.tuple(fc.constant(name), fc.nat(100_000)) as unknown as fc.Arbitrary<Event>,
    })),
  ),
  { minLength: 50, maxLength: 300 },
)

test('order: each offer is the one that a look at every waiting task would choose', () => {
  fc.assert(fc.property(events, runWorld), { ...QUICKLY, numRuns: 200 })
})

const QUEUES = ['q', 'r', 's', 't']
const REQUIRES = [[], ['gpu'], ['ocr'], ['gpu', 'ocr']]
const SERVES = [['*'], ['q'], ['q', 'r'], ['s'], ['r', 's', 't']]

function runWorld(given: readonly Event[]): void {
  const policy = new Policy({ slots: 64, agentsMax: 32, queue: { lossLimit: 100 } })
  const records: TaskRecord[] = []
  const pick = (state: number, number: number) => {
    const some = records.filter((record) => record.state === state)
    return some.length === 0 ? undefined : some[number % some.length]
  }
  for (const [what, number] of given) {
    const offered = pick(OFFERED, number)
    const running = pick(RUNNING, number)
    if (what === 'submit') {
      const requires = REQUIRES[(number >> 4) % REQUIRES.length]
      const level = 1 + (number % 5)
      records.push(policy.submit(QUEUES[(number >> 8) % QUEUES.length], { level, requires }))
    } else if (what === 'offer') {
      for (let i = number % 5; i >= 0; i--) {
        const expected = expectedOffer(policy)
        if (policy.offer() !== expected) throw new Error(`expected ${expected?.id}`)
      }
    } else if (what === 'commit' && offered) policy.propose(offered)
    else if (what === 'bounce' && offered) policy.core.bounce(offered)
    else if (what === 'succeed' && running) policy.succeed(running)
    else if (what === 'fail' && running) policy.fail(running)
    else if (what === 'cancel' && records.length > 0)
      policy.cancel(records[number % records.length])
    else if (what === 'hello') hello(policy, number)
    else if (what === 'bye') {
      const agents = [...policy.core.agents.values()]
      if (agents.length > 0) policy.bye(agents[number % agents.length])
    }
    checkInvariants(policy)
    if (policy.core.placeable(1) > 0 !== (expectedOffer(policy) !== null)) {
      throw new Error('placeable does not agree')
    }
  }
}

function hello(policy: Policy, number: number): void {
  policy.agent(`a${number % 8}`, {
    queues: SERVES[(number >> 3) % SERVES.length],
    capabilities: REQUIRES[(number >> 6) % REQUIRES.length],
    concurrency: 1 + ((number >> 8) % 6),
  })
}
