/** The way in: one connection to NATS, checked to be usable, as a `Client`. */
import type { ConnectionOptions } from 'nats'
import { natsAddress } from '../address/nats-address.ts'
import { SCHEDULER_DEFAULTS } from '../options.ts'
import { windowOf } from '../submit/window.ts'
import { randomToken, requireToken } from '../wire/tokens.ts'
import { Client } from './client.ts'
import { Inbox } from './inbox.ts'
import { dial, Link } from './link.ts'

const TIMEOUT_MS = 5_000
const RECONNECT_WAIT_MS = 250
const RECONNECT_JITTER_MS = 100
const PING_MS = 10_000
/** A connection that is black-holed is noticed after so many unanswered pings. */
const PINGS_UNANSWERED_MAX = 2

export interface ConnectOptions {
  /**
   * Servers as `host:port` or URLs. Default: `SIGNALBOX_NATS`, else `NATS_URL` (each may list
   * several, separated by commas), else the running `signalbox dev`, else the selected NATS context,
   * else 127.0.0.1:4222.
   */
  servers?: string | string[]
  user?: string
  password?: string
  token?: string
  /** Subject prefix, default `sb`. */
  prefix?: string
  /** Where replies go, default `_INBOX`: for users who may subscribe only to an inbox of theirs. */
  inboxPrefix?: string
  /** How long a request may take until its first answer. Default 5,000. */
  timeoutMs?: number
  /** How long the connect may take, per server. Default 5,000. */
  connectTimeoutMs?: number
  /** Tasks that may be in flight, over all calls of this client. Default 65,536. */
  window?: number
  /**
   * What `run` and `submit` do when as many are: wait their turn (the default), or throw
   * `too_many_in_flight`. `runMany` and `submitMany` take no more from their source either way.
   */
  whenFull?: 'wait' | 'refuse'
}

/**
 * Connects a submitter, an agent, or both.
 * @throws nats_unreachable, permission_denied, bad_token, bad_option.
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const prefix = options.prefix ?? SCHEDULER_DEFAULTS.prefix
  const inboxPrefix = options.inboxPrefix ?? '_INBOX'
  requireToken(prefix, 'subject prefix')
  for (const token of inboxPrefix.split('.')) requireToken(token, 'inbox prefix')
  const window = windowOf(options)
  const nc = await dial({
    ...addressOf(options),
    name: `signalbox client ${randomToken(4)}`,
    timeout: options.connectTimeoutMs ?? SCHEDULER_DEFAULTS.connectTimeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    pingInterval: PING_MS,
    maxPingOut: PINGS_UNANSWERED_MAX,
  })
  const link = new Link(nc, prefix, options.timeoutMs ?? TIMEOUT_MS)
  const inbox = new Inbox(link, inboxPrefix)
  try {
    await inbox.open()
  } catch (error) {
    await nc.close()
    throw error
  }
  return new Client(link, inbox, window)
}

/** What is given in code is never completed from the environment: it may be for another server. */
function addressOf({ servers, user, password, token }: ConnectOptions): ConnectionOptions {
  if (servers !== undefined) return { servers, user, pass: password, token }
  const found = natsAddress(undefined)
  const hasLogin = user !== undefined || token !== undefined
  return {
    servers: found.servers,
    user: hasLogin ? user : found.user,
    pass: hasLogin ? password : found.password,
    token: hasLogin ? token : found.token,
  }
}
