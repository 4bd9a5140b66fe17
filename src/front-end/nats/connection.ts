/** One connection to NATS, with errors that say what to do. Main thread. */
import { connect, type NatsConnection } from 'nats'
import { SignalboxError } from '../../errors.ts'
import { type NatsOptions, SCHEDULER_DEFAULTS } from '../../options.ts'
import { quote } from '../../wire/tokens.ts'

/** @throws nats_unreachable, permission_denied */
export async function connectNats(options: NatsOptions, name: string): Promise<NatsConnection> {
  const servers = options.servers ?? SCHEDULER_DEFAULTS.natsServer
  try {
    return await connect({
      servers,
      name,
      user: options.user,
      pass: options.password,
      token: options.token,
      timeout: options.connectTimeoutMs ?? SCHEDULER_DEFAULTS.connectTimeoutMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 100,
      pingInterval: 10_000,
      maxPingOut: 2,
    })
  } catch (cause) {
    throw connectError(servers, cause)
  }
}

function connectError(servers: string | string[], cause: unknown): SignalboxError {
  const code = (cause as { code?: string }).code ?? ''
  const where = quote(Array.isArray(servers) ? servers.join(', ') : servers)
  if (code === 'AUTHORIZATION_VIOLATION' || code === 'AUTHENTICATION_EXPIRED') {
    return new SignalboxError(
      'permission_denied',
      `The NATS server at ${where} refused the user: check user, password or token.`,
      { cause },
    )
  }
  return new SignalboxError(
    'nats_unreachable',
    `No NATS server answers at ${where}: start one, or give its address.`,
    { cause },
  )
}
