/** Credit without a task: who is chosen, what is charged, and how it comes back. */
import { expect, test } from 'vitest'
import { AgentState } from '../../src/policy/agents.ts'
import { checkInvariants } from './invariants.ts'
import { Policy } from './support.ts'

function idOf(answer: AgentState | string | null): string | null {
  return answer instanceof AgentState ? answer.id : answer
}

test('allocate: the three workers of the example: who can, has room and is least loaded, or nobody', () => {
  const policy = new Policy()
  policy.agent('worker1', { capabilities: ['analysis', 'research'], concurrency: 3 })
  policy.agent('worker2', { capabilities: ['editing', 'writing'], concurrency: 2 })
  policy.agent('worker3', { capabilities: ['research', 'writing'], concurrency: 3 })
  const allocate = (type: string) => idOf(policy.allocate('q', { requires: [type] }))
  expect(['research', 'research', 'writing', 'writing'].map(allocate)).toEqual([
    'worker1',
    'worker3',
    'worker2',
    'worker3',
  ])
  expect(['editing', 'editing', 'nothing'].map(allocate)).toEqual(['worker2', null, null])
  checkInvariants(policy)
  expect(policy.core.release('worker2')).toBe(true)
  expect(allocate('editing')).toBe('worker2')
  // Never below nothing.
  for (let i = 0; i < 5; i++) policy.core.release('worker1')
  expect(policy.core.release('worker1')).toBe(false)
  expect(policy.inUse(policy.core.agents.get('worker1')!)).toBe(0)
  expect(policy.core.release('nobody')).toBe(false)
  checkInvariants(policy)
})

test('allocate: its credit is nobody else’s until it is released', () => {
  const policy = new Policy()
  policy.agent('a')
  expect(idOf(policy.allocate())).toBe('a')
  policy.submit()
  expect(policy.offer()).toBe(null)
  policy.core.release('a')
  expect(policy.place().length).toBe(1)
  checkInvariants(policy)
})

test('allocate: beats say nothing of it, and it goes with its instance', () => {
  const policy = new Policy()
  const agent = policy.agent('a')
  policy.allocate()
  policy.beat(agent, [])
  policy.beat(agent, [])
  expect(agent.held).toBe(1)
  const young = policy.agent('a', { instance: 'young' })
  expect([young.held, policy.inUse(young)]).toEqual([0, 0])
  expect(policy.core.release('a')).toBe(false)
  checkInvariants(policy)
})

test('allocate: who is preferred comes first, then who fits best', () => {
  const policy = new Policy()
  policy.agent('plain', { concurrency: 3 })
  policy.agent('near', { capabilities: ['near'], concurrency: 1 })
  policy.agent('gpu', { capabilities: ['gpu'], labels: { memory: 8 }, concurrency: 3 })
  expect(idOf(policy.allocate('q', { prefers: ['near'] }))).toBe('near')
  expect(idOf(policy.allocate('q', { prefers: ['near'] }))).not.toBe('near')
  const fit = { match: 'best_fit' as const, requires: ['gpu', 'memory>=16'] }
  expect(idOf(policy.allocate('q', fit))).toBe('gpu')
  checkInvariants(policy)
})

test('allocate: what is none is refused as a task would be', () => {
  const policy = new Policy({ classesMax: 1, strictQueues: true })
  expect(policy.allocate('nowhere')).toBe('queue_unknown')
  const open = new Policy({ classesMax: 1 })
  open.submit('q')
  expect(open.allocate('q', { requires: ['gpu'] })).toBe('too_many_classes')
  expect(open.allocate('q', { strategy: 'whoever' })).toBe('bad_option')
})
