/** What benchmarks over NATS count and add up; the numbers themselves are not asserted here. */
import { expect, test } from 'vitest'
import { endToEnd } from '../../bench/end-to-end.ts'
import type { Samples, Values } from '../../bench/harness.ts'
import { at, closedLoop, Load, PERCENTILES, pacedLoop } from '../../bench/load.ts'
import { matrixConfigurations } from '../../bench/matrix.ts'
import { memory } from '../../bench/memory.ts'
import { perTask } from '../../bench/memory-naive.ts'
import { peers } from '../../bench/peers.ts'
import { STAGE_NAMES, sharesOf } from '../../bench/stages.ts'

const EXTENT = { isQuick: true, isMatrix: false, isPlot: false }

test('load: a closed loop keeps its window full and counts each answer once', async () => {
  const load = new Load(10)
  let inFlight = 0
  let most = 0
  const { lost } = await closedLoop(load, 4, (item) => {
    most = Math.max(most, ++inFlight)
    queueMicrotask(() => {
      inFlight--
      load.answer(item)
    })
  })
  expect({ lost, most, answered: load.answered }).toEqual({ lost: 0, most: 4, answered: 10 })
})

test('load: a task that is answered twice ends the run', async () => {
  const load = new Load(2)
  load.answer(1)
  load.answer(1)
  await expect(load.over()).rejects.toThrow('task 1 was answered twice')
})

test('load: an open loop tells its latencies by percentile', async () => {
  const load = new Load(20)
  const values = await pacedLoop(load, 10_000, (item) => setImmediate(() => load.answer(item)))
  expect(values.lost).toBe(0)
  const us = PERCENTILES.map((percent) => values[at(percent)])
  expect(us).toEqual(us.toSorted((a, b) => a - b))
  expect(us[0]).toBeGreaterThan(0)
})

test('stages: each sample that is not idle counts for one stage, by the file it was taken in', () => {
  const frame = (functionName: string, url: string) => ({
    functionName,
    url,
    scriptId: '',
    lineNumber: 0,
    columnNumber: 0,
  })
  const frames = [
    frame('(idle)', ''),
    frame('(garbage collector)', ''),
    frame('processMsg', 'file:///app/node_modules/nats/lib/protocol.js'),
    frame('admit', 'file:///app/dist/src/front-end/admit.js'),
    frame('submit', 'file:///app/dist/src/policy/core.js'),
    frame('writev', ''),
    frame('mine', 'file:///app/elsewhere.js'),
  ]
  const shares = sharesOf({
    nodes: frames.map((callFrame, id) => ({ id, callFrame })),
    startTime: 0,
    endTime: 0,
    samples: frames.map((_, id) => id),
    timeDeltas: [1_000, 10, 10, 20, 30, 20, 10],
  })
  expect(shares).toMatchObject({
    collect: 0.1,
    natsClient: 0.1,
    admit: 0.2,
    policy: 0.3,
    native: 0.2,
    other: 0.1,
  })
  expect(Object.values(shares).reduce((sum, share) => sum + share)).toBeCloseTo(1)
})

test('memory: what a task costs is what was added, less its payload', () => {
  const before = { residentBytes: 1_000, heapBytes: 500 }
  const after = { residentBytes: 41_000, heapBytes: 30_500 }
  expect(perTask(before, after, 100, 256)).toMatchObject({
    residentBytesEach: 144,
    heapBytesEach: 44,
  })
})

test('matrix: no cell has more in flight than the servers take', () => {
  const cells = matrixConfigurations(false).map(({ parameters }) => parameters)
  expect(cells.length).toBe(48)
  for (const { window, batch, payloadBytes } of cells as Record<string, number>[]) {
    expect(window * payloadBytes).toBeLessThanOrEqual(16 * 1024 * 1024)
    expect(batch * payloadBytes).toBeLessThan(1024 * 1024)
    expect(window).toBeGreaterThanOrEqual(batch)
  }
})

/** Every value that a report may ask for, the same in each run. */
function samplesOf(names: readonly string[], values: Values): Samples {
  return Object.fromEntries(names.map((name) => [name, [values, values]]))
}

const MEASURED: Values = {
  ...Object.fromEntries(PERCENTILES.map((percent) => [at(percent), 100 + percent])),
  ...Object.fromEntries(STAGE_NAMES.map((stage) => [`share-${stage}`, 1 / STAGE_NAMES.length])),
  ...{ tasksPerSecond: 1_000, p50Us: 5, p99Us: 9, plannedP50Us: 7, items: 200, lost: 0 },
  ...{ middleCpuUs: 3, generatorCpuUs: 2, workersCpuUs: 2, serverCpuUs: 1, byRouters: 1 },
  ...{
    mainUs: 2,
    routersUs: 1,
    runtimeUs: 1,
    gcMs: 0.0001,
    gcShare: 0.04,
    busyShare: 0.9,
    allocatedBytes: 900,
  },
}

test('end-to-end: every figure and row has a value for each run that was asked for', () => {
  const extent = { isQuick: true, isMatrix: true, isPlot: true }
  const names = endToEnd.configurations(extent).map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  const { figures, rows } = endToEnd.report(samplesOf(names, MEASURED))
  for (const [name, { value }] of Object.entries(figures)) expect(value, name).not.toBeNaN()
  for (const { what, ours } of rows) expect(ours.some(Number.isNaN), what).toBe(false)
  expect(figures).toMatchObject({
    ratioSdk: { value: 1, atLeast: 0.6 },
    ratioSdk64: { value: 1, atLeast: 0.12 },
    ratioPlain: { value: 1, atLeast: 0.25 },
    windowDrop: { value: 0 },
    schedulerCpuUs: { value: 3, atMost: 4 },
    latencyRatioP50: { value: 1, atMost: 1.8 },
    gcShare: { value: 0.04, atMost: 0.05 },
    lost: { value: 0, atMost: 0 },
  })
})

test('memory, peers: their figures are computed from the runs they ask for', () => {
  const kept = { kept: 10, residentBytes: 5_000, heapBytes: 4_000, grownBytes: 0 }
  const each = { residentBytesEach: 300, heapBytesEach: 200 }
  const names = memory.configurations(EXTENT).map(({ name }) => name)
  const samples = samplesOf(names, { ...kept, ...each })
  samples['kept, one'] = [kept, kept].map((values) => ({ ...values, residentBytes: 1_000 }))
  expect(memory.report(samples).figures).toMatchObject({
    bytesPerWaitingTask: { value: 300, below: 512 },
    bytesPerKeptTask: { value: 400, below: 512 },
  })
  const theirs = peers.configurations(EXTENT).map(({ name }) => name)
  const report = peers.report({
    ...samplesOf(theirs, { ...MEASURED, tasksPerSecond: 100, p99Us: 90 }),
    ...samplesOf(['ours, closed', 'ours, open'], MEASURED),
  })
  expect(report.figures).toMatchObject({
    ratioBullmq: { value: 10, atLeast: 12 },
    p99RatioBullmq: { value: 0.1, atMost: 0.25 },
  })
})

test('plot: a picture is whole XML with titles, units and no point outside', () => {
  const extent = { isQuick: true, isMatrix: false, isPlot: true }
  const names = endToEnd.configurations(extent).map(({ name }) => name)
  const pictures = endToEnd.plots!(samplesOf(names, MEASURED), 'a <machine> & more')
  expect(Object.keys(pictures)).toEqual(['latency.svg', 'throughput.svg'])
  for (const svg of Object.values(pictures)) {
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 820 440"[^>]*role="img"/)
    expect(svg).toContain('a &lt;machine&gt; &amp; more')
    expect(svg).toContain('prefers-color-scheme:dark')
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    expect(unclosed(svg)).toEqual([])
    for (const [, x, y] of svg.matchAll(/<circle [^>]*cx="([^"]+)" cy="([^"]+)"/g)) {
      expect(Number(x)).toSatisfy((at: number) => at >= 0 && at <= 820)
      expect(Number(y)).toSatisfy((at: number) => at >= 0 && at <= 440)
    }
  }
  expect(pictures['latency.svg']).toContain('latency, ms')
  expect(pictures['throughput.svg']).toContain('thousand tasks a second')
})

/** @returns the elements that are opened and not closed in order. */
function unclosed(xml: string): string[] {
  const open: string[] = []
  for (const [, slash, name, self] of xml.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (slash === '/') {
      if (open.at(-1) === name) open.pop()
      else open.push(`/${name}`)
    } else if (self === '') open.push(name)
  }
  return open
}
