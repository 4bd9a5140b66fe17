import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Scheduler } from '../../src/scheduler.ts'
import { withHome } from './support.ts'

const { cli } = withHome()
const folder = mkdtempSync(join(tmpdir(), 'signalbox-replay-'))
const file = join(folder, 'two.sbj')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const TASKS = 120
const SLOW_MS = 60
const QUICK_MS = 6

/** Two agents, one ten times slower, that take turns: half of the tasks are long, by no fault of their own. */
beforeAll(async () => {
  const scheduler = new Scheduler({ name: 'two', strategy: 'round_robin', journal: { file } })
  for (const [id, ms] of [
    ['quick', QUICK_MS],
    ['slow', SLOW_MS],
  ] as const) {
    await scheduler.agent({ id, queues: ['q'], concurrency: 8 }, () => after(ms))
  }
  const ends: Promise<unknown>[] = []
  for (let i = 0; i < TASKS; i++) {
    ends.push(scheduler.run('q'))
    await after(QUICK_MS)
  }
  await Promise.all(ends)
  await scheduler.stop()
})

/** Work, not waiting for something. */
function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function replayed(strategy: string) {
  const { code, stdout, stderr } = await cli([
    ...['replay', file, '--strategy', strategy, '-o', 'json'],
  ])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

describe('replay --strategy', () => {
  test('the recorded strategy again has the times that were recorded', async () => {
    const result = await replayed('round_robin')
    expect(result).toMatchObject({
      scheduler: 'two',
      strategy: 'round_robin',
      recordedStrategies: { q: 'round_robin' },
      ...{ tasks: TASKS, agents: 2, leftOut: 0, unplaced: 0, isEnded: true },
    })
    expect(result.other).toEqual(result.modelled)
    const { modelled, recorded } = result
    expect(recorded.total.mean).toBeGreaterThan((QUICK_MS + SLOW_MS) / 2 - 1)
    expect(Math.abs(modelled.total.mean / recorded.total.mean - 1)).toBeLessThan(0.1)
  })

  test('latency-based would have sent most to the quick one', async () => {
    const { modelled, other } = await replayed('StrategyLatencyBased')
    expect(other.total.mean).toBeLessThan(0.7 * modelled.total.mean)
    expect(other.total.p50).toBeLessThan(SLOW_MS / 2)
  })

  test('people read both and the difference', async () => {
    const { code, stdout, stderr } = await cli(['replay', file, '--strategy', 'shortest_wait'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Journal of scheduler two from /)
    expect(stdout).toMatch(/ {2}tasks +120, by 2 agents\n/)
    expect(stdout).toMatch(/ {2}strategy +round_robin, as recorded; shortest_wait instead\n/)
    expect(stdout).toMatch(/ {2}recorded( +[\d.]+){5}\n/)
    expect(stdout).toMatch(/ {2}model, round_robin( +[\d.]+){5}\n/)
    expect(stdout).toMatch(/ {2}model, shortest_wait( +[\d.]+){5}\n/)
    expect(stdout).toMatch(/ {2}difference( +[+-]?[\d.]+){3} +-[\d.]+ +[+-]?[\d.]+\n/)
  })

  test('what is whole of a journal that was cut is used, and said', async () => {
    const cut = join(folder, 'cut.sbj')
    const bytes = readFileSync(file)
    // In the middle of END.
    writeFileSync(cut, bytes.subarray(0, -20))
    const { code, stdout, stderr } = await cli([
      'replay',
      cut,
      '--strategy',
      'latency',
      '-o',
      'json',
    ])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error journal_cut: /)
    const { tasks, isEnded } = JSON.parse(stdout)
    expect({ tasks, isEnded }).toEqual({ tasks: TASKS, isEnded: false })
  })

  test('a journal without a task that was answered is refused', async () => {
    const idle = join(folder, 'idle.sbj')
    const scheduler = new Scheduler({ journal: { file: idle } })
    await scheduler.start()
    await scheduler.stop()
    const { code, stdout, stderr } = await cli(['replay', idle, '--strategy', 'latency'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error bad_journal: .* holds no task that was answered/)
  })

  test('a strategy that there is not is said so, with those that there are', async () => {
    const { code, stdout, stderr } = await cli(['replay', file, '--strategy', 'fastest'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      /^error bad_option: Strategy "fastest" is unknown; use one of affinity, /,
    )
  })
})
