/** Who is late is helped when somebody is free and work was done to pay for it; nobody else is. */
import { expect, test } from 'vitest'
import { CANCELLED, COMPLETED, isFinal, RUNNING } from '../../src/policy/task-record.ts'
import { Ground } from './support.ts'

const LIMIT = 103
/** Of runs of 100 ms. */
function warm(given: ConstructorParameters<typeof Ground>[0] = {}, ...ids: string[]): Ground {
  const ground = new Ground(given)
  ground.agents(...(ids.length > 0 ? ids : ['a', 'b']))
  ground.runs(40, 100)
  return ground
}

test('hedger: a run that takes longer than 95 % of its kind gets a second attempt elsewhere', () => {
  const ground = warm()
  const record = ground.run()
  expect(ground.pass(LIMIT)).toBe(false)
  expect(ground.hedger.nextMs()).toBe(ground.policy.nowMs + 1)
  expect(ground.pass(1)).toBe(true)
  const [{ twin, limitMs }] = ground.hedged
  expect([ground.hedged.length, limitMs, twin.state, twin.extras!.standsFor]).toEqual([
    1,
    LIMIT,
    RUNNING,
    record,
  ])
  expect(twin.agentId).not.toBe(record.agentId)
})

test('hedger: the second attempt that comes first is the outcome, and the first is revoked', () => {
  const ground = warm()
  const record = ground.run()
  const slow = record.agentId
  ground.pass(LIMIT + 1)
  const [{ twin }] = ground.hedged
  ground.pass(100)
  ground.policy.succeed(twin)
  expect([record.state, twin.state]).toEqual([COMPLETED, COMPLETED])
  const { effects, core } = ground.policy
  expect(effects.revoked.map(({ agent }) => agent.id)).toEqual([slow])
  expect(effects.outcomes.filter((each) => each === record)).toHaveLength(1)
  expect([core.counters.hedged, core.counters.hedgesWon, ground.hedger.out]).toEqual([1, 1, 0])
  expect(ground.cut).toEqual([record])
})

test('hedger: the first that ends before its second attempt wins, and that one is cancelled', () => {
  const ground = warm()
  const record = ground.run()
  ground.pass(LIMIT + 1)
  const [{ twin }] = ground.hedged
  ground.pass(1)
  ground.policy.succeed(record)
  expect([record.state, twin.state, ground.hedger.out]).toEqual([COMPLETED, CANCELLED, 0])
  expect(ground.cut).toEqual([])
})

test('hedger: the credit of the one that lost comes back with its late result', () => {
  const ground = warm()
  const record = ground.run()
  const slow = record.attempt!.agent!
  const token = ground.policy.token(record)
  ground.pass(LIMIT + 1)
  ground.policy.succeed(ground.hedged[0].twin)
  expect(ground.policy.inUse(slow)).toBe(1)
  expect(ground.policy.attempt(token)).toBe('late_result')
  expect(ground.policy.inUse(slow)).toBe(0)
})

test('hedger: when the second attempt fails, the task goes on, and gets no third', () => {
  const ground = warm()
  const record = ground.run()
  ground.pass(LIMIT + 1)
  ground.policy.fail(ground.hedged[0].twin)
  expect([record.state, ground.hedger.out]).toEqual([RUNNING, 0])
  ground.pass(1_000)
  expect(ground.hedged).toHaveLength(1)
  ground.policy.succeed(record)
  expect(record.state).toBe(COMPLETED)
})

test('hedger: an attempt after a failure may be late, and is helped as the first was', () => {
  const ground = warm({ queue: { retryCount: 1, hedgeBudget: 1 } })
  const record = ground.run()
  ground.pass(LIMIT + 1)
  ground.policy.fail(ground.hedged[0].twin)
  ground.policy.fail(record)
  ground.turn()
  expect(record.state).toBe(RUNNING)
  ground.pass(LIMIT + 1)
  expect(ground.hedged.map((hedge) => hedge.record)).toEqual([record, record])
})

test('hedger: before twenty results nobody is late', () => {
  const ground = new Ground()
  ground.agents('a', 'b')
  ground.runs(18, 100)
  const record = ground.run()
  ground.pass(100_000)
  expect([ground.hedged.length, ground.hedger.nextMs()]).toEqual([0, Number.POSITIVE_INFINITY])
  ground.policy.succeed(record)
})

test('hedger: while nobody else is free nobody is helped, and then at once', () => {
  const ground = warm()
  const late = ground.run()
  ground.pass(50)
  const other = ground.run()
  ground.pass(100)
  expect(ground.hedged).toHaveLength(0)
  ground.policy.succeed(other)
  expect(ground.turn()).toBe(true)
  expect(ground.hedged.map(({ record }) => record)).toEqual([late])
})

test('hedger: credit for work that is held in advance is nobody’s free hands', () => {
  const ground = warm()
  const [busy] = [...ground.policy.core.agents.values()].filter(({ id }) => id === 'b')
  ground.policy.core.setPrefetch(busy, 4)
  const records = [ground.run(), ground.run()]
  expect(new Set(records.map(({ agentId }) => agentId)).size).toBe(2)
  ground.pass(1_000)
  expect(ground.hedged).toHaveLength(0)
})

test('hedger: a queue that says nothing of it is not looked at', () => {
  const ground = warm({ queue: { hedgePercentile: 0 } })
  const record = ground.run()
  ground.pass(100_000)
  expect([ground.hedged.length, ground.hedger.nextMs()]).toEqual([0, Number.POSITIVE_INFINITY])
  expect(ground.hedger.limitMsOf(record.cls!)).toBe(Number.POSITIVE_INFINITY)
})

test('hedger: a queue that is given a percentile while tasks run is hedged from the next result on', () => {
  const ground = warm({ queue: { hedgePercentile: 0 } })
  const { core } = ground.policy
  const queue = core.queues.get('q')!
  core.configureQueue('q', { ...queue.options, hedgePercentile: 0.9 })
  ground.runs(40, 100)
  ground.run()
  ground.pass(LIMIT + 1)
  expect(ground.hedged).toHaveLength(1)
  core.configureQueue('q', { ...queue.options, hedgePercentile: 0 })
  ground.policy.succeed(ground.hedged[0].twin)
  expect(ground.hedger.out).toBe(0)
})

test('hedger: without work done to pay for it nobody is helped', () => {
  const ground = warm({ queue: { hedgeBudget: 0.001 } })
  ground.run()
  ground.pass(100_000)
  expect(ground.hedged).toHaveLength(0)
})

test('hedger: without memory for the payload nobody is helped, and it is tried again', () => {
  const ground = warm()
  ground.hasMemory = false
  const record = ground.run()
  ground.pass(LIMIT + 1)
  expect(ground.hedged).toHaveLength(0)
  ground.hasMemory = true
  ground.agents('c')
  ground.pass(1)
  expect(ground.hedged.map((hedge) => hedge.record)).toEqual([record])
})

test('hedger: a person is never late', () => {
  const ground = new Ground()
  ground.policy.agent('ann', { claims: true, leased: false, concurrency: 4 })
  ground.policy.agent('bob', { claims: true, leased: false, concurrency: 4 })
  ground.runs(40, 100)
  ground.run()
  ground.pass(1_000_000)
  expect(ground.hedged).toHaveLength(0)
})

test('hedger: types have times of their own', () => {
  const ground = warm({ queue: { hedgeBudget: 0.5 } })
  ground.runs(40, 1_000, { type: 'long' })
  const long = ground.run({ type: 'long' })
  ground.pass(500)
  expect(ground.hedged).toHaveLength(0)
  ground.policy.succeed(long)
  const short = ground.run()
  ground.pass(500)
  expect(ground.hedged.map(({ record }) => record)).toEqual([short])
})

test('hedger: a hundred thousand attempts that fail leave nothing behind', () => {
  const ground = new Ground({
    queue: { retryCount: 0 },
    keep: { count: 0, ageSeconds: 1, bytes: 0 },
  })
  ground.agents('a', 'b')
  const stuck = ground.run()
  for (let i = 0; i < 100_000; i++) {
    const record = ground.run()
    ground.policy.fail(record)
  }
  expect(isFinal(stuck.state)).toBe(false)
  // Nothing succeeded: there is no percentile, and of those that are out there is one.
  expect([ground.hedger.nextMs(), ground.hedged.length]).toEqual([Number.POSITIVE_INFINITY, 0])
  expect(ground.hedger.watched).toBeLessThanOrEqual(64)
})
