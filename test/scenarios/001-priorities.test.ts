/** The queue examples of source document 001, with its numbers, and [000]'s scenario 4. */
import { describe, expect, test } from 'vitest'
import { priorityOfUrgency } from '../../src/task.ts'
import { Clockwork } from './clockwork.ts'

describe('[001] usage examples', () => {
  test('t1 of urgency 5, t2 of 1 and t3 of 10: t2 is first, then t1, then t3', () => {
    const clock = new Clockwork({}, () => ({ afterMs: 100 }))
    const urgencies = { t1: 5, t2: 1, t3: 10 }
    for (const [id, urgency] of Object.entries(urgencies)) {
      clock.submitAt(0, 'work', { id, level: priorityOfUrgency(urgency) })
    }
    clock.at(1, () => clock.policy.agent('worker', { leased: false }))
    clock.runUntil(1_000)
    expect([...clock.starts.keys()]).toEqual(['t2', 't1', 't3'])
  })

  test('3 workers and 10 tasks of 0.1 s: all done after 0.4 s, 3, 3, 3 and 1 at a time', () => {
    const clock = new Clockwork({}, () => ({ afterMs: 100 }))
    for (const id of ['worker-0', 'worker-1', 'worker-2']) clock.policy.agent(id, { leased: false })
    for (let i = 0; i < 10; i++) clock.submitAt(0, 'work', { id: `task-${i}` })
    clock.runUntil(399)
    expect(clock.policy.core.counters.completed).toBe(9)
    clock.runUntil(400)
    expect(clock.policy.core.counters.completed).toBe(10)
    const begun = [...clock.starts.values()].map(([atMs]) => atMs)
    expect(begun).toEqual([0, 0, 0, 100, 100, 100, 200, 200, 200, 300])
  })

  test('of equal priority the one created first is first; a failure stores its error', () => {
    const clock = new Clockwork({ queue: { retryCount: 0 } }, ({ id }) => ({
      afterMs: 100,
      code: id === 'b' ? 'handler_error' : undefined,
    }))
    for (const id of ['a', 'b', 'c']) clock.submitAt(0, 'work', { id })
    clock.at(1, () => clock.policy.agent('worker', { leased: false }))
    clock.runUntil(1_000)
    expect([...clock.starts.keys()]).toEqual(['a', 'b', 'c'])
    expect(clock.endOf('b', 'work')).toBe('failed')
    expect(clock.policy.core.find('b', 'work')?.code).toBe('handler_error')
  })
})

describe('[000] demo 4, priority', () => {
  test('1 agent of 2 places, 5 tasks submitted before it starts: CRITICAL, HIGH, NORMAL, LOW', () => {
    const clock = new Clockwork({}, () => ({ afterMs: 150 }))
    const tasks = { low: 2, normal: 3, critical: 5, high: 4, 'normal-2': 3 }
    for (const [id, level] of Object.entries(tasks)) clock.submitAt(0, 'demo', { id, level })
    clock.at(1, () => clock.policy.agent('only', { concurrency: 2, leased: false }))
    clock.runUntil(1_000)
    expect([...clock.starts.keys()]).toEqual(['critical', 'high', 'normal', 'normal-2', 'low'])
  })
})
