/**
 * How long from a task's receipt to its place, and what does the policy cost?
 *
 * ```
 *  routers   run() ─► admit ─► ring ─► router chooses ─► outbox ─► commit     1,000 a second, so
 *            ├────────────────── received → committed ────────────────┤       both sides sleep
 *  auto      the same; a lone task is placed on the spot                      in between
 *
 *  twin      main ─ store, notify ─► worker (Atomics.wait) ─ postMessage ─► main      a raw hop
 *
 *  policy    submit ─► nextOffer ─► choose ─► propose ─► succeeded      CPU of one task, nothing else
 *  twin      NATS client: one message of 256 bytes received, one published      CPU of that
 *  journal   the same as policy, recorded into a journal in memory              CPU over policy's
 *
 *  placed    auto, routers and inline through NATS                              assignment-auto.ts
 *  offload   a strategy that takes 20 µs, inline and on routers                 assignment-offload.ts
 * ```
 *
 * Latency is the scheduler's own histogram (`latency().assignment`), its first second taken out; the
 * scheduler and its agents of no-op handlers are in one process, embedded, without NATS.
 *
 * Runs on: child processes with threads of their own; the client's twin needs a nats-server.
 */
import { MessageChannel, Worker } from 'node:worker_threads'
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import { atomics } from '../native-free/index.ts'
import { Scheduler } from '../src/scheduler.ts'
import { startNatsServer } from '../src/service/nats-server/run.ts'
import { workerUrl } from '../src/worker-url.ts'
import { autoConfigurations, autoReport, placed } from './assignment-auto.ts'
import { offload, offloadConfigurations } from './assignment-offload.ts'
import {
  type Benchmark,
  type Configuration,
  column,
  type Extent,
  type Parameters,
  type Report,
  ratios,
  type Samples,
  type Values,
} from './harness.ts'
import { openLoop } from './pace.ts'
import { policyOnly } from './policy-only.ts'
import { Role } from './role.ts'
import { median, percentile } from './statistics.ts'

const RATE_PER_SECOND = 1_000
const AGENTS = 10
const CONCURRENCY = 10
const ROUTERS = 2
const PAYLOAD = new Uint8Array(256)
/** The thread that encodes histograms ends when it was idle for a second. */
const ENCODER_IDLE_MS = 1_500

/** @throws Error unless every task completed and nothing is open or lost. */
async function scheduler({ placement, tasks, warmUpTasks }: Parameters): Promise<Values> {
  const signalbox = new Scheduler({
    placement: placement as 'routers' | 'auto',
    routers: ROUTERS,
  })
  await signalbox.start()
  for (let i = 0; i < AGENTS; i++) {
    await signalbox.agent({ queues: ['bench'], concurrency: CONCURRENCY }, () => undefined)
  }
  await load(signalbox, warmUpTasks as number)
  const before = (await signalbox.latency()).assignment
  await new Promise((resolve) => setTimeout(resolve, ENCODER_IDLE_MS))
  await load(signalbox, tasks as number)
  const after = (await signalbox.latency()).assignment
  const { tasks: counted, placedBy } = signalbox.statusNow()
  await signalbox.close()
  const expected = (tasks as number) + (warmUpTasks as number)
  if (counted.completed !== expected || counted.lost !== 0) {
    throw new Error(`${counted.completed} of ${expected} completed, ${counted.lost} lost`)
  }
  const histogram = decodeFromCompressedBase64(after.encoded)
  histogram.subtract(decodeFromCompressedBase64(before.encoded))
  if (histogram.totalCount !== tasks) {
    throw new Error(`${histogram.totalCount} latencies of ${tasks} tasks were recorded`)
  }
  return {
    p50Us: histogram.getValueAtPercentile(50),
    p99Us: histogram.getValueAtPercentile(99),
    byRouters: placedBy.routers / expected,
  }
}

async function load(signalbox: Scheduler, tasks: number): Promise<void> {
  const open: Promise<unknown>[] = []
  await openLoop(tasks, RATE_PER_SECOND, () => open.push(signalbox.run('bench', PAYLOAD)))
  await Promise.all(open)
}

/** The same pace over a bare shared word and a bare port. */
async function hop({ tasks, warmUpTasks }: Parameters): Promise<Values> {
  const words = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const count = (tasks as number) + (warmUpTasks as number)
  const sentMs = new Float64Array(count)
  const tookUs = new Float64Array(count)
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(workerUrl('./hop-worker', import.meta.url), {
    workerData: { words, count, port: port2 },
    transferList: [port2],
  })
  const over = new Promise<void>((resolve, reject) => {
    let expected = 0
    port1.on('message', (item: number) => {
      tookUs[item] = (performance.now() - sentMs[item]) * 1_000
      if (item !== expected++) reject(new Error(`item ${item} came instead of ${expected - 1}`))
      if (expected === count) resolve()
    })
    worker.once('error', reject)
  })
  await openLoop(count, RATE_PER_SECOND, (item) => {
    sentMs[item] = performance.now()
    atomics.store(words, 0, item + 1)
    atomics.notify(words, 0, 1)
  })
  await over
  port1.close()
  const measured = tookUs.subarray(warmUpTasks as number)
  return { p50Us: percentile(measured, 50), p99Us: percentile(measured, 99) }
}

/** CPU of a process that receives messages and publishes one for each. */
async function client({ messages }: Parameters): Promise<Values> {
  const server = await startNatsServer()
  const echo = new Role('echo')
  const generator = new Role('generator')
  try {
    await echo.ask('start', { url: server.url, subject: 'bench.echo' })
    await generator.ask('start', { url: server.url, subject: 'bench.echo' })
    const load = { window: 1_000, payloadBytes: PAYLOAD.length, isEcho: 1 }
    await generator.ask('closed', { ...load, tasks: Math.ceil((messages as number) / 4) })
    const before = await echo.ask('cpu')
    const { lost } = await generator.ask('closed', { ...load, tasks: messages })
    const after = await echo.ask('cpu')
    if (lost !== 0) throw new Error(`${lost} of ${messages} messages were not echoed`)
    return { cpuUs: (after.cpuUs - before.cpuUs) / (messages as number) }
  } finally {
    await Promise.all([echo.stop(), generator.stop()])
    await server.stop()
  }
}

function configurations({ isQuick }: Extent): Configuration[] {
  const load = isQuick ? { tasks: 200, warmUpTasks: 50 } : { tasks: 5_000, warmUpTasks: 1_000 }
  const policy = { tasks: isQuick ? 5_000 : 500_000 }
  return [
    { name: 'routers', run: 'scheduler', parameters: { ...load, placement: 'routers' } },
    { name: 'hop', run: 'hop', parameters: load },
    { name: 'auto', run: 'scheduler', parameters: { ...load, placement: 'auto' } },
    { name: 'policy', run: 'policyOnly', parameters: { ...policy, isRecorded: 0 } },
    { name: 'journal', run: 'policyOnly', parameters: { ...policy, isRecorded: 1 } },
    { name: 'client', run: 'client', parameters: { messages: isQuick ? 5_000 : 300_000 } },
    ...offloadConfigurations(isQuick),
    ...autoConfigurations(isQuick),
  ]
}

function report(samples: Samples): Report {
  const of = (name: string, value: string) => column(samples, name, value)
  const p50Ratio = ratios(of('routers', 'p50Us'), of('hop', 'p50Us'))
  const p99Ratio = ratios(of('routers', 'p99Us'), of('hop', 'p99Us'))
  const policyRatio = ratios(of('policy', 'cpuUs'), of('client', 'cpuUs'))
  const journalRatio = ratios(of('journal', 'cpuUs'), of('policy', 'cpuUs'))
  const offloaded = ratios(of('offload, routers', 'mainUs'), of('offload, inline', 'mainUs'))
  const auto = autoReport(samples)
  const latency = (what: string, name: string, value: string, ratio: number[]) => ({
    what,
    unit: 'µs',
    ours: of(name, value),
    twin: of('hop', value),
    ratio,
  })
  return {
    figures: {
      p50Us: { value: median(of('routers', 'p50Us')), below: 100 },
      p99Us: { value: median(of('routers', 'p99Us')), below: 1_000 },
      p50RatioToHop: { value: median(p50Ratio) },
      p99RatioToHop: { value: median(p99Ratio) },
      autoP50Us: { value: median(of('auto', 'p50Us')) },
      autoP99Us: { value: median(of('auto', 'p99Us')) },
      policyCpuRatio: { value: median(policyRatio), atMost: 0.5 },
      policyCpuUs: { value: median(of('policy', 'cpuUs')) },
      clientCpuUs: { value: median(of('client', 'cpuUs')) },
      journalCpuRatio: { value: median(journalRatio) },
      journalCpuUs: { value: median(of('journal', 'cpuUs')) },
      autoVersusBest: { value: auto.worst, atMost: 1.25 },
      offload: { value: median(offloaded), atMost: 0.3 },
    },
    rows: [
      { ...latency('placed by routers, p50', 'routers', 'p50Us', p50Ratio), figure: 'p50Us' },
      { ...latency('placed by routers, p99', 'routers', 'p99Us', p99Ratio), figure: 'p99Us' },
      latency('auto, p50', 'auto', 'p50Us', ratios(of('auto', 'p50Us'), of('hop', 'p50Us'))),
      latency('auto, p99', 'auto', 'p99Us', ratios(of('auto', 'p99Us'), of('hop', 'p99Us'))),
      {
        what: 'CPU a task: policy core; client, 1 in 1 out',
        unit: 'µs',
        ours: of('policy', 'cpuUs'),
        twin: of('client', 'cpuUs'),
        ratio: policyRatio,
        figure: 'policyCpuRatio',
      },
      {
        what: 'CPU a task: policy core, journal in memory; without',
        unit: 'µs',
        ours: of('journal', 'cpuUs'),
        twin: of('policy', 'cpuUs'),
        ratio: journalRatio,
      },
      {
        what: 'front end’s CPU a task, choosing takes 20 µs: routers; inline',
        unit: 'µs',
        ours: of('offload, routers', 'mainUs'),
        twin: of('offload, inline', 'mainUs'),
        ratio: offloaded,
        figure: 'offload',
      },
      ...auto.rows,
      {
        what: 'auto, the worst of these ratios',
        unit: '',
        ours: [auto.worst],
        figure: 'autoVersusBest',
      },
    ],
  }
}

export const assignment: Benchmark = {
  name: 'assignment',
  question:
    'received to committed at 1,000 tasks/s in one process, baseline: a raw thread hop; who places best',
  doesNotShow: 'more than two cores, full fleets, or handlers that keep the main thread busy',
  configurations,
  runs: { scheduler, hop, policyOnly, client, offload, placed },
  report,
}
