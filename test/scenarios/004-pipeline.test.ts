/**
 * The whole of source document 004: fifty devices, their split, the pools' workloads, its totals, what of
 * them cannot hold, and devices that go wrong; in virtual time, and once by the clock with a real server.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mergedQueue } from '../../src/config/contradictions.ts'
import { play } from '../../src/demos/catalog.ts'
import type { Act } from '../../src/demos/demo.ts'
import { review } from '../../src/demos/scenes/review.ts'
import { REVIEW_MOVES, REVIEW_PEOPLE, REVIEW_QUEUES } from '../../src/demos/scenes/review-queues.ts'
import { feasibilityOf } from '../../src/health/feasibility.ts'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import { configuration } from '../config/support.ts'
import { root, text } from '../support/files.ts'
import { withNats } from '../support/nats.ts'
import { program } from '../support/node-script.ts'
import { failing, foundBy, perform } from './performed.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const performance = perform('review')
const found = foundBy(performance)
const [pipeline, supervised, atOnce, mishaps] = performance.acts

const barsOf = ({ bars }: Act, queue: string) => bars.filter((bar) => bar.queue === queue)
const minutes = ({ fromMs, toMs }: { fromMs: number | null; toMs: number }) =>
  (toMs - fromMs!) / MINUTE

describe('[004] pipeline of 50 devices', () => {
  test('every expectation of the demo holds', () => {
    expect(failing(performance)).toEqual([])
    expect(performance.checks.length).toBeGreaterThan(25)
  })

  test('automation: 3 validators of 15 s, 2 gap analysts of 45 s, 2 rankers of 60 s, one router', () => {
    const of = (queue: string) => {
      const bars = barsOf(pipeline, queue)
      const seconds = new Set(bars.map((bar) => Math.round(minutes(bar) * 60)))
      return [bars.length, new Set(bars.map(({ agent }) => agent)).size, [...seconds]]
    }
    expect(of('data_validation')).toEqual([50, 3, [15]])
    expect(of('gap_analysis')).toEqual([50, 2, [45]])
    expect(of('predicate_ranking')).toEqual([50, 2, [60]])
    expect(of('confidence_filtering')).toEqual([50, 1, [1]])
  })

  test('split: HIGH 35 (70 %), MEDIUM 10 (20 %), LOW 5 (10 %)', () => {
    expect(found['HIGH, MEDIUM, LOW']).toEqual([35, 10, 5])
    expect([35, 10, 5].map((count) => (100 * count) / 50)).toEqual([70, 20, 10])
  })

  test('pool A: RA1 12/12, RA2 12/12, RA3 11/12; 5 to 10 min each, within 2 hours', () => {
    expect(found['pool A: RA1, RA2, RA3']).toEqual([12, 12, 11])
    for (const bar of barsOf(pipeline, 'ra_review_high')) {
      expect(minutes(bar)).toBeGreaterThanOrEqual(5)
      expect(minutes(bar)).toBeLessThanOrEqual(10)
    }
    expect(found['hours of pool A']).toBeLessThanOrEqual(2)
  })

  test('pool B: RA3 1/12 remaining, RA4 9/12; 15 to 30 min each, about 4 hours', () => {
    expect(found['pool B: RA3, RA4']).toEqual([1, 9])
    for (const bar of barsOf(pipeline, 'ra_review_medium')) {
      expect(minutes(bar)).toBeGreaterThanOrEqual(15)
      expect(minutes(bar)).toBeLessThanOrEqual(30)
    }
    expect(found['hours of pool B']).toBeLessThanOrEqual(4.5)
  })

  test('pool C: one specialist, 1 to 2 hours each, 8 hours for all 5', () => {
    const reviews = ['expert_review_low', 'supervisor'].flatMap((queue) => barsOf(pipeline, queue))
    expect(reviews.map(({ agent }) => agent)).toEqual(Array(5).fill('specialist'))
    for (const bar of reviews) {
      expect(minutes(bar)).toBeGreaterThanOrEqual(60)
      expect(minutes(bar)).toBeLessThanOrEqual(120)
    }
    expect(found['hours of pool C']).toBe(8)
  })

  test('totals: 8.5 to 10.5 hours, 10 to 13 min a device, 98 % and 50 times less than by hand', () => {
    const hours = pipeline.endMs / HOUR
    expect(hours).toBeGreaterThanOrEqual(8.5)
    expect(hours).toBeLessThanOrEqual(10.5)
    const device = (hours * 60) / 50
    expect(device).toBeGreaterThanOrEqual(10)
    expect(device).toBeLessThanOrEqual(13)
    expect(100 - (100 * device) / 540).toBeGreaterThan(98)
    expect(540 / device).toBeGreaterThan(50)
  })

  test('automation takes 27 min, not 2.5 hours: stages overlap, and rankings are the slowest', () => {
    expect(found['hours of automation']).toBeCloseTo((49 * 30 + 15 + 45 + 60 + 1) / 3_600, 5)
  })
})

describe('[004] promises of the pipeline', () => {
  test('HIGH 95 % within 10 min and MEDIUM 90 % within 30 min are kept, all of them', () => {
    expect([found['SLA kept by HIGH'], found['SLA kept by MEDIUM']]).toEqual(['100 %', '100 %'])
  })

  test('pool C cannot keep 90 % within 2 hours: two of five, said so with the arithmetic', () => {
    expect(found['SLA kept by LOW, no more by arithmetic']).toBe('40 %')
    expect(found['what LOW can keep at most']).toBe('40 %')
    const lines = pipeline.lines.map(({ text }) => text)
    expect(lines).toContain(
      'pool C: 5 tasks, 1 place, 96 min each: 2 of 5 (40 %) begin within 120 min, 90 % are promised; 3 places would do, for 5 in time.',
    )
    const staff = { tasks: 5, meanMs: 1.6 * HOUR, targetMs: 2 * HOUR, clock: 'assigned' } as const
    expect(feasibilityOf({ ...staff, goal: 0.9, places: 1 })).toMatchObject({
      feasible: false,
      attainable: 0.4,
      placesNeeded: 3,
    })
    expect(feasibilityOf({ ...staff, goal: 0.9, places: 3 }).feasible).toBe(true)
  })

  test('three breaches are told of at 2 hours, and go to the supervisor as escalated', () => {
    const late = (act: Act) => act.marks.map(({ what, task, queue }) => [what, task, queue])
    expect(late(pipeline)).toEqual(
      ['device-48', 'device-49', 'device-50'].flatMap((task) => [
        ['breached', task, 'expert_review_low'],
        ['escalated', task, 'supervisor'],
      ]),
    )
    for (const { atMs, task } of pipeline.marks) {
      const [routed] = pipeline.bars
        .filter((bar) => bar.task === task && bar.queue === 'confidence_filtering')
        .map(({ toMs }) => toMs)
      expect(atMs - routed).toBe(2 * HOUR)
    }
  })

  test('with a lead who is there, they are decided by the lead, and all is over in 7 hours', () => {
    const theirs = barsOf(supervised, 'supervisor')
    expect(theirs.map(({ agent }) => agent)).toEqual(['lead', 'lead', 'lead'])
    expect(supervised.endMs).toBeLessThan(7.1 * HOUR)
  })

  test('a TTL of 30 s cannot hold when 50 devices come at once: six begin, 44 expire', () => {
    expect(found['at once: devices that expire']).toBe(44)
    expect(atOnce.marks.every(({ what, atMs }) => what === 'dead letter' && atMs === 30_000)).toBe(
      true,
    )
    // Paced, no time to live is ever used up.
    expect(pipeline.marks.some(({ what }) => what === 'dead letter')).toBe(false)
  })
})

describe('[004] devices that go wrong', () => {
  test.each([
    ['two recalls', 'data_validation: rejected'],
    ['a safety-critical gap', 'senior_review: completed'],
    ['gap analysis timed out twice', 'ra_review_high: completed'],
    ['ranking failed three times', 'ra_review_medium: completed'],
    ['no confidence can be read', 'ra_review_medium: completed'],
    ['a reviewer rejects it', 'expert_review_low: completed'],
    ['a reviewer hands it on', 'supervisor: completed'],
    ['a reviewer takes more than 10 min', 'supervisor: completed'],
  ])('%s: %s', (what, ends) => {
    expect(found[`${what}: ends in`]).toBe(ends)
  })

  test('retries: gap analysis after 30 s, ranking after 60 and 120 s', () => {
    const pausesOf = (task: string, queue: string) => {
      const bars = barsOf(mishaps, queue).filter((bar) => bar.task === task)
      return bars.slice(1).map(({ fromMs }, at) => (fromMs! - bars[at].toMs) / 1_000)
    }
    expect(pausesOf('endless', 'gap_analysis')).toEqual([30])
    expect(pausesOf('unrankable', 'predicate_ranking')).toEqual([60, 120])
  })

  test('by hand a gap analysis takes 3 to 4 hours, and the device goes the usual way then', () => {
    const [manual] = barsOf(mishaps, 'manual_gap_analysis')
    expect(minutes(manual)).toBe(210)
    const ways = mishaps.bars.filter(({ task }) => task === 'endless').map(({ queue }) => queue)
    expect(ways.slice(-4)).toEqual([
      'manual_gap_analysis',
      'predicate_ranking',
      'confidence_filtering',
      'ra_review_high',
    ])
  })
})

describe('[004] the example', () => {
  const { scheduler } = configuration(text('examples/regulatory-review/signalbox.yaml'))

  test('its queues, people and routes are those that the demo plays', () => {
    const complete = (queues: object) =>
      Object.fromEntries(
        Object.entries(queues).map(([name, one]) => [name, mergedQueue(QUEUE_DEFAULTS, one)]),
      )
    expect(complete(REVIEW_QUEUES)).toEqual(complete(scheduler.queues!))
    expect(scheduler.people).toEqual(REVIEW_PEOPLE)
    const moves = Object.entries(scheduler.deadLetters!).flatMap(([name, route]) =>
      route.route === 'queue' ? [[name, route.queue]] : [],
    )
    expect(Object.fromEntries(moves)).toEqual(REVIEW_MOVES)
  })

  test('its page says what differs from the document, and what it names is there', () => {
    const page = text('examples/regulatory-review/README.md')
    for (const word of ['concurrency', 'TTL', 'specialist', '2.5 hours', 'supervisor']) {
      expect(page).toContain(word)
    }
    expect(existsSync(join(root, 'docs/images/review.svg'))).toBe(true)
  })

  test('the picture in the documentation is what the command draws', async () => {
    const { pictureOf } = await import('../../src/demos/picture.ts')
    expect(text('docs/images/review.svg')).toBe(pictureOf(play(review)))
  })
})

describe('[004] by the clock', () => {
  const nats = withNats()

  test('run.mjs: a real server, agents and people decide all fifty', async () => {
    const script = join(root, 'examples/regulatory-review/run.mjs')
    const said = await program(process.execPath, [script, '--scale', '6000'], {
      env: { NATS_URL: nats.url },
      timeoutMs: 90_000,
    })
    expect(said).toContain(
      'all are routed: ra_review_high 35, ra_review_medium 10, expert_review_low 5',
    )
    expect(said).toContain('in the inboxes: ra1 12, ra2 12, ra3 12, ra4 9, specialist 1')
    expect(said).toContain('50 of 50 devices are decided')
    expect(said).toMatch(/ra_review_high +35 of 35, 95 % are promised/)
  }, 100_000)
})
