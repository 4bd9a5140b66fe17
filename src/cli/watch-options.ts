/** Flags of what looks at a running scheduler: its log, its HTTP server. */
import { type Command, Option } from 'commander'
import {
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFormat,
  type LogLevel,
  SERVICE_DEFAULTS,
} from '../config/service-options.ts'
import { httpAddress } from '../service/http/guard.ts'
import type { WatchOptions } from '../service/watching.ts'

export interface WatchFlags {
  http?: string
  httpToken?: string
  logFormat?: LogFormat
  logLevel?: LogLevel
}

export function addWatchOptions(command: Command): void {
  command
    .option('--http <address>', 'metrics and probes on [HOST:]PORT; 0 for any free port')
    .addOption(httpTokenOption())
    .addOption(
      new Option(
        '--log-format <format>',
        `lines on standard error: ${LOG_FORMATS.join(', ')} (default: auto)`,
      ).choices(LOG_FORMATS),
    )
    .addOption(
      new Option('--log-level <level>', 'the least that is logged (default: info)').choices(
        LOG_LEVELS,
      ),
    )
}

export function httpTokenOption(): Option {
  return new Option('--http-token <token>', 'asked of every HTTP request').env(
    'SIGNALBOX_HTTP_TOKEN',
  )
}

/** @param flags `http` is false after `--no-http`. @throws bad_option */
export function httpOf({ http, httpToken }: { http?: string | false; httpToken?: string }) {
  const address = http === undefined || http === false ? undefined : httpAddress(http)
  return { http: address, httpToken }
}

/** @throws bad_option */
export function watchOf(flags: WatchFlags): WatchOptions {
  const { log } = SERVICE_DEFAULTS
  const { logFormat, logLevel } = flags
  return {
    ...httpOf(flags),
    log: { format: logFormat ?? log.format, level: logLevel ?? log.level },
  }
}
