/** The retry table and the dead-letter routes of source document 004, with its numbers. */
import { describe, expect, test } from 'vitest'
import { Clockwork, HOUR, MINUTE, SECOND } from './clockwork.ts'
import { ANALYSIS, FOREVER, failing, pipeline, queuesOf, startsOf } from './review.ts'

describe('[004] retries', () => {
  test('gap_analysis: a time-out is retried once after 30 s, then its dead letter goes to the manual queue', () => {
    const clock = pipeline({ gap_analysis: FOREVER })
    clock.submitAt(0, 'gap_analysis', { id: 'gap', level: 0 })
    clock.runUntil(HOUR)
    expect(startsOf(clock, 'gap')).toEqual([0, 150, 270])
    expect(clock.notesOf('gap')).toEqual([
      '120 s: scheduled retry',
      '150 s: ready',
      '270 s: dead letter gap_analysis_errors: timeout',
      '270 s: moved dead_letter: manual_gap_analysis',
    ])
    expect(clock.endOf('gap', 'gap_analysis')).toBe('completed')
  })

  test.each(['api_error', 'memory_error', 'timeout'])(
    'predicate_ranking: %s is retried after 60 and 120 s, then basic ranking does it',
    (code) => {
      const clock = pipeline({ predicate_ranking: failing(code) })
      clock.submitAt(0, 'predicate_ranking', { id: 'rank', level: 0 })
      clock.runUntil(HOUR)
      expect(startsOf(clock, 'rank')).toEqual([0, 70, 200, 210])
      expect(clock.endOf('rank', 'predicate_ranking')).toBe('completed')
    },
  )

  test('only the listed kinds of error are retried, permanent ones never', () => {
    for (const work of [failing('memory_error'), failing('api_error', true)]) {
      const clock = pipeline({ gap_analysis: work, manual_gap_analysis: FOREVER })
      clock.submitAt(0, 'gap_analysis', { id: 'gap', level: 0 })
      clock.runUntil(MINUTE)
      expect(startsOf(clock, 'gap')).toEqual([0, 10])
      expect(clock.notesOf('gap').at(-1)).toBe('10 s: moved dead_letter: manual_gap_analysis')
    }
  })

  test('backoff = base * 2^retry_count: 60, 120, 240 s, and no more than max_retries', () => {
    const retries = { retryCount: 3, retryDelayMs: 60 * SECOND, exponentialBackoff: true }
    const clock = new Clockwork({ queue: retries }, failing('api_error'))
    clock.policy.agent('a', { leased: false })
    clock.submitAt(0, 'q', { id: 'task' })
    clock.runUntil(HOUR)
    expect(startsOf(clock, 'task')).toEqual([0, 10 + 60, 80 + 120, 210 + 240])
    expect(clock.endOf('task', 'q')).toBe('failed')
  })

  test.each(['human_timeout', 'consensus_required'])(
    'ra_review: %s is escalated at once',
    (code) => {
      const clock = pipeline({ ra_review_high: failing(code), supervisor: FOREVER })
      clock.submitAt(0, 'ra_review_high', { id: 'review', level: 0 })
      clock.runUntil(MINUTE)
      expect(clock.notesOf('review')).toEqual(['10 s: moved escalation: supervisor'])
      expect(clock.endOf('review', 'ra_review_high')).toBe('processing')
    },
  )
})

describe('[004] dead letters', () => {
  test.each([
    ['gap_analysis', 'gap_analysis_errors', 'manual_gap_analysis'],
    ['predicate_ranking', 'ranking_errors', 'basic_ranking'],
    ['confidence_filtering', 'routing_errors', 'ra_review_medium'],
    ['ra_review_medium', 'ra_review_errors', 'supervisor'],
  ])('%s: a permanent failure goes to %s at once and on to %s', (queue, letter, next) => {
    const clock = pipeline({ [queue]: failing('bad_device', true), [next]: FOREVER })
    clock.submitAt(0, queue, { id: 'device', level: 0 })
    clock.runUntil(MINUTE)
    expect(clock.notesOf('device')).toEqual([
      `10 s: dead letter ${letter}: bad_device`,
      `10 s: moved dead_letter: ${next}`,
    ])
    const record = clock.policy.core.find('device', queue)!
    expect([record.queue?.name, record.cls?.queue.name]).toEqual([queue, next])
    expect(record.extras?.failedDestinations).toEqual([queue])
  })

  test('data_validation fails fast: one attempt, one dead letter, one outcome', () => {
    const clock = pipeline({ data_validation: failing('bad_csv') })
    clock.submitAt(0, 'data_validation', { id: 'device', level: 0 })
    clock.runUntil(HOUR)
    expect(clock.notesOf('device')).toEqual(['10 s: dead letter validation_errors: bad_csv'])
    expect(clock.endOf('device', 'data_validation')).toBe('failed')
    expect(clock.policy.effects.outcomes).toHaveLength(1)
  })

  test('a fallback that fails too ends the task: each queue wrote its letter, nothing goes round', () => {
    const clock = pipeline({
      gap_analysis: failing('gone', true),
      manual_gap_analysis: failing('gone', true),
    })
    clock.submitAt(0, 'gap_analysis', { id: 'device', level: 0 })
    clock.runUntil(HOUR)
    const letters = clock.policy.effects.deadLetters.map(({ name }) => name)
    expect(letters).toEqual(['gap_analysis_errors', 'manual_gap_analysis'])
    expect(clock.endOf('device', 'gap_analysis')).toBe('failed')
  })

  test('a task that waits longer than its ttl expires into its dead letter', () => {
    const clock = new Clockwork({ queues: queuesOf(ANALYSIS) }, FOREVER)
    clock.submitAt(0, 'data_validation', { id: 'device', level: 0 })
    clock.runUntil(HOUR)
    expect(clock.notesOf('device')).toEqual(['30 s: dead letter validation_errors: ttl_expired'])
    expect(clock.endOf('device', 'data_validation')).toBe('expired')
  })
})
