import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createMemory, LearningReader, LearningWriter } from '../../native-free/index.ts'
import { Learning, NO_TIME, OVERALL, pairCountMaxOf } from '../../src/learning/learning.ts'
import { Random } from '../../src/routing/generator.ts'
import { node } from '../support/node-script.ts'
import { learner } from './columns.ts'

test('learning: a success moves the mean of its type and of all types', () => {
  const { columns, learning } = learner()
  learning.record(3, 2, 1_000, true)
  learning.record(3, 2, 3_000, true)
  learning.record(3, 1, 8_000, true)
  expect(columns.of(2, 3).latency).toBe(2_000)
  expect(columns.of(1, 3).latency).toBe(8_000)
  expect(columns.of(OVERALL, 3).latency).toBe(4_000)
  expect(columns.of(2, 4).latency).toBeUndefined()
})

test('learning: a task without a row of its own counts once', () => {
  const { learning } = learner()
  learning.record(3, OVERALL, 1_000, true)
  expect(learning.overall(3)).toMatchObject({ results: 1, latencyUs: 1_000 })
  expect(learning.stats(3)).toEqual([])
})

test('cold start: success is 0.9 with the weight of ten tasks', () => {
  const { columns, learning } = learner()
  expect(learning.overall(3).success).toBe(0.9)
  learning.record(3, 1, 1_000, true)
  expect(columns.of(1, 3).success).toBeCloseTo(10 / 11, 12)
  for (let n = 0; n < 9; n++) learning.record(3, 1, 1_000, true)
  expect(columns.of(1, 3).success).toBeCloseTo(19 / 20, 12)
  for (let n = 0; n < 10; n++) learning.record(3, 1, 1_000, false)
  expect(columns.of(1, 3).success).toBeCloseTo(19 / 30, 12)
})

test('cold start: a latency that nobody has shown is that of the type over all agents', () => {
  const { columns, learning } = learner()
  learning.record(1, 2, 1_000, true)
  for (let n = 0; n < 50; n++) learning.record(2, 2, 5_000, true)
  // Each agent counts once, whoever did more.
  expect(columns.rowLatency.get(2)).toBe(3_000)
  expect(columns.of(2, 3).latency).toBeUndefined()
})

test('cold start: a skill is 0.5 where nothing is declared, else what is declared', () => {
  const { columns, learning } = learner()
  learning.declare(3, 2, 0.95)
  expect(columns.of(2, 3).skill).toBe(0.95)
  expect(learning.overall(3).skill).toBe(0.5)
  expect(learning.stats(3)).toMatchObject([{ row: 2, results: 0, latencyUs: null, skill: 0.95 }])
})

test('skill: what is declared fades as results come, by 10 / (10 + results)', () => {
  const { columns, learning } = learner()
  learning.declare(3, 2, 0.95)
  let results = 0
  for (const until of [1, 10, 100, 1_000]) {
    for (; results < until; results++) learning.record(3, 2, 1_000, true)
    const weight = 10 / (10 + until)
    const inWindow = Math.min(until, 100)
    // As fast as its row, which is only itself: half of its success.
    const learned = (9 + inWindow) / (10 + inWindow) / 2
    expect(columns.of(2, 3).skill).toBeCloseTo(weight * 0.95 + (1 - weight) * learned, 12)
  }
})

test('skill: it is learned from speed within the type and from success', () => {
  const { columns, learning } = learner()
  for (let n = 0; n < 300; n++) {
    learning.record(1, 2, 1_000, true)
    learning.record(2, 2, 9_000, true)
    learning.record(3, 2, 5_000, n % 2 === 0)
    learning.record(4, 2, 5_000, true)
  }
  const skills = [1, 2, 3, 4].map((agent) => columns.of(2, agent).skill!)
  const [fast, slow, unreliable, usual] = skills
  expect(fast).toBeGreaterThan(usual)
  expect(usual).toBeGreaterThan(slow)
  expect(usual).toBeGreaterThan(unreliable)
  for (const skill of skills) {
    expect(skill).toBeGreaterThan(0)
    expect(skill).toBeLessThan(1)
  }
})

test('skill: declared as bad, an agent that is fast and reliable is found out to be good', () => {
  const { columns, learning } = learner()
  learning.declare(1, 2, 0.1)
  learning.declare(2, 2, 0.95)
  for (let n = 0; n < 200; n++) {
    learning.record(1, 2, 1_000, true)
    learning.record(2, 2, 10_000, true)
  }
  expect(columns.of(2, 1).skill!).toBeGreaterThan(columns.of(2, 2).skill!)
})

test('failures: one that comes at once makes nobody fast', () => {
  const { columns, learning } = learner()
  for (let n = 0; n < 10; n++) learning.record(1, 2, 5_000, true)
  for (let n = 0; n < 10; n++) learning.record(2, 2, 20, false)
  expect(columns.of(2, 2).latency).toBe(5_000)
  for (let n = 0; n < 10; n++) learning.record(1, 2, 20, false)
  expect(columns.of(2, 1).latency).toBe(5_000)
})

test('failures: a time-out counts as long as it took', () => {
  const { columns, learning } = learner()
  learning.record(1, 2, 1_000, true)
  learning.record(1, 2, 30_000_000, false)
  expect(columns.of(2, 1).latency).toBe(15_000_500)
  expect(columns.of(2, 1).success).toBeCloseTo(10 / 12, 12)
})

test('failures: an agent that is lost with a task has failed and shown no time', () => {
  const { columns, learning } = learner()
  learning.record(1, 2, NO_TIME, false)
  expect(columns.of(2, 1)).toMatchObject({ latency: 0, success: 9 / 11 })
  expect(columns.rowLatency.get(2)).toBe(0)
  learning.record(1, 2, 700, true)
  expect(columns.of(2, 1).latency).toBe(700)
})

test('means: they are those of plain arrays over random results of many agents', () => {
  const random = new Random(11)
  const { columns, learning } = learner({ windowSize: 20 })
  const last = new Map<string, number[]>()
  for (let step = 0; step < 20_000; step++) {
    const agent = random.nextInt(8)
    const row = 1 + random.nextInt(3)
    const us = 1 + random.nextInt(1_000_000)
    learning.record(agent, row, us, true)
    for (const key of [`${row},${agent}`, `${OVERALL},${agent}`]) {
      const times = [...(last.get(key) ?? []), us].slice(-20)
      last.set(key, times)
      const mean = times.reduce((sum, time) => sum + time, 0) / times.length
      expect(columns.latency.get(key)).toBe(mean)
    }
    const means = [...last]
      .filter(([key]) => key.startsWith(`${row},`))
      .map(([, times]) => {
        return Math.round(times.reduce((sum, time) => sum + time, 0) / times.length)
      })
    const rowMean = means.reduce((sum, mean) => sum + mean, 0) / means.length
    expect(columns.rowLatency.get(row)).toBe(rowMean)
  }
})

test('agents: who leaves takes what was learned of it along, also out of the means', () => {
  const { columns, learning } = learner()
  learning.declare(1, 2, 0.8)
  learning.record(1, 2, 1_000, true)
  learning.record(2, 2, 3_000, true)
  learning.left(1)
  expect(columns.cleared).toEqual([1])
  expect(columns.rowLatency.get(2)).toBe(3_000)
  expect(learning.stats(1)).toEqual([])
  learning.joined(1)
  expect(learning.overall(1)).toMatchObject({ results: 0, total: 0, latencyUs: null })
})

test('agents: one that declares something else keeps what was learned', () => {
  const { columns, learning } = learner()
  learning.declare(1, 2, 0.9)
  for (let n = 0; n < 10; n++) learning.record(1, 2, 1_000, true)
  const before = columns.of(2, 1).skill!
  learning.undeclare(1)
  expect(columns.of(2, 1).skill).toBeCloseTo(before - 0.2, 12)
  learning.declare(1, 2, 0.9)
  expect(columns.of(2, 1).skill).toBeCloseTo(before, 12)
  expect(columns.of(2, 1).latency).toBe(1_000)
})

test('memory: the pair without a result for the longest is forgotten, and is a stranger again', () => {
  // As many pairs as there is memory for windows of 10,000.
  const { columns, learning } = learner({ windowSize: 10_000, agentCountMax: 2_000 })
  expect(learning.pairCountMax).toBe(838)
  learning.declare(0, OVERALL + 1, 0.7)
  learning.record(0, 1, 1_000, true)
  // Two pairs each: its own and that of all types.
  for (let agent = 1; agent < 419; agent++) learning.record(agent, 1, 3_000, true)
  expect(learning.overall(0).results).toBe(1)
  learning.record(419, 1, 3_000, true)
  expect(columns.of(1, 0)).toEqual({ latency: 0, success: 0.9, skill: 0.7 })
  expect(columns.of(OVERALL, 0)).toEqual({ latency: 0, success: 0.9, skill: 0.5 })
  expect(columns.rowLatency.get(1)).toBe(3_000)
})

test('memory: windows of the default size are kept for 65,536 pairs', () => {
  expect(pairCountMaxOf(100)).toBe(65_536)
  expect(pairCountMaxOf(1)).toBe(65_536)
  expect(pairCountMaxOf(10_000) * 10_000 * 8).toBeLessThanOrEqual(64 * 1024 * 1024)
})

test('disabled: nothing is learned, what is declared stands', () => {
  const { columns, learning } = learner({ enabled: false })
  learning.declare(1, 2, 0.8)
  learning.record(1, 2, 1_000, true)
  expect(columns.of(2, 1)).toEqual({ latency: undefined, success: undefined, skill: 0.8 })
  expect(learning.overall(1).results).toBe(0)
})

test('columns: routers read what was learned in shared memory', () => {
  const memory = createMemory({
    slotCount: 32,
    agentCountMax: 64,
    classCountMax: 2,
    routerCount: 0,
    ringCapacity: 2,
    publishMax: 1,
    latencyStageCount: 0,
  })
  const shape = { agentCountMax: 64, rowCountMax: 64, windowSize: 100, enabled: true }
  const learning = new Learning(new LearningWriter(memory), shape)
  const reader = new LearningReader(memory)
  learning.record(5, 7, 1_500, true)
  expect(reader.latency(7, 5 as never)).toBe(1_500)
  expect(reader.rowLatency(7)).toBe(1_500)
  expect(reader.success(7, 5 as never)).toBeCloseTo(10 / 11, 6)
  learning.left(5)
  expect(reader.latency(7, 5 as never)).toBe(0)
  expect(reader.rowLatency(7)).toBe(0)
})

test('learning: no result allocates, and one that did would be seen', async () => {
  const script = fileURLToPath(new URL('allocation.mjs', import.meta.url))
  const built = new URL('../../dist/', import.meta.url).href
  const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64']
  const { recorded, canary } = JSON.parse(await node([...flags, script, built]))
  // 200,000 results of 16 bytes, the smallest object, are 3.2 MB.
  expect(recorded).toBeLessThan(320_000)
  expect(canary).toBeGreaterThan(3_000_000)
})
