/**
 * The processes of one run of a benchmark over NATS, and what is measured around them.
 *
 * ```
 *  sdk      client ─ sb.frame ─► scheduler ─ frames ─► SDK agents          4 hops, frames
 *  plain    generator ─ sb.call ─► scheduler ─ work ─► agents by hand      4 messages a task
 *  floor    as plain, but a forwarder that only passes on                  4 messages a task
 *  loop     generator ─ bench.work ─► members of one queue group           2 messages a task
 *  packed   the same, 64 tasks a message, never unpacked                   2 messages for 64 tasks
 * ```
 *
 * Every box is a process of its own, with a private nats-server in between. Handlers do nothing.
 *
 * Runs on: a child of the harness. Invariant: a run whose tasks were not all answered once, or whose
 * scheduler counts otherwise, is no result but an error.
 */
import { type NatsServer, startNatsServer } from '../src/service/nats-server/run.ts'
import { cpuOfUs } from './cpu.ts'
import type { Parameters, Values } from './harness.ts'
import { Role } from './role.ts'

const SUBJECT_LOOP = 'bench.work'
const SUBJECT_PLAIN = 'sb.call.bench'

interface Cast {
  readonly server: NatsServer
  readonly generator: Role
  /** Agents, or the members of the queue group. */
  readonly workers: Role
  /** What stands in between, if anything. */
  readonly middle?: Role
}

type Names = Record<'generator' | 'workers', string> & { middle?: string }

/** Through the scheduler with the SDK on both sides. */
export function sdk(parameters: Parameters): Promise<Values> {
  const names = { generator: 'sdk-generator', workers: 'sdk-agents', middle: 'scheduler' }
  return scheduled(names, '', parameters)
}

/** Through the scheduler without an SDK: any NATS client. */
export function plain(parameters: Parameters): Promise<Values> {
  const names = { generator: 'generator', workers: 'agents', middle: 'scheduler' }
  return scheduled(names, SUBJECT_PLAIN, parameters)
}

async function scheduled(names: Names, subject: string, parameters: Parameters): Promise<Values> {
  return withCast(names, async (cast) => {
    const { url } = cast.server
    const { agents, credit, frameItemsMax } = parameters as Record<string, number>
    const concurrency = Math.ceil(credit / agents)
    await cast.middle!.ask('start', { url, frameItemsMax })
    await cast.workers.ask('start', { url, agents, concurrency, frameItemsMax })
    await cast.generator.ask('start', { url, subject, frameItemsMax })
    const values = await measure(cast, parameters)
    const status = await cast.middle!.ask('status')
    const expected = (parameters.tasks as number) + (parameters.warmUpTasks as number)
    if (status.completed !== expected || status.lost !== 0) {
      throw new Error(`${status.completed} of ${expected} completed, ${status.lost} lost`)
    }
    return { ...values, byRouters: status.byRouters / expected }
  })
}

/** The queue group alone. */
export function loop(parameters: Parameters): Promise<Values> {
  return grouped('generator', parameters)
}

/** The queue group with `batch` tasks a message. */
export function packed(parameters: Parameters): Promise<Values> {
  return grouped('batch-generator', parameters)
}

function grouped(generator: string, parameters: Parameters): Promise<Values> {
  return withCast({ generator, workers: 'responders' }, async (cast) => {
    const { url } = cast.server
    const members = parameters.agents
    await cast.workers.ask('start', { url, subject: SUBJECT_LOOP, members })
    await cast.generator.ask('start', { url, subject: SUBJECT_LOOP })
    return measure(cast, parameters)
  })
}

/** A forwarder in between, for what four messages cost without any scheduling. */
export function floor(parameters: Parameters): Promise<Values> {
  const names = { generator: 'generator', workers: 'responders', middle: 'forwarder' }
  return withCast(names, async (cast) => {
    const { url } = cast.server
    await cast.middle!.ask('start', { url, subject: SUBJECT_PLAIN, members: parameters.agents })
    await cast.workers.ask('start', { url, subject: 'forwarder.work.*', members: 1 })
    await cast.generator.ask('start', { url, subject: SUBJECT_PLAIN })
    return measure(cast, parameters)
  })
}

async function withCast(names: Names, run: (cast: Cast) => Promise<Values>): Promise<Values> {
  const server = await startNatsServer()
  const cast: Cast = {
    server,
    workers: new Role(names.workers),
    generator: new Role(names.generator),
    middle: names.middle === undefined ? undefined : new Role(names.middle),
  }
  try {
    return await run(cast)
  } finally {
    await Promise.all([cast.generator.stop(), cast.workers.stop(), cast.middle?.stop()])
    await server.stop()
  }
}

/** Warms up in a closed loop, then measures one run of the loop that is asked for. */
async function measure(cast: Cast, parameters: Parameters): Promise<Values> {
  const tasks = parameters.tasks as number
  const { middle } = cast
  await cast.generator.ask('closed', { ...parameters, tasks: parameters.warmUpTasks })
  await middle?.ask('begin', { isProfiled: parameters.isProfiled ?? 0 })
  const before = cpuOf(cast)
  const values = await cast.generator.ask(parameters.loop as string, parameters)
  const after = cpuOf(cast)
  const watched = (await middle?.ask('end')) ?? {}
  if (values.lost !== 0) throw new Error(`${values.lost} of ${tasks} tasks were not answered`)
  for (const name of Object.keys(after)) values[name] = (after[name] - before[name]) / tasks
  return { ...values, ...perTask(watched, tasks) }
}

/** Shares stay, everything else that was counted around the run is divided among its tasks. */
function perTask(watched: Values, tasks: number): Values {
  return Object.fromEntries(
    Object.entries(watched).map(([name, value]) => [
      name,
      /share/i.test(name) ? value : value / tasks,
    ]),
  )
}

function cpuOf({ server, generator, workers, middle }: Cast): Values {
  const cpu: Values = {
    generatorCpuUs: cpuOfUs(generator.pid),
    workersCpuUs: cpuOfUs(workers.pid),
    serverCpuUs: cpuOfUs(server.pid),
  }
  if (middle !== undefined) cpu.middleCpuUs = cpuOfUs(middle.pid)
  return cpu
}
