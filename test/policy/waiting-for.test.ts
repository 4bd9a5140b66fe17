import { expect, test } from 'vitest'
import { Policy } from './support.ts'

function waits(policy: Policy, queue = 'q', requires: string[] = []): string | null {
  return policy.core.waitingFor(policy.submit(queue, { requires }))
}

test('waitingFor: nobody serves the queue', () => {
  const policy = new Policy()
  expect(waits(policy, 'summarise')).toBe('no agent serves summarise')
  policy.agent('a', { queues: ['translate'], capabilities: ['ocr'] })
  expect(waits(policy, 'summarise', ['ocr'])).toBe('no agent serves summarise')
})

test('waitingFor: nobody who serves the queue offers a capability', () => {
  const policy = new Policy()
  policy.agent('a', { queues: ['summarise'], capabilities: ['gpu'] })
  policy.agent('b', { queues: ['other'], capabilities: ['ocr'] })
  expect(waits(policy, 'summarise', ['ocr'])).toBe('no agent offers ocr')
  expect(waits(policy, 'summarise', ['gpu', 'ocr', 'pdf'])).toBe('no agent offers ocr, pdf')
})

test('waitingFor: each capability is there, but not at one agent', () => {
  const policy = new Policy()
  policy.agent('a', { capabilities: ['gpu'] })
  policy.agent('b', { capabilities: ['ocr'] })
  expect(waits(policy, 'q', ['gpu', 'ocr'])).toBe('no agent offers gpu and ocr together')
})

test('waitingFor: everybody is full', () => {
  const policy = new Policy()
  policy.agent('a')
  policy.run()
  expect(waits(policy)).toBe('the only agent is full')
  policy.agent('b', { capabilities: ['ocr'] })
  policy.agent('c', { concurrency: 2 })
  expect(waits(policy)).toBe(null)
  policy.submitMany(2)
  policy.place()
  expect(waits(policy)).toBe('all 3 agents full')
})

test('waitingFor: everybody is draining', () => {
  const policy = new Policy()
  policy.agent('a')
  policy.core.drainAgent('a')
  expect(waits(policy)).toBe('the only agent is draining')
  policy.agent('b')
  policy.core.drainAgent('b')
  expect(waits(policy)).toBe('all 2 agents are draining')
})

test('waitingFor: those who drain are not counted among the full', () => {
  const policy = new Policy()
  policy.agent('a')
  policy.agent('b')
  policy.agent('c')
  policy.submitMany(3)
  policy.place()
  policy.core.drainAgent('b')
  expect(waits(policy)).toBe('all 2 agents full')
})

test('waitingFor: an agent that does not hear is not called draining', () => {
  const policy = new Policy()
  policy.agent('a')
  const record = policy.run()
  policy.core.dispatchFailed(record, policy.nowMs)
  expect(policy.core.waitingFor(record)).toBe('the only agent does not answer')
  policy.agent('b')
  policy.core.drainAgent('b')
  expect(policy.core.waitingFor(record)).toBe('all 2 agents are draining or do not answer')
})

test('waitingFor: nothing but its turn, and nothing once it is offered, runs or is done', () => {
  const policy = new Policy()
  policy.agent('a')
  const record = policy.submit()
  expect(policy.core.waitingFor(record)).toBe(null)
  policy.offer()
  expect(policy.core.waitingFor(record)).toBe(null)
  policy.propose(record)
  expect(policy.core.waitingFor(record)).toBe(null)
  policy.succeed(record)
  expect(policy.core.waitingFor(record)).toBe(null)
})
