/** People on a stage: their inbox, one task after the other, and what they decide. */
import { describe, expect, test } from 'vitest'
import { play } from '../../src/demos/catalog.ts'
import { review } from '../../src/demos/scenes/review.ts'
import { Stage } from '../../src/demos/stage.ts'
import { Story } from '../../src/demos/story.ts'
import type { QueueOptions } from '../../src/options.ts'

const MINUTE = 60_000
const PEOPLE = /^(?:ra\d|specialist|lead)$/

function stage(queues: Record<string, Partial<QueueOptions>> = {}): Stage {
  return new Stage(new Story(1), { strategy: 'least_loaded', queues })
}

const work = (name: string, more: object = {}) => ({
  name,
  queue: 'desk',
  takesMs: MINUTE,
  ...more,
})

describe('people on a stage', () => {
  test.each([1, 2, 3])('seed %i: nobody has two tasks in hand at a time', (seed) => {
    for (const { bars } of play(review, seed).acts) {
      const names = [...new Set(bars.map(({ agent }) => agent))].filter((name) => PEOPLE.test(name))
      expect(names.length).toBeGreaterThan(2)
      for (const name of names) {
        const theirs = bars.filter(({ agent, fromMs }) => agent === name && fromMs !== null)
        theirs.sort((a, b) => a.fromMs! - b.fromMs!)
        for (const [at, { fromMs }] of theirs.slice(1).entries()) {
          expect(fromMs).toBeGreaterThanOrEqual(theirs[at].toMs)
        }
      }
    }
  })

  test('an inbox holds as many as its capacity; the rest waits for anybody', () => {
    const scene = stage()
    scene.agent({ id: 'ann', places: 3, person: {} })
    scene.submitAll([1, 2, 3, 4, 5].map((n) => work(`task-${n}`)))
    expect(scene.queues()).toEqual([{ agent: 'ann', running: 1, waiting: 2 }])
    expect(scene.givenTo(['task-4', 'task-5'])).toEqual([null, null])
    scene.run()
    expect(scene.machine.core.counters.completed).toBe(5)
    expect(scene.nowMs).toBe(5 * MINUTE)
  })

  test('what lies in an inbox is begun when its person begins, the more urgent first', () => {
    const scene = stage()
    scene.agent({ id: 'ann', places: 3, person: { fromMs: 10 * MINUTE } })
    scene.submitAll([work('usual'), work('urgent', { priority: 'high' }), work('late')])
    scene.run()
    expect(scene.startOrder()).toEqual(['urgent', 'usual', 'late'])
    expect(['urgent', 'usual', 'late'].map((name) => scene.waitOf(name) / MINUTE)).toEqual([
      10, 11, 12,
    ])
  })

  test('a time-out counts from the claim, not from the assignment', () => {
    const scene = stage({ desk: { timeoutMs: 2 * MINUTE, retryCount: 0 } })
    scene.agent({ id: 'ann', places: 3, person: { fromMs: 60 * MINUTE } })
    scene.submitAll([work('short'), work('long', { takesMs: 3 * MINUTE })])
    scene.run(120 * MINUTE)
    const { completed, failed } = scene.machine.core.counters
    expect([completed, failed]).toEqual([1, 1])
    expect(scene.recordOf('long').finishedAtMs - scene.policyMs + scene.nowMs).toBe(63 * MINUTE)
  })

  test('what is handed on goes to whom the queue escalates to', () => {
    const scene = stage({ desk: { escalateTo: 'boss' } })
    scene.agent({ id: 'ann', queues: ['desk'], places: 3, person: {} })
    scene.agent({ id: 'bea', queues: ['boss'], places: 3, person: {} })
    scene.submit(work('odd', { stages: { desk: { takesMs: MINUTE, handsOn: true } } }))
    scene.run()
    expect(scene.log.of('started').map(({ agent }) => agent)).toEqual(['ann', 'bea'])
    expect(scene.act.marks).toEqual([
      { atMs: MINUTE, what: 'escalated', task: 'odd', queue: 'boss' },
    ])
  })
})
