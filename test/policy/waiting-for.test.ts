import { expect, test } from 'vitest'
import { nearestMiss } from '../../src/policy/waiting-for.ts'
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
  expect(waits(policy, 'summarise', ['gpu', 'ocr', 'pdf'])).toBe(
    'no agent offers ocr, pdf; the nearest is "a" without ocr and pdf',
  )
})

test('waitingFor: each capability is there, but not at one agent', () => {
  const policy = new Policy()
  policy.agent('a', { capabilities: ['gpu'] })
  policy.agent('b', { capabilities: ['ocr'] })
  expect(waits(policy, 'q', ['gpu', 'ocr'])).toBe(
    'no agent offers gpu and ocr together; the nearest is "a" without ocr',
  )
})

test('waitingFor: of labels that do not do, the nearest agent is named with what it has', () => {
  const policy = new Policy()
  const gpu = { queues: ['q'], capabilities: ['ocr'] }
  expect(waits(policy, 'q', ['gpu>=24'])).toBe('no agent serves q')
  policy.agent('cpu', gpu)
  expect(waits(policy, 'q', ['gpu>=24'])).toBe('no agent offers gpu>=24')
  policy.agent('gpu-1', { ...gpu, labels: { gpu: 8 } })
  policy.agent('gpu-2', { ...gpu, labels: { gpu: 16 } })
  policy.agent('gpu-3', { ...gpu, labels: { gpu: 2 } })
  policy.agent('elsewhere', { queues: ['other'], labels: { gpu: 24 } })
  expect(waits(policy, 'q', ['gpu>=24'])).toBe(
    'no agent offers gpu>=24; the nearest is "gpu-2" with gpu 16',
  )
  expect(waits(policy, 'q', ['gpu<=1'])).toBe(
    'no agent offers gpu<=1; the nearest is "gpu-3" with gpu 2',
  )
  expect(waits(policy, 'q', ['gpu>=24', 'ocr', 'pdf', 'ram>=8'])).toBe(
    'no agent offers gpu>=24, pdf, ram>=8; ' +
      'the nearest is "gpu-2" with gpu 16, without pdf and ram>=8',
  )
})

test('waitingFor: of many terms some are said and the others counted', () => {
  const policy = new Policy()
  policy.agent('a', { capabilities: ['c00'] })
  const many = Array.from({ length: 32 }, (_, n) => `c${String(n).padStart(2, '0')}`)
  const words = waits(policy, 'q', many)!
  expect(words).toMatch(
    /^no agent offers c01, c02, .*, c08, 23 more; the nearest is "a" without c01/,
  )
  expect(words.length).toBeLessThan(200)
})

test('waitingFor: who meets more terms is nearer than who comes near in some', () => {
  const policy = new Policy()
  policy.agent('near', { labels: { gpu: 23, ram: 31 } })
  policy.agent('met', { labels: { gpu: 24 } })
  expect(waits(policy, 'q', ['gpu>=24', 'ram>=32'])).toBe(
    'no agent offers ram>=32; the nearest is "met" without ram>=32',
  )
})

test('waitingFor: who may be given a task by best fit or fallback is not missed', () => {
  const policy = new Policy()
  policy.agent('a')
  policy.run()
  for (const match of ['best_fit', 'fallback'] as const) {
    const record = policy.submit('q', { requires: ['gpu>=24'], match })
    expect(policy.core.waitingFor(record)).toBe('the only agent is full')
    const urgent = policy.submit('q', { requires: ['gpu>=24'], match, level: 4 })
    expect(policy.core.waitingFor(urgent)).toBe('no agent offers gpu>=24')
  }
})

test('nearestMiss: says in parts what the words say, and nothing where somebody may have it', () => {
  const policy = new Policy()
  const record = policy.submit('q', { requires: ['gpu>=24', 'ocr'] })
  const miss = () => nearestMiss(policy.core, record)
  expect(miss()).toBe(null)
  policy.agent('blank')
  expect(miss()).toEqual({ missing: ['gpu>=24', 'ocr'], agent: null, met: 0, lacks: [] })
  policy.agent('reader', { capabilities: ['ocr'] })
  expect(miss()).toEqual({
    missing: ['gpu>=24'],
    agent: 'reader',
    met: 1,
    lacks: [{ term: 'gpu>=24', name: 'gpu', has: null }],
  })
  const paused = policy.agent('gpu-2', { capabilities: ['ocr'], labels: { gpu: 16 } })
  expect(miss()).toEqual({
    missing: ['gpu>=24'],
    agent: 'gpu-2',
    met: 1,
    lacks: [{ term: 'gpu>=24', name: 'gpu', has: 16 }],
  })
  policy.agent('gpu-3', { capabilities: ['ocr'], labels: { gpu: 16 } })
  policy.core.drainAgent(paused.id)
  expect(miss()?.agent).toBe('gpu-3')
  policy.agent('both', { capabilities: ['ocr'], labels: { gpu: 24 } })
  expect(miss()).toBe(null)
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

test('waiting for: agents that are given nothing for now are no agents that drain or are silent', () => {
  const policy = new Policy()
  const [a, b, c] = [policy.agent('a'), policy.agent('b'), policy.agent('c')]
  const record = policy.submit()
  for (const agent of [a, b, c]) policy.limit(agent, 0)
  expect(policy.core.waitingFor(record)).toBe('all 3 agents are given nothing for now')
  policy.core.drainAgent('b')
  expect(policy.core.waitingFor(record)).toBe(
    'all 3 agents are draining or are given nothing for now',
  )
  policy.limit(c, 1)
  expect(policy.core.waitingFor(record)).toBe(null)
  policy.bye(b)
  policy.bye(c)
  expect(policy.core.waitingFor(record)).toBe('the only agent is given nothing for now')
})

test('waitingFor: people out of their hours are not at work, whatever the agents beside them do', () => {
  const policy = new Policy()
  const [alice, bob] = [
    policy.agent('alice', { claims: true }),
    policy.agent('bob', { claims: true }),
  ]
  const record = policy.submit()
  for (const person of [alice, bob]) policy.limit(person, 0)
  expect(policy.core.waitingFor(record)).toBe('all 2 agents are not at work now')
  policy.limit(policy.agent('a'), 0)
  expect(policy.core.waitingFor(record)).toBe(
    'all 3 agents are given nothing for now or are not at work now',
  )
  policy.bye(policy.core.agents.get('a')!)
  policy.bye(bob)
  expect(policy.core.waitingFor(record)).toBe('the only agent is not at work now')
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
