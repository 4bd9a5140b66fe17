/** What stands in a journal of tasks that change hands: stolen, called back; and limits of agents. */
import { afterAll, expect, test } from 'vitest'
import { digestOf, imageOf } from '../../../src/journal/image.ts'
import type { AgentState } from '../../../src/policy/agents.ts'
import type { TaskRecord } from '../../../src/policy/task-record.ts'
import { Policy } from '../../policy/support.ts'
import { MOVE_KINDS, type Row, recorded, unseen } from './recorded.ts'

const SMALL = { slots: 32, agentsMax: 32, queue: { binding: 'early' } } as const
const NOWHERE = { slot: -1, generation: 0, counter: 0, dispatchSeq: 0 }

afterAll(() => {
  expect(unseen().filter((kind) => MOVE_KINDS.includes(kind))).toEqual([])
})

/** One that runs a task and has another in its own queue, and one that came later and has nothing. */
function victimAndThief(): [Policy, victim: AgentState, thief: AgentState, bound: TaskRecord] {
  const policy = new Policy(SMALL)
  const victim = policy.agent('a')
  policy.run()
  const bound = policy.submit()
  policy.place()
  return [policy, victim, policy.agent('b'), bound]
}

/** One that runs a task and has been sent another, which it has not begun; and one with nothing. */
function heldAndFree(): [Policy, holder: AgentState, free: AgentState, sent: TaskRecord] {
  const policy = new Policy({ slots: 32, agentsMax: 32 })
  const holder = policy.agent('a', { recalls: true })
  policy.core.setPrefetch(holder, 1)
  policy.run()
  const sent = policy.run()
  return [policy, holder, policy.agent('b'), sent]
}

const kinds = (rows: readonly Row[]) => rows.map(([kind]) => kind)

test('steal: to one that begins it, with the attempt', () => {
  const [policy, , thief, bound] = victimAndThief()
  const rows = recorded(policy, () => {
    expect(policy.core.steal(bound, thief, policy.nowMs)).toBe(null)
    expect(policy.core.steal(bound, thief, policy.nowMs)).toBe('not_bound')
  })
  const attempt = { slot: 2, generation: 0, counter: 2, dispatchSeq: 1 }
  expect(rows).toEqual([
    ['STEAL', { task: 1, agent: 1, ...attempt }],
    ['STOLEN', { task: 1, agent: 0, to: 1 }],
  ])
})

test('steal: to one that is as busy, in whose own queue it waits', () => {
  const [policy, , thief, bound] = victimAndThief()
  policy.run()
  const rows = recorded(policy, () => {
    expect(policy.core.steal(bound, thief, policy.nowMs)).toBe(null)
  })
  expect(rows).toEqual([
    ['STEAL', { task: 1, agent: 1, ...NOWHERE }],
    ['STOLEN', { task: 1, agent: 0, to: 1 }],
  ])
})

test('steal, recall: what is refused changes nothing and is not written', () => {
  const [policy, victim, thief, bound] = victimAndThief()
  const { core, nowMs } = policy
  const before = digestOf(imageOf(core))
  const running = victim.running.head!
  expect(core.steal(bound, victim, nowMs)).toBe('same_agent')
  expect(core.steal(running, thief, nowMs)).toBe('not_bound')
  expect(core.recall(running, thief, nowMs)).toBe('not_allowed')
  expect(digestOf(imageOf(core))).toBe(before)
  const rows = recorded(policy, () => {
    core.steal(running, thief, nowMs)
    core.recall(running, thief, nowMs)
    policy.beat(victim)
  })
  expect(kinds(rows)).toEqual(['BEAT'])
})

test('recall, yield: called back, handed back, and begun elsewhere in the same event', () => {
  const [policy, , free, sent] = heldAndFree()
  const rows = recorded(policy, () => {
    expect(policy.core.recall(sent, free, policy.nowMs)).toBe(null)
    expect(policy.yield(sent, null)).toBe(null)
  })
  const next = { agent: 1, newSlot: 2, generation: 0, counter: 3, dispatchSeq: 1 }
  expect(rows).toEqual([
    ['RECALL', { task: 1, slot: 1, agent: 1 }],
    ['CALL_BACK', { task: 1, counter: 2, agent: 0 }],
    ['YIELD', { task: 1, slot: 1, ...next, hasCheckpoint: false, checkpoint: new Uint8Array(0) }],
    ['ENDED', { task: 1, counter: 2, agent: 0, how: 'recalled', isCharged: false }],
  ])
})

test('recall, yield: back to its lane when who was to have it has gone', () => {
  const [policy, , free, sent] = heldAndFree()
  const rows = recorded(policy, () => {
    policy.core.recall(sent, free, policy.nowMs)
    policy.bye(free)
    policy.yield(sent, null)
  })
  expect(rows.at(-2)).toMatchObject(['YIELD', { task: 1, slot: 1, agent: -1, newSlot: -1 }])
  expect(kinds(rows).at(-1)).toBe('ENDED')
})

test('recall: for nobody, so that it goes back to its lane', () => {
  const [policy, , , sent] = heldAndFree()
  const rows = recorded(policy, () => {
    expect(policy.core.recall(sent, null, policy.nowMs)).toBe(null)
    policy.yield(sent, null)
  })
  expect(rows[0]).toEqual(['RECALL', { task: 1, slot: 1, agent: -1 }])
  expect(rows[2]).toMatchObject(['YIELD', { agent: -1 }])
})

test('recall: an image from between the word and the answer knows of it', () => {
  const [policy, , free, sent] = heldAndFree()
  policy.core.recall(sent, free, policy.nowMs)
  const rows = recorded(policy, () => policy.yield(sent, null))
  expect(rows[0]).toMatchObject(['YIELD', { agent: free.index }])
})

test('limit: what it comes to, and what goes back to its lane', () => {
  const [policy] = victimAndThief()
  const rows = recorded(policy, () => {
    expect(policy.core.limitAgent('a', 0)).toBe(null)
    expect(policy.core.limitAgent('a', 1)).toBe(null)
    expect(policy.core.limitAgent('a', -1)).toBe(null)
    expect(policy.core.limitAgent('nobody', 0)).toBe('agent_unknown')
  })
  expect(rows).toEqual([
    ['LIMIT', { answer: '', id: 'a', limit: 0 }],
    ['UNBOUND', { task: 1, agent: 0 }],
    ['LIMIT', { answer: '', id: 'a', limit: 1 }],
    ['LIMIT', { answer: '', id: 'a', limit: -1 }],
    ['LIMIT', { answer: 'agent_unknown', id: 'nobody', limit: 0 }],
  ])
})

test('beat, hello: work that is not ours, and who hands back what it has not begun', () => {
  const [policy, holder] = heldAndFree()
  const rows = recorded(policy, () => {
    policy.core.beat(holder.id, holder.instance, null, policy.nowMs, 7)
    policy.agent('c', { recalls: true })
  })
  expect(holder.foreign).toBe(7)
  expect(rows[0]).toMatchObject(['BEAT', { id: 'a', foreign: 7 }])
  expect(rows[1]).toMatchObject(['HELLO', { id: 'c', recalls: true }])
})
