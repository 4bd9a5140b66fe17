/**
 * Where the NATS server is, for whoever was not told in code: commands and services.
 *
 * Runs in any process, once, before it connects. Invariant: the first source that names an address
 * decides alone; sources are never mixed, so that a password of one never goes to another's server.
 *
 *   --nats ► SIGNALBOX_NATS ► NATS_URL ► the configuration ► the running `dev`
 *          ► the selected NATS context ► 127.0.0.1
 *
 * An address from a flag, the environment or the configuration may be completed by NATS_USER, NATS_PASSWORD and
 * NATS_TOKEN, as the `nats` command line does.
 */
import { SignalboxError } from '../errors.ts'
import { SCHEDULER_DEFAULTS } from '../options.ts'
import { quote } from '../wire/tokens.ts'
import { type Environment, readDevState } from './dev-state.ts'
import { readNatsContext } from './nats-context.ts'

export interface NatsAddress {
  /** `host:port`, without user and password. */
  servers: string[]
  user?: string
  password?: string
  token?: string
  /** Where it was found, in words: `from NATS_URL`. */
  source: string
}

/** What a configuration file says of it. */
export interface ConfiguredAddress {
  file: string
  servers: readonly string[]
  user?: string
  password?: string
  token?: string
}

/**
 * @param flag what `--nats` said.
 * @param configured what a configuration says, if it says something.
 * @throws bad_option when an address is none, not_supported for credentials that cannot be used.
 */
export function natsAddress(
  flag: string | undefined,
  env: Environment = process.env,
  configured?: ConfiguredAddress,
): NatsAddress {
  for (const [text, source] of [
    [flag, 'from --nats'],
    [env.SIGNALBOX_NATS, 'from SIGNALBOX_NATS'],
    [env.NATS_URL, 'from NATS_URL'],
  ]) {
    if (text) return withEnvironment(parseAddress(text, source!), env)
  }
  if (configured !== undefined) return withEnvironment(configuredAddress(configured, env), env)
  const dev = readDevState(env)
  if (dev !== undefined) return parseAddress(dev.url, 'of the running `signalbox dev`')
  const context = readNatsContext(env)
  if (context !== undefined) {
    const source = `of the NATS context ${quote(context.name)}`
    return { ...parseAddress(context.url, source), ...context.login }
  }
  return withEnvironment(parseAddress(SCHEDULER_DEFAULTS.natsServer, 'the default'), env)
}

/** A user of its own goes before the one in its addresses; its password may be in the environment. */
function configuredAddress(configured: ConfiguredAddress, env: Environment): NatsAddress {
  const { file, servers, user, password = env.NATS_PASSWORD, token } = configured
  const address = parseAddress(servers.join(','), `from ${file}`)
  if (token !== undefined) return { servers: address.servers, source: address.source, token }
  return user === undefined ? address : { ...address, token: undefined, user, password }
}

const SERVER =
  /^(?:(?:nats|tls):\/\/)?(?:([^@/\s]*)@)?((?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?)\/?$/

/** Reads one address or several, separated by commas; user and password are taken from the first. */
export function parseAddress(text: string, source: string): NatsAddress {
  const address: NatsAddress = { servers: [], source }
  for (const part of text.split(',')) {
    const match = SERVER.exec(part.trim())
    if (match === null) {
      throw new SignalboxError(
        'bad_option',
        `The NATS address ${quote(hidePassword(text))} ${source} is none: ` +
          'give host:port or nats://host:port.',
      )
    }
    const [, login, server] = match
    address.servers.push(server)
    if (login && address.servers.length === 1) Object.assign(address, parseLogin(login))
  }
  return address
}

/** `user:password`, or a token alone. */
function parseLogin(login: string): Pick<NatsAddress, 'user' | 'password' | 'token'> {
  const colon = login.indexOf(':')
  if (colon < 0) return { token: decode(login) }
  return { user: decode(login.slice(0, colon)), password: decode(login.slice(colon + 1)) }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function hidePassword(text: string): string {
  return text.replace(/[^/@,]*@/g, '…@')
}

function withEnvironment(address: NatsAddress, env: Environment): NatsAddress {
  if (address.user !== undefined || address.token !== undefined) return address
  const { NATS_USER: user, NATS_PASSWORD: password, NATS_TOKEN: token } = env
  if (user) return { ...address, user, password }
  return token ? { ...address, token } : address
}
