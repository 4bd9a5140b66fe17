import { afterEach, expect, test } from 'vitest'
import { LATENCY_STAGES } from '../../src/api.ts'
import {
  BUCKET_BOUNDS_US,
  type LatencyBuckets,
  NAMED_QUEUES_MAX,
  NamedQueues,
  OTHER_QUEUES,
} from '../../src/observe/figures.ts'
import { FAMILIES } from '../../src/observe/metric-families.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { text } from '../support/files.ts'
import { parseExposition, type Sample } from './exposition.ts'

const schedulers: Scheduler[] = []
afterEach(async () => {
  for (const scheduler of schedulers.splice(0)) await scheduler.stop()
})

function scheduler(queues: string[]): Scheduler {
  const options = Object.fromEntries(queues.map((name) => [name, {}]))
  const made = new Scheduler({ name: 'box', queues: options, placement: 'inline' })
  schedulers.push(made)
  return made
}

const LABELS: Record<string, RegExp> = {
  queue: /^[A-Za-z0-9_-]{1,64}$|^\(other\)$/,
  state: /^[a-z]+$/,
  clock: /^(assigned|completed)$/,
  how: /^[a-z_]+$/,
  by: /^(routers|inline)$/,
  reason: /^(conflict|stale|overdue|bounced)$/,
  result: /^(asked|handed_back|decided|undecided)$/,
  condition: /^(fit|silent|slow|failing|flapping|trial|maintenance|off_hours)$/,
  band: /^(\d+-\d+|none)$/,
  decision: /^(accept|reject|escalate)$/,
  requires: /^[^"\n]*$/,
  code: /^[a-z_]+$/,
  kind: /^[a-z_]+$/,
  stage: /^[a-z]+$/,
  router: /^\d+$/,
  le: /^(\d|\+Inf)/,
  scheduler: /^box$/,
  version: /^\d/,
}

const POOLS = [
  { queue: 'q', requires: '', agents: 3, desired: 5 },
  { queue: 'q', requires: 'gpu>=24,ocr', agents: 2, desired: 2 },
]

async function scrape(
  of: Scheduler,
  named = new NamedQueues(),
  withProcess = false,
): Promise<{ families: ReturnType<typeof parseExposition>; samples: Sample[]; text: string }> {
  const metrics = new Metrics(
    {
      scrape: async () => ({
        figures: { ...of.figures(named), pools: POOLS },
        latency: await of.latencyBuckets(),
        version: '1.2.3',
        events: { agent_up: 1 },
      }),
    },
    withProcess,
  )
  const { text } = await metrics.scrape()
  const families = parseExposition(text)
  return { families, samples: families.flatMap(({ samples }) => samples), text }
}

function valueIn(samples: Sample[], name: string, labels: Record<string, string> = {}) {
  const found = samples.filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )
  expect(found, `${name} ${JSON.stringify(labels)}`).toHaveLength(1)
  return found[0].value
}

test('metrics: the text is the exposition format: help and type before values, nothing twice', async () => {
  const { families, text: exposition } = await scrape(scheduler(['q']), undefined, true)
  expect(exposition.endsWith('\n')).toBe(true)
  const names = families.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toContain('process_cpu_user_seconds_total')
  for (const { name, help, type, samples } of families) {
    expect(help, name).not.toBe('')
    expect(type, name).toMatch(/^(counter|gauge|histogram|summary)$/)
    const series = samples.map((sample) => `${sample.name}${JSON.stringify(sample.labels)}`)
    expect(new Set(series).size, name).toBe(series.length)
    for (const sample of samples) expect(sample.value, sample.name).not.toBeNaN()
  }
})

test('metrics: names follow the conventions: one prefix, base units, counters end in _total', () => {
  for (const { name, help, type } of FAMILIES) {
    expect(name).toMatch(/^signalbox_[a-z]+(_[a-z]+)*$/)
    expect(name.endsWith('_total'), name).toBe(type === 'counter')
    expect(name).not.toMatch(/_(ms|us|ns|milliseconds|minutes|kb|mb|percent|count|sum|bucket)\b/)
    if (type === 'histogram') expect(name).toMatch(/_seconds$/)
    expect(help, name).toMatch(/^[A-Z0-9].*\.$/)
    expect(help).not.toMatch(/\n/)
  }
})

test('metrics: every label is one whose values are bounded', async () => {
  const { samples } = await scrape(scheduler(['q']))
  for (const { name, labels } of samples) {
    for (const [label, value] of Object.entries(labels)) {
      expect(Object.keys(LABELS), name).toContain(label)
      expect(value, `${name} ${label}`).toMatch(LABELS[label])
    }
  }
})

test('metrics: they count what has happened', async () => {
  const box = scheduler(['q', 'idle'])
  await box.agent({ id: 'a', queues: ['q'], concurrency: 3 }, (task) => {
    if (task.text() === '"bad"') throw new Error('no')
  })
  await box.run('q', 'good')
  await box.run('q', 'bad', { retryCount: 1 }).catch(() => {})
  await box.submit('idle', 1)
  await box.run('nobody-has-it', 1, { priority: 9 as never }).catch(() => {})
  const { samples } = await scrape(box)
  const value = (name: string, labels?: Record<string, string>) =>
    valueIn(samples, `signalbox_${name}`, labels)
  expect(value('tasks_accepted_total')).toBe(3)
  expect(value('tasks_finished_total', { state: 'completed' })).toBe(1)
  expect(value('tasks_finished_total', { state: 'failed' })).toBe(1)
  expect(value('attempts_total', { how: 'succeeded' })).toBe(1)
  expect(value('attempts_total', { how: 'failed' })).toBe(2)
  expect(value('attempts_started_total')).toBe(3)
  expect(value('queue_attempts_total', { queue: 'q' })).toBe(3)
  expect(value('retries_total')).toBe(1)
  expect(value('placements_total', { by: 'inline' })).toBe(3)
  expect(value('tasks', { queue: 'idle', state: 'waiting' })).toBe(1)
  expect(value('queue_health', { queue: 'q', state: 'unhealthy' })).toBe(1)
  expect(value('queue_health', { queue: 'idle', state: 'healthy' })).toBe(1)
  expect(value('agents', { state: 'available' })).toBe(1)
  expect(value('places')).toBe(3)
  expect(value('agent_conditions', { condition: 'fit' })).toBe(1)
  expect(value('agents_busy')).toBe(0)
  expect(value('agents_idle')).toBe(1)
  expect(value('load_variation')).toBe(0)
  expect(value('desired_agents', { queue: 'q', requires: '' })).toBe(5)
  expect(value('agents_for', { queue: 'q', requires: 'gpu>=24,ocr' })).toBe(2)
  expect(value('connected')).toBe(1)
  expect(value('info', { scheduler: 'box', version: '1.2.3' })).toBe(1)
  expect(value('events_total', { kind: 'agent_up' })).toBe(1)
  expect(value('assignment_seconds_count')).toBe(2)
})

test('metrics: a histogram’s buckets only grow, and its last one is its count', async () => {
  const box = scheduler(['q'])
  await box.agent({ queues: ['q'] }, () => {})
  for (let i = 0; i < 50; i++) await box.run('q', i)
  const latency: LatencyBuckets = await box.latencyBuckets()
  for (const stage of LATENCY_STAGES) {
    const { cumulative, count, sumUs } = latency[stage]
    expect(cumulative).toHaveLength(BUCKET_BOUNDS_US.length)
    expect([...cumulative].sort((a, b) => a - b)).toEqual(cumulative)
    expect(cumulative.at(-1)).toBe(count)
    expect(sumUs).toBeGreaterThanOrEqual(0)
  }
  const report = await box.latency()
  expect(latency.total.count).toBe(50)
  expect(report.total.count).toBe(50)
  const below = BUCKET_BOUNDS_US.findIndex((us) => us >= report.total.p50Us)
  expect(latency.total.cumulative[below]).toBeGreaterThanOrEqual(25)
  expect(latency.total.sumUs / 50).toBeGreaterThanOrEqual(report.total.meanUs * 0.99)
  expect(latency.total.sumUs / 50).toBeLessThanOrEqual(report.total.meanUs * 1.01)
})

test('metrics: of 10,000 queues 256 are named and the others are one row; no sum is lost', async () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `q${i}`)
  const box = scheduler(names)
  for (const busy of ['q7', 'q5000', 'q9999']) await box.submit(busy, busy)
  const named = new NamedQueues()
  const first = await scrape(box, named)
  const queuesOf = (samples: Sample[]) => {
    // Kinds of work with advice have a bound of their own.
    const own = samples.filter(({ labels }) => labels.requires === undefined)
    return new Set(own.map(({ labels }) => labels.queue).filter(Boolean))
  }
  expect(queuesOf(first.samples).size).toBe(NAMED_QUEUES_MAX + 1)
  for (const busy of ['q7', 'q5000', 'q9999', OTHER_QUEUES]) {
    expect(queuesOf(first.samples)).toContain(busy)
  }
  await box.submit('q6000', 1)
  await box.submit('q7', 1)
  const second = await scrape(box, named)
  expect(queuesOf(second.samples)).toEqual(queuesOf(first.samples))
  const labels = { queue: OTHER_QUEUES, state: 'waiting' }
  expect(valueIn(second.samples, 'signalbox_tasks', labels)).toBe(1)
  const waiting = second.samples.filter(
    ({ name, labels: { state } }) => name === 'signalbox_tasks' && state === 'waiting',
  )
  expect(waiting.reduce((sum, { value }) => sum + value, 0)).toBe(5)
  expect(second.samples.length).toBeLessThan(8_000)
})

test('metrics: scrapes at the same time are each of one moment', async () => {
  const box = scheduler(['q'])
  const [one, two] = await Promise.all([scrape(box), scrape(box)])
  expect(one.samples.length).toBe(two.samples.length)
})

test('docs/operating.md: it has every metric, with its type and labels, and no other', async () => {
  const box = scheduler(['q'])
  const { samples } = await scrape(box)
  const labelsOf = (family: string) => {
    const own = samples.filter(({ name }) => name.replace(/_(bucket|sum|count)$/, '') === family)
    return [...new Set(own.flatMap(({ labels }) => Object.keys(labels)))].filter((l) => l !== 'le')
  }
  const without = ['signalbox_refused_total', 'signalbox_router_alive', 'signalbox_decisions_total']
  const rows = [
    ...text('docs/operating.md').matchAll(/^\| `(signalbox_\w+)`\s*\| (\w+)\s*\| (.*?)\s*\|/gm),
  ]
  expect(rows.map(([, name]) => name).sort()).toEqual(FAMILIES.map(({ name }) => name).sort())
  for (const [, name, type, labels] of rows) {
    expect(type, name).toBe(FAMILIES.find((family) => family.name === name)!.type)
    if (without.includes(name) || name.startsWith('signalbox_router_')) continue
    const listed = [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label)
    expect(listed.sort(), name).toEqual(labelsOf(name).sort())
  }
})
