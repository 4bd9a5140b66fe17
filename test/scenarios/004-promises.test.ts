/** The priority, SLA and starvation tables of source document 004, with its numbers. */
import { describe, expect, test } from 'vitest'
import { Clockwork, HOUR, MINUTE, SECOND } from './clockwork.ts'
import { FOREVER, queuesOf, REVIEW, succeedAfter } from './review.ts'

const CRITICAL = 5
const HIGH = 4
const NORMAL = 3
const LOW = 2

describe('[004] priority levels', () => {
  test.each([
    ['CRITICAL', CRITICAL, 5 * MINUTE],
    ['HIGH', HIGH, 10 * MINUTE],
    ['NORMAL', NORMAL, 30 * MINUTE],
    ['LOW', LOW, 2 * HOUR],
  ])('%s is warned of at 80 %% of its time and breached at its end', (_, level, targetMs) => {
    const targets = { critical: 5 * MINUTE, high: 10 * MINUTE, normal: 30 * MINUTE, low: 2 * HOUR }
    const clock = new Clockwork({ queue: { slaTargetsMs: targets } }, FOREVER)
    clock.submitAt(0, 'gaps', { id: 'gap', level })
    clock.runUntil(targetMs)
    const notes = clock.notesOf('gap').filter((note) => !note.includes('boosted'))
    const [warnedAt, breachedAt] = [(0.8 * targetMs) / SECOND, targetMs / SECOND]
    expect(notes).toEqual([`${warnedAt} s: warned`, `${breachedAt} s: breached`])
  })

  test('one senior works them off as CRITICAL, HIGH, NORMAL, LOW, whatever came first', () => {
    const clock = new Clockwork({}, succeedAfter(SECOND))
    const order = { low: LOW, normal: NORMAL, high: HIGH, critical: CRITICAL }
    for (const [id, level] of Object.entries(order)) clock.submitAt(0, 'gaps', { id, level })
    clock.at(1, () => clock.policy.agent('senior', { leased: false }))
    clock.runUntil(MINUTE)
    expect([...clock.starts.keys()]).toEqual(['critical', 'high', 'normal', 'low'])
  })

  test('CRITICAL interrupts what is running, which goes on from where it was', () => {
    const clock = new Clockwork({ queue: { timeoutMs: HOUR } }, FOREVER)
    const { policy } = clock
    policy.agent('senior', { preemptible: true, leased: false })
    clock.submitAt(0, 'gaps', { id: 'routine', level: NORMAL })
    clock.submitAt(MINUTE, 'gaps', { id: 'sterilization', level: CRITICAL })
    clock.runUntil(MINUTE)
    policy.core.requestPreemptions(policy.nowMs)
    expect(clock.notesOf('routine')).toEqual(['60 s: interrupted on senior'])
    const routine = policy.core.find('routine', 'gaps')!
    policy.core.yielded(routine, new Uint8Array([7]), policy.nowMs)
    clock.runUntil(2 * MINUTE)
    expect(clock.endOf('sterilization', 'gaps')).toBe('processing')
    expect(clock.endOf('routine', 'gaps')).toBe('pending')
    policy.succeed(policy.core.find('sterilization', 'gaps')!)
    clock.runUntil(3 * MINUTE)
    expect(clock.endOf('routine', 'gaps')).toBe('processing')
    expect([routine.extras?.checkpoint, routine.failures]).toEqual([new Uint8Array([7]), 0])
  })
})

describe('[004] SLA enforcement', () => {
  test.each([
    ['ra_review_high', 600],
    ['ra_review_medium', 1_800],
    ['expert_review_low', 7_200],
  ])('%s: at %d s in the queue its task goes to the supervisor, unexpired', (queue, seconds) => {
    const clock = new Clockwork({ queues: queuesOf(REVIEW) }, FOREVER)
    clock.submitAt(0, queue, { id: 'cardio', level: 0 })
    clock.runUntil(seconds * SECOND - 1)
    const before = clock.notesOf('cardio')
    expect(before).toContain(`${0.8 * seconds} s: warned`)
    expect(before.join()).not.toContain('breached')
    clock.runUntil(10 * HOUR)
    expect(clock.notesOf('cardio').slice(before.length, before.length + 2)).toEqual([
      `${seconds} s: breached`,
      `${seconds} s: moved escalation: supervisor`,
    ])
    expect(clock.endOf('cardio', queue)).toBe('pending')
    clock.policy.agent('supervisor-1', { queues: ['supervisor'], leased: false })
    clock.runUntil(10 * HOUR)
    expect(clock.endOf('cardio', queue)).toBe('processing')
  })

  test('at 80 % of its target a task goes a level up', () => {
    const clock = new Clockwork({ queues: queuesOf(REVIEW) }, FOREVER)
    clock.submitAt(0, 'ra_review_medium', { id: 'ortho', level: 0 })
    clock.runUntil(1_440 * SECOND)
    expect(clock.notesOf('ortho').map((note) => note.replace(/ sla$/, ''))).toContain(
      '1440 s: boosted',
    )
    expect(clock.policy.core.find('ortho', 'ra_review_medium')?.level).toBe(HIGH)
  })

  test.each([
    ['ra_review_high', 20, 19, 0.95],
    ['ra_review_medium', 10, 9, 0.9],
    ['expert_review_low', 10, 9, 0.9],
  ])('attainment of %s: of %d tasks %d begin in time', (queue, count, inTime, goal) => {
    const clock = new Clockwork({ queues: queuesOf(REVIEW) }, succeedAfter(SECOND))
    const { slaTargetMs } = queuesOf(REVIEW)[queue]
    const late = count - inTime
    for (let i = 0; i < late; i++) clock.submitAt(0, queue, { level: 0 })
    for (let i = 0; i < inTime; i++) clock.submitAt(2 * slaTargetMs, queue, { level: 0 })
    clock.at(slaTargetMs + MINUTE, () =>
      clock.policy.agent('reviewer', { concurrency: 12, leased: false }),
    )
    clock.runUntil(10 * HOUR)
    const { slaKept, slaMissed, options } = clock.policy.core.queues.get(queue)!
    expect([slaKept, slaMissed]).toEqual([inTime, late])
    expect(slaKept / (slaKept + slaMissed)).toBe(goal)
    expect(options.slaAttainment).toBe(goal)
  })
})

describe('[004] starvation prevention', () => {
  test('LOW is boosted after 2 hours, NORMAL after 1 hour, HIGH and CRITICAL stay', () => {
    const clock = new Clockwork({}, FOREVER)
    const levels = { low: LOW, normal: NORMAL, high: HIGH, critical: CRITICAL }
    for (const [id, level] of Object.entries(levels)) clock.submitAt(0, 'reviews', { id, level })
    clock.runUntil(24 * HOUR)
    expect(clock.notesOf('low')).toEqual(['7200 s: boosted age', '10800 s: boosted age'])
    expect(clock.notesOf('normal')).toEqual(['3600 s: boosted age'])
    expect([...clock.notesOf('high'), ...clock.notesOf('critical')]).toEqual([])
  })

  test('LOW with an SLA of 2 hours is boosted at 80 % of it, which is earlier', () => {
    const clock = new Clockwork({ queues: queuesOf(REVIEW) }, FOREVER)
    clock.submitAt(0, 'expert_review_low', { id: 'rare', level: 0 })
    clock.runUntil(7_199 * SECOND)
    const boosts = clock.notesOf('rare').filter((note) => note.includes('boosted'))
    expect(boosts).toEqual(['5760 s: boosted sla'])
  })

  test('a task older than max_age_seconds is boosted and told of', () => {
    const clock = new Clockwork({ queue: { maxAgeMs: 300 * SECOND } }, FOREVER)
    clock.submitAt(0, 'gap_analysis', { id: 'old' })
    clock.runUntil(300 * SECOND)
    expect(clock.notesOf('old')).toEqual(['300 s: boosted max_age'])
  })

  test('HIGH is always processed within 10 minutes while NORMAL and LOW fill the queue', () => {
    const clock = new Clockwork({}, succeedAfter(20 * SECOND))
    clock.policy.agent('ra', { concurrency: 2, leased: false })
    for (let i = 0; i < 400; i++)
      clock.submitAt(0, 'reviews', { level: i % 2 === 0 ? NORMAL : LOW })
    for (let i = 0; i < 120; i++)
      clock.submitAt(i * 30 * SECOND, 'reviews', { id: `h${i}`, level: HIGH })
    clock.runUntil(2 * HOUR)
    const waits = Array.from(
      { length: 120 },
      (_, i) => clock.starts.get(`h${i}`)![0] - i * 30 * SECOND,
    )
    expect(Math.max(...waits)).toBeLessThanOrEqual(10 * MINUTE)
  })

  test('90 % high and 10 % low for long: low waits at most its stated bound', () => {
    const boostAfterMs = { background: 4 * MINUTE, low: 2 * MINUTE, normal: MINUTE }
    const clock = new Clockwork({ queue: { boostAfterMs } }, succeedAfter(SECOND))
    clock.policy.agent('one', { leased: false })
    // A high one each second keeps the agent busy for ever; a low one each ten, and once in ten no high one.
    for (let i = 0; i < 3_600; i++) {
      const isLow = i % 10 === 0
      clock.submitAt(i * SECOND, 'mixed', { id: `${i}`, level: isLow ? LOW : HIGH })
      if (i % 10 === 5) clock.submitAt(i * SECOND, 'mixed', { id: `extra-${i}`, level: HIGH })
    }
    clock.runUntil(2 * HOUR)
    const boundMs = boostAfterMs.low + boostAfterMs.normal
    // When a low task reaches high, at most this many high ones stand before it: one a second is worked
    // off, eleven come in ten, so a tenth of the time that has passed.
    for (let i = 0; i < 3_600; i += 10) {
      const waitMs = clock.starts.get(`${i}`)![0] - i * SECOND
      const aheadMs = (i * SECOND + boundMs) / 10 + SECOND
      expect(waitMs, `low task ${i}`).toBeLessThanOrEqual(boundMs + aheadMs)
    }
  })
})
