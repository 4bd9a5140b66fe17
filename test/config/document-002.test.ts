import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { configSchema } from '../../src/config/schema.ts'
import { effectiveYaml } from '../../src/config/show.ts'
import { STEALING_DEFAULTS } from '../../src/options.ts'
import { text } from '../support/files.ts'
import { accepts, configuration, lines } from './support.ts'

const FILE = text('examples/work-stealing/load-balancing-config.yaml')

test('config: the sections of source document 002 are options of stealing and matching', () => {
  const { scheduler } = configuration(FILE)
  expect({ ...STEALING_DEFAULTS, ...(scheduler.stealing || {}) }).toEqual(STEALING_DEFAULTS)
  expect(scheduler.stealing).toEqual({
    mode: 'hybrid',
    busyAbove: 5,
    idleBelow: 2,
    intervalMs: 30_000,
    imbalanceRatio: 3,
    perCycleMax: 3,
    order: 'newest',
    protectFrom: 4,
  })
  expect(scheduler.queueDefaults?.match).toBe('fallback')
  expect(scheduler.metrics).toEqual({ sampleMs: 5_000 })
  expect(accepts(configSchema(), parse(FILE))).toBe(true)
})

test('config: shown in our words, the file of source document 002 means the same', () => {
  const shown = effectiveYaml(configuration(FILE))
  expect(shown).not.toContain('thresholds:')
  expect(configuration(shown).scheduler.stealing).toEqual(STEALING_DEFAULTS)
})

test.each([
  ['strategy: push', { mode: 'push' }],
  ['strategy: PULL', { mode: 'pull' }],
  ['work_stealing: { prefer_lifo: false }', { order: 'oldest' }],
  ['thresholds: { busy: 0, idle: 0 }', { busyAbove: 0, idleBelow: 0 }],
  ['thresholds: { rebalance: 0.5 }', { intervalMs: 500 }],
])('config: %s is an option of stealing', (yaml, stealing) => {
  expect(configuration(yaml).scheduler.stealing).toEqual(stealing)
})

test.each([
  ['strategy: least_loaded', '1:11: strategy: "least_loaded": give hybrid, pull, push or off.'],
  [
    'stealing: { busy_above: 4 }\nthresholds: { busy: 5 }',
    '2:21: thresholds.busy: stealing.busy_above says it already: keep one of them.',
  ],
  ['stealing: false\nstrategy: push', '2:11: strategy: stealing is off: keep one of them.'],
  [
    'thresholds: { busy_threshold: 5 }',
    '1:15: thresholds.busy_threshold: it is unknown; did you mean busy?',
  ],
  [
    'stealing: { busy_above: 3, idle_below: 9 }',
    '1:40: stealing.idle_below: it must be at most one more than stealing.busy_above.',
  ],
  [
    'thresholds: { busy: 1, idle: 4 }',
    '1:30: thresholds.idle: it must be at most one more than thresholds.busy.',
  ],
  [
    'scaling: { scale_up_percent: 40 }',
    '1:30: scaling.scale_down_percent: it must be less than scaling.scale_up_percent.',
  ],
])('config: %s is told of', (yaml, line) => {
  expect(lines(yaml)).toEqual([line])
})
