/**
 * How does the same work fare with the queue that most people use?
 *
 * ```
 *  ours    client ─ frames ─► nats-server ─► scheduler ─► nats-server ─► SDK agents, and back
 *  bullmq  Queue.addBulk ─► Redis ◄─ workers (they fetch, and report) ─► QueueEvents ─► submitter
 * ```
 *
 * The same 256 bytes, the same tasks in flight, handlers that do nothing, and a submitter that hears
 * of every outcome; each part a process of its own. BullMQ gets what makes it fast: jobs added in
 * bulk, removed when they are done, workers of concurrency 100, and a stream of events long enough to
 * lose none. It runs in three ways, and in each repeat its fastest counts: as many in flight as ours,
 * 1,000 in flight, and two processes of workers. Redis runs without persistence, which compares with
 * our memory mode, and, the first way only, with an append-only file synced each second.
 *
 * Runs on: child processes that start the others. Needs `bench/peers` installed and a redis-server.
 */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { PEERS } from './bullmq.ts'
import { sdk } from './cast.ts'
import { cpuOfUs } from './cpu.ts'
import {
  type Benchmark,
  type Configuration,
  column,
  type Extent,
  type Parameters,
  type Report,
  type Row,
  ratios,
  type Samples,
  type Values,
} from './harness.ts'
import { HEADLINE } from './headline.ts'
import { type Persistence, startRedis } from './redis.ts'
import { fetchRedis, redisVersion } from './redis-fetch.ts'
import { Role } from './role.ts'
import { median } from './statistics.ts'

const run = promisify(execFile)
const INSTALL_MAX_MS = 180_000

const CONCURRENCY = 100
/** Of BullMQ without persistence; the fastest of a repeat counts. */
const WAYS: readonly { name: string; what: string; parameters: Parameters }[] = [
  { name: 'none, closed', what: '  as many in flight, one process of workers', parameters: {} },
  { name: 'none, closed, few', what: '  1,000 in flight', parameters: { window: 1_000 } },
  { name: 'none, closed, two', what: '  two processes of workers', parameters: { processes: 2 } },
]

/** @throws Error unless every job completed once. */
async function bullmq(parameters: Parameters): Promise<Values> {
  const tasks = parameters.tasks as number
  const redis = await startRedis(parameters.persistence as Persistence)
  const { processes = 1 } = parameters as Record<string, number>
  const workers = Array.from({ length: processes }, () => new Role('bullmq-workers'))
  const submitter = new Role('bullmq-submitter')
  const cpu = () => [
    cpuOfUs(redis.pid),
    workers.reduce((sum, { pid }) => sum + cpuOfUs(pid), 0),
    cpuOfUs(submitter.pid),
  ]
  try {
    const { port } = redis
    for (const role of workers) await role.ask('start', { port, concurrency: CONCURRENCY })
    await submitter.ask('start', { port })
    await submitter.ask('closed', { ...parameters, tasks: parameters.warmUpTasks })
    const before = cpu()
    const values = await submitter.ask(parameters.loop as string, parameters)
    const [middle, agents, generator] = cpu().map((us, index) => (us - before[index]) / tasks)
    if (values.lost !== 0) throw new Error(`${values.lost} of ${tasks} jobs did not complete`)
    return { ...values, middleCpuUs: middle, workersCpuUs: agents, generatorCpuUs: generator }
  } finally {
    await Promise.all([submitter, ...workers].map((role) => role.stop()))
    await redis.stop()
  }
}

/**
 * Installs what is missing.
 * @returns versions.
 * @throws Error that says what that is when it cannot.
 */
async function prepare(say: (sentence: string) => void): Promise<Record<string, string>> {
  const redis = await fetchRedis(say)
  if (!isInstalled()) await install(say)
  return { ...wanted(), 'redis-server': await redisVersion(redis) }
}

async function install(say: (sentence: string) => void): Promise<void> {
  const folder = fileURLToPath(PEERS)
  say('BullMQ is not installed: running npm install in bench/peers.')
  try {
    // Not `npm ci`: it refuses a lock that lacks the optional packages of another platform.
    const words = ['install', '--no-save', '--ignore-scripts', '--fetch-retries', '1']
    await run('npm', words, { cwd: folder, timeout: INSTALL_MAX_MS })
  } catch (error) {
    throw new Error(
      `peers needs BullMQ, and npm install in bench/peers failed: ${reasonOf(error)}. ` +
        'Run it there by hand to see more.',
    )
  }
}

/** The first line in which npm says more than a code, or why it could not even say that. */
function reasonOf(error: unknown): string {
  const { stderr = '', message, killed } = error as Error & { stderr?: string; killed?: boolean }
  if (killed) return `it was not done after ${INSTALL_MAX_MS / 1_000} s`
  const said = /^npm error (?!code|syscall|errno)(\S.*)$/m.exec(stderr)?.[1] ?? message
  return said.split('\n')[0].replace(/\.$/, '')
}

function wanted(): Record<string, string> {
  return JSON.parse(readFileSync(new URL('package.json', PEERS), 'utf8')).dependencies
}

function isInstalled(): boolean {
  return Object.entries(wanted()).every(([name, version]) => {
    const file = new URL(`node_modules/${name}/package.json`, PEERS)
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === version
  })
}

function configurations({ isQuick }: Extent): Configuration[] {
  const closed = { ...HEADLINE, loop: 'closed' }
  const open = { ...HEADLINE, loop: 'open', tasks: isQuick ? 200 : 10_000 }
  const ours = isQuick
    ? { tasks: 3_000, warmUpTasks: 1_000 }
    : { tasks: 250_000, warmUpTasks: 80_000 }
  const theirs = isQuick
    ? { tasks: 1_000, warmUpTasks: 500 }
    : { tasks: 40_000, warmUpTasks: 12_000 }
  const warmUpTasks = isQuick ? 100 : 20_000
  const peer = (persistence: Persistence, load: Parameters) => ({
    run: 'bullmq',
    parameters: { ...load, persistence },
  })
  return [
    { name: 'ours, closed', run: 'sdk', parameters: { ...closed, ...ours } },
    ...WAYS.map(({ name, parameters }) => ({
      name,
      ...peer('none', { ...closed, ...theirs, ...parameters }),
    })),
    { name: 'everysec, closed', ...peer('everysec', { ...closed, ...theirs }) },
    { name: 'ours, open', run: 'sdk', parameters: { ...open, warmUpTasks } },
    { name: 'none, open', ...peer('none', { ...open, warmUpTasks }) },
    { name: 'everysec, open', ...peer('everysec', { ...open, warmUpTasks }) },
  ]
}

function report(samples: Samples): Report {
  const row = (what: string, unit: string, name: string, value: string): Row => {
    const loop = name.split(', ')[1]
    const ours = column(samples, `ours, ${loop}`, value)
    const twin = column(samples, name, value)
    return { what, unit, ours, twin, ratio: ratios(ours, twin) }
  }
  const ways = WAYS.map(({ name, what }) => row(what, '1/s', name, 'tasksPerSecond'))
  const rate = fastest('tasks; BullMQ, nothing persisted', ways)
  const rateAof = row('tasks; BullMQ, AOF each second', '1/s', 'everysec, closed', 'tasksPerSecond')
  const p50 = row('latency at 1,000/s, p50', 'µs', 'none, open', 'p50Us')
  const p99 = row('latency at 1,000/s, p99', 'µs', 'none, open', 'p99Us')
  const p50Aof = row('  AOF, p50', 'µs', 'everysec, open', 'p50Us')
  const p99Aof = row('  AOF, p99', 'µs', 'everysec, open', 'p99Us')
  const middle = (values: readonly number[]) => ({ value: median(values) })
  return {
    figures: {
      ratioBullmq: { ...middle(rate.ratio!), atLeast: 12 },
      p99RatioBullmq: { ...middle(p99.ratio!), atMost: 0.25 },
      ratioBullmqAof: middle(rateAof.ratio!),
      p50RatioBullmq: middle(p50.ratio!),
      p50RatioBullmqAof: middle(p50Aof.ratio!),
      p99RatioBullmqAof: middle(p99Aof.ratio!),
      tasksPerSecond: middle(rate.ours),
      tasksPerSecondBullmq: middle(rate.twin!),
      tasksPerSecondBullmqAof: middle(rateAof.twin!),
      latencyP50Us: middle(p50.ours),
      latencyP99Us: middle(p99.ours),
      latencyP50UsBullmq: middle(p50.twin!),
      latencyP99UsBullmq: middle(p99.twin!),
    },
    rows: [
      { ...rate, figure: 'ratioBullmq' },
      ...ways,
      rateAof,
      p50,
      { ...p99, figure: 'p99RatioBullmq' },
      p50Aof,
      p99Aof,
      row('CPU a task: scheduler; Redis', 'µs', 'none, closed', 'middleCpuUs'),
      row('CPU a task: agents; workers', 'µs', 'none, closed', 'workersCpuUs'),
      row('CPU a task: submitter', 'µs', 'none, closed', 'generatorCpuUs'),
      {
        what: 'CPU a task: nats-server',
        unit: 'µs',
        ours: column(samples, 'ours, closed', 'serverCpuUs'),
      },
    ],
  }
}

/** Ours over the fastest of the twins in each repeat. */
function fastest(what: string, rows: readonly Row[]): Row {
  const { unit, ours } = rows[0]
  const twin = ours.map((_, repeat) => Math.max(...rows.map((row) => row.twin![repeat])))
  return { what, unit, ours, twin, ratio: ratios(ours, twin) }
}

export const peers: Benchmark = {
  name: 'peers',
  question: 'the same work by BullMQ on Redis, each outcome heard by the submitter',
  doesNotShow:
    'more machines than one, handlers that work, or what BullMQ keeps that memory mode does not',
  configurations,
  runs: { sdk, bullmq },
  prepare,
  report,
}
