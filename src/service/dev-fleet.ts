/**
 * What `dev` starts: a scheduler with agents and a load generator, spread over processes around a
 * private nats-server, or all in this process where no nats-server can be had.
 *
 * Runs in `dev`. Invariant: whatever was started by the time that anything fails is stopped before
 * the failure is told.
 *
 *   this process            scheduler, two routers, NATS wildcard
 *   2 agent processes       4 agents each
 *   1 generator process     during the job
 *   guardian, nats-server   (nats-server/run.ts)
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { SignalboxError } from '../errors.ts'
import type { AdoptedAgentOptions, Placement, SchedulerOptions } from '../options.ts'
import { Scheduler } from '../scheduler.ts'
import { DevChild } from './dev-child.ts'
import { DEMO_AGENT_PROCESSES, DEMO_CONCURRENCY, DEMO_QUEUE, demoAgentIds } from './dev-messages.ts'
import { demoHandler, demoPlan } from './dev-work.ts'
import { Load, type LoadCounts } from './load.ts'
import { startNatsServer } from './nats-server/run.ts'

export interface FleetOptions {
  routers: number
  placement: Placement
  /** Of the private nats-server; any free one when absent. */
  port?: number
  /** Services on the private nats-server that are agents besides. */
  adopt?: readonly AdoptedAgentOptions[]
  /** File of the scheduler's journal; none is recorded without. */
  journal?: string
  /** Who chooses the agents, and what else a configuration says. */
  routing?: Omit<SchedulerOptions, 'nats' | 'name'>
}

/** The job: tasks through the demo queue. */
export interface FleetJob {
  counts(): LoadCounts
  /** @throws when the generator fails. */
  readonly done: Promise<LoadCounts>
}

export interface Fleet {
  readonly scheduler: Scheduler
  /** Null where there is no NATS: nobody else can reach it. */
  readonly url: string | null
  readonly pids: number[]
  startJob(tasks: number): Promise<FleetJob>
  /** Ends everything. May be called twice. */
  stop(): Promise<void>
}

type Say = (sentence: string) => void

/**
 * @throws nats_unreachable when a nats-server is there and does not start; nats_server_not_found when
 *   there is none for those that are to be adopted.
 */
export async function startFleet(options: FleetOptions, say: Say): Promise<Fleet> {
  try {
    return await new NatsFleet(options, say).start()
  } catch (error) {
    if (!(error instanceof SignalboxError) || error.code !== 'nats_server_not_found') throw error
    if ((options.adopt?.length ?? 0) > 0) throw error
    say(error.message)
    say('Without NATS everything runs in this process: scheduler, agents and generator.')
    return new InProcessFleet(options).start()
  }
}

class NatsFleet implements Fleet {
  readonly #options: FleetOptions
  readonly #say: Say
  readonly #stops: (() => Promise<void>)[] = []
  readonly #children: DevChild[] = []
  #scheduler: Scheduler | undefined
  #stopping: Promise<void> | undefined
  readonly pids: number[] = []
  url = ''

  constructor(options: FleetOptions, say: Say) {
    this.#options = options
    this.#say = say
  }

  get scheduler(): Scheduler {
    return this.#scheduler!
  }

  async start(): Promise<this> {
    try {
      const { routers, placement, port, journal, adopt, routing } = this.#options
      if (port !== undefined) await requireFreePort(port)
      const server = await startNatsServer({ jetstream: true, port, onFetch: this.#say })
      this.#stops.push(() => server.stop())
      this.pids.push(server.guardianPid, server.pid)
      this.url = server.url
      this.#scheduler = new Scheduler({
        ...routing,
        name: 'dev',
        routers,
        placement,
        journal: journal === undefined ? undefined : { file: journal },
        nats: { servers: server.url, wildcard: true, agents: adopt },
      })
      this.#stops.push(() => this.scheduler.stop())
      await this.scheduler.start()
      await this.#startAgents()
      return this
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #startAgents(): Promise<void> {
    const ids = demoAgentIds()
    const each = Math.ceil(ids.length / DEMO_AGENT_PROCESSES)
    const starting = Array.from({ length: DEMO_AGENT_PROCESSES }, async (_, i) => {
      const child = this.#fork('./dev-agents', `agent process ${i + 1}`)
      const mine = ids.slice(i * each, (i + 1) * each)
      await child.start({
        kind: 'agents',
        url: this.url,
        ids: mine,
        concurrency: DEMO_CONCURRENCY,
      })
      child.onLost = (why) => this.#say(`${why} Its tasks go to the other agents.`)
    })
    await Promise.all(starting)
  }

  #fork(module: string, what: string): DevChild {
    const child = new DevChild(module, what)
    this.#children.push(child)
    this.pids.push(child.pid)
    return child
  }

  async startJob(tasks: number): Promise<FleetJob> {
    const child = this.#fork('./dev-load', 'load generator')
    await child.start({ kind: 'load', url: this.url, tasks })
    let counts: LoadCounts | undefined
    const done = new Promise<LoadCounts>((resolve, reject) => {
      const fail = (why: string) => reject(new SignalboxError('error', why))
      child.onLost = fail
      child.onReport = (report) => {
        if (report.kind === 'counts' || report.kind === 'done') counts = report.counts
        if (report.kind === 'done') resolve(report.counts)
        if (report.kind === 'failed') fail(`The load generator: ${report.message}`)
      }
    })
    done.then(
      () => child.stop(),
      () => child.stop(),
    )
    return { done, counts: () => counts ?? NO_COUNTS }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  /** Those who send first, then the scheduler, then the server under all of them. */
  async #stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()))
    for (const stop of this.#stops.reverse()) await stop()
  }
}

/** Whoever answers on a taken port would be taken for our server. @throws bad_option */
async function requireFreePort(port: number): Promise<void> {
  const probe = createServer()
  try {
    await once(probe.listen(port, '127.0.0.1'), 'listening')
  } catch (cause) {
    throw new SignalboxError(
      'bad_option',
      `Port ${port} cannot be had (${(cause as { code?: string }).code}): ` +
        'give another --port, or none for a free one.',
      { cause },
    )
  } finally {
    probe.close()
  }
}

const NO_COUNTS: LoadCounts = {
  sent: 0,
  completed: 0,
  wrong: 0,
  failed: {},
  failedTotal: 0,
  inFlight: 0,
  elapsedMs: 0,
}

class InProcessFleet implements Fleet {
  readonly scheduler: Scheduler
  readonly url = null
  readonly pids: number[] = []
  #load: Load | undefined

  constructor({ routers, placement, journal, routing }: FleetOptions) {
    this.scheduler = new Scheduler({
      ...routing,
      name: 'dev',
      routers,
      placement,
      journal: journal === undefined ? undefined : { file: journal },
    })
  }

  async start(): Promise<this> {
    await this.scheduler.start()
    for (const id of demoAgentIds()) {
      const options = { id, queues: [DEMO_QUEUE], concurrency: DEMO_CONCURRENCY }
      await this.scheduler.agent(options, demoHandler(id))
    }
    return this
  }

  async startJob(tasks: number): Promise<FleetJob> {
    const load = new Load(this.scheduler, demoPlan(tasks))
    this.#load = load
    return { done: load.run(), counts: () => load.counts }
  }

  async stop(): Promise<void> {
    this.#load?.stop()
    await this.scheduler.stop()
  }
}
