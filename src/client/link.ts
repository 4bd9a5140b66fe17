/**
 * A client's one connection: whether it stands, what it may not do, and who wants to know.
 *
 *   CONNECTED ── lost ──► AWAY ── reconnected ──► CONNECTED
 *       └────────────────── close ──────────────────┴──► CLOSED
 *
 * Invariant: nothing is published while the connection is away, because the NATS client would keep
 * it without bound and drop it at the next failed attempt to reconnect.
 */
import { type ConnectionOptions, connect, type NatsConnection, type Status } from 'nats'
import { SignalboxError } from '../errors.ts'
import { FramePool } from '../wire/frames.ts'
import { readSchedulerUp, type SchedulerUp } from '../wire/messages.ts'
import { Subjects } from '../wire/subjects.ts'
import { quote } from '../wire/tokens.ts'
import { OwnCopies } from './agent/own-copies.ts'

export interface LinkListener {
  onDisconnect?(): void
  onReconnect?(): void
  /** The connection has ended for good. */
  onClosed?(): void
  /** A scheduler has started, or its connection is back. */
  onSchedulerUp?(up: SchedulerUp): void
  /** The server refused a publish to this subject. */
  onDenied?(subject: string, error: SignalboxError): void
}

export class Link {
  readonly nc: NatsConnection
  readonly subjects: Subjects
  /** Frames of agents, and what their handlers keep: shared, since a process may have thousands. */
  readonly pool = new FramePool()
  readonly copies = new OwnCopies()
  /** How long a request may take until its first answer. */
  readonly timeoutMs: number
  readonly #listeners = new Set<LinkListener>()
  #connected = true
  #closed = false

  constructor(nc: NatsConnection, prefix: string, timeoutMs: number) {
    this.nc = nc
    this.subjects = new Subjects(prefix)
    this.timeoutMs = timeoutMs
    nc.subscribe(this.subjects.event('scheduler_up'), {
      callback: (error, msg) => {
        if (error === null) this.#onSchedulerUp(msg.data)
      },
    })
    void this.#watch()
    void nc.closed().then(() => this.#onClosed())
  }

  get connected(): boolean {
    return this.#connected && !this.#closed
  }

  listen(listener: LinkListener): void {
    this.#listeners.add(listener)
  }

  unlisten(listener: LinkListener): void {
    this.#listeners.delete(listener)
  }

  async #watch(): Promise<void> {
    for await (const status of this.nc.status()) this.#onStatus(status)
  }

  #onStatus(status: Status): void {
    if (status.type === 'disconnect') {
      this.#connected = false
      for (const listener of this.#listeners) listener.onDisconnect?.()
    } else if (status.type === 'reconnect') {
      this.#connected = true
      for (const listener of this.#listeners) listener.onReconnect?.()
    } else if (status.permissionContext?.operation === 'publish') {
      const { subject } = status.permissionContext
      const error = publishDenied(subject)
      for (const listener of this.#listeners) listener.onDenied?.(subject, error)
    }
  }

  /** What cannot be read says nothing. */
  #onSchedulerUp(bytes: Uint8Array): void {
    let up: SchedulerUp
    try {
      up = readSchedulerUp(bytes)
    } catch {
      return
    }
    for (const listener of this.#listeners) listener.onSchedulerUp?.(up)
  }

  #onClosed(): void {
    this.#closed = true
    for (const listener of this.#listeners) listener.onClosed?.()
  }

  /** @returns when the connection is not there: at once, or when it is lost or closed. */
  away(): Promise<void> {
    if (!this.connected) return Promise.resolve()
    return new Promise((resolve) => this.listen({ onDisconnect: resolve, onClosed: resolve }))
  }

  /** Ends the connection after what was published has left. */
  async close(): Promise<void> {
    if (this.connected) await this.nc.flush().catch(() => {})
    await this.nc.close()
  }
}

function publishDenied(subject: string): SignalboxError {
  return new SignalboxError(
    'permission_denied',
    `The NATS server does not let this user publish to ${quote(subject)}: ask for the permission.`,
  )
}

/** @returns the error of a request that cannot go out, or whose answer cannot come any more. */
export function disconnected(what: string): SignalboxError {
  return new SignalboxError(
    'disconnected',
    `The connection to NATS is lost: ${what}. Try again when it is back.`,
  )
}

/** @throws nats_unreachable, permission_denied */
export async function dial(options: ConnectionOptions): Promise<NatsConnection> {
  try {
    return await connect(options)
  } catch (cause) {
    throw dialError(options.servers, cause)
  }
}

function dialError(servers: ConnectionOptions['servers'], cause: unknown): SignalboxError {
  const where = [servers].flat().join(', ')
  const { code = '', message = '' } = cause as { code?: string; message?: string }
  if (/^AUTH/.test(code)) {
    return new SignalboxError(
      'permission_denied',
      `The NATS server at ${where} refused this user: check user, password or token.`,
      { cause },
    )
  }
  const why = code === 'CONNECTION_REFUSED' ? '' : ` (${message || code})`
  return new SignalboxError(
    'nats_unreachable',
    `No NATS server answers at ${where}${why}. Start one with \`npx signalbox dev\`, ` +
      'or give the address of yours.',
    { cause },
  )
}
