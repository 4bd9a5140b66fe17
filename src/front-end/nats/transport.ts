/** NATS as a transport: one connection, its submitters, its agents and the API. Main thread. */
import type { NatsConnection } from 'nats'
import { policyMs } from '../../clock.ts'
import { type AdoptedAgent, type NatsOptions, SCHEDULER_DEFAULTS } from '../../options.ts'
import { encodeJson } from '../../wire/json.ts'
import type { SchedulerUp } from '../../wire/messages.ts'
import { Subjects } from '../../wire/subjects.ts'
import type { EventSink } from '../complete.ts'
import type { FrontEndContext } from '../context.ts'
import type { Transport } from '../transport.ts'
import { NatsAgents } from './agents.ts'
import { type ApiSources, NatsApi } from './api.ts'
import { connectNats } from './connection.ts'
import { Outlet } from './outlet.ts'
import { NatsSubmitters } from './submitters.ts'

type CheckedOptions = NatsOptions & { agents: readonly AdoptedAgent[] }

export class NatsTransport implements Transport {
  readonly #context: FrontEndContext
  readonly #options: CheckedOptions
  readonly #sources: ApiSources
  readonly #event: EventSink
  readonly #prefix: string
  /** What it serves, as subscriptions and announcement say it: `['*']` for every queue. */
  readonly #queues: readonly string[]
  #nc: NatsConnection | undefined
  #submitters: NatsSubmitters | undefined
  #agents: NatsAgents | undefined
  #outlet: Outlet | undefined
  connected = false

  constructor(
    context: FrontEndContext,
    options: CheckedOptions,
    sources: ApiSources,
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
    this.#submitters = new NatsSubmitters(context, nc, outlet, {
      prefix,
      queues: this.#queues,
    })
    this.#agents = new NatsAgents(context, nc, outlet, prefix, this.#event)
    this.#agents.subscribe()
    for (const adopted of this.#options.agents) this.#agents.adopted.adopt(adopted)
    await new NatsApi(context, nc, outlet, prefix, this.#sources).start()
    this.#submitters.subscribe()
    this.#announce()
    await nc.flush()
  }

  /** Tells who waits for outcomes that some may have passed by, or went with a predecessor. */
  #announce(): void {
    const { core, options } = this.#context
    const queues = [...this.#queues]
    const up: SchedulerUp = { scheduler: options.name, epoch: core.options.epoch, queues }
    this.#outlet?.send(new Subjects(this.#prefix).event('scheduler_up'), encodeJson(up))
  }

  /** The address that is connected to, `host:port`. */
  get server(): string {
    return this.#nc?.getServer() ?? ''
  }

  stopSubmits(): void {
    this.#submitters?.unsubscribe()
  }

  /** The client writes once per turn of the loop by itself. */
  flush(): void {}

  async stop(): Promise<void> {
    const nc = this.#nc
    this.#agents?.adopted.stop()
    if (nc === undefined || nc.isClosed()) return
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
