/** Queues that give nothing out for a while: paused, or with as much in hand as they may have. */
import { expect, test } from 'vitest'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import { BOUND, OFFERED, RUNNING, type TaskRecord, WAITING } from '../../src/policy/task-record.ts'
import { Random } from '../../src/routing/generator.ts'
import { below, chance } from './age-twin.ts'
import { checkInvariants, expectedOffer } from './invariants.ts'
import { ids, Policy } from './support.ts'

test('pause: nothing of the queue is offered until it is resumed, and other queues go on', () => {
  const policy = new Policy()
  policy.agent('a', { concurrency: 9 })
  const [first] = policy.submitMany(3)
  policy.offer()
  expect(policy.core.pauseQueue('q')).toBe(null)
  const high = policy.submit('q', { level: 5, requires: [] })
  const other = policy.submit('r')
  // What is offered already goes on.
  policy.propose(first)
  expect(ids(policy.place())).toEqual([other.id])
  checkInvariants(policy)
  expect(policy.core.waitingFor(high)).toBe('the queue is paused')
  policy.fail(first)
  expect(policy.offer()).toBe(null)
  expect(policy.core.resumeQueue('q')).toBe(null)
  expect(ids(policy.place())).toEqual([high.id, first.id, 'rs-1', 'rs-2'])
  checkInvariants(policy)
})

test('pause: it is told once, and only of queues that there are', () => {
  const policy = new Policy()
  policy.submit('q')
  expect(policy.core.pauseQueue('nowhere')).toBe('queue_unknown')
  expect(policy.core.resumeQueue('nowhere')).toBe('queue_unknown')
  policy.core.resumeQueue('q')
  policy.core.pauseQueue('q')
  policy.core.pauseQueue('q')
  policy.core.resumeQueue('q')
  expect(policy.effects.pauses).toEqual([
    { name: 'q', isPaused: true },
    { name: 'q', isPaused: false },
  ])
})

test('pause: what is bound goes back to its lane, and what is offered is bound no more', () => {
  const policy = new Policy({ queue: { binding: 'early' } })
  policy.agent('a')
  policy.run('q')
  const bound = policy.submitMany(2)
  policy.place()
  const offered = policy.submit('q')
  policy.offer()
  const other = policy.submit('r')
  policy.place()
  policy.core.pauseQueue('q')
  checkInvariants(policy)
  expect(bound.map(({ state }) => state)).toEqual([WAITING, WAITING])
  expect([offered.state, other.state]).toEqual([OFFERED, BOUND])
  expect(policy.propose(offered, policy.core.agents.get('a'))).toBe(2)
  policy.core.bounce(offered)
  policy.core.resumeQueue('q')
  expect(policy.offerAll()).toEqual([...bound, offered])
})

test('pause: ages go on meanwhile', () => {
  const policy = new Policy({ queue: { ttlMs: 100, maxAgeMs: 50 } })
  policy.submit('q', { level: 1 })
  policy.core.pauseQueue('q')
  policy.pass(100)
  const [first] = policy.effects.notes
  expect([first.note, first.detail]).toEqual(['boosted', 'max_age'])
  expect(policy.effects.outcomes.length).toBe(1)
})

test('concurrency: a queue has no more in hand than it may, and says so', () => {
  const policy = new Policy({ queues: { q: { ...QUEUE_DEFAULTS, concurrency: 2 } } })
  policy.agent('a', { concurrency: 9 })
  const records = policy.submitMany(4)
  const other = policy.submitMany(2, 'r')
  expect(policy.offerAll()).toEqual([records[0], records[1], ...other])
  expect(policy.core.waitingFor(records[2])).toBe('the queue runs as many tasks as it may (2)')
  for (const record of policy.offered()) policy.propose(record)
  expect(policy.offer()).toBe(null)
  policy.succeed(records[0])
  expect(policy.offerAll()).toEqual([records[2]])
  // Back in its lane it is in hand no more, and is the next.
  policy.core.bounce(records[2])
  expect(policy.offerAll()).toEqual([records[2]])
  policy.cancel(records[1])
  expect(policy.offerAll()).toEqual([records[3]])
  checkInvariants(policy)
})

test('concurrency: bound tasks count, and a bound one that starts counts once', () => {
  const queue = { binding: 'early' as const, concurrency: 3 }
  const policy = new Policy({ queue })
  policy.agent('a')
  const records = policy.submitMany(5)
  policy.place()
  const states = () => records.map(({ state }) => state)
  expect(states()).toEqual([RUNNING, BOUND, BOUND, WAITING, WAITING])
  checkInvariants(policy)
  policy.succeed(records[0])
  policy.startBound()
  policy.place()
  expect(states().slice(1)).toEqual([RUNNING, BOUND, BOUND, WAITING])
  checkInvariants(policy)
})

test('concurrency: another limit holds at once, for less and for more', () => {
  const policy = new Policy()
  policy.agent('a', { concurrency: 9 })
  const records = policy.submitMany(6)
  policy.offer()
  policy.offer()
  const limit = (concurrency: number) =>
    policy.core.configureQueue('q', { ...QUEUE_DEFAULTS, concurrency })
  limit(1)
  expect(policy.offer()).toBe(null)
  for (const record of policy.offered()) policy.propose(record)
  policy.succeed(records[0])
  expect(policy.offer()).toBe(null)
  limit(3)
  expect(policy.offerAll()).toEqual([records[2], records[3]])
  limit(0)
  expect(policy.offerAll()).toEqual([records[4], records[5]])
  checkInvariants(policy)
})

test('concurrency: the limit is of the queue that serves a task, wherever it came in', () => {
  const queues = {
    q: { ...QUEUE_DEFAULTS, slaTargetMs: 10, escalateTo: 's' },
    s: { ...QUEUE_DEFAULTS, concurrency: 1 },
  }
  const policy = new Policy({ queues })
  policy.submitMany(2)
  policy.pass(10)
  policy.agent('a', { concurrency: 9 })
  expect(policy.place().length).toBe(1)
  checkInvariants(policy)
  policy.core.pauseQueue('q')
  policy.succeed(policy.core.recordAt.find((record) => record !== null)!)
  expect(policy.place().length).toBe(1)
  checkInvariants(policy)
})

test('configure: strategy, shadow and binding follow what the options say anew', () => {
  const strategies = ['least_loaded', 'random', 'round_robin']
  const policy = new Policy({ strategies, queue: { binding: 'early' } })
  policy.agent('a')
  policy.run('q')
  const bound = policy.submit('q')
  policy.place()
  const { cls } = bound
  const early = { ...QUEUE_DEFAULTS, binding: 'early' as const }
  policy.core.configureQueue('q', { ...early, strategy: 'random', shadow: 'round_robin' })
  expect([cls!.strategyIndex, cls!.shadow, bound.state]).toEqual([1, 2, BOUND])
  policy.core.configureQueue('q', QUEUE_DEFAULTS)
  expect([cls!.strategyIndex, cls!.shadow, bound.state]).toEqual([0, -1, WAITING])
  checkInvariants(policy)
  // What was switched by hand stays where the options say nothing else than before.
  policy.core.setStrategy('q', 2)
  policy.core.configureQueue('q', { ...QUEUE_DEFAULTS, ttlMs: 5 })
  expect(cls!.strategyIndex).toBe(2)
  checkInvariants(policy)
})

test('pause and limits: in any order of events each offer is the one that a look at all would choose', () => {
  for (let seed = 1; seed <= 150; seed++) {
    try {
      runHeld(new Random(seed))
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause })
    }
  }
})

function runHeld(random: Random): void {
  const policy = new Policy({ slots: 64, agentsMax: 32, queue: { concurrency: 3 } })
  const names = ['q', 'r', 's']
  const name = () => names[below(random, names.length)]
  const all: TaskRecord[] = []
  policy.agent('a', { concurrency: 5, leased: false })
  policy.agent('b', { queues: ['q', 'r'], concurrency: 3, leased: false })
  for (let i = 0; i < 120; i++) {
    const record = all[below(random, Math.max(1, all.length))]
    const what = below(random, 12)
    if (what < 4) all.push(policy.submit(name(), { level: 1 + below(random, 5) }))
    else if (what === 4) policy.core.pauseQueue(name())
    else if (what === 5) policy.core.resumeQueue(name())
    else if (what === 6 && chance(random, 3)) {
      const binding = chance(random, 2) ? ('early' as const) : ('late' as const)
      const options = { ...QUEUE_DEFAULTS, concurrency: below(random, 5), binding }
      policy.core.configureQueue(name(), options)
    } else if (record?.state === RUNNING) {
      if (chance(random, 2)) policy.succeed(record)
      else policy.fail(record)
    } else if (record?.state === OFFERED) policy.core.bounce(record)
    else policy.startBound()
    checkInvariants(policy)
    for (let n = below(random, 3); n > 0; n--) {
      const expected = expectedOffer(policy)
      const offered = policy.offer()
      if (offered !== expected) throw new Error(`${offered?.id}, expected ${expected?.id}`)
      if (offered !== null && policy.propose(offered) === 2) policy.core.bounce(offered)
    }
    checkInvariants(policy)
  }
}
