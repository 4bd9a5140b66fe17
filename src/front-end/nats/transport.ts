/** NATS as a transport: one connection, its submitters, its agents and the API. Main thread. */
import type { NatsConnection } from 'nats'
import { policyMs } from '../../clock.ts'
import { type AdoptedAgent, type NatsOptions, SCHEDULER_DEFAULTS } from '../../options.ts'
import { FRAME } from '../../wire/frames.ts'
import { encodeJson } from '../../wire/json.ts'
import type { SchedulerUp } from '../../wire/messages.ts'
import { Subjects } from '../../wire/subjects.ts'
import type { EventSink } from '../complete.ts'
import type { FrontEndContext } from '../context.ts'
import type { Transport } from '../transport.ts'
import { NatsAgents } from './agents.ts'
import { type ApiSources, NatsApi } from './api.ts'
import { connectNats } from './connection.ts'
import { type EventSource, publishEvents } from './events.ts'
import { NatsFlows } from './flows.ts'
import { FrameClients } from './frame-clients.ts'
import { Outlet } from './outlet.ts'
import { SubmitFrames } from './submit-frames.ts'
import { NatsSubmitters } from './submitters.ts'

/** Queues in one announcement, some 4 KB at most; more are announced in several. */
const QUEUES_ANNOUNCED = 64

type CheckedOptions = NatsOptions & { agents: readonly AdoptedAgent[] }

export class NatsTransport implements Transport {
  readonly #context: FrontEndContext
  readonly #options: CheckedOptions
  readonly #sources: ApiSources & EventSource
  readonly #event: EventSink
  readonly #prefix: string
  /** What it serves, as subscriptions and announcement say it: `['*']` for every queue. */
  #queues: readonly string[]
  #nc: NatsConnection | undefined
  #submitters: NatsSubmitters | undefined
  #frames: SubmitFrames | undefined
  #flows: NatsFlows | undefined
  #clients: FrameClients | undefined
  #agents: NatsAgents | undefined
  #outlet: Outlet | undefined
  connected = false

  constructor(
    context: FrontEndContext,
    options: CheckedOptions,
    sources: ApiSources & EventSource,
    event: EventSink,
  ) {
    this.#context = context
    this.#options = options
    this.#sources = sources
    this.#event = event
    this.#prefix = options.prefix ?? SCHEDULER_DEFAULTS.prefix
    this.#queues = options.wildcard ? ['*'] : Object.keys(context.core.options.queues)
  }

  /** @throws nats_unreachable, permission_denied, too_many_agents */
  async start(): Promise<void> {
    const context = this.#context
    const prefix = this.#prefix
    const nc = await connectNats(this.#options, `signalbox ${context.options.name}`)
    this.#nc = nc
    this.connected = true
    this.#watch(nc)
    const inboxPrefixes = this.#options.inboxPrefixes ?? SCHEDULER_DEFAULTS.inboxPrefixes
    const outlet = new Outlet(nc, inboxPrefixes, () => this.connected)
    this.#outlet = outlet
    context.limitPayload(nc.info?.max_payload ?? Number.POSITIVE_INFINITY)
    const submits = { prefix, queues: this.#queues }
    this.#submitters = new NatsSubmitters(context, nc, outlet, submits)
    this.#clients = new FrameClients(context, outlet)
    this.#frames = new SubmitFrames(context, nc, outlet, this.#clients, submits)
    this.#flows = new NatsFlows(context, nc, outlet, submits)
    this.#agents = new NatsAgents(context, nc, outlet, prefix, this.#event)
    this.#agents.subscribe()
    for (const adopted of this.#options.agents) this.#agents.adopted.adopt(adopted)
    await new NatsApi(context, nc, outlet, prefix, this.#sources).start()
    this.#submitters.subscribe()
    this.#frames.subscribe()
    this.#flows.subscribe()
    this.#announce()
    publishEvents(context, outlet, prefix, this.#sources, () => this.connected)
    await nc.flush()
  }

  /** Serves these queues too, from now on. */
  serve(queues: readonly string[]): void {
    if (this.#queues[0] === '*' || queues.length === 0) return
    this.#queues = [...this.#queues, ...queues]
    this.#submitters?.subscribe(queues)
    this.#frames?.subscribe(queues)
    this.#flows?.subscribe(queues)
    this.#announce()
  }

  /** Tells who waits for outcomes that some may have passed by, or went with a predecessor. */
  #announce(): void {
    const { core, options } = this.#context
    const { epoch } = core.options
    const subject = new Subjects(this.#prefix).event('scheduler_up')
    for (let i = 0; i < Math.max(1, this.#queues.length); i += QUEUES_ANNOUNCED) {
      const queues = this.#queues.slice(i, i + QUEUES_ANNOUNCED)
      const up: SchedulerUp = { scheduler: options.name, epoch, queues, frames: FRAME.version }
      this.#outlet?.send(subject, encodeJson(up))
    }
  }

  /** The address that is connected to, `host:port`. */
  get server(): string {
    return this.#nc?.getServer() ?? ''
  }

  stopSubmits(): void {
    this.#submitters?.unsubscribe()
    this.#frames?.unsubscribe()
    this.#flows?.unsubscribe()
  }

  startTurn(): void {
    this.#outlet?.startTurn()
    this.#clients?.startTurn()
  }

  /** The client writes once per turn of the loop by itself: only frames wait for this. */
  flush(): void {
    this.#clients?.flush()
    this.#agents?.flush()
  }

  async stop(): Promise<void> {
    const nc = this.#nc
    this.#agents?.stop()
    if (nc === undefined || nc.isClosed()) return
    this.flush()
    if (this.connected) await nc.drain().catch(() => nc.close())
    else await nc.close()
  }

  async #watch(nc: NatsConnection): Promise<void> {
    for await (const status of nc.status()) {
      if (status.type === 'disconnect') this.#setConnected(false)
      else if (status.type === 'reconnect') this.#setConnected(true)
      else if (status.type === 'error') {
        this.#event('nats_error', { code: String(status.data) })
      }
    }
  }

  #setConnected(connected: boolean): void {
    if (this.connected === connected) return
    this.connected = connected
    this.#context.core.setConnected(connected, policyMs())
    if (connected) {
      this.#outlet?.release()
      this.#announce()
    }
    this.#context.inbox.wake()
    this.#event(connected ? 'nats_connected' : 'nats_disconnected', {})
  }
}
