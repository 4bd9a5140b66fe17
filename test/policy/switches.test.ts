/** What is switched while tasks run: nothing is lost, nothing is done twice, what is offered stays. */
import { expect, test } from 'vitest'
import { ClassFlag, toClass } from '../../native-free/index.ts'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import { BOUND, OFFERED, WAITING } from '../../src/policy/task-record.ts'
import { checkInvariants } from './invariants.ts'
import { ids, Policy } from './support.ts'

const strategies = ['least_loaded', 'random', 'round_robin', 'mine']

test('strategy: the default is that of queues and tasks that have none of their own', () => {
  const queues = { own: { ...QUEUE_DEFAULTS, strategy: 'random' } }
  const policy = new Policy({ strategies, queues })
  const plain = policy.submit('q')
  const own = policy.submit('own')
  const task = policy.submit('q', { strategy: 'random' })
  expect(policy.core.setStrategy(null, 2)).toBe(null)
  const of = ({ cls }: typeof plain) => cls!.strategyIndex
  expect([of(plain), of(own), of(task)]).toEqual([2, 1, 1])
  expect(policy.core.setStrategy('q', 1)).toBe(null)
  expect(policy.core.setStrategy(null, 0)).toBe(null)
  expect([of(plain), of(policy.submit('later'))]).toEqual([1, 0])
  expect(policy.core.setStrategy('nowhere', 1)).toBe('queue_unknown')
  checkInvariants(policy)
})

test('strategy: a task’s own may have any of its names, an unknown one is refused', () => {
  const policy = new Policy({ strategies })
  expect(policy.submit('q', { strategy: 'least-loaded' }).cls!.strategyIndex).toBe(0)
  expect(policy.refusal('q', { strategy: 'whoever' })).toBe('bad_option')
  expect(policy.core.counters.accepted).toBe(1)
})

test('strategy: what is offered keeps the one that it was offered with', () => {
  const policy = new Policy({ strategies })
  policy.agent('a', { concurrency: 2 })
  const [first, second] = policy.submitMany(2)
  policy.offer()
  policy.core.setStrategy('q', 1)
  policy.offer()
  const { words, map } = policy.memory
  const chosen = [first, second].map(({ attempt }) => words[map.slotStrategy + attempt!.slot])
  expect(chosen).toEqual([0, 1])
  expect([first.state, second.state]).toEqual([OFFERED, OFFERED])
})

test('strategy: a user’s own is marked as one for routers', () => {
  const policy = new Policy({ strategies, routersOnlyFrom: 3 })
  const { cls } = policy.submit()
  const flags = () => policy.core.classTable.flags(toClass(cls!.index))
  expect(flags() & ClassFlag.ROUTERS_ONLY).toBe(0)
  policy.core.setStrategy('q', 3)
  expect(flags() & ClassFlag.ROUTERS_ONLY).toBe(ClassFlag.ROUTERS_ONLY)
})

test('shadow: it stands beside each class of its queue, also of those that come later', () => {
  const policy = new Policy({ strategies })
  const first = policy.submit('q')
  policy.core.setShadow('q', 2)
  const second = policy.submit('q', { requires: ['gpu'] })
  const other = policy.submit('r')
  const shadows = [first, second, other].map(({ cls }) => cls!.shadow)
  expect(shadows).toEqual([2, 2, -1])
  policy.core.setShadow('q', -1)
  expect(policy.core.classTable.shadow(toClass(first.cls!.index))).toBe(0)
  checkInvariants(policy)
})

test('binding: from early to late, what is bound goes back to its lane in its order', () => {
  const policy = new Policy({ queue: { binding: 'early' }, agentQueueMax: 2 })
  policy.agent('a')
  policy.agent('b')
  policy.submitMany(2)
  policy.place()
  const records = policy.submitMany(5)
  policy.place()
  expect(records.map(({ state }) => state)).toEqual([BOUND, BOUND, BOUND, BOUND, WAITING])
  policy.core.setBinding('q', 'late')
  checkInvariants(policy)
  expect(records.every(({ state }) => state === WAITING)).toBe(true)
  policy.agent('c', { concurrency: 9 })
  expect(ids(policy.place())).toEqual(ids(records))
})

test('binding: from late to early and back while tasks are offered, none is lost', () => {
  const policy = new Policy()
  policy.agent('a', { concurrency: 2 })
  const records = policy.submitMany(8)
  policy.offer()
  policy.core.setBinding('q', 'early')
  policy.offerAll()
  checkInvariants(policy)
  policy.core.setBinding('q', 'late')
  for (const record of policy.offered())
    if (policy.propose(record) !== 0) policy.core.bounce(record)
  checkInvariants(policy)
  const states = records.map(({ state }) => state)
  expect(states.filter((state) => state === WAITING).length).toBe(6)
})
