/** Votes and second attempts in a file and as options of a queue: what is taken, and what is refused how. */
import { expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { configuration, lines } from '../config/support.ts'

const queueOf = (keys: string) =>
  configuration(`queues:\n  q: {${keys}}\n`).scheduler.queues!.q as Record<string, unknown>

test('config: voters, what decides and by which field are a queue’s', () => {
  const queue = queueOf('voters: 3, decide: ALL, decide_by: review.verdict')
  expect(queue).toMatchObject({ voters: 3, decide: 'all', decideBy: 'review.verdict' })
})

test('config: percentile and budget are percent in the file', () => {
  const queue = queueOf('hedge_percentile: 97.5, hedge_budget_percent: 2')
  expect(queue).toMatchObject({ hedgePercentile: 0.975, hedgeBudget: 0.02 })
})

test.each([
  ['voters: 17', 'queues.q.voters: "17": give a whole number from 1 to 16.'],
  ['decide: most', 'queues.q.decide: "most": give first, majority or all.'],
  ['hedge_percentile: 30', 'queues.q.hedge_percentile: "30": give 0 for never, or 50 to 99.9.'],
  ['hedge_percentile: 100', 'queues.q.hedge_percentile: "100": give 0 for never, or 50 to 99.9.'],
  ['hedge_percentile: -1', 'queues.q.hedge_percentile: "-1": give a number from 0 to 100.'],
  ['decide_by: a..b', 'queues.q.decide_by: "a..b": give names with dots between them'],
])('config: %s is refused in a sentence', (keys, sentence) => {
  const found = lines(`queues:\n  q: {${keys}}\n`)
  expect(found).toHaveLength(1)
  expect(found[0]).toContain(sentence)
})

test.each([
  [{ voters: 0 }, /voters/],
  [{ decide: 'most' }, /decide/],
  [{ decideBy: '.' }, /decideBy/],
  [{ hedgePercentile: 0.3 }, /give 0 for never, or 0.5 to 0.999/],
  [{ hedgeBudget: 2 }, /hedgeBudget/],
] as const)('options: %j is refused before anything starts', (queue, sentence) => {
  expect(() => new Scheduler({ queues: { q: queue as never } })).toThrow(sentence)
})
