/**
 * What a command's flags, the environment and `signalbox.yaml` say together.
 *
 *   flag ► environment ► file ► default
 *
 * Runs in the process of a command. Invariant: with an error in the file there are no options, so
 * nothing starts half configured.
 */
import { existsSync } from 'node:fs'
import type { ConfiguredAddress } from '../address/nats-address.ts'
import { CONFIG_FILE } from '../config/file.ts'
import { findingLine } from '../config/findings.ts'
import type { ConfigResult, Configuration, ReadOptions } from '../config/read.ts'
import { SERVICE_DEFAULTS } from '../config/service-options.ts'
import { SignalboxError } from '../errors.ts'
import { type NatsOptions, SCHEDULER_DEFAULTS, type SchedulerOptions } from '../options.ts'
import type { RoutingChoice } from '../service/routing-environment.ts'
import type { ServedOptions } from '../service/serve.ts'
import type { WatchOptions } from '../service/watching.ts'
import type { Terminal } from './terminal.ts'
import { httpOf, type WatchFlags } from './watch-options.ts'

/** Findings that an error names; `config check` shows all. */
const FINDINGS_TOLD = 5

/** What was given as a flag; undefined where the file decides. */
export interface FlagOptions
  extends Pick<SchedulerOptions, 'name' | 'routers' | 'placement' | 'journal'> {
  queues: readonly string[]
  adopt: NonNullable<NatsOptions['agents']>
  routing: RoutingChoice
}

/** @returns the file that is to be read: the one named, or the one here; null for none. */
export function configFile(named: string | undefined, looksHere: boolean): string | null {
  if (named !== undefined) return named
  return looksHere && existsSync(CONFIG_FILE) ? CONFIG_FILE : null
}

/** @throws bad_config with the first findings. */
export async function readConfiguration(
  file: string,
  options: ReadOptions,
  terminal: Terminal,
): Promise<Configuration> {
  const { readConfigFile } = await import('../config/read.ts')
  const result = await readConfigFile(file, options)
  if (result.configuration === null) throw refused(file, result)
  for (const finding of result.findings) terminal.note(findingLine(finding))
  return result.configuration
}

function refused(file: string, { findings, more }: ConfigResult): SignalboxError {
  const errors = findings.filter(({ severity }) => severity === 'error')
  const told = errors.slice(0, FINDINGS_TOLD).map(findingLine)
  const left = errors.length + more - told.length
  const others = left === 0 ? '' : ` And ${left} more: see \`signalbox config check ${file}\`.`
  return new SignalboxError('bad_config', `${told.join(' ')}${others}`)
}

/** @returns a scheduler's options without the NATS server's address. */
export function withFlags(configuration: Configuration | null, flags: FlagOptions): ServedOptions {
  const { queues, adopt, routing, name, routers, placement, journal } = flags
  const file = configuration?.scheduler ?? {}
  const fromFile = (file.nats ?? {}) as NatsOptions
  const options: ServedOptions = {
    strictQueues: true,
    ...file,
    queues: { ...Object.fromEntries(queues.map((queue) => [queue, {}])), ...file.queues },
    nats: { ...fromFile, agents: [...(fromFile.agents ?? []), ...adopt] },
  }
  Object.assign(options, defined({ name, routers, placement, journal }))
  Object.assign(options, defined({ strategy: routing.strategy }))
  if (routing.strategies) options.strategies = { ...file.strategies, ...routing.strategies }
  if (routing.learning) options.learning = { ...file.learning, ...routing.learning }
  if (routing.queueDefaults) {
    options.queueDefaults = { ...file.queueDefaults, ...routing.queueDefaults }
  }
  return options
}

/** @returns what the file says of the NATS server; undefined when it says nothing. */
export function addressIn(configuration: Configuration | null): ConfiguredAddress | undefined {
  const nats = configuration?.scheduler.nats as NatsOptions | undefined
  if (configuration === null || nats === undefined) return undefined
  const { servers = SCHEDULER_DEFAULTS.natsServer, user, password, token } = nats
  if (nats.servers === undefined && user === undefined && token === undefined) return undefined
  return { file: configuration.file, servers: [servers].flat(), user, password, token }
}

/** @throws bad_option */
export function watchWithFile(
  configuration: Configuration | null,
  flags: WatchFlags,
): WatchOptions {
  const { http = {}, log = {} } = configuration?.service ?? {}
  const { port = null, host = SERVICE_DEFAULTS.http.host, token } = http
  const given = httpOf(flags)
  const { log: preset } = SERVICE_DEFAULTS
  return {
    http: given.http ?? (port === null ? undefined : { host, port }),
    httpToken: given.httpToken ?? token,
    log: {
      format: flags.logFormat ?? log.format ?? preset.format,
      level: flags.logLevel ?? log.level ?? preset.level,
    },
  }
}

function defined<T extends object>(options: T): Partial<T> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Partial<T>
}
