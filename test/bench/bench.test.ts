/** The benchmarks run and check their results; how fast they are is not asserted here. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseArguments, UsageError } from '../../bench/arguments.ts'
import {
  type Benchmark,
  type Configuration,
  column,
  type Extent,
  type Report,
  ratios,
  runInterleaved,
} from '../../bench/harness.ts'
import { Receipts } from '../../bench/receipts.ts'
import { ring } from '../../bench/ring.ts'
import { jsonOf, tableOf } from '../../bench/show.ts'
import { median, percentile } from '../../bench/statistics.ts'
import { strategies } from '../../bench/strategies.ts'
import { SETTINGS, settingName } from '../../bench/strategies-settings.ts'
import { strategyNames } from '../../src/routing/registry.ts'
import { root } from '../support/files.ts'

const QUICK: Extent = { isQuick: true, isMatrix: false, isPlot: false }

interface Ended {
  code: number
  stdout: string
  stderr: string
}

function bench(...words: string[]): Promise<Ended> {
  const { NODE_OPTIONS: _, ...env } = process.env
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'dist/bench/main.js'), ...words],
      { env, timeout: 25_000, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

test('bench: ring prints one JSON object with its figures at the top', async () => {
  const { code, stdout, stderr } = await bench('ring', '--repeats', '1', '--quick', '-o', 'json')
  expect(code, stderr).toBe(0)
  const printed = JSON.parse(stdout)
  expect(printed.benchmark).toBe('ring')
  for (const figure of ['cpuRatioToPostMessage', 'cpuNsPerItem', 'itemsPerSecond']) {
    expect(printed[figure], figure).toSatisfy(Number.isFinite)
    expect(printed[figure], figure).toBeGreaterThan(0)
  }
  expect(printed.targets.cpuRatioToPostMessage.atMost).toBe(0.1)
  expect(printed.repeats).toBe(1)
  expect(printed.machine.node).toBe(process.versions.node)
})

test.each([
  [['rings']],
  [['--fast']],
  [['-x']],
  [['ring', '-o', 'xml']],
  [['ring', '-o']],
  [['--repeats', '0']],
  [['--repeats=1e3']],
])('bench: %j is refused in one sentence with exit code 2', async (words) => {
  const { code, stdout, stderr } = await bench(...words)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^[^\n]+: [^\n]+\.\n$/)
})

test('bench: without words all are run three times, and a name may be given with options', () => {
  expect(parseArguments([])).toMatchObject({
    names: [
      ...['ring', 'routing', 'quality', 'strategies', 'stealing', 'hedging', 'scaling'],
      ...['flows', 'assignment', 'capacity', 'promises', 'end-to-end', 'memory'],
    ],
    repeats: 3,
    output: 'table',
    extent: { isQuick: false, isMatrix: false, isPlot: false },
  })
  expect(parseArguments(['-o', 'json', 'end-to-end', '--repeats=5'])).toMatchObject({
    names: ['end-to-end'],
    repeats: 5,
    output: 'json',
  })
  expect(parseArguments(['peers', '--quick', '--plot', '--matrix'])).toMatchObject({
    names: ['peers'],
    extent: { isQuick: true, isMatrix: true, isPlot: true },
  })
  expect(() => parseArguments(['ring', 'ringg'])).toThrow(UsageError)
})

test('bench: an item that comes twice, never, or from nowhere is a wrong result', () => {
  const receipts = new Receipts(4)
  for (const item of [2, 0, 3]) receipts.take(item)
  expect(() => receipts.take(2)).toThrow('item 2 came back twice')
  expect(() => receipts.take(4)).toThrow('item 4')
  expect(() => receipts.values()).toThrow('item 1 never came back')
  receipts.take(1)
  expect(receipts.values().itemsPerSecond).toBeGreaterThan(0)
})

test('bench: a child process that fails or ends is told in words', async () => {
  const run = (configuration: Configuration) => {
    const broken: Benchmark = { ...ring, configurations: () => [configuration] }
    return runInterleaved(broken, { repeats: 1, extent: QUICK, onRun: () => {} })
  }
  await expect(run({ name: 'nothing', run: 'nothing', parameters: {} })).rejects.toThrow(
    'ring nothing: ',
  )
  const tooMany = { name: 'too many', run: 'shared', parameters: { items: -1 } }
  await expect(run(tooMany)).rejects.toThrow('ring too many: ')
})

test('bench: medians, percentiles and ratios are taken within a repeat', () => {
  expect(median([9, 1, 4])).toBe(4)
  expect(median([4, 2])).toBe(3)
  expect(median([])).toBeNaN()
  expect(median([1, Number.NaN, 2])).toBeNaN()
  const hundred = Float64Array.from({ length: 100 }, (_, i) => 100 - i)
  expect([50, 99, 100].map((percent) => percentile(hundred, percent))).toEqual([50, 99, 100])
  const samples = { ours: [{ us: 2 }, { us: 30 }], twin: [{ us: 1 }, { us: 10 }] }
  expect(ratios(column(samples, 'ours', 'us'), column(samples, 'twin', 'us'))).toEqual([2, 3])
})

test('bench: the table says whether a target was met, and JSON agrees', () => {
  const report: Report = {
    figures: { cost: { value: 0.2, atMost: 0.1 }, rate: { value: 5, atLeast: 5 } },
    rows: [
      { what: 'cost of one', unit: 'ns', ours: [0.1, 0.2, 0.3], twin: [1, 1, 1], figure: 'cost' },
      { what: 'how many', unit: '1/s', ours: [5], figure: 'rate' },
    ],
  }
  const machine = {
    cpu: 'abacus',
    cores: 1,
    memoryGiB: 1,
    system: 'test',
    node: '20',
    natsServer: 'none',
    packages: {},
  }
  const at = { machine, repeats: 3, isQuick: false, loadBefore: 0, loadAfter: 0, seconds: 1 }
  const finished = [{ benchmark: ring, report }]
  const lines = tableOf(finished, at).split('\n')
  expect(lines.find((line) => line.includes('cost of one'))).toMatch(
    /0\.2 \(0\.1-0\.3\).*<= 0\.1 missed/,
  )
  expect(lines.find((line) => line.includes('how many'))).toContain('>= 5 met')
  expect(lines.some((line) => line.includes(ring.doesNotShow))).toBe(true)
  expect(JSON.parse(jsonOf(finished, at))).toMatchObject({
    cost: 0.2,
    targets: { cost: { atMost: 0.1, met: false }, rate: { atLeast: 5, met: true } },
  })
})

test('bench: a virtual benchmark runs each configuration once, however many repeats are asked for', async () => {
  const configurations = [0.3, 0.8].map((load) => ({
    name: `at ${load}`,
    run: 'setting',
    parameters: { load, binding: 'late', seed: 1, tasks: 50 },
  }))
  const two: Benchmark = { ...strategies, configurations: () => configurations }
  const samples = await runInterleaved(two, { repeats: 3, extent: QUICK, onRun: () => {} })
  expect(Object.keys(samples)).toEqual(['at 0.3', 'at 0.8'])
  for (const runs of Object.values(samples)) {
    expect(runs).toHaveLength(1)
    expect(runs[0]['latency.latency']).toBeGreaterThan(0)
  }
})

test('bench: where an order does not hold the row says who stands the wrong way round', () => {
  const latencies = { random: 5, round_robin: 6, least_loaded: 4, capability_best: 3, latency: 2 }
  const samples: Record<string, Record<string, number>[]> = {}
  for (const setting of SETTINGS) {
    const values = strategyNames().flatMap((name) => {
      const held = setting.binding === 'early' && name === 'round_robin' ? 4.5 : undefined
      const latency = held ?? latencies[name as keyof typeof latencies] ?? 1
      return [
        [`${name}.latency`, latency],
        [`${name}.utilisation`, 0.5],
      ]
    })
    samples[`${settingName(setting)}, seed 1`] = [Object.fromEntries(values)]
  }
  const { figures, rows } = strategies.report(samples)
  expect(figures.settingsInOrder.value).toBe(2)
  expect(figures.latencyGain.value).toBeCloseTo(0.6, 12)
  const said = rows.filter(({ what }) => what.includes('latency-based'))
  expect(said.map(({ what }) => what.replace(/^.*?random/, ''))).toEqual([
    "; not in 003's order: round_robin is no better than random",
    "; not in 003's order: round_robin is no better than random",
    ", 003's order holds",
    ", 003's order holds",
  ])
})
