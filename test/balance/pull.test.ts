/** Pull: who has nothing to do takes from who has too much. */
import { expect, test } from 'vitest'
import { RUNNING } from '../../src/policy/task-record.ts'
import { checkInvariants } from '../policy/invariants.ts'
import { ids } from '../policy/support.ts'
import { Fleet, queueOf } from './support.ts'

test('pull: an agent with nothing to do takes the newest task of the busiest, and begins it', () => {
  const fleet = new Fleet()
  const [busy, busier, idle] = fleet.agents(3)
  fleet.give(busy, 3)
  const records = fleet.give(busier, 4)
  fleet.run()
  expect(ids(fleet.started)).toEqual([records[3].id])
  expect([records[3].state, records[3].agentId]).toEqual([RUNNING, idle.id])
  expect(fleet.loads([busy, busier, idle])).toBe('1+2 1+2 1+0')
  expect(fleet.balancer.counters).toMatchObject({ attempts: 1, stolen: 1, failed: 0 })
  checkInvariants(fleet.policy)
})

test('pull: with the order oldest it takes the task that has waited longest', () => {
  const fleet = new Fleet({ stealing: { order: 'oldest' } })
  const [busy] = fleet.agents(2)
  const records = fleet.give(busy, 4)
  fleet.run()
  expect(ids(fleet.started)).toEqual([records[1].id])
})

test('pull: an agent takes as many as it has places for, and no more', () => {
  const fleet = new Fleet()
  const busy = fleet.agent('busy')
  const idle = fleet.agent('idle', { concurrency: 3 })
  fleet.give(busy, 8)
  fleet.run()
  expect(fleet.loads([busy, idle])).toBe('1+4 3+0')
})

test('pull: what is protected stays, however long it waits, and what stands before it goes', () => {
  const fleet = new Fleet()
  const [busy, idle] = fleet.agents(2)
  const [, low, high, critical] = [
    fleet.give(busy, 1)[0],
    fleet.give(busy, 1, { level: 1 })[0],
    fleet.give(busy, 1, { level: 4 })[0],
    fleet.give(busy, 1, { level: 5 })[0],
  ]
  fleet.run()
  expect(ids(fleet.started)).toEqual([low.id])
  fleet.finish(idle)
  fleet.run()
  expect(queueOf(busy)).toEqual([critical, high])
})

test('pull: with protection from 6 every task may go', () => {
  const fleet = new Fleet({ stealing: { protectFrom: 6 } })
  const [busy] = fleet.agents(2)
  const records = fleet.give(busy, 2, { level: 5 })
  fleet.run()
  expect(ids(fleet.started)).toEqual([records[1].id])
})

test('pull: a thief takes only what it has all terms for, whatever is in front of it', () => {
  const fleet = new Fleet()
  const busy = fleet.agent('busy', { capabilities: ['gpu', 'ocr'] })
  const plain = fleet.agent('plain')
  const reader = fleet.agent('reader', { capabilities: ['ocr'] })
  fleet.give(busy, 1)
  const any = fleet.give(busy, 1)
  const ocr = fleet.give(busy, 1, { requires: ['ocr'] })
  fleet.give(busy, 2, { requires: ['gpu'] })
  fleet.run()
  expect([any[0].agentId, ocr[0].agentId].sort()).toEqual([plain.id, reader.id])
  expect(ocr[0].agentId).toBe(reader.id)
  expect(busy.bound.length).toBe(2)
})

test('pull: a task with match best_fit goes only to who has all its terms', () => {
  const fleet = new Fleet()
  const busy = fleet.agent('busy', { capabilities: ['ocr'] })
  fleet.agent('plain')
  fleet.give(busy, 3, { requires: ['ocr'], match: 'best_fit' })
  fleet.run()
  expect([fleet.started.length, busy.bound.length]).toEqual([0, 2])
})

test('pull: nobody takes from an agent for which no more than freeTakesAbove tasks wait', () => {
  const fleet = new Fleet({ stealing: { freeTakesAbove: 2 } })
  const [busy, idle] = fleet.agents(2)
  fleet.give(busy, 4)
  fleet.run()
  expect(fleet.loads([busy, idle])).toBe('1+2 1+0')
  fleet.finish(idle)
  fleet.run()
  expect(fleet.loads([busy, idle])).toBe('1+2 0+0')
})

test('pull: a slow agent takes nothing that is done sooner where it waits', () => {
  const fleet = new Fleet({ means: { quick: 10, slow: 100 } })
  const quick = fleet.agent('quick')
  const slow = fleet.agent('slow')
  fleet.give(quick, 9)
  fleet.run()
  expect(fleet.loads([quick, slow])).toBe('1+8 0+0')
  fleet.give(quick, 3)
  fleet.run()
  expect(fleet.loads([quick, slow])).toBe('1+10 1+0')
})

test('pull: of several who could take it, the one takes it who will be done first', () => {
  const fleet = new Fleet({ means: { busy: 50, slow: 40, quick: 10 } })
  const busy = fleet.agent('busy')
  const slow = fleet.agent('slow')
  const quick = fleet.agent('quick')
  fleet.give(busy, 2)
  fleet.run()
  expect(fleet.loads([busy, slow, quick])).toBe('1+0 0+0 1+0')
})

test('pull: a move that gains less than gainMs is not made', () => {
  for (const [gainMs, moved] of [
    [9, 1],
    [10, 0],
  ]) {
    const fleet = new Fleet({ means: { a0: 10, a1: 10 }, stealing: { gainMs } })
    const [busy] = fleet.agents(2)
    fleet.give(busy, 2)
    fleet.run()
    expect(fleet.started.length).toBe(moved)
  }
})

test('pull: nothing moves between two agents that are one task apart', () => {
  const fleet = new Fleet()
  const [one, other] = fleet.agents(2, { concurrency: 2 })
  fleet.give(one, 3)
  fleet.give(other, 1)
  fleet.run()
  expect(fleet.loads([one, other])).toBe('2+0 2+0')
  fleet.policy.core.setPrefetch(other, 1)
  fleet.give(one, 1)
  fleet.run()
  expect(fleet.loads([one, other])).toBe('2+1 2+0')
})

test.each(['push', 'off'] as const)('pull: with mode %s nobody takes anything', (mode) => {
  const fleet = new Fleet({ stealing: { mode } })
  const [busy] = fleet.agents(2)
  fleet.give(busy, 5)
  fleet.run()
  expect([fleet.started.length, fleet.balancer.counters.attempts]).toEqual([0, 0])
})

test('pull: a search that found nothing is not made again before something has changed', () => {
  const fleet = new Fleet({ means: { busy: 10, slow: 1_000 } })
  const busy = fleet.agent('busy')
  const slow = fleet.agent('slow')
  fleet.give(busy, 3)
  fleet.run()
  expect(fleet.balancer.counters).toMatchObject({ attempts: 1, failed: 1 })
  for (let i = 0; i < 10; i++) fleet.run(1)
  fleet.means[slow.id] = 10
  fleet.run(1)
  expect(fleet.balancer.counters.attempts).toBe(1)
  // A result, as every one that teaches something, changes the table.
  fleet.finish(busy)
  fleet.run(1)
  expect([fleet.balancer.counters.stolen, slow.running.length]).toEqual([1, 1])
})

test('pull: what would not pay is looked at again after a tenth of a second, and not before', () => {
  const fleet = new Fleet({ means: { busy: 10, slow: 1_000 } })
  const busy = fleet.agent('busy')
  fleet.agent('slow')
  fleet.give(busy, 3)
  fleet.run()
  for (let look = 2; look < 5; look++) {
    const waitMs = fleet.balancer.nextMs() - fleet.policy.nowMs
    expect(waitMs).toBe(100)
    fleet.run(waitMs - 1)
    expect(fleet.balancer.counters.attempts).toBe(look - 1)
    fleet.run(1)
    expect(fleet.balancer.counters.attempts).toBe(look)
  }
})

test('pull: an agent that hangs is relieved though its tasks are short as a rule, and nothing happens', () => {
  const fleet = new Fleet({ means: { hangs: 0.1, idle: 0.1 } })
  const hangs = fleet.agent('hangs')
  const idle = fleet.agent('idle')
  fleet.give(hangs, 3)
  fleet.run()
  // As far as its mean goes, all of it is done in 0.3 ms, and no move gains a millisecond.
  expect(fleet.loads([hangs, idle])).toBe('1+2 0+0')
  fleet.run(fleet.balancer.nextMs() - fleet.policy.nowMs)
  expect(fleet.loads([hangs, idle])).toBe('1+1 1+0')
})

test('pull: where nobody is free for any class no victim is looked at', () => {
  const fleet = new Fleet()
  const busy = fleet.agent('busy', { capabilities: ['ocr'] })
  fleet.agent('plain')
  fleet.give(busy, 3, { requires: ['ocr'] })
  fleet.run()
  expect(fleet.balancer.counters.attempts).toBe(0)
  fleet.agent('reader', { capabilities: ['ocr'] })
  fleet.run()
  expect(fleet.balancer.counters).toMatchObject({ attempts: 2, stolen: 1, failed: 1 })
})

test('pull: an agent that is draining, paused or limited to nothing takes nothing', () => {
  const fleet = new Fleet()
  const [busy, draining, limited] = fleet.agents(3)
  fleet.policy.core.drainAgent(draining.id)
  fleet.policy.core.limitAgent(limited.id, 0)
  fleet.give(busy, 5)
  fleet.run()
  expect(fleet.started).toEqual([])
})

test('pull: an agent that pulls takes what it has asked for', () => {
  const fleet = new Fleet()
  const busy = fleet.agent('busy')
  const asking = fleet.agent('asking', { pull: true })
  fleet.give(busy, 5)
  fleet.run()
  expect(asking.running.length).toBe(0)
  fleet.policy.pull(asking, 2)
  fleet.run()
  expect(fleet.loads([busy, asking])).toBe('1+2 2+0')
})

test('pull: more victims than are kept in one look are served, the longest queues first', () => {
  const fleet = new Fleet({ agentsMax: 128 })
  const busy = fleet.agents(40)
  for (const [i, agent] of busy.entries()) fleet.give(agent, 2 + (i % 3))
  const idle = Array.from({ length: 20 }, (_, i) => fleet.agent(`idle${i}`))
  fleet.run()
  expect(idle.every(({ running }) => running.length === 1)).toBe(true)
  const left = busy.map(({ bound }) => bound.length)
  // 13 queues of 3 and 13 of 2: the first 13 moves are from those of 3, the other 7 from 26 of 2.
  expect(left.filter((length) => length === 3).length).toBe(0)
  expect(left.filter((length) => length === 2).length).toBe(19)
})
