/**
 * How much of plain NATS is left with a scheduler in between?
 *
 * ```
 *  ours   generator ─ sb.call.bench ─► scheduler ─ work ─► 10 agents in one process
 *            ▲                         │  ▲                     │
 *            └─────── outcome ◄────────┘  └────── result ◄──────┘      4 NATS messages a task
 *
 *  twin   generator ─ bench.work ─► 10 members of one queue group in one process
 *            ▲                                │
 *            └──────────── reply ◄────────────┘                        2 NATS messages a task
 *
 *  floor  as ours, but a forwarder instead of the scheduler, which only passes on   4 messages
 * ```
 *
 * Every box is a process of its own, with a private nats-server in between. Plain form: 256-byte
 * payload out, empty reply back, no SDK on either side: hello by hand, subscribe, publish on the
 * reply. Agents take 200 tasks at a time and do nothing with them.
 *
 * Closed loop with 1,000 in flight for tasks a second, open loop at 1,000 a second for the latency
 * that the generator sees; both after a closed loop that lets the code be compiled. CPU is read of
 * each process around the measured part.
 *
 * Runs on: a child process that starts the others.
 */
import { type NatsServer, startNatsServer } from '../src/service/nats-server/run.ts'
import { cpuOfUs } from './cpu.ts'
import {
  type Benchmark,
  type Configuration,
  column,
  type Parameters,
  type Report,
  type Row,
  ratios,
  type Samples,
  type Values,
} from './harness.ts'
import { Role } from './role.ts'
import { median } from './statistics.ts'

const AGENTS = 10
const CONCURRENCY = 200
const WINDOW = 1_000
const PAYLOAD_BYTES = 256
const RATE_PER_SECOND = 1_000
const SUBJECT_TWIN = 'bench.work'
const SUBJECT_OURS = 'sb.call.bench'

/** The processes of one run. */
interface Cast {
  readonly server: NatsServer
  readonly generator: Role
  /** Agents, or the members of the queue group. */
  readonly workers: Role
  readonly scheduler?: Role
}

/** The scheduler in between. @throws Error unless every task completed once and none is lost. */
async function ours(parameters: Parameters): Promise<Values> {
  const server = await startNatsServer()
  const cast = {
    server,
    scheduler: new Role('scheduler'),
    workers: new Role('agents'),
    generator: new Role('generator'),
  }
  try {
    const { url } = server
    await cast.scheduler.ask('start', { url })
    await cast.workers.ask('start', { url, agents: AGENTS, concurrency: CONCURRENCY })
    await cast.generator.ask('start', { url, subject: SUBJECT_OURS })
    const values = await measure(cast, parameters)
    const status = await cast.scheduler.ask('status')
    const expected = (parameters.tasks as number) + (parameters.warmUpTasks as number)
    if (status.completed !== expected || status.lost !== 0) {
      throw new Error(`${status.completed} of ${expected} completed, ${status.lost} lost`)
    }
    return { ...values, byRouters: status.byRouters / expected }
  } finally {
    await end(cast)
  }
}

/** The queue group alone. @throws Error unless every message was answered once. */
async function twin(parameters: Parameters): Promise<Values> {
  const server = await startNatsServer()
  const cast = { server, workers: new Role('responders'), generator: new Role('generator') }
  try {
    const { url } = server
    await cast.workers.ask('start', { url, subject: SUBJECT_TWIN, members: AGENTS })
    await cast.generator.ask('start', { url, subject: SUBJECT_TWIN })
    return await measure(cast, parameters)
  } finally {
    await end(cast)
  }
}

/** A forwarder in between, for what four messages cost without any scheduling. */
async function floor(parameters: Parameters): Promise<Values> {
  const server = await startNatsServer()
  const cast = {
    server,
    scheduler: new Role('forwarder'),
    workers: new Role('responders'),
    generator: new Role('generator'),
  }
  try {
    const { url } = server
    await cast.scheduler.ask('start', { url, subject: SUBJECT_OURS, members: AGENTS })
    await cast.workers.ask('start', { url, subject: 'forwarder.work.*', members: 1 })
    await cast.generator.ask('start', { url, subject: SUBJECT_OURS })
    return await measure(cast, parameters)
  } finally {
    await end(cast)
  }
}

async function measure(cast: Cast, parameters: Parameters): Promise<Values> {
  const tasks = parameters.tasks as number
  const loop = parameters.loop as string
  const load = {
    window: WINDOW,
    ratePerSecond: RATE_PER_SECOND,
    payloadBytes: PAYLOAD_BYTES,
    isEcho: 0,
  }
  await cast.generator.ask('closed', { ...load, tasks: parameters.warmUpTasks })
  const before = cpuOf(cast)
  const values = await cast.generator.ask(loop, { ...load, tasks })
  const after = cpuOf(cast)
  if (values.lost !== 0) throw new Error(`${values.lost} of ${tasks} tasks were not answered`)
  for (const name of Object.keys(after)) values[name] = (after[name] - before[name]) / tasks
  return values
}

function cpuOf({ server, generator, workers, scheduler }: Cast): Values {
  const cpu: Values = {
    generatorCpuUs: cpuOfUs(generator.pid),
    workersCpuUs: cpuOfUs(workers.pid),
    serverCpuUs: cpuOfUs(server.pid),
  }
  if (scheduler !== undefined) cpu.schedulerCpuUs = cpuOfUs(scheduler.pid)
  return cpu
}

async function end({ server, generator, workers, scheduler }: Cast): Promise<void> {
  await Promise.all([generator.stop(), workers.stop(), scheduler?.stop()])
  await server.stop()
}

function configurations(isQuick: boolean): Configuration[] {
  const closed = isQuick
    ? { loop: 'closed', tasks: 3_000, warmUpTasks: 1_000 }
    : { loop: 'closed', tasks: 200_000, warmUpTasks: 40_000 }
  const open = isQuick
    ? { loop: 'open', tasks: 200, warmUpTasks: 100 }
    : { loop: 'open', tasks: 4_000, warmUpTasks: 40_000 }
  return [
    { name: 'scheduler, closed', run: 'ours', parameters: closed },
    { name: 'queue group, closed', run: 'twin', parameters: closed },
    { name: 'scheduler, open', run: 'ours', parameters: open },
    { name: 'queue group, open', run: 'twin', parameters: open },
    { name: 'forwarder, open', run: 'floor', parameters: open },
  ]
}

function report(samples: Samples): Report {
  const of = (name: string, value: string) => column(samples, name, value)
  const row = (what: string, unit: string, loop: string, value: string): Row => {
    const mine = of(`scheduler, ${loop}`, value)
    const theirs = of(`queue group, ${loop}`, value)
    return { what, unit, ours: mine, twin: theirs, ratio: ratios(mine, theirs) }
  }
  const rate = row('tasks, 1,000 in flight', '1/s', 'closed', 'tasksPerSecond')
  const p50 = row('latency at 1,000/s, p50', 'µs', 'open', 'p50Us')
  const p99 = row('latency at 1,000/s, p99', 'µs', 'open', 'p99Us')
  const planned = row('the same from the planned moment, p50', 'µs', 'open', 'plannedP50Us')
  const forwarded = of('forwarder, open', 'p50Us')
  const lost = Object.values(samples)
    .flat()
    .reduce((sum, values) => sum + values.lost, 0)
  return {
    figures: {
      ratioPlain: { value: median(rate.ratio!), atLeast: 0.25 },
      latencyRatioP50: { value: median(p50.ratio!), atMost: 2 },
      lost: { value: lost, atMost: 0 },
      tasksPerSecond: { value: median(rate.ours) },
      tasksPerSecondTwin: { value: median(rate.twin!) },
      latencyP50Us: { value: median(p50.ours) },
      latencyP99Us: { value: median(p99.ours) },
      latencyRatioP50Planned: { value: median(planned.ratio!) },
      latencyRatioP50Forwarder: { value: median(ratios(forwarded, p50.twin!)) },
      latencyRatioP99: { value: median(p99.ratio!) },
      schedulerCpuUs: { value: median(of('scheduler, closed', 'schedulerCpuUs')) },
      placedByRouters: { value: median(of('scheduler, closed', 'byRouters')) },
    },
    rows: [
      { ...rate, figure: 'ratioPlain' },
      { ...p50, figure: 'latencyRatioP50' },
      {
        what: 'a forwarder that schedules nothing, p50',
        unit: 'µs',
        ours: forwarded,
        twin: p50.twin,
        ratio: ratios(forwarded, p50.twin!),
      },
      planned,
      p99,
      {
        what: 'CPU a task: scheduler',
        unit: 'µs',
        ours: of('scheduler, closed', 'schedulerCpuUs'),
      },
      row('CPU a task: agents; queue group', 'µs', 'closed', 'workersCpuUs'),
      row('CPU a task: load generator', 'µs', 'closed', 'generatorCpuUs'),
      row('CPU a task: nats-server', 'µs', 'closed', 'serverCpuUs'),
      {
        what: 'share placed by routers',
        unit: '',
        ours: of('scheduler, closed', 'byRouters'),
      },
      { what: 'tasks lost, all runs', unit: '', ours: [lost], figure: 'lost' },
    ],
  }
}

export const endToEnd: Benchmark = {
  name: 'end-to-end',
  question: 'tasks through NATS, scheduler and agents; baseline: a queue group, no scheduler',
  doesNotShow:
    'more machines than one (all processes share its cores), handlers that work, or durable mode',
  configurations,
  runs: { ours, twin, floor },
  report,
}
