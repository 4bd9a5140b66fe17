import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkValue } from '../../src/config/check.ts'
import { type Key, toOption, toYaml } from '../../src/config/key.ts'
import { SECTIONS, sectionOf } from '../../src/config/keys.ts'
import { QUEUE_KEYS } from '../../src/config/queue-keys.ts'
import { QUEUE_DEFAULTS, SCHEDULER_DEFAULTS, type SchedulerOptions } from '../../src/options.ts'
import { strategyNames } from '../../src/routing/registry.ts'
import { STRATEGY_DEFAULTS } from '../../src/strategy-options.ts'

const allKeys = (keys: readonly Key[]): Key[] => keys.flatMap((key) => [key, ...allKeys(key.keys)])
const inTable = SECTIONS.flatMap(({ yaml, keys }) =>
  allKeys(keys).map((key) => ({ name: `${yaml}.${key.yaml}`, key })),
)

test('config table: every option of a queue stands in it once', () => {
  const options = QUEUE_KEYS.map(({ option }) => option)
  expect([...options].sort()).toEqual(Object.keys(QUEUE_DEFAULTS).sort())
})

test('config table: every option of a scheduler is a key or a section', () => {
  const all: Required<{ [Key in keyof SchedulerOptions]: true }> = {
    name: true,
    queues: true,
    queueDefaults: true,
    strictQueues: true,
    placement: true,
    routers: true,
    strategy: true,
    strategies: true,
    routing: true,
    learning: true,
    agentQueueMax: true,
    leaseMs: true,
    keep: true,
    payloadBytesMax: true,
    arenaBytesMax: true,
    agentsMax: true,
    slots: true,
    seed: true,
    window: true,
    whenFull: true,
    journal: true,
    deadLetters: true,
    people: true,
    flowTasksMax: true,
    deadLettersKeep: true,
    dedup: true,
    ledger: true,
    stealing: true,
    scaling: true,
    agentHealth: true,
    metrics: true,
    nats: true,
  }
  const own = sectionOf('scheduler').keys.map(({ option }) => option)
  const sections = SECTIONS.map(({ option }) => option)
  const known = [
    ...own,
    ...sections.filter((name) => !['scheduler', 'agents', 'http', 'log'].includes(name)),
  ]
  expect(known.sort()).toEqual(Object.keys(all).sort())
})

test.each([
  ['keep', SCHEDULER_DEFAULTS.keep],
  ['dedup', SCHEDULER_DEFAULTS.dedup],
  ['dead_letters_keep', SCHEDULER_DEFAULTS.deadLettersKeep],
  ['learning', SCHEDULER_DEFAULTS.learning],
  ['ledger', { directory: '', ...SCHEDULER_DEFAULTS.ledger }],
  ['stealing', SCHEDULER_DEFAULTS.stealing],
  ['scaling', SCHEDULER_DEFAULTS.scaling],
  ['agent_health', SCHEDULER_DEFAULTS.agentHealth],
  ['metrics', SCHEDULER_DEFAULTS.metrics],
  ['routing', STRATEGY_DEFAULTS],
])('config table: section %s has the keys of its options', (name, options) => {
  const keys = sectionOf(name).keys.map(({ option }) => option)
  expect(keys.sort()).toEqual(Object.keys(options).sort())
})

test('config table: names in the file are snake_case, and say their unit', () => {
  for (const { name, key } of inTable) {
    expect(key.yaml, name).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(key.words, name).toMatch(/^[A-Z`].*\.$/s)
  }
  // As source document 004 writes them.
  const withoutUnit = ['processing_timeout', 'max_time']
  const levels = ['background', 'low', 'normal', 'high', 'critical']
  for (const { name, key } of inTable.filter(({ key }) => key.kind === 'seconds')) {
    if (withoutUnit.includes(key.yaml) || levels.includes(key.yaml)) continue
    expect(key.yaml, name).toMatch(/_seconds$/)
    expect(key.option, name).toMatch(/Ms$/)
  }
})

test('config table: no two keys or other words of a section are the same', () => {
  for (const { yaml, keys } of SECTIONS) {
    const words = keys.flatMap((key) => [key.yaml, ...key.also])
    expect(new Set(words).size, yaml).toBe(words.length)
    const options = keys.map(({ option }) => option)
    expect(new Set(options).size, yaml).toBe(options.length)
  }
})

test('config table: every default is a value that its key may have', () => {
  for (const { name, key } of inTable) {
    if (key.default === undefined || key.kind === 'group') continue
    const context = { isFile: false, strategies: strategyNames() }
    expect(checkValue(key, key.default, context), name).toEqual({ value: key.default })
  }
})

const numbers = inTable.filter(({ key }) => ['whole', 'seconds', 'percent'].includes(key.kind))

test.each(numbers)('config table: $name is the same number after a round trip', ({ key }) => {
  const context = { isFile: true, strategies: [] }
  const option =
    key.kind === 'percent'
      ? fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 10_000)
      : fc
          .integer({
            min: Math.ceil(key.min / key.multipleOf),
            max: Math.floor(key.max / key.multipleOf),
          })
          .map((n) => n * key.multipleOf)
  fc.assert(
    fc.property(option, (value) => {
      const inFile = toYaml(key, value) as number
      expect(toOption(key, inFile)).toBe(value)
      expect(checkValue(key, inFile, context)).toEqual({ value })
      expect(toYaml(key, toOption(key, inFile))).toBe(inFile)
    }),
    { numRuns: 50 },
  )
})

test.each(numbers)('config table: $name takes its bounds and nothing beyond them', ({ key }) => {
  const step = key.kind === 'percent' ? 0.01 : key.multipleOf
  for (const isFile of [true, false]) {
    const taken = (value: number) => {
      const given = isFile ? (toYaml(key, value) as number) : value
      return 'value' in checkValue(key, given, { isFile, strategies: [] })
    }
    expect([taken(key.min), taken(key.max)]).toEqual([true, true])
    expect([taken(key.min - step), taken(key.max + step)]).toEqual([false, false])
    expect(taken(Number.NaN)).toBe(false)
    expect(taken(Number.POSITIVE_INFINITY)).toBe(false)
  }
})
