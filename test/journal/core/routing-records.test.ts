/** What stands in a journal of routing: what tasks say of it, what is bound, switched and allocated. */
import { afterAll, expect, test } from 'vitest'
import { hashKey } from '../../../src/routing/key-hash.ts'
import { Policy } from '../../policy/support.ts'
import { ROUTING_KINDS, recorded, unseen } from './recorded.ts'

const SMALL = { slots: 32, agentsMax: 32 }

afterAll(() => {
  expect(unseen().filter((kind) => ROUTING_KINDS.includes(kind))).toEqual([])
})

test('submit: what a task says of its routing, once for all that say the same', () => {
  const policy = new Policy({ ...SMALL, strategies: ['least_loaded', 'random'] })
  const rows = recorded(policy, () => {
    policy.submit('q', { type: 'page', match: 'best_fit', prefers: ['gpu>=24', 'near'], key: 'k' })
    policy.submit('q', { strategy: 'random', requires: ['memory>=16'] })
    expect(policy.refusal('q', { strategy: 'nobody' })).toBe('bad_option')
  })
  const said = rows.map(([, { answer, requires, routing, key }]) => [
    answer,
    requires,
    routing,
    key,
  ])
  expect(said).toEqual([
    ['', '', 'page|best_fit|gpu>=24,near|', hashKey('k')],
    ['', 'memory>=16', '|||random', 0],
    ['bad_option', '', '|||nobody', 0],
  ])
})

test('bound: into the agent’s own queue, on to a slot once it has credit, and back to the lane', () => {
  const policy = new Policy({ ...SMALL, queue: { binding: 'early' } })
  const agent = policy.agent('a')
  const first = policy.run()
  const rows = recorded(policy, () => {
    policy.submitMany(2)
    expect(policy.place()).toEqual([])
    policy.succeed(first)
    expect(policy.startBound().length).toBe(1)
    policy.core.drainAgent(agent.id)
  })
  const kinds = ['PROPOSE', 'START', 'UNBOUND']
  const chosen = { generation: 0, agent: 0, agentGeneration: 1, byRouter: false }
  expect(rows.filter(([kind]) => kinds.includes(kind!))).toEqual([
    ['PROPOSE', { answer: 3, slot: 1, ...chosen, task: 1 }],
    ['PROPOSE', { answer: 3, slot: 2, ...chosen, task: 2 }],
    ['START', { task: 1, slot: 3, generation: 0, agent: 0, counter: 2, dispatchSeq: 2 }],
    ['UNBOUND', { task: 2, agent: 0 }],
  ])
})

test('strategy, shadow, binding: what is switched, and what comes back with it', () => {
  const strategies = ['least_loaded', 'random', 'round_robin']
  const policy = new Policy({ ...SMALL, strategies, queue: { binding: 'early' } })
  policy.agent('a')
  policy.run()
  policy.submit()
  policy.place()
  const rows = recorded(policy, () => {
    expect(policy.core.setStrategy(null, 2)).toBe(null)
    expect(policy.core.setStrategy('q', 1)).toBe(null)
    expect(policy.core.setShadow('q', 2)).toBe(null)
    expect(policy.core.setShadow('q', -1)).toBe(null)
    expect(policy.core.setBinding('q', 'late')).toBe(null)
    expect(policy.core.setBinding('r', 'late')).toBe('queue_unknown')
  })
  expect(rows).toEqual([
    ['STRATEGY', { answer: '', queue: '', strategy: 2 }],
    ['STRATEGY', { answer: '', queue: 'q', strategy: 1 }],
    ['SHADOW', { answer: '', queue: 'q', strategy: 2 }],
    ['SHADOW', { answer: '', queue: 'q', strategy: -1 }],
    ['BINDING', { answer: '', queue: 'q', isEarly: false }],
    ['UNBOUND', { task: 1, agent: 0 }],
    ['BINDING', { answer: 'queue_unknown', queue: 'r', isEarly: false }],
  ])
})

test('allocate, release: who is charged, and that nobody could be', () => {
  const policy = new Policy(SMALL)
  const agent = policy.agent('a', { capabilities: ['gpu'] })
  const rows = recorded(policy, () => {
    expect(policy.allocate('q', { requires: ['ocr'] })).toBe(null)
    expect(policy.allocate('q', { requires: ['gpu'], prefers: ['near'] })).toBe(agent)
    expect(policy.allocate('q')).toBe(null)
    expect(policy.allocate('q', { strategy: 'nobody' })).toBe('bad_option')
    expect(policy.core.release('a')).toBe(true)
    expect(policy.core.release('a')).toBe(false)
  })
  const plain = { answer: '', queue: 'q', level: 3, routing: '' }
  expect(rows).toEqual([
    ['ALLOCATE', { ...plain, agent: -1, requires: 'ocr' }],
    ['ALLOCATE', { ...plain, agent: 0, requires: 'gpu', routing: '||near|' }],
    ['ALLOCATE', { ...plain, agent: -1, requires: '' }],
    ['ALLOCATE', { ...plain, answer: 'bad_option', agent: -1, requires: '', routing: '|||nobody' }],
    ['RELEASE', { id: 'a', wasHeld: true }],
    ['RELEASE', { id: 'a', wasHeld: false }],
  ])
})
