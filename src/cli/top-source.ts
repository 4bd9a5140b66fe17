/**
 * Where `top` has its snapshots from: a client that is opened when it can be, asked once a refresh,
 * and opened anew after it was closed.
 *
 * Invariant: at most one refresh is under way, and what fails is a sentence, never an end.
 */

import type { Client } from '../client/client.ts'
import { nowMs } from '../clock.ts'
import type { QueueRow } from '../promise-views.ts'
import { openClient } from './connection.ts'
import type { TopEvent, TopSnapshot } from './render/top-model.ts'

/** Beyond, only each tenth refresh asks for all: a page of the list is a call. */
const QUEUES_EACH_TIME = 512
const RARELY = 10
/** As many as one page has. */
const AGENTS_MAX = 1_000
const EVENTS_KEPT = 16

export class TopSource {
  readonly #nats: string | undefined
  #opening: Promise<Client> | undefined
  #queues: QueueRow[] = []
  #refreshes = 0
  where = ''
  /** The newest last. */
  readonly events: TopEvent[] = []

  constructor(natsFlag: string | undefined) {
    this.#nats = natsFlag
  }

  /** @throws nats_unreachable, no_scheduler, disconnected, permission_denied */
  async take(): Promise<TopSnapshot> {
    const client = await this.#client()
    const [status, latency, agents] = await Promise.all([
      client.status(),
      client.latency(),
      client.listAgents({ limit: AGENTS_MAX }),
    ])
    const count = status.queues.length + status.unlisted.queues
    if (count <= QUEUES_EACH_TIME || this.#refreshes % RARELY === 0) {
      this.#queues = await client.listQueues()
    }
    this.#refreshes++
    return { atMs: nowMs(), status, latency, queues: this.#queues, agents }
  }

  async close(): Promise<void> {
    const client = await this.#opening?.catch(() => undefined)
    await client?.close()
  }

  #client(): Promise<Client> {
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #open(): Promise<Client> {
    const { client, address } = await openClient(this.#nats)
    this.where = `${client.natsServer} (${address.source})`
    client.onEvent(({ kind, at, detail }) => {
      this.events.push({ kind, at, message: sentenceOf(detail) })
      if (this.events.length > EVENTS_KEPT) this.events.shift()
    })
    return client
  }
}

/** Its own sentence, or what it is about. */
function sentenceOf(detail: Record<string, unknown>): string {
  if (typeof detail.message === 'string') return detail.message
  return Object.entries(detail)
    .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
